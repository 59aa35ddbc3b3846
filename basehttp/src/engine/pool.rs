//! The threads, which are of one kind. A thread of the pool leads a shard that has no leader. If there is none, it
//! serves a request that waits for a thread. If there is none either, it sleeps. After a long sleep it leaves.
//!
//! The thread that fell asleep last is woken first, because the processor's caches still hold its stack.
//!
//! Jobs have `max_threads` threads. As many more as there are shards lead, and twice as many are reserved for shards
//! whose leader gets stuck. A thread takes no job while only reserved ones are left besides. Stuck leaders count as
//! threads at jobs.
//!
//! | threads that sleep or can be started | a leader calls handlers that                                |
//! |--------------------------------------|-------------------------------------------------------------|
//! | more than two for each shard         | are known to be fast, or not known yet                      |
//! | more than one for each shard         | are known to be fast, or are fast at times                  |
//! | one or more                          | are known to be fast                                        |
//! | none                                 | have `pace = "inline"`, since it could not be replaced      |
//!
//! The system may refuse a thread. Jobs then wait while any thread is serving. If none is, they come back when the
//! system has refused for 1 s, and new ones are refused for 1 s. While a shard has lost its leader and no thread can
//! come, because the system refuses one or the pool has all that it may have, the other leaders take turns there.

mod idle;
mod leases;
mod limits;

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::idle::IdleThread;
use self::leases::Leases;
use super::placement::Room;
use super::sync::atomic::{AtomicBool, Ordering};
use super::sync::{Mutex, MutexGuard};
use crate::sys::unpoisoned;

pub(super) use self::idle::PoolThread;
pub(super) use self::limits::PoolLimits;

/// Time of refusals after which jobs come back, and time for which new ones are then refused: 1 s each.
const THREAD_WAIT: Duration = Duration::from_secs(1);

/// Time until the system is asked again for a thread that it has refused: 4 ms to 250 ms. It is an eighth of the time
/// for which the thread has been lacking already, so that a short lack ends soon and a lasting one costs little.
const SHORTEST_RETRY: Duration = Duration::from_millis(4);
const LONGEST_RETRY: Duration = Duration::from_millis(250);

/// The next task of a thread.
pub(super) enum Task<J> {
    /// Leads this shard while the epoch lasts.
    Lead { shard: usize, epoch: u32 },
    /// Serves a request that may block.
    Job(J),
}

/// The threads of one server, and the tasks that wait for them. `J` is a job.
pub(super) struct Pool<J> {
    limits: PoolLimits,
    state: Mutex<PoolState<J>>,
    /// Four answers that threads need between requests, updated with each change of the state. They are read without
    /// the lock: among hundreds of threads, one that is preempted while it holds the lock would make the others wait.
    is_quiet: AtomicBool,
    has_leader_left: AtomicBool,
    may_risk_leader: AtomicBool,
    lacks_leader: AtomicBool,
}

/// The tasks for which the system still refuses a thread.
pub(super) struct Lack<J> {
    /// Jobs that have waited in vain and that no thread will take.
    pub given_up: Vec<J>,
    /// Time until the system should be asked again.
    pub retry_in: Duration,
}

/// The locked state. Updates the answers that are read without the lock when it is dropped.
struct Locked<'c, J> {
    pool: &'c Pool<J>,
    state: MutexGuard<'c, PoolState<J>>,
}

impl<J> Deref for Locked<'_, J> {
    type Target = PoolState<J>;

    fn deref(&self) -> &PoolState<J> {
        &self.state
    }
}

impl<J> DerefMut for Locked<'_, J> {
    fn deref_mut(&mut self) -> &mut PoolState<J> {
        &mut self.state
    }
}

impl<J> Drop for Locked<'_, J> {
    /// Still under the lock, so that the answers fit the latest state.
    fn drop(&mut self) {
        let (pool, limits) = (self.pool, &self.pool.limits);
        let answers = [
            (&pool.is_quiet, self.jobs.len() + self.leases.count() <= self.coming),
            (&pool.has_leader_left, self.has_more_than(0, limits)),
            (&pool.may_risk_leader, self.has_more_than(limits.leaders, limits)),
            (&pool.lacks_leader, self.lacks_leader()),
        ];
        for (seen, is_so) in answers {
            if seen.load(Ordering::Relaxed) != is_so {
                seen.store(is_so, Ordering::Relaxed);
            }
        }
    }
}

struct PoolState<J> {
    leases: Leases,
    jobs: VecDeque<J>,
    /// In the order in which they fell asleep.
    asleep: Vec<Arc<IdleThread>>,
    threads: usize,
    /// Threads that are at a job.
    serving: usize,
    /// Threads that were woken or started for a task, and have not taken one yet.
    coming: usize,
    /// Those among them that the system has not given yet.
    starting: usize,
    /// Since when the system has refused a thread that is still needed.
    lacks_thread: Option<Instant>,
    /// Until when new jobs are refused, because the system gives no thread and none is serving.
    deserted_until: Option<Instant>,
    ending: bool,
}

