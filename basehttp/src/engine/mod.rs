//! The engine: blocking handlers at event-loop speed. The only place that waits for more than one connection.
//!
//! The pattern is leader and followers, with inline execution and rescue. Each `shard` has a poller, parked
//! connections, and one thread at a time that leads it. The leader takes an event, drives its connection as far as it
//! goes without waiting, and calls the handler itself, which saves a hand-off and a wake-up and keeps the caches warm.
//! A handler that is known to block (`pace`, `placement`) runs on a thread of the `pool`. A handler that blocks without
//! warning stops its leader. The `monitor` sees that in the shard's `heartbeat` and appoints another leader, a few
//! milliseconds later. The stuck thread finishes its own response and then belongs to the pool.
//!
//! ```text
//! shard    poller, ready list (lease), connections (slab)    accept   the listeners
//! worker   one piece of work: drive a connection (scheduler), then park, queue, hand over or close it (slot)
//! pool     the threads: leaders, jobs, sleepers              monitor  rescue, shutdown, service_actions
//! ```
//!
//! No connection is lost: one that is out of its slab is held by a [`CheckedOut`](slot::CheckedOut), which frees the
//! slot when it is dropped, also in a panic. The connection's permit is dropped with it and counts it off.

mod accept;
mod affinity;
mod heartbeat;
mod lease;
#[cfg(all(test, loom))]
mod loom_models;
mod monitor;
mod pace;
mod placement;
mod pool;
mod scheduler;
mod shard;
mod slab;
mod slot;
mod stats;
mod sync;
mod work;
mod worker;

use std::io;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use self::accept::Acceptor;
use self::heartbeat::Heartbeat;
use self::monitor::MonitorWaker;
use self::pace::{LastRescue, PaceTable};
use self::pool::{Pool, PoolLimits, PoolThread, Task};
use self::shard::Shard;
use self::slot::Job;
use self::stats::Counters;
use self::work::Counted;
use self::worker::Worker;
use crate::conn::Conn;
use crate::exchange::{Context, Service, drop_panic_payload};
use crate::sys::{Accepted, Listener, Notifier, Permit, RunningServer, SocketFile, Stats, log};

pub(crate) use self::lease::MAX_LISTENERS;
pub(crate) use self::monitor::run;
pub(crate) use self::slab::MAX_SLOTS;

/// The size of an engine.
#[derive(Clone, Debug)]
pub(crate) struct EngineOptions {
    /// Number of shards, each with a leader.
    pub workers: usize,
    /// Threads that serve blocking requests, at most.
    pub max_threads: usize,
    /// Requests that wait for such a thread, at most.
    pub max_queued: usize,
    /// Connections that the system may keep for each listener until they are accepted.
    pub backlog: usize,
    /// Time between two calls of `service_actions`, if the handler has it.
    pub service_actions: Option<Duration>,
    /// The service manager that is told of the loop's beginning, life and end.
    pub notifier: Option<Notifier>,
}

/// Everything the threads of a running server share.
pub(crate) struct Engine {
    service: Arc<dyn Service>,
    context: Arc<Context>,
    options: EngineOptions,
    shards: Vec<Shard>,
    /// The files of Unix sockets that the loop listens on.
    socket_files: Vec<Arc<SocketFile>>,
    pool: Pool<Job>,
    pace: PaceTable,
    /// From a handler.
    last_rescue: LastRescue,
    /// From a call on a file.
    file_caution: LastRescue,
    counters: Counters,
    monitor_waker: MonitorWaker,
    /// The number at which the search for the shard of the next connection begins.
    next_shard: AtomicUsize,
    closing: AtomicBool,
    ended: AtomicBool,
}

impl Engine {
    pub(crate) fn new(
        listeners: Vec<Arc<Listener>>,
        service: Arc<dyn Service>,
        context: Arc<Context>,
        options: EngineOptions,
    ) -> io::Result<Arc<Self>> {
        // No leader waits for room yet. The last loop may have left the flag set.
        context.quota.await_room(false);
        let socket_files = listeners.iter().filter_map(|listener| listener.file().cloned()).collect();
        let mut acceptor = Some(Acceptor::new(listeners, options.backlog));
        let shards = (0..options.workers).map(|_| Shard::new(acceptor.take())).collect::<io::Result<_>>()?;
        let limits =
            PoolLimits { max_threads: options.max_threads, leaders: options.workers, max_queued: options.max_queued };
        let counters = Counters::new(options.workers);
        Ok(Arc::new(Engine {
            service,
            context,
            options,
            shards,
            socket_files,
            pool: Pool::new(limits),
            pace: PaceTable::new(),
            last_rescue: LastRescue::new(Instant::now()),
            file_caution: LastRescue::new(Instant::now()),
            counters,
            monitor_waker: MonitorWaker::new(),
            next_shard: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }))
    }

