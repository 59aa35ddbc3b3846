//! The monitor: the thread that called `serve_forever`. It replaces leaders whose handler blocks, calls
//! `service_actions`, and ends the engine. While no leader is in a handler it sleeps, for good if nothing else is due.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use super::heartbeat::Heartbeat;
use super::stats::Counters;
use super::sync::atomic::{AtomicBool, Ordering};
use super::sync::{Condvar, Mutex, fence_in_models};
use crate::exchange::catch_panic;
use crate::sys::{DrainReport, Notifier, RunningServer, log, unpoisoned};

/// Time between two looks at the leaders: 4 ms. A leader that is seen twice in one handler is replaced, after 4 to 8
/// ms.
const TICK: Duration = Duration::from_millis(4);

/// Ticks without any handler after which the monitor sleeps: 8, some 30 ms.
const QUIET_TICKS: u32 = 8;

/// The handle by which other threads wake the monitor.
pub(super) struct MonitorWaker {
    /// Whether it sleeps and must be woken when a handler begins.
    asleep: AtomicBool,
    rung: Mutex<bool>,
    changed: Condvar,
}

impl MonitorWaker {
    pub(super) fn new() -> Self {
        MonitorWaker { asleep: AtomicBool::new(false), rung: Mutex::new(false), changed: Condvar::new() }
    }

    /// Wakes the monitor.
    pub(super) fn wake(&self) {
        *unpoisoned(self.rung.lock()) = true;
        self.changed.notify_all();
    }

    /// Wakes the monitor if it sleeps. Called by leaders at each handler, after the tick of their heartbeat.
    pub(super) fn wake_if_asleep(&self) {
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Waits for a wake-up or for a handler to begin, at most so long; `None` is for ever. Does not wait while a
    /// handler runs.
    pub(super) fn sleep(&self, wait: Option<Duration>, is_any_in_handler: impl FnOnce() -> bool) {
        // A swap, because loom would not order a plain store behind the leaders' swaps; they are the same instruction.
        self.asleep.swap(true, Ordering::SeqCst);
        fence_in_models();
        // A handler that began before its leader could see `asleep` is seen here.
        if !is_any_in_handler() {
            self.wait(wait);
        }
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// Waits for a wake-up, at most so long; `None` is for ever.
    fn wait(&self, wait: Option<Duration>) {
        let rung = unpoisoned(self.rung.lock());
        let mut rung = match wait {
            None => unpoisoned(self.changed.wait_while(rung, |rung| !*rung)),
            Some(wait) => {
                let waited = self.changed.wait_timeout_while(rung, wait, |rung| !*rung);
                unpoisoned(waited).0
            }
        };
        *rung = false;
    }
}

/// Runs the engine until it is asked to end, or until `end`. Then gives requests under way their time to finish.
///
/// # Errors
/// If the system gives no thread to lead.
pub(crate) fn run(engine: &Arc<Engine>, end: Option<Instant>) -> io::Result<DrainReport> {
    (0..engine.shards.len()).for_each(|shard| engine.appoint_leader(shard, 0));
    let (leaders, shards) = (engine.pool.threads(), engine.shards.len());
    if leaders == 0 {
        return Err(io::Error::other("the system gives no thread to serve with"));
    }
    if leaders < shards {
        // Connections go to the shards that are led. The others join when the monitor has got a thread for them.
        log::add_lines(&format!(
            "basehttp: the system gives only {leaders} of the {shards} threads that workers need\n"
        ));
    }
    let mut monitor = MonitorLoop::new(engine);
    let handle = &engine.context.handle;
    monitor.say("READY=1");
    monitor.alarm = end;
    while !handle.is_shutting_down() {
        if end.is_some_and(|end| Instant::now() >= end) {
            // It does not wait on a thread of the server.
            handle.shutdown();
        } else {
            monitor.go();
        }
    }
    monitor.say("STOPPING=1");
    // Load balancers need a while to see that the server is not ready.
    while let Some(end) = handle.serves_until().filter(|end| Instant::now() < *end) {
        monitor.alarm = Some(end);
        monitor.go();
    }
    monitor.alarm = None;
    // No client comes to a Unix socket from now on, so that none is behind those that are accepted last.
    engine.socket_files.iter().for_each(|file| file.remove());
    let answered = engine.counters.answered();
    engine.closing.store(true, Ordering::SeqCst);
    engine.shards.iter().for_each(super::shard::Shard::wake);
    // Another call of `drain` may bring the deadline forward meanwhile.
    while engine.has_work_left() && handle.deadline().is_some_and(|deadline| Instant::now() < deadline) {
        monitor.go();
    }
    let cut = engine.busy() as u64;
    engine.end();
    Ok(DrainReport { finished: engine.counters.answered() - answered, cut })
}

impl Engine {
    /// Returns whether connections are open, or may still be accepted by this loop.
    fn has_work_left(&self) -> bool {
        // In this order, so that the connection that was accepted last is counted.
        self.shards.iter().any(super::shard::Shard::accepts) || self.in_flight() > 0
    }

    /// Ends the threads. Connections that are still open are closed when their threads release them.
    fn end(&self) {
        // First, since otherwise a leader that leaves would take one of the jobs.
        let jobs = self.pool.end();
        self.ended.store(true, Ordering::SeqCst);
        self.shards.iter().for_each(super::shard::Shard::close);
        drop(jobs);
        self.shards.iter().for_each(super::shard::Shard::await_last_turn);
        self.shards.iter().for_each(super::shard::Shard::hand_over_lines);
    }
}

/// The loop of the monitor.
struct MonitorLoop<'e> {
    engine: &'e Arc<Engine>,
    /// The heartbeat of each leader at the last look.
    seen: Vec<u64>,
    quiet_ticks: u32,
    last_look: Instant,
    next_actions: Option<Instant>,
    /// Time of the next try to get a thread that the system has refused.
    next_try: Option<Instant>,
    /// Time at which the loop must have a look whether it ends.
    alarm: Option<Instant>,
    watchdog: Option<Watchdog>,
}

/// Signs of life for the service manager.
struct Watchdog {
    interval: Duration,
    next: Instant,
    /// Wake-ups of the thread that accepts, when the last sign was due.
    wakes: u64,
}

impl<'e> MonitorLoop<'e> {
    fn new(engine: &'e Arc<Engine>) -> Self {
        let next_actions = engine.options.service_actions.map(|interval| Instant::now() + interval);
        let interval = engine.options.notifier.as_ref().and_then(Notifier::watchdog_interval);
        let watchdog = interval.map(|interval| Watchdog { interval, next: Instant::now(), wakes: 0 });
        MonitorLoop {
            engine,
            seen: vec![0; engine.shards.len()],
            quiet_ticks: 0,
            last_look: Instant::now(),
            next_actions,
            next_try: None,
            alarm: None,
            watchdog,
        }
    }

