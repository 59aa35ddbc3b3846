//! One shard: a poller, the connections parked at it, and the lease that makes a thread its leader.
//!
//! Three locks, none of them held while user code runs:
//!
//! * `lease` (poller, ready list): held by the leader alone, also during a poll. A leader whose epoch is over finds
//!   that out when it next takes the lock. No other thread waits for it, except the monitor when the server has ended.
//! * `slab`: held by any thread, just to park or take out a connection, also inside the lease.
//! * `inbox` (work for the next turn): held by any thread, just to add work or take it, also inside the lease.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use std::{io, mem};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::Engine;
use super::accept::Acceptor;
use super::heartbeat::Heartbeat;
use super::lease::{Lease, WAKER};
use super::slab::Slab;
use super::work::{Counted, Work};
use crate::conn::{Conn, Ready};
use crate::sys::log::{self, TurnLines};
use crate::sys::{Load, lock, set_unwatched_leader};

/// Time between two sweeps, which look for passed deadlines: 1 s.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Longest wait of a leader while a shard has none: 4 ms, as long as a leader may be stuck before that is noticed.
const SHARED_WAIT: Duration = Duration::from_millis(4);

/// Time between two sweeps during a shutdown, which waits for the last deadline: 50 ms.
const LAST_SWEEP_INTERVAL: Duration = Duration::from_millis(50);

/// A poller, the connections parked at it, and the lease that makes a thread its leader.
pub(super) struct Shard {
    lease: Mutex<Lease>,
    slab: Mutex<Slab>,
    /// Work for the next turn: connections that want another one, and new ones that another shard has accepted.
    inbox: Mutex<Vec<Work>>,
    /// Number of connections of this shard.
    pub load: Load,
    /// Epoch of the leader. It moves on when a leader is replaced.
    epoch: AtomicU32,
    pub heartbeat: Heartbeat,
    /// Log lines of the leader's current turn.
    lines: Mutex<Arc<TurnLines>>,
    registry: Registry,
    waker: mio::Waker,
    /// Whether the leader sleeps without a timeout, because no connection is parked here.
    sleeps_for_good: AtomicBool,
    /// Whether the leader may still accept connections.
    accepts: AtomicBool,
    /// Wake-ups that a leader has seen.
    wakes: AtomicU64,
}

impl Shard {
    pub(super) fn new(acceptor: Option<Acceptor>) -> io::Result<Self> {
        let accepts = AtomicBool::new(acceptor.is_some());
        let lease = Lease::new(acceptor, Instant::now() + SWEEP_INTERVAL)?;
        let registry = lease.poll.registry().try_clone()?;
        let waker = mio::Waker::new(&registry, WAKER)?;
        Ok(Shard {
            lease: Mutex::new(lease),
            slab: Mutex::default(),
            inbox: Mutex::default(),
            load: Load::default(),
            epoch: AtomicU32::new(0),
            heartbeat: Heartbeat::default(),
            lines: Mutex::default(),
            registry,
            waker,
            sleeps_for_good: AtomicBool::new(false),
            accepts,
            wakes: AtomicU64::new(0),
        })
    }

    // Leading.

    pub(super) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Ends an epoch. Returns the next one; `None` if this one has ended already.
    pub(super) fn revoke(&self, epoch: u32) -> Option<u32> {
        let next = epoch.wrapping_add(1);
        self.epoch.compare_exchange(epoch, next, Ordering::SeqCst, Ordering::SeqCst).is_ok().then_some(next)
    }

    /// Takes the log lines of a thread that leads from now on.
    pub(super) fn collect_lines(&self, lines: &Arc<TurnLines>) {
        lines.collect();
        *lock(&self.lines) = Arc::clone(lines);
    }

    /// Hands over the log lines of a leader that is stuck or gone, and has its next ones written at once.
    pub(super) fn hand_over_lines(&self) {
        lock(&self.lines).end_collecting();
    }

    /// Returns the next work, and waits for it if there is none. Updates `now` after a wait. `None` if another thread
    /// leads, if this one has had a turn and a shard without a leader needs it, or if the server has ended.
    pub(super) fn next(&self, epoch: u32, now: &mut Instant, engine: &Engine) -> Option<Work> {
        if self.epoch() != epoch && !engine.has_ended() {
            // The lease is not worth waiting for, since the new leader may hold it while it sleeps.
            return None;
        }
        let mut lease = lock(&self.lease);
        loop {
            if engine.has_ended() {
                // No connection depends on this thread any more.
                set_unwatched_leader(false);
                lease.close();
                let parked = self.slab().take_parked();
                drop(lease);
                drop(parked);
                return None;
            }
            if self.epoch() != epoch {
                return None;
            }
            match lease.ready.pop_front() {
                Some(Work::Accepted(counted)) if !lease.ready.is_empty() => return Some(Work::AcceptedBusy(counted)),
                Some(work) => return Some(work),
                None => {}
            }
            if std::mem::replace(&mut lease.last_epoch, epoch) == epoch && engine.pool.lacks_leader() {
                return None;
            }
            *now = self.turn(&mut lease, *now, engine);
        }
    }

