//! Models of the engine's handshakes, under every interleaving of their threads. They run the real `Slab`, `Heartbeat`,
//! `Pool` and `MonitorWaker`. The tests of the loop around them are in `tests/engine`.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p basehttp --lib loom`

mod monitor_sleep;

use std::sync::Arc;
use std::time::Instant;

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use loom::thread;
use mio::Token;

use super::heartbeat::Heartbeat;
use super::pool::{Pool, PoolLimits, PoolThread, Task};
use super::slab::Slab;
use crate::conn::{Conn, Ready};
use crate::sys::{Address, Settings, Socket};

const READABLE: Ready = Ready { readable: true, writable: false, closed: false, expired: false };
const CLOSED: Ready = Ready { readable: false, writable: false, closed: true, expired: false };

fn line() -> Box<Conn> {
    Box::new(Conn::new(Socket::Taken, Address::Unnamed, &Settings::default(), Instant::now()))
}

/// Returns a slab with one connection that is out.
fn one_out() -> (Arc<Mutex<Slab>>, Token, Box<Conn>) {
    let mut slab = Slab::default();
    let key = slab.insert(line());
    let line = slab.arrive(key, READABLE).expect("it was parked");
    (Arc::new(Mutex::new(slab)), key, line)
}

// Parking.

#[test]
fn an_event_for_a_connection_that_is_out_is_seen_when_it_parks_or_finds_it_parked() {
    loom::model(|| {
        let (slab, key, line) = one_out();
        let pollers = [READABLE, CLOSED].map(|event| {
            let slab = Arc::clone(&slab);
            // True if it drives the connection, with this event.
            thread::spawn(move || slab.lock().unwrap().arrive(key, event).is_some())
        });
        // The worker tries to park it until it stays parked, and remembers the events.
        let (mut line, mut seen) = (line, Ready::default());
        loop {
            let parking = slab.lock().unwrap().park(key, line);
            match parking {
                None => break,
                Some((again, ready)) => {
                    assert!(ready.is_any(), "it comes back for a reason");
                    (line, seen) = (again, seen.and(ready));
                }
            }
        }
        let [finds_readable, finds_closed] = pollers.map(|poller| poller.join().unwrap());
        assert!(!(finds_readable && finds_closed), "one connection, one driver");
        // The thread that has it at the end parks it, and sees the events that came meanwhile.
        if finds_readable || finds_closed {
            seen = seen.and(if finds_readable { READABLE } else { CLOSED });
            let taken = self::line();
            if let Some((_, ready)) = slab.lock().unwrap().park(key, taken) {
                seen = seen.and(ready);
            }
        }
        assert_eq!(seen, READABLE.and(CLOSED), "no event is lost");
    });
}

#[test]
fn an_event_for_a_connection_that_is_over_reaches_nobody() {
    loom::model(|| {
        let (slab, key, line) = one_out();
        let poller = {
            let slab = Arc::clone(&slab);
            thread::spawn(move || slab.lock().unwrap().arrive(key, READABLE).is_some())
        };
        drop(line);
        slab.lock().unwrap().free(key);
        let next = slab.lock().unwrap().insert(self::line());
        assert_ne!(next, key, "the slot is used again under another key");
        assert!(!poller.join().unwrap(), "the next connection in the slot is not taken for it");
        assert!(slab.lock().unwrap().arrive(next, READABLE).is_some());
    });
}

// Leading.

/// One shard, its monitor, and the pool.
struct Model {
    heartbeat: Heartbeat,
    epoch: AtomicU32,
    /// The lease. As in the shard, its lock is not held in a handler.
    lease: Mutex<Led>,
    pool: Pool<()>,
    /// Handlers of leaders that were replaced.
    stuck: AtomicUsize,
    jobs_done: AtomicUsize,
}

#[derive(Default)]
struct Led {
    turns: u32,
    last_epoch: u32,
}

impl Model {
    fn new(max_threads: usize) -> Arc<Self> {
        Model::of(PoolLimits { max_threads, leaders: 1, max_queued: 1 })
    }

    fn of(limits: PoolLimits) -> Arc<Self> {
        Arc::new(Model {
            heartbeat: Heartbeat::default(),
            epoch: AtomicU32::new(0),
            lease: Mutex::default(),
            pool: Pool::new(limits),
            stuck: AtomicUsize::new(0),
            jobs_done: AtomicUsize::new(0),
        })
    }

    /// Works as a thread of the pool, until the pool ends.
    fn work(&self) {
        let mut me = PoolThread::new();
        while let Some(task) = self.pool.next(&mut me) {
            match task {
                Task::Lead { epoch, .. } => self.lead(epoch),
                Task::Job(()) => drop(self.jobs_done.fetch_add(1, Ordering::SeqCst)),
            }
        }
    }

