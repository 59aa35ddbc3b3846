//! The engine: blocking handlers at event-loop speed. The only place that waits for more than one connection.
//!
//! Leader and followers, with inline execution and rescue. Each `shard` has a poller and parked connections, and one
//! thread at a time that leads it: takes an event, drives its connection as far as it goes without waiting, and calls the
//! handler itself: no hand-off, no wake-up, warm caches. What is known to block (`pace`, `placement`) goes to a thread of
//! the `crew`. A handler that blocks without warning holds its leader: the `monitor` sees that in the shard's `watch` and
//! has another thread lead, a few milliseconds later; the stuck one finishes its own reply and becomes one of the crew.
//!
//! ```text
//! shard    poller, ready list, parked connections (slab)     accept   the listeners (listener)
//! work     one piece of work: drive a connection, then park, queue, hand over or close it
//! crew     the threads: leaders, jobs, sleepers              monitor  rescue, shutdown, service_actions
//! ```
//!
//! Nobody is orphaned: a connection that is out of its slab is held by an [`Out`](work::Out), whose drop frees the slot
//! and counts the connection off, also in a panic.

mod accept;
mod caution;
mod crew;
mod listener;
#[cfg(all(test, loom))]
mod loom_models;
mod monitor;
mod pace;
mod placement;
mod shard;
mod slab;
mod stats;
mod stay;
mod sync;
mod watch;
mod work;

use std::io;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use self::accept::Acceptor;
use self::caution::Caution;
use self::crew::{Crew, CrewLimits, Member, Task};
use self::monitor::Alarm;
use self::pace::PaceTable;
use self::shard::{Control, Shard};
use self::stats::Counters;
use self::watch::Watch;
use self::work::{Desk, Job};
use crate::conn::{Host, Loop, Service, Site, Stats, forget_panic, log, process_limit};

pub(crate) use self::listener::{Listener, Newcomer, SocketFile, is_of_one_client};
pub(crate) use self::monitor::run;
pub(crate) use self::shard::MAX_LISTENERS;

/// How large an engine is.
#[derive(Clone, Debug)]
pub(crate) struct EngineOptions {
    /// Shards, each with a leader.
    pub workers: usize,
    pub max_threads: usize,
    pub max_queued: usize,
    pub max_connections: usize,
    /// Connections that the system may keep for each listener until they are accepted.
    pub backlog: usize,
    /// How often `service_actions` is called, if the handler has it.
    pub service_actions: Option<Duration>,
}

/// Everything the threads of a running server share.
pub(crate) struct Engine {
    service: Arc<dyn Service>,
    site: Arc<Site>,
    options: EngineOptions,
    shards: Vec<Shard>,
    crew: Crew<Job>,
    pace: PaceTable,
    caution: Caution,
    counters: Counters,
    alarm: Alarm,
    /// Whose turn it is to get a new connection.
    next_shard: AtomicUsize,
    /// Accepting pauses until a connection closes.
    lacks_descriptors: AtomicBool,
    closing: AtomicBool,
    ended: AtomicBool,
}

impl Engine {
    pub fn new(
        listeners: Vec<Arc<Listener>>,
        service: Arc<dyn Service>,
        site: Arc<Site>,
        mut options: EngineOptions,
    ) -> io::Result<Arc<Self>> {
        options.max_connections =
            options.max_connections.min(descriptors_for_connections(process_limit())).min(slab::MAX_SLOTS);
        let mut acceptor = Some(Acceptor::new(listeners, options.backlog));
        let shards = (0..options.workers).map(|_| Shard::new(acceptor.take())).collect::<io::Result<_>>()?;
        let limits =
            CrewLimits { max_threads: options.max_threads, leaders: options.workers, max_queued: options.max_queued };
        let counters = Counters::new(options.workers);
        Ok(Arc::new(Engine {
            service,
            site,
            options,
            shards,
            crew: Crew::new(limits),
            pace: PaceTable::new(),
            caution: Caution::new(Instant::now()),
            counters,
            alarm: Alarm::new(),
            next_shard: AtomicUsize::new(0),
            lacks_descriptors: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }))
    }