    /// Fills the ready list: with connections that are due, new ones, and those that the poller reports. `now` may be
    /// some requests old. Returns the time after the poll.
    fn turn(&self, lease: &mut Lease, now: Instant, engine: &Engine) -> Instant {
        log::end_turn();
        // A sweep begins once a second. During a shutdown every turn begins one, or goes on with it.
        let is_sweep_due = now >= lease.next_sweep;
        if is_sweep_due {
            lease.next_sweep = now + SWEEP_INTERVAL;
            lease.acceptor.iter_mut().for_each(Acceptor::try_again);
        }
        if is_sweep_due || engine.is_closing() {
            lease.sweep_at.get_or_insert(0);
        }
        self.sweep(lease, now, engine);
        // A shutdown accepts the clients that have connected already. Otherwise a turn accepts its share.
        let accepts_more = if engine.is_closing() {
            self.accept_last(lease, engine)
        } else {
            lease.acceptor.as_mut().is_some_and(|acceptor| acceptor.accept(&mut lease.ready, engine))
        };
        // The leader sleeps in the poll only if there is nothing else to do. Work that arrives from now on wakes it.
        let inbox = mem::take(&mut *self.inbox());
        let is_sweeping = lease.sweep_at.is_some();
        let wait = if accepts_more || is_sweeping || !inbox.is_empty() || !lease.ready.is_empty() {
            Some(Duration::ZERO)
        } else if engine.pool.lacks_leader() {
            Some(SHARED_WAIT)
        } else {
            self.poll_timeout(lease, now, engine)
        };
        let polled = lease.poll.poll(&mut lease.events, wait);
        if wait.is_none() {
            self.sleeps_for_good.store(false, Ordering::SeqCst);
        }
        // A poll that a signal interrupts has no events.
        if polled.is_ok() {
            lease.take_events(&self.wakes);
        }
        // Behind the events: connections that have had their turn come last.
        lease.ready.extend(inbox);
        Instant::now()
    }

    /// Takes the first step of a shutdown: accepts clients that have connected already, and then closes the listeners.
    /// The rest of the shutdown may take as long as the slowest client. New clients are refused meanwhile, or reach a
    /// successor. Returns whether there may be more to accept.
    fn accept_last(&self, lease: &mut Lease, engine: &Engine) -> bool {
        if lease.acceptor.as_mut().is_some_and(|acceptor| acceptor.accept_last(&mut lease.ready, engine)) {
            return true;
        }
        if let Some(acceptor) = lease.acceptor.take() {
            acceptor.close(&self.registry, &mut lease.ready, engine);
            self.accepts.store(false, Ordering::SeqCst);
            engine.note_last_accepted();
        }
        false
    }

    /// Returns the time until the next sweep; `None`, for ever, while there is nothing to sweep and nothing to retry.
    fn poll_timeout(&self, lease: &Lease, now: Instant, engine: &Engine) -> Option<Duration> {
        let is_paused = lease.acceptor.as_ref().is_some_and(Acceptor::is_paused);
        let is_closing = engine.is_closing();
        if self.slab().occupied() == 0 && !is_paused && !is_closing {
            self.sleeps_for_good.store(true, Ordering::SeqCst);
            // A connection that was parked just before wakes no leader, but is seen here.
            if self.slab().occupied() == 0 {
                return None;
            }
            self.sleeps_for_good.store(false, Ordering::SeqCst);
        }
        let longest = if is_closing { LAST_SWEEP_INTERVAL } else { SWEEP_INTERVAL };
        Some(lease.next_sweep.saturating_duration_since(now).min(longest))
    }

    /// Goes on with a sweep, as far as one turn allows. Finds connections whose deadline has passed and, during a
    /// shutdown, those that are dismissed.
    fn sweep(&self, lease: &mut Lease, now: Instant, engine: &Engine) {
        let Some(start) = lease.sweep_at else { return };
        let wanted = |conn: &Conn| {
            if conn.deadline() <= now {
                return Some(Ready { expired: true, ..Ready::default() });
            }
            // It is read once more before it is closed, since its client may have sent a request just now.
            engine.dismisses(conn, now).then_some(Ready { readable: true, ..Ready::default() })
        };
        let (found, rest) = self.slab().search(start, wanted);
        lease.ready.extend(found.into_iter().map(|(key, ready)| Work::Event(key, ready)));
        lease.sweep_at = rest;
    }

    /// Closes the connections that no leader will close: the server has ended.
    pub(super) fn close(&self) {
        // No connection depends on this thread any more.
        set_unwatched_leader(false);
        // A connection that is closed here may have a line to log, which belongs behind these.
        self.hand_over_lines();
        // Dropped without a lock, since a connection may hold values of the user, which may call the server when
        // dropped.
        let parked = self.slab().take_parked();
        let inbox = mem::take(&mut *self.inbox());
        drop((parked, inbox));
        if let Ok(mut lease) = self.lease.try_lock() {
            lease.close();
        }
        self.wake();
    }

