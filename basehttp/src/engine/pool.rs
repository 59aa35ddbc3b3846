//! The threads: one kind for everything. A thread of the pool leads a shard if one has no leader, else serves a request
//! that waits for a thread, else sleeps; one that slept for long leaves.
//!
//! The one that slept least long is woken first: its stack and the processor's caches know it.
//!
//! Jobs have `max_threads` threads. As many more as there are shards lead, and as many again are kept for shards whose leader
//! gets stuck: a thread that finds only so many left takes no job. Stuck leaders count among the `max_threads` for that.
//!
//! A system may give no thread at all. Jobs wait for one as long as somebody is at work who could take them next; if nobody
//! is, they are given back after a second, and for another one nobody need come.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::placement::Room;
use super::sync::atomic::{AtomicBool, Ordering};
use super::sync::thread::{self, Thread};
use super::sync::{Mutex, MutexGuard};
use crate::sys::unpoisoned;

/// How long a thread without work stays: 10 s.
const MAX_IDLE: Duration = Duration::from_secs(10);

/// How long jobs wait for a system that gives no thread, and how long others then need not come: 1 s each.
const THREAD_WAIT: Duration = Duration::from_secs(1);

/// What a thread does next.
pub(super) enum Task<J> {
    /// Leads that shard, for as long as the epoch lasts.
    Lead { shard: usize, epoch: u32 },
    /// Serves a request that may block.
    Job(J),
}

/// The bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolLimits {
    /// Threads that serve jobs, at most.
    pub max_threads: usize,
    /// Shards: each has a leader, and a spare thread in case that one is stuck.
    pub leaders: usize,
    /// Jobs that wait for a thread, at most.
    pub max_queued: usize,
}

impl PoolLimits {
    /// How many threads there may be: two for each shard as well. `max_threads` may be any number.
    fn most(&self) -> usize {
        self.max_threads.saturating_add(2 * self.leaders)
    }
}

/// The threads of one server, and what waits for them. `J` is a job.
pub(super) struct Pool<J> {
    limits: PoolLimits,
    state: Mutex<PoolState<J>>,
    /// What threads look at between requests, brought up to date with each change of the state: with hundreds of threads one
    /// that is preempted while it holds the lock would make the others wait.
    is_quiet: AtomicBool,
    has_leader_left: AtomicBool,
}

/// The state, locked.
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
    /// Under the lock still, so that the last one that changes the state says what is seen of it.
    fn drop(&mut self) {
        let is_quiet = self.jobs.len() + self.leases.len() <= self.coming;
        for (seen, is_so) in
            [(&self.pool.is_quiet, is_quiet), (&self.pool.has_leader_left, self.has_more_than(0, &self.pool.limits))]
        {
            if seen.load(Ordering::Relaxed) != is_so {
                seen.store(is_so, Ordering::Relaxed);
            }
        }
    }
}

struct PoolState<J> {
    leases: VecDeque<(usize, u32)>,
    jobs: VecDeque<J>,
    /// The one that fell asleep last is last.
    asleep: Vec<Arc<IdleThread>>,
    threads: usize,
    /// Those of them that are at a job.
    serving: usize,
    /// Those of them that were woken or started for a task, and have not come for it yet.
    coming: usize,
    /// The system has refused one since then, and it is still wanted.
    lacks_thread: Option<Instant>,
    /// Until then no thread can be had, and nobody will take a job.
    deserted_until: Option<Instant>,
    ending: bool,
}

/// A thread of the pool, as it sees itself.
pub(super) struct PoolThread {
    idle: Arc<IdleThread>,
    is_serving: bool,
    /// It was started, and has not asked for a task yet.
    is_new: bool,
}

/// A thread of the pool, as others wake it.
struct IdleThread {
    thread: Thread,
    woken: AtomicBool,
}