    /// Starts one more thread of the pool. If the system refuses, the monitor will try again.
    fn spawn(self: &Arc<Self>) -> io::Result<()> {
        self.try_spawn().inspect_err(|_| self.monitor_waker.wake())
    }

    /// Starts one more thread of the pool, for the monitor itself.
    fn try_spawn(self: &Arc<Self>) -> io::Result<()> {
        let engine = Arc::clone(self);
        thread::Builder::new().name("basehttp".into()).spawn(move || engine.work_for_ever()).map(drop)
    }

    /// The main function of a pool thread.
    fn work_for_ever(self: &Arc<Self>) {
        // User code runs here also where values of the user are dropped. It must not wait for the end of the server,
        // which waits for this thread.
        let _serving = self.context.handle.enter();
        let (mut worker, mut me) = (Worker::new(self), PoolThread::new());
        while let Some(task) = self.pool.next(&mut me) {
            let led = if let Task::Lead { shard, epoch } = &task { Some((*shard, *epoch)) } else { None };
            let outcome = catch_unwind(AssertUnwindSafe(|| match task {
                Task::Lead { shard, epoch } => worker.lead(shard, epoch),
                Task::Job(job) => worker.serve(job),
            }));
            log::end_collecting();
            // A bug of the server, since panics of user code are caught elsewhere. It costs the connection that met it.
            if let Err(panic) = outcome {
                drop_panic_payload(panic);
                worker = Worker::new(self);
            }
            // Usually the monitor has appointed another leader. It has not if this one panicked or gives way, or if the
            // monitor is about to. The lease must be there before this thread takes another one, since the system may
            // give no thread for it.
            if let Some((shard, epoch)) = led
                && self.shards[shard].epoch() == epoch
            {
                self.pool.give_way(shard, || self.shards[shard].revoke(epoch));
            }
        }
    }

    /// Appoints another leader for the shard, unless that was done since this epoch began.
    fn appoint_leader(self: &Arc<Self>, number: usize, epoch: u32) {
        let shard = &self.shards[number];
        let revoke = || {
            let next = shard.revoke(epoch)?;
            // The log lines of a stuck leader must not wait for it, and must come before those of the next one. Done
            // under the pool's lock, since the stuck one may return and be the next.
            shard.hand_over_lines();
            Some(next)
        };
        self.pool.grant(number, revoke, || self.spawn());
    }

    /// Counts the connections that this loop answers on. A hijacked one no longer counts once its handler has returned.
    fn in_flight(&self) -> usize {
        self.shards.iter().map(|shard| shard.load.get()).sum()
    }

    /// Returns the shard that gets a new connection: the one with the fewest of those that are led. Shards with equally
    /// few take turns.
    fn next_shard(&self) -> usize {
        let count = self.shards.len();
        let first = self.next_shard.fetch_add(1, Ordering::Relaxed) % count;
        let in_turn = (first..count).chain(0..first);
        // The leader of the first shard calls this, so that shard is led.
        let led = in_turn.filter(|&number| number == 0 || self.shards[number].was_ever_led());
        led.min_by_key(|&number| self.shards[number].load.get()).unwrap_or(0)
    }
}

impl RunningServer for Engine {
    fn wake(&self) {
        self.monitor_waker.wake();
    }

    fn stats(&self) -> Stats {
        let parked = self.shards.iter().map(|shard| shard.slab().count_parked(|_| true) as u64).sum();
        // Handlers on threads of the pool are in the counters. Leaders that are in a handler come on top.
        let leaders =
            self.shards.iter().filter(|shard| Heartbeat::is_in_handler(shard.heartbeat.word())).count() as u64;
        let counted = self.counters.read();
        let in_handlers = counted.in_handlers + leaders;
        let (connections, hijacked) = (self.context.quota.connections() as u64, self.context.quota.hijacked() as u64);
        Stats { connections, hijacked, parked, in_handlers, threads: self.pool.threads() as u64, ..counted }
    }

    fn busy(&self) -> usize {
        // An idle connection has no request that could be cut off.
        let idle: usize = self.shards.iter().map(|shard| shard.slab().count_parked(Conn::is_idle)).sum();
        self.in_flight().saturating_sub(idle)
    }

    fn forget(&self, descriptor: BorrowedFd<'_>) {
        // At most one poller knows it. Asking all of them is fine, since this is rare.
        self.shards.iter().for_each(|shard| shard.forget(descriptor));
    }

    fn note_room(&self) {
        // The first shard accepts.
        self.shards[0].wake();
    }
}