    /// Waits for the leader's last turn, from which [`close`](Self::close) has woken it. Closes the listeners then, if
    /// the shutdown had no time to do so, since the next loop may listen at the same addresses at once.
    pub(super) fn await_last_turn(&self) {
        lock(&self.lease).close();
    }

    /// Returns whether a thread has ever led here. Without one, connections would wait in vain.
    pub(super) fn was_ever_led(&self) -> bool {
        self.heartbeat.was_ever_taken_over()
    }

    /// Returns whether a connection may still be accepted here.
    pub(super) fn accepts(&self) -> bool {
        self.accepts.load(Ordering::SeqCst)
    }

    /// Ends the leader's wait.
    pub(super) fn wake(&self) {
        // A wake-up that a signal interrupts is tried again, since a leader without parked connections would never
        // wake. After any other failure the leader finds the work at its next sweep.
        while self.waker.wake().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {}
    }

    /// Sees a wake-up, as a leader does.
    #[cfg(all(test, not(loom)))]
    pub(super) fn see_wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of wake-ups that a leader has seen.
    pub(super) fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }

    // Parking.

    pub(super) fn slab(&self) -> MutexGuard<'_, Slab> {
        lock(&self.slab)
    }

    /// Parks a connection for the first time, and registers its socket at the poller. Both happen under one lock, so
    /// that the first event finds the connection.
    ///
    /// # Errors
    /// The connection, if its socket cannot be watched.
    pub(super) fn admit(&self, conn: Box<Conn>) -> Result<Token, Box<Conn>> {
        let Some(descriptor) = conn.socket.descriptor().map(|descriptor| descriptor.as_raw_fd()) else {
            return Err(conn);
        };
        let mut slab = self.slab();
        let key = slab.insert(conn);
        let both = Interest::READABLE | Interest::WRITABLE;
        let registered = self.registry.register(&mut SourceFd(&descriptor), key, both);
        if registered.is_err() {
            let conn = slab.arrive(key, Ready::default()).expect("it was parked under this lock");
            slab.free(key);
            return Err(conn);
        }
        drop(slab);
        if self.sleeps_for_good.load(Ordering::SeqCst) {
            self.wake();
        }
        Ok(key)
    }

    /// Frees the slot of a connection that is out, and takes its socket off the poller.
    pub(super) fn dismiss(&self, key: Token, conn: &Conn) {
        if let Some(descriptor) = conn.socket.descriptor() {
            self.forget(descriptor);
        }
        self.slab().free(key);
    }

    /// Takes a socket off the poller, if the poller knows it.
    pub(super) fn forget(&self, descriptor: BorrowedFd<'_>) {
        // An unknown socket is not an error.
        let _ = self.registry.deregister(&mut SourceFd(&descriptor.as_raw_fd()));
    }

    /// Parks a connection that was out. Returns it if an event came meanwhile: it must be driven again.
    pub(super) fn park(&self, key: Token, conn: Box<Conn>) -> Option<(Box<Conn>, Ready)> {
        self.slab().park(key, conn)
    }

    /// Has a parked connection driven again, after others have had their turn.
    pub(super) fn queue(&self, key: Token, ready: Ready) {
        self.inbox().push(Work::Event(key, Ready { readable: true, ..ready }));
        self.wake();
    }

    /// Takes over a connection that another shard has accepted.
    pub(super) fn adopt(&self, counted: Counted) {
        self.inbox().push(Work::FromOtherShard(counted));
        self.wake();
    }

    fn inbox(&self) -> MutexGuard<'_, Vec<Work>> {
        lock(&self.inbox)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sys::{Address, Settings, Socket};

    #[test]
    fn however_many_deadlines_pass_at_once_a_turn_has_a_few_hundred_of_them() {
        const CONNECTIONS: usize = 9000;
        let (engine, shard) = (Engine::idle(1, Settings::default()), Shard::new(None).expect("a poller"));
        let settings = Settings { head_timeout: Duration::ZERO, ..Settings::default() };
        for _ in 0..CONNECTIONS {
            shard.slab().insert(Box::new(Conn::new(Socket::Taken, Address::Unnamed, &settings, Instant::now())));
        }
        let mut lease = shard.lease.lock().unwrap();
        lease.next_sweep = Instant::now();
        let mut expired = 0;
        while expired < CONNECTIONS {
            shard.turn(&mut lease, Instant::now(), &engine);
            assert!((1..=300).contains(&lease.ready.len()), "{} at once, after {expired}", lease.ready.len());
            // A leader empties the list before its next turn, so that the poller is asked in between.
            for work in mem::take(&mut lease.ready) {
                let Work::Event(key, ready) = work else { panic!("no client connects") };
                assert!(ready.expired && shard.slab().arrive(key, ready).is_some(), "each of them once");
                shard.slab().free(key);
                expired += 1;
            }
        }
        assert_eq!((shard.slab().occupied(), lease.sweep_at), (0, None), "the sweep is over");
    }
}