    /// Waits for one tick, or for something to do, and does it.
    fn go(&mut self) {
        if self.quiet_ticks < QUIET_TICKS {
            self.engine.monitor_waker.wait(Some(TICK));
        } else {
            self.sleep();
        }
        // A wake-up may come at any time, but a leader must have had a tick's time to return.
        if self.last_look.elapsed() >= TICK {
            self.last_look = Instant::now();
            self.look();
        }
        self.reinforce();
        self.act();
        self.give_sign_of_life();
    }

    /// Sleeps until a handler begins, or something else is due.
    fn sleep(&mut self) {
        let sign = self.watchdog.as_ref().map(|watchdog| watchdog.next);
        let next = [self.next_actions, self.next_try, self.alarm, sign].into_iter().flatten().min();
        let due = next.map(|next| next.saturating_duration_since(Instant::now()));
        let closing = self.engine.is_closing().then_some(TICK);
        self.engine.monitor_waker.sleep(closing.or(due), || self.is_any_in_handler());
        self.quiet_ticks = 0;
    }

    fn is_any_in_handler(&self) -> bool {
        self.engine.shards.iter().any(|shard| Heartbeat::is_in_handler(shard.heartbeat.word()))
    }

    /// Replaces every leader that is in the same handler as a tick ago.
    fn look(&mut self) {
        self.quiet_ticks += 1;
        for (number, seen) in self.seen.iter_mut().enumerate() {
            let word = self.engine.shards[number].heartbeat.word();
            if word != *seen {
                // The leader has moved.
                self.quiet_ticks = 0;
            } else if Heartbeat::is_in_handler(word) {
                // It has not moved since the last look. It is counted first, because a leader that finds its word taken
                // counts itself off, which may be at once.
                let (counters, heartbeat) = (&self.engine.counters, &self.engine.shards[number].heartbeat);
                let (slot, is_at_file) = (heartbeat.slot(), heartbeat.is_at_file());
                Counters::add(&counters.in_handlers);
                counters.stuck.fetch_add(1, Ordering::SeqCst);
                if heartbeat.take_away(word) {
                    Counters::add(&counters.rescues);
                    let last_rescue = if is_at_file { &self.engine.file_caution } else { &self.engine.last_rescue };
                    last_rescue.begin(Instant::now());
                    // The run is recorded here, since the leader can record it only when it returns.
                    if let Some(slot) = slot {
                        self.engine.pace.record_blocked(slot);
                    }
                    self.engine.appoint_leader(number, Heartbeat::epoch(word));
                    if self.engine.pool.lacks_leader() {
                        // Leaders that sleep take turns at this shard from now on.
                        self.engine.shards.iter().for_each(super::shard::Shard::wake);
                    }
                } else {
                    // It has returned just now.
                    counters.in_handlers.fetch_sub(1, Ordering::Relaxed);
                    counters.stuck.fetch_sub(1, Ordering::SeqCst);
                }
            }
            *seen = word;
        }
    }

