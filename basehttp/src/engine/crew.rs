//! The threads: one kind for everything. A thread of the crew leads a shard if one has no leader, else serves a request
//! that waits for a thread, else sleeps; one that slept for long leaves.
//!
//! The one that slept least long is woken first: its stack and the processor's caches know it.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::placement::Room;
use super::sync::atomic::{AtomicBool, Ordering};
use super::sync::thread::{self, Thread};
use super::sync::{Mutex, MutexGuard};

/// How long a thread without work stays: 10 s.
const IDLE_THREAD: Duration = Duration::from_secs(10);

/// What a thread does next.
pub(super) enum Task<J> {
    /// Leads that shard, for as long as the epoch lasts.
    Lead { shard: usize, epoch: u32 },
    /// Serves a request that may block.
    Job(J),
}

/// The bounds of a crew.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrewLimits {
    /// Threads that serve jobs, at most.
    pub max_threads: usize,
    /// Shards: each has a leader, and a spare thread in case that one is stuck.
    pub leaders: usize,
    /// Jobs that wait for a thread, at most.
    pub max_queued: usize,
}

/// The threads of one server, and what waits for them. `J` is a job.
pub(super) struct Crew<J> {
    limits: CrewLimits,
    state: Mutex<State<J>>,
}

struct State<J> {
    leases: VecDeque<(usize, u32)>,
    jobs: VecDeque<J>,
    /// The one that fell asleep last is last.
    asleep: Vec<Arc<Sleeper>>,
    threads: usize,
    /// The system has refused one.
    lacks_thread: bool,
    ending: bool,
}

/// A thread of the crew, as others wake it.
pub(super) struct Sleeper {
    thread: Thread,
    woken: AtomicBool,
}

impl<J: Send + 'static> Crew<J> {
    pub fn new(limits: CrewLimits) -> Self {
        let state = State {
            leases: VecDeque::new(),
            jobs: VecDeque::new(),
            asleep: Vec::new(),
            threads: 0,
            lacks_thread: false,
            ending: false,
        };
        Crew { limits, state: Mutex::new(state) }
    }

    /// Whether a job would get a thread.
    pub fn room(&self) -> Room {
        self.room_locked(&self.lock())
    }

    fn room_locked(&self, state: &State<J>) -> Room {
        // Leaders are threads of the crew as well.
        if state.jobs.len() < state.asleep.len() || state.threads < self.limits.max_threads + self.limits.leaders {
            Room::Free
        } else if state.jobs.len() < self.limits.max_queued {
            Room::Queue
        } else {
            Room::Full
        }
    }

    /// Whether no job waits for a thread.
    pub fn is_quiet(&self) -> bool {
        self.lock().jobs.is_empty()
    }

    /// Threads there are, leaders included.
    pub fn threads(&self) -> usize {
        self.lock().threads
    }

    /// Hands a job to a thread, or lets it wait for one; `spawn` starts a thread when there should be another. A job
    /// that nobody will take comes back.
    pub fn submit(&self, job: J, spawn: impl FnOnce() -> std::io::Result<()>) -> Result<(), J> {
        let mut state = self.lock();
        if state.ending || self.room_locked(&state) == Room::Full {
            return Err(job);
        }
        state.jobs.push_back(job);
        let most = self.limits.max_threads + self.limits.leaders;
        self.rouse(state, most, spawn);
        Ok(())
    }

    /// A shard needs a leader: goes before all jobs.
    pub fn grant(&self, shard: usize, epoch: u32, spawn: impl FnOnce() -> std::io::Result<()>) {
        let mut state = self.lock();
        state.leases.push_back((shard, epoch));
        let most = self.limits.max_threads + 2 * self.limits.leaders;
        self.rouse(state, most, spawn);
    }

    /// Starts a thread that could not be had when it was wanted. False if none is wanted any more.
    pub fn reinforce(&self, spawn: impl FnOnce() -> std::io::Result<()>) -> bool {
        let mut state = self.lock();
        let is_wanted = std::mem::take(&mut state.lacks_thread) && !(state.leases.is_empty() && state.jobs.is_empty());
        if is_wanted {
            let leaders = if state.leases.is_empty() { self.limits.leaders } else { 2 * self.limits.leaders };
            self.rouse(state, self.limits.max_threads + leaders, spawn);
        }
        is_wanted
    }

    /// Wakes a thread, or starts one unless there are `most`.
    fn rouse(&self, mut state: MutexGuard<'_, State<J>>, most: usize, spawn: impl FnOnce() -> std::io::Result<()>) {
        if let Some(sleeper) = state.asleep.pop() {
            // Under the lock: one that gives up waiting just now must find it set before it sleeps again.
            sleeper.woken.store(true, Ordering::Release);
            drop(state);
            sleeper.thread.unpark();
        } else if state.threads < most {
            state.threads += 1;
            drop(state);
            // Without a thread the task waits for one that is there.
            if spawn().is_err() {
                let mut state = self.lock();
                state.threads -= 1;
                state.lacks_thread = true;
            }
        }
    }

    /// A thread's next task, slept for if need be. `None`: the thread shall leave.
    pub fn next(&self, me: &Arc<Sleeper>) -> Option<Task<J>> {
        let mut state = self.lock();
        loop {
            if let Some((shard, epoch)) = state.leases.pop_front() {
                return Some(Task::Lead { shard, epoch });
            }
            if let Some(job) = state.jobs.pop_front() {
                return Some(Task::Job(job));
            }
            if state.ending {
                state.threads -= 1;
                return None;
            }
            me.woken.store(false, Ordering::Relaxed);
            state.asleep.push(Arc::clone(me));
            drop(state);
            let was_woken = me.sleep();
            state = self.lock();
            if !was_woken && state.forget(me) {
                return None;
            }
        }
    }

    /// Lets the threads go as they finish. Jobs that nobody has begun come back.
    pub fn end(&self) -> Vec<J> {
        let mut state = self.lock();
        state.ending = true;
        let asleep = std::mem::take(&mut state.asleep);
        let jobs = state.jobs.drain(..).collect();
        drop(state);
        for sleeper in &asleep {
            sleeper.wake();
        }
        jobs
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    /// A thread leaves, unless it was woken just now.
    fn forget(&mut self, sleeper: &Arc<Sleeper>) -> bool {
        let place = self.asleep.iter().position(|other| Arc::ptr_eq(other, sleeper));
        if let Some(place) = place {
            self.asleep.remove(place);
            self.threads -= 1;
        }
        place.is_some()
    }
}

impl Sleeper {
    /// The current thread.
    pub fn new() -> Arc<Self> {
        Arc::new(Sleeper { thread: thread::current(), woken: AtomicBool::new(false) })
    }

    fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Sleeps until woken, or until that takes too long: false.
    fn sleep(&self) -> bool {
        let until = Instant::now() + IDLE_THREAD;
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