impl<J: Send + 'static> Pool<J> {
    pub(super) fn new(limits: PoolLimits) -> Self {
        let state = PoolState {
            leases: Leases::default(),
            jobs: VecDeque::new(),
            asleep: Vec::new(),
            threads: 0,
            serving: 0,
            coming: 0,
            starting: 0,
            lacks_thread: None,
            deserted_until: None,
            ending: false,
        };
        Pool {
            limits,
            state: Mutex::new(state),
            is_quiet: AtomicBool::new(true),
            has_leader_left: AtomicBool::new(true),
            may_risk_leader: AtomicBool::new(true),
            lacks_leader: AtomicBool::new(false),
        }
    }

    /// Returns whether a job would get a thread, or a place in the queue.
    pub(super) fn room(&self) -> Room {
        self.room_locked(&self.lock())
    }

    fn room_locked(&self, state: &PoolState<J>) -> Room {
        if state.deserted_until.is_some_and(|until| Instant::now() < until) {
            return Room::Full;
        }
        if state.has_more_than(self.limits.reserved(), &self.limits) {
            Room::Free
        } else if state.jobs.len() < self.limits.max_queued {
            Room::Queue
        } else {
            Room::Full
        }
    }

    /// Returns whether a shard would get a leader at once.
    pub(super) fn has_leader_left(&self) -> bool {
        self.has_leader_left.load(Ordering::Relaxed)
    }

    /// Returns whether a leader may call what may block. If all leaders get stuck at the same time, all are replaced,
    /// and a thread is left for the next one.
    pub(super) fn may_risk_leader(&self) -> bool {
        self.may_risk_leader.load(Ordering::Relaxed)
    }

    /// Returns whether a shard has lost its leader, and no thread is on its way there.
    pub(super) fn lacks_leader(&self) -> bool {
        self.lacks_leader.load(Ordering::Relaxed)
    }

    /// Returns whether the next thread that comes back takes a job, since more than the reserved threads are there with
    /// it.
    pub(super) fn gives_jobs(&self) -> bool {
        self.lock().has_more_than(self.limits.reserved().saturating_sub(1), &self.limits)
    }

    /// Returns whether a thread is on its way for every job and every shard that waits for one.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::Relaxed)
    }

    /// Returns the number of threads, leaders included.
    pub(super) fn threads(&self) -> usize {
        self.lock().threads
    }

    /// Hands a job to a thread, or lets it wait for one. `spawn` starts a thread if another one is needed. The job
    /// comes back if there is no room for it.
    pub(super) fn submit(&self, job: J, spawn: impl FnOnce() -> std::io::Result<()>) -> Result<(), J> {
        let mut state = self.lock();
        if state.ending || self.room_locked(&state) == Room::Full {
            return Err(job);
        }
        state.jobs.push_back(job);
        self.rouse(state, self.limits.reserved(), spawn);
        Ok(())
    }

    /// Puts a job of the calling thread behind the others. There is always a place for it, since that thread takes one
    /// of them next. The job comes back only if the pool ends.
    pub(super) fn requeue(&self, job: J, spawn: impl FnOnce() -> std::io::Result<()>) -> Result<(), J> {
        let mut state = self.lock();
        if state.ending {
            return Err(job);
        }
        state.jobs.push_back(job);
        self.rouse(state, self.limits.reserved(), spawn);
        Ok(())
    }

    /// Has a thread lead a shard. This goes before all jobs. `revoke` ends the epoch of the last leader and returns the
    /// next one, or `None` if that was done already. It is called under the lock, so that a leader which learns that
    /// its epoch is over finds the lease here.
    pub(super) fn grant(
        &self,
        shard: usize,
        revoke: impl FnOnce() -> Option<u32>,
        spawn: impl FnOnce() -> std::io::Result<()>,
    ) {
        let mut state = self.lock();
        if state.add_lease(shard, revoke) {
            self.rouse(state, 0, spawn);
        }
    }

    /// Gives up the lead of a shard, as [`grant`](Self::grant) without another thread, since the calling thread takes a
    /// lease next: the one that has waited longest.
    pub(super) fn give_way(&self, shard: usize, revoke: impl FnOnce() -> Option<u32>) {
        self.lock().add_lease(shard, revoke);
    }

    /// Tries again to start a thread that the system has refused. `None` if none is lacking or starting.
    pub(super) fn reinforce(&self, now: Instant, spawn: impl FnOnce() -> std::io::Result<()>) -> Option<Lack<J>> {
        let mut state = self.lock();
        let is_needed = state.leases.count() > 0 || !state.jobs.is_empty();
        let Some(since) = state.lacks_thread.filter(|_| is_needed) else {
            state.lacks_thread = None;
            // A refusal wakes the monitor before it is noted here. Until it is, its thread counts as starting.
            return (state.starting > 0).then(|| Lack { given_up: Vec::new(), retry_in: SHORTEST_RETRY });
        };
        let reserved = if state.leases.count() == 0 { self.limits.reserved() } else { 0 };
        let was_refused = self.rouse(state, reserved, spawn);
        let mut state = self.lock();
        if !was_refused {
            // At most one thread comes. Other shards and jobs may still lack one.
            let is_enough = state.leases.count() + state.jobs.len() <= state.coming;
            let may_be_had = state.has_more_than(reserved, &self.limits);
            state.lacks_thread = (!is_enough && may_be_had).then_some(now);
            return Some(Lack { given_up: Vec::new(), retry_in: SHORTEST_RETRY });
        }
        // The system refused again: the wait goes on from its beginning.
        let waited = now.saturating_duration_since(since);
        let mut lack = Lack { given_up: Vec::new(), retry_in: (waited / 8).clamp(SHORTEST_RETRY, LONGEST_RETRY) };
        if waited >= THREAD_WAIT && state.serving == 0 {
            state.deserted_until = Some(now + THREAD_WAIT);
            lack.given_up = state.jobs.drain(..).collect();
        }
        Some(lack)
    }

    /// Wakes a thread, or starts one, unless only the reserved threads are left. Returns whether the system has refused
    /// one. The task then waits for a thread that exists.
    fn rouse(&self, mut state: Locked<'_, J>, reserved: usize, spawn: impl FnOnce() -> std::io::Result<()>) -> bool {
        if !state.has_more_than(reserved, &self.limits) {
            return false;
        }
        state.coming += 1;
        if let Some(idle) = state.asleep.pop() {
            // Set under the lock, so that a thread whose sleep times out just now finds it set before it sleeps again.
            idle.woken.store(true, Ordering::Release);
            drop(state);
            idle.thread.unpark();
            return false;
        }
        state.threads += 1;
        state.starting += 1;
        drop(state);
        let was_refused = spawn().is_err();
        let mut state = self.lock();
        state.starting -= 1;
        if was_refused {
            state.threads -= 1;
            state.coming -= 1;
            state.lacks_thread.get_or_insert_with(Instant::now);
        }
        was_refused
    }

    /// Returns the next task of a thread, which sleeps until there is one. `None` if the thread must leave.
    pub(super) fn next(&self, me: &mut PoolThread) -> Option<Task<J>> {
        let mut state = self.lock();
        if std::mem::take(&mut me.is_serving) {
            state.serving -= 1;
        }
        if std::mem::take(&mut me.is_new) {
            state.coming -= 1;
        }
        loop {
            if let Some((shard, epoch)) = state.leases.take() {
                return Some(Task::Lead { shard, epoch });
            }
            // The last threads are reserved for shards. A job waits for the next thread that comes back.
            if state.has_more_than(self.limits.reserved().saturating_sub(1), &self.limits)
                && let Some(job) = state.jobs.pop_front()
            {
                state.serving += 1;
                me.is_serving = true;
                return Some(Task::Job(job));
            }
            if state.ending {
                state.threads -= 1;
                return None;
            }
            me.idle.woken.store(false, Ordering::Relaxed);
            state.asleep.push(Arc::clone(&me.idle));
            drop(state);
            let was_woken = me.idle.sleep();
            state = self.lock();
            if !was_woken && state.forget(&me.idle) {
                return None;
            }
            state.coming -= 1;
        }
    }

    /// Ends the pool: threads leave as they finish. Returns the jobs that no thread has begun.
    pub(super) fn end(&self) -> Vec<J> {
        let mut state = self.lock();
        state.ending = true;
        let asleep = std::mem::take(&mut state.asleep);
        state.coming += asleep.len();
        let jobs = state.jobs.drain(..).collect();
        drop(state);
        for idle in &asleep {
            idle.wake();
        }
        jobs
    }

    fn lock(&self) -> Locked<'_, J> {
        Locked { pool: self, state: unpoisoned(self.state.lock()) }
    }
}