/// The answers to the questions of shards and acceptors.
impl Engine {
    /// Returns whether the server shuts down: it accepts no more connections, and closes idle ones.
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Returns whether the server has ended, and leaders leave.
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Returns whether one more connection may be accepted.
    fn has_room(&self) -> bool {
        self.context.quota.has_room()
    }

    /// Counts an accepted connection for the shard that gets it.
    fn count(&self, accepted: Accepted) -> Counted {
        let shard = self.next_shard();
        Counters::add(&self.counters.accepted);
        Counted { accepted, shard, permit: Permit::new(&self.context.quota, &self.shards[shard].load) }
    }

    /// Returns whether the server shuts down and closes this parked connection for that reason.
    fn dismisses(&self, conn: &Conn, now: Instant) -> bool {
        self.is_closing() && conn.may_be_dismissed(now, &self.context.settings)
    }

    /// Called when the last connection has been accepted.
    fn note_last_accepted(&self) {
        self.monitor_waker.wake();
    }

    /// Returns the number of open connections.
    fn connections(&self) -> usize {
        self.context.quota.connections()
    }

    /// Called when accepting pauses or goes on. During a pause, each connection that closes wakes the leader.
    fn await_room(&self, is_awaited: bool) {
        self.context.quota.await_room(is_awaited);
    }

    /// Called when accepting pauses because the system has no descriptor left.
    fn note_pause(&self) {
        Counters::add(&self.counters.accept_pauses);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::engine::*;
    use crate::exchange::{HandlerSpec, IncomingRequest, Pace, Served, ServerHooks};
    use crate::sys::{Address, ServerHandle, Settings, Socket};

    /// A service without requests.
    struct Nothing;

    impl Service for Nothing {
        fn spec(&self) -> HandlerSpec {
            HandlerSpec::of_plain_handler()
        }

        fn pace(&self, _: &str) -> Pace {
            Pace::Auto
        }

        fn route(&self, _: &str, _: &str) -> Option<u16> {
            None
        }

        fn route_pace(&self, _: u16) -> Pace {
            Pace::Auto
        }

        fn serve<'c>(&'c self, _: IncomingRequest<'c>) -> Served {
            unreachable!("no client asks")
        }

        fn hooks(&self) -> &dyn ServerHooks {
            unreachable!("no client comes")
        }

        fn log_failure<'c>(&'c self, _: IncomingRequest<'c>, _: &str) {
            unreachable!("no client comes")
        }
    }

    impl Engine {
        /// Returns an engine without listeners and threads.
        pub(super) fn idle(workers: usize, settings: Settings) -> Arc<Engine> {
            let context = Context::new(Nothing.spec(), settings, ServerHandle::detached());
            let options = EngineOptions {
                workers,
                max_threads: 1,
                max_queued: 1,
                backlog: 1,
                service_actions: None,
                notifier: None,
            };
            Engine::new(Vec::new(), Arc::new(Nothing), Arc::new(context), options).expect("pollers")
        }
    }

    fn accept(engine: &Engine) -> Counted {
        engine.count(Accepted { socket: Socket::Taken, address: Address::Unnamed })
    }

    #[test]
    fn long_connections_are_spread_evenly_whatever_short_ones_come_between() {
        for short_ones in 0..4 {
            let engine = Engine::idle(2, Settings::default());
            let leaders = [0, 1].map(|shard| engine.shards[shard].heartbeat.take_over(1));
            assert!(leaders.iter().all(Option::is_some));
            let long: Vec<_> = (0..16)
                .map(|_| {
                    let long = accept(&engine);
                    (0..short_ones).for_each(|_| drop(accept(&engine)));
                    long
                })
                .collect();
            assert_eq!([0, 1].map(|shard| engine.shards[shard].load.get()), [8, 8], "{short_ones} between two");
            assert_eq!((engine.in_flight(), engine.stats().connections), (16, 16));
            drop(long);
            assert_eq!((engine.in_flight(), engine.stats().connections), (0, 0));
        }
    }

    #[test]
    fn a_shard_that_no_thread_has_led_gets_no_connections() {
        let engine = Engine::idle(4, Settings::default());
        let shards = || (0..8).map(|_| accept(&engine)).collect::<Vec<_>>().iter().map(|counted| counted.shard).max();
        assert_eq!(shards(), Some(0), "the one that accepts has a leader");
        let _leader = engine.shards[2].heartbeat.take_over(1);
        assert_eq!(shards(), Some(2));
        let kept: Vec<_> = (0..8).map(|_| accept(&engine)).collect();
        assert_eq!([0, 1, 2, 3].map(|shard| engine.shards[shard].load.get()), [4, 0, 4, 0]);
        drop(kept);
    }
}