    fn host(&self) -> Host<'_> {
        Host { service: &*self.service, site: &self.site }
    }

    /// Starts one more thread of the crew.
    fn spawn(self: &Arc<Self>) -> io::Result<()> {
        let engine = Arc::clone(self);
        let started = thread::Builder::new().name("basehttp".into()).spawn(move || engine.work_for_ever());
        // Without a thread the monitor tries again.
        started.map(drop).inspect_err(|_| self.alarm.ring())
    }

    /// A thread of the crew.
    fn work_for_ever(self: &Arc<Self>) {
        let (mut desk, mut me) = (Desk::new(self), Member::new());
        while let Some(task) = self.crew.next(&mut me) {
            let led = if let Task::Lead { shard, epoch } = &task { Some((*shard, *epoch)) } else { None };
            let worked = catch_unwind(AssertUnwindSafe(|| match task {
                Task::Lead { shard, epoch } => desk.lead(shard, epoch),
                Task::Job(job) => desk.serve(job),
            }));
            log::end_collecting();
            // A fault of ours, since user code has guards of its own. It costs the connection that it met.
            if let Err(panic) = worked {
                forget_panic(panic);
                desk = Desk::new(self);
                if let Some((shard, epoch)) = led
                    && self.shards[shard].epoch() == epoch
                {
                    self.appoint_leader(shard);
                }
            }
        }
    }

    /// Gives the shard another leader.
    fn appoint_leader(self: &Arc<Self>, shard: usize) {
        let epoch = self.shards[shard].revoke();
        self.crew.grant(shard, epoch, || self.spawn());
    }

    fn count_off(&self) {
        let was_full = self.counters.connections.fetch_sub(1, Ordering::SeqCst) >= self.options.max_connections;
        let was_full = self.site.descriptors.remove_connection() || was_full;
        if was_full || self.lacks_descriptors.load(Ordering::SeqCst) {
            self.shards[0].wake();
        }
        if self.closing.load(Ordering::SeqCst) {
            self.alarm.ring();
        }
    }
}

/// How many descriptors connections may have: handlers open files, so a quarter of the process's, at least 32, is theirs.
fn descriptors_for_connections(limit: usize) -> usize {
    limit.saturating_sub((limit / 4).max(32)).max(1)
}

impl Loop for Engine {
    fn wake(&self) {
        self.alarm.ring();
    }

    fn stats(&self) -> Stats {
        let parked = self.shards.iter().map(|shard| shard.slab().parked(|_| true).len() as u64).sum();
        // Beside those of the crew, the leaders that are in one.
        let leaders = self.shards.iter().filter(|shard| Watch::is_in_handler(shard.watch.word())).count() as u64;
        let counted = self.counters.read();
        let in_handlers = counted.in_handlers + leaders;
        Stats { parked, in_handlers, threads: self.crew.threads() as u64, ..counted }
    }

    fn forget(&self, descriptor: BorrowedFd<'_>) {
        // Its shard's poller knows it, or none, and it is rare enough to ask them all.
        self.shards.iter().for_each(|shard| shard.forget(descriptor));
    }

    fn count_hijacked(&self) {
        self.site.descriptors.add_connection();
        self.counters.connections.fetch_add(1, Ordering::SeqCst);
        self.counters.hijacked.fetch_add(1, Ordering::SeqCst);
    }

    fn count_off_hijacked(&self) {
        self.counters.hijacked.fetch_sub(1, Ordering::SeqCst);
        self.count_off();
    }
}

impl Control for Engine {
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn has_room(&self) -> bool {
        self.counters.connections.load(Ordering::SeqCst) < self.options.max_connections
            && self.site.descriptors.has_room()
    }

    fn note_accepted(&self) {
        self.site.descriptors.add_connection();
        self.counters.connections.fetch_add(1, Ordering::SeqCst);
        Counters::add(&self.counters.accepted);
    }

    fn note_last_accepted(&self) {
        self.alarm.ring();
    }

    fn connections(&self) -> usize {
        self.counters.connections.load(Ordering::SeqCst)
    }

    fn note_pause(&self) {
        Counters::add(&self.counters.accept_pauses);
        self.lacks_descriptors.store(true, Ordering::SeqCst);
    }

    fn note_resumption(&self) {
        self.lacks_descriptors.store(false, Ordering::SeqCst);
    }
}