impl<J> PoolState<J> {
    /// Returns whether more threads than the reserved ones sleep or can be started.
    fn has_more_than(&self, reserved: usize, limits: &PoolLimits) -> bool {
        (limits.most() - self.threads).saturating_add(self.asleep.len()) > reserved
    }

    /// Adds the lease of a shard, under its next epoch. Returns whether a thread is needed for it.
    fn add_lease(&mut self, shard: usize, revoke: impl FnOnce() -> Option<u32>) -> bool {
        if self.ending {
            return false;
        }
        let Some(epoch) = revoke() else { return false };
        self.leases.add(shard, epoch);
        true
    }

    /// Returns whether a shard has lost its leader, and no thread is on its way there. If the system has refused a
    /// thread lately, one that it has not given yet does not count.
    fn lacks_leader(&self) -> bool {
        let uncertain = if self.lacks_thread.is_some() { self.starting } else { 0 };
        self.leases.count_lost() > self.coming.saturating_sub(uncertain)
    }

    /// Removes a thread that wants to leave. False if it was woken just now.
    fn forget(&mut self, idle: &Arc<IdleThread>) -> bool {
        let place = self.asleep.iter().position(|other| Arc::ptr_eq(other, idle));
        if let Some(place) = place {
            self.asleep.remove(place);
            self.threads -= 1;
        }
        place.is_some()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