    /// Works as a thread of the pool that leads for one handler, and goes on to another shard only if it was stuck.
    /// Returns the epoch of the first shard that it leads at the end.
    fn work_for_two_shards(&self) -> u32 {
        let mut me = PoolThread::new();
        loop {
            let Some(Task::Lead { shard: 0, epoch }) = self.pool.next(&mut me) else {
                panic!("the first shard has lost its leader");
            };
            let mut beat = self.heartbeat.take_over(epoch).expect("it is the only thread");
            assert!(beat.tick(), "the word is not taken between handlers");
            if beat.tick() {
                return epoch;
            }
            if self.epoch.load(Ordering::SeqCst) == epoch {
                // The monitor has not appointed the next leader yet.
                self.pool.give_way(0, || self.revoke(epoch));
            }
        }
    }

    /// Leads for two turns with a handler each, unless it is replaced.
    fn lead(&self, epoch: u32) {
        let Some(mut beat) = self.heartbeat.take_over(epoch) else { return };
        for _ in 0..2 {
            {
                let mut lease = self.lease.lock().unwrap();
                if self.epoch.load(Ordering::SeqCst) != epoch {
                    return;
                }
                assert!(lease.last_epoch <= epoch, "a leader that was replaced does not come back");
                lease.last_epoch = epoch;
                lease.turns += 1;
            }
            assert!(beat.tick(), "the word is not taken between handlers");
            if !beat.tick() {
                self.stuck.fetch_sub(1, Ordering::SeqCst);
                return;
            }
        }
    }

    /// Looks twice, as the monitor does. Returns whether it has replaced the leader.
    fn look(&self, spawn: impl FnOnce() -> std::io::Result<()>) -> bool {
        let word = self.heartbeat.word();
        if !Heartbeat::is_in_handler(word) || self.heartbeat.word() != word {
            return false;
        }
        self.stuck.fetch_add(1, Ordering::SeqCst);
        if !self.heartbeat.take_away(word) {
            self.stuck.fetch_sub(1, Ordering::SeqCst);
            return false;
        }
        self.appoint(Heartbeat::epoch(word), spawn);
        true
    }

    fn appoint(&self, epoch: u32, spawn: impl FnOnce() -> std::io::Result<()>) {
        self.pool.grant(0, || self.revoke(epoch), spawn);
    }

    fn revoke(&self, epoch: u32) -> Option<u32> {
        let (next, order) = (epoch + 1, Ordering::SeqCst);
        self.epoch.compare_exchange(epoch, next, order, order).is_ok().then_some(next)
    }
}

/// Threads that a model starts, and waits for at the end.
#[derive(Default)]
struct Threads(std::cell::RefCell<Vec<thread::JoinHandle<()>>>);

impl Threads {
    #[allow(clippy::unnecessary_wraps)] // As the pool wants it.
    fn spawn(&self, model: &Arc<Model>) -> std::io::Result<()> {
        let model = Arc::clone(model);
        self.0.borrow_mut().push(thread::spawn(move || model.work()));
        Ok(())
    }

    fn join(self) {
        self.0.into_inner().into_iter().for_each(|thread| thread.join().unwrap());
    }
}

/// Checks a model with a bound on preemptions: enough to find faults of two or three unlucky switches. Without a bound
/// the models take hours.
fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

#[test]
fn a_leader_that_is_replaced_while_it_finishes_leaves_exactly_one() {
    bounded(3, || {
        let (model, threads) = (Model::new(1), Threads::default());
        model.appoint(0, || threads.spawn(&model));
        let rescues = (0..2).filter(|_| model.look(|| threads.spawn(&model))).count();
        assert!(model.pool.end().is_empty());
        threads.join();
        let lease = model.lease.lock().unwrap();
        let epoch = model.epoch.load(Ordering::SeqCst);
        assert_eq!(epoch, 1 + u32::try_from(rescues).unwrap());
        assert_eq!(lease.last_epoch, epoch, "the leader that was appointed last has led");
        assert!(lease.turns >= 2, "and to its end");
        // The old leader's last writes did not touch the word of the new one, whose two handlers make four ticks.
        assert_eq!(model.heartbeat.word(), u64::from(epoch) << 32 | 4);
        assert_eq!(model.stuck.load(Ordering::SeqCst), 0, "each replaced handler was counted on and off");
        assert_eq!(model.pool.threads(), 0);
    });
}