    /// Tries to get a thread that the system has refused, when it is time for that.
    fn reinforce(&mut self) {
        let now = Instant::now();
        if self.next_try.is_some_and(|next| now < next) {
            return;
        }
        let lack = self.engine.pool.reinforce(now, || self.engine.try_spawn());
        self.next_try = lack.as_ref().map(|lack| now + lack.retry_in);
        lack.into_iter().flat_map(|lack| lack.given_up).for_each(|job| job.give_back(self.engine));
    }

    /// Sends a message to the service manager, if there is one.
    fn say(&self, message: &str) {
        if let Some(notifier) = &self.engine.options.notifier {
            // The server goes on without a manager. One that waits for the message ends the program.
            let _ = notifier.send(message);
        }
    }

    /// Tells the service manager that the server is alive, if the thread that accepts has gone on since the last time.
    fn give_sign_of_life(&mut self) {
        let Some(watchdog) = self.watchdog.as_mut().filter(|watchdog| watchdog.next <= Instant::now()) else { return };
        watchdog.next = Instant::now() + watchdog.interval;
        let accepting = &self.engine.shards[0];
        let before = std::mem::replace(&mut watchdog.wakes, accepting.wakes());
        let has_gone_on = watchdog.wakes != before;
        // It answers by the time of the next sign, even if it has nothing to do.
        accepting.wake();
        if has_gone_on {
            self.say("WATCHDOG=1");
        }
    }

    /// Calls `service_actions` when it is due. If it blocks, rescues wait for it, as the loop of Python's `http.server`
    /// does.
    fn act(&mut self) {
        let (Some(next), Some(interval)) = (self.next_actions, self.engine.options.service_actions) else { return };
        if Instant::now() < next {
            return;
        }
        let _serving = self.engine.context.handle.enter();
        // The panic hook has reported a panic already. The server goes on.
        let _ = catch_panic(|| self.engine.service.hooks().service_actions());
        self.next_actions = Some(Instant::now() + interval);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::sys::Settings;

    /// Gives signs of life, many of which are due, and returns how many come.
    fn signs(monitor: &mut MonitorLoop<'_>, manager: &UnixDatagram, between: impl Fn(&Engine)) -> usize {
        for _ in 0..10 {
            let watchdog = monitor.watchdog.as_mut().expect("the manager wants signs");
            watchdog.next = Instant::now();
            monitor.give_sign_of_life();
            between(monitor.engine);
        }
        let mut buffer = [0; 64];
        std::iter::from_fn(|| manager.recv(&mut buffer).ok()).count()
    }

    #[test]
    fn there_is_no_sign_of_life_while_the_thread_that_accepts_does_not_go_on() {
        let path = std::env::temp_dir().join(format!("basehttp-watchdog-{}", std::process::id()));
        let manager = UnixDatagram::bind(&path).expect("a free path");
        manager.set_nonblocking(true).expect("a socket");
        let mut engine = Engine::idle(1, Settings::default());
        let address = manager.local_addr().expect("it is bound");
        let notifier = Notifier::to(address, Some(Duration::from_secs(1))).expect("a socket");
        Arc::get_mut(&mut engine).expect("no thread has it yet").options.notifier = Some(notifier);
        let mut monitor = MonitorLoop::new(&engine);
        assert_eq!(signs(&mut monitor, &manager, |_| {}), 0, "no thread accepts");
        assert_eq!(
            signs(&mut monitor, &manager, |engine| engine.shards[0].see_wake()),
            9,
            "the first sign needs one that was seen before"
        );
        assert_eq!(signs(&mut monitor, &manager, |_| {}), 1, "it has stopped behind the last of them");
        std::fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn a_stuck_leader_has_its_lines_written_at_once_unless_it_leads_again() {
        for leads_again in [false, true] {
            let engine = Engine::idle(1, Settings::default());
            let (shard, lines) = (&engine.shards[0], log::of_this_thread());
            let epoch = shard.revoke(0).expect("it was never led");
            let mut beat = shard.heartbeat.take_over(epoch).expect("there is no other leader");
            shard.collect_lines(&lines);
            let mut monitor = MonitorLoop::new(&engine);
            beat.serves(None);
            assert!(beat.tick());
            monitor.look();
            // It returns while the monitor looks again, gives way, and gets the lease itself.
            if leads_again {
                assert!(shard.revoke(epoch).is_some());
            }
            monitor.look();
            assert!(!beat.tick(), "it was replaced");
            assert_eq!(lines.is_collecting(), leads_again);
            engine.end();
        }
    }
}