impl<J: Send + 'static> Pool<J> {
    pub fn new(limits: PoolLimits) -> Self {
        let state = PoolState {
            leases: VecDeque::new(),
            jobs: VecDeque::new(),
            asleep: Vec::new(),
            threads: 0,
            serving: 0,
            coming: 0,
            lacks_thread: None,
            deserted_until: None,
            ending: false,
        };
        Pool {
            limits,
            state: Mutex::new(state),
            is_quiet: AtomicBool::new(true),
            has_leader_left: AtomicBool::new(true),
        }
    }

    /// Whether a job would get a thread.
    pub(super) fn room(&self) -> Room {
        self.room_locked(&self.lock())
    }

    fn room_locked(&self, state: &PoolState<J>) -> Room {
        if state.deserted_until.is_some_and(|until| Instant::now() < until) {
            return Room::Full;
        }
        if state.has_more_than(self.limits.leaders, &self.limits) {
            Room::Free
        } else if state.jobs.len() < self.limits.max_queued {
            Room::Queue
        } else {
            Room::Full
        }
    }

    /// Whether a shard would get a leader at once.
    pub(super) fn has_leader_left(&self) -> bool {
        self.has_leader_left.load(Ordering::Relaxed)
    }

    /// Whether nothing waits for a thread, neither job nor shard: a thread is on its way for each.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::Relaxed)
    }

    /// Threads there are, leaders included.
    pub(super) fn threads(&self) -> usize {
        self.lock().threads
    }

    /// Hands a job to a thread, or lets it wait for one; `spawn` starts a thread when there should be another. A job
    /// that nobody will take comes back.
    pub(super) fn submit(&self, job: J, spawn: impl FnOnce() -> std::io::Result<()>) -> Result<(), J> {
        let mut state = self.lock();
        if state.ending || self.room_locked(&state) == Room::Full {
            return Err(job);
        }
        state.jobs.push_back(job);
        self.rouse(state, self.limits.leaders, spawn);
        Ok(())
    }

    /// Puts a job of the calling thread behind the others. There is a place for it, since that thread takes one of them next.
    /// It comes back only if the pool ends.
    pub(super) fn requeue(&self, job: J, spawn: impl FnOnce() -> std::io::Result<()>) -> Result<(), J> {
        let mut state = self.lock();
        if state.ending {
            return Err(job);
        }
        state.jobs.push_back(job);
        self.rouse(state, self.limits.leaders, spawn);
        Ok(())
    }

    /// A shard needs a leader: goes before all jobs.
    pub(super) fn grant(&self, shard: usize, epoch: u32, spawn: impl FnOnce() -> std::io::Result<()>) {
        let mut state = self.lock();
        state.leases.push_back((shard, epoch));
        self.rouse(state, 0, spawn);
    }

    /// Starts a thread that could not be had when it was wanted. `None` if none is wanted any more; else the jobs that have
    /// waited for one in vain, and that nobody is going to take.
    pub(super) fn reinforce(&self, now: Instant, spawn: impl FnOnce() -> std::io::Result<()>) -> Option<Vec<J>> {
        let mut state = self.lock();
        let since = state.lacks_thread.take()?;
        if state.leases.is_empty() && state.jobs.is_empty() {
            return None;
        }
        let reserved = if state.leases.is_empty() { self.limits.leaders } else { 0 };
        self.rouse(state, reserved, spawn);
        let mut state = self.lock();
        if state.lacks_thread.is_none() {
            if state.leases.len() > state.coming {
                // One could be had. It leads one shard, and others still lack a leader.
                state.lacks_thread = Some(now);
            }
            return Some(Vec::new());
        }
        // It has been lacking all the time.
        state.lacks_thread = Some(since);
        if now < since + THREAD_WAIT || state.serving > 0 {
            return Some(Vec::new());
        }
        state.deserted_until = Some(now + THREAD_WAIT);
        Some(state.jobs.drain(..).collect())
    }

    /// Wakes a thread, or starts one, unless only the reserved ones are left.
    fn rouse(&self, mut state: Locked<'_, J>, reserved: usize, spawn: impl FnOnce() -> std::io::Result<()>) {
        if !state.has_more_than(reserved, &self.limits) {
            return;
        }
        state.coming += 1;
        if let Some(idle) = state.asleep.pop() {
            // Under the lock: one that gives up waiting just now must find it set before it sleeps again.
            idle.woken.store(true, Ordering::Release);
            drop(state);
            idle.thread.unpark();
        } else {
            state.threads += 1;
            drop(state);
            // Without a thread the task waits for one that is there.
            if spawn().is_err() {
                let mut state = self.lock();
                state.threads -= 1;
                state.coming -= 1;
                state.lacks_thread.get_or_insert_with(Instant::now);
            }
        }
    }

    /// A thread's next task, slept for if need be. `None`: the thread shall leave.
    pub(super) fn next(&self, me: &mut PoolThread) -> Option<Task<J>> {
        let mut state = self.lock();
        if std::mem::take(&mut me.is_serving) {
            state.serving -= 1;
        }
        if std::mem::take(&mut me.is_new) {
            state.coming -= 1;
        }
        loop {
            if let Some((shard, epoch)) = state.leases.pop_front() {
                return Some(Task::Lead { shard, epoch });
            }
            // The last ones are for shards. A job waits for the next thread that comes back.
            if state.has_more_than(self.limits.leaders.saturating_sub(1), &self.limits)
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

    /// Lets the threads go as they finish. Jobs that nobody has begun come back.
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
    /// Whether more threads than so many sleep, or can be started. As many as there are shards are not for jobs, so that a
    /// leader that gets stuck can be replaced.
    fn has_more_than(&self, reserved: usize, limits: &PoolLimits) -> bool {
        (limits.most() - self.threads).saturating_add(self.asleep.len()) > reserved
    }

    /// A thread leaves, unless it was woken just now.
    fn forget(&mut self, idle: &Arc<IdleThread>) -> bool {
        let place = self.asleep.iter().position(|other| Arc::ptr_eq(other, idle));
        if let Some(place) = place {
            self.asleep.remove(place);
            self.threads -= 1;
        }
        place.is_some()
    }
}

impl PoolThread {
    /// The current thread.
    pub(super) fn new() -> Self {
        let idle = IdleThread { thread: thread::current(), woken: AtomicBool::new(false) };
        PoolThread { idle: Arc::new(idle), is_serving: false, is_new: true }
    }
}

impl IdleThread {
    fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Sleeps until woken, or until that takes too long: false.
    fn sleep(&self) -> bool {
        let until = Instant::now() + MAX_IDLE;
        while !self.woken.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left);
        }
        true
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