#[test]
fn a_leader_that_comes_too_late_takes_no_word_from_the_next_one() {
    loom::model(|| {
        let heartbeat = Arc::new(Heartbeat::default());
        let late = {
            let heartbeat = Arc::clone(&heartbeat);
            thread::spawn(move || heartbeat.take_over(1).is_some_and(|mut beat| beat.tick()))
        };
        let mut beat = heartbeat.take_over(2).expect("there is no later one");
        assert!(beat.tick(), "and its word is not taken away");
        // In time, or not at all.
        late.join().unwrap();
        assert_eq!(heartbeat.word(), 2 << 32 | 1);
        assert!(heartbeat.take_away(heartbeat.word()));
        assert!(heartbeat.take_over(1).is_none() && heartbeat.take_over(2).is_none(), "also when the word is taken");
        assert!(!beat.tick());
        assert!(heartbeat.take_over(3).is_some());
    });
}

#[test]
fn a_job_or_a_lease_finds_the_thread_that_is_about_to_sleep() {
    bounded(3, || {
        let (model, threads) = (Model::new(1), Threads::default());
        model.appoint(0, || threads.spawn(&model));
        assert!(model.pool.submit((), || threads.spawn(&model)).is_ok());
        // The pool ends when both are done. A missed wake-up is a deadlock.
        while model.jobs_done.load(Ordering::SeqCst) == 0 || model.lease.lock().unwrap().turns == 0 {
            thread::yield_now();
        }
        assert!(model.pool.end().is_empty());
        threads.join();
        assert_eq!(model.jobs_done.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_lease_goes_before_a_job_and_both_are_taken_by_one_thread() {
    bounded(3, || {
        let (model, threads) = (Model::new(1), Threads::default());
        // The system refuses a second thread.
        let none = || Err(std::io::ErrorKind::WouldBlock.into());
        model.appoint(0, || threads.spawn(&model));
        assert!(model.pool.submit((), none).is_ok());
        let jobs = model.pool.end();
        threads.join();
        assert_eq!(jobs.len() + model.jobs_done.load(Ordering::SeqCst), 1, "done, or given back");
        assert_eq!(model.lease.lock().unwrap().last_epoch, 1);
    });
}

#[test]
fn a_thread_that_was_stuck_leads_its_shard_again_if_the_system_gives_no_other() {
    bounded(3, || {
        let model = Model::of(PoolLimits { max_threads: 1, leaders: 2, max_queued: 1 });
        let none = || Err(std::io::ErrorKind::WouldBlock.into());
        let mut started = None;
        model.appoint(0, || {
            let model = Arc::clone(&model);
            started = Some(thread::spawn(move || model.work_for_two_shards()));
            Ok(())
        });
        // The other shard has no leader yet, and gets one only where the first has no use for the thread.
        model.pool.grant(1, || Some(1), none);
        let was_replaced = model.look(none);
        let leads = started.expect("the system gives one").join().unwrap();
        assert_eq!(leads, 1 + u32::from(was_replaced), "it leads the first shard, and no other");
        assert!(!model.pool.lacks_leader() && !model.pool.is_quiet(), "the other one waits");
    });
}

/// Works as a thread of the pool: puts back the jobs that are `true`, and counts the others.
fn work_in_turns(pool: &Pool<bool>, jobs_done: &AtomicUsize) {
    let mut me = PoolThread::new();
    while let Some(task) = pool.next(&mut me) {
        match task {
            // The system refuses another thread. A sleeping one does the job, or this one.
            Task::Job(true) => drop(pool.requeue(false, || Err(std::io::ErrorKind::WouldBlock.into()))),
            Task::Job(false) => drop(jobs_done.fetch_add(1, Ordering::SeqCst)),
            Task::Lead { .. } => {}
        }
    }
}

#[test]
fn a_job_that_is_put_back_is_done_while_threads_fall_asleep() {
    bounded(2, || {
        let pool = Arc::new(Pool::new(PoolLimits { max_threads: 2, leaders: 1, max_queued: 2 }));
        let jobs_done = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = [true, false]
            .into_iter()
            .filter_map(|puts_back| {
                let mut started = None;
                let submitted = pool.submit(puts_back, || {
                    let (pool, jobs_done) = (Arc::clone(&pool), Arc::clone(&jobs_done));
                    started = Some(thread::spawn(move || work_in_turns(&pool, &jobs_done)));
                    Ok(())
                });
                assert!(submitted.is_ok());
                started
            })
            .collect();
        // A missed wake-up is a deadlock.
        while jobs_done.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        assert!(pool.end().is_empty());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(pool.is_quiet() && pool.threads() == 0);
    });
}
