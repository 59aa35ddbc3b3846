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
    state: Mutex<State<J>>,
    /// What threads look at between requests, brought up to date with each change of the state: with hundreds of threads one
    /// that is preempted while it holds the lock would make the others wait.
    is_quiet: AtomicBool,
    has_leader_left: AtomicBool,
}

/// The state, locked.
struct Locked<'c, J> {
    pool: &'c Pool<J>,
    state: MutexGuard<'c, State<J>>,
}

impl<J> Deref for Locked<'_, J> {
    type Target = State<J>;

    fn deref(&self) -> &State<J> {
        &self.state
    }
}

impl<J> DerefMut for Locked<'_, J> {
    fn deref_mut(&mut self) -> &mut State<J> {
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

struct State<J> {
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
        let state = State {
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
    pub fn room(&self) -> Room {
        self.room_locked(&self.lock())
    }

    fn room_locked(&self, state: &State<J>) -> Room {
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
    pub fn has_leader_left(&self) -> bool {
        self.has_leader_left.load(Ordering::Relaxed)
    }

    /// Whether nothing waits for a thread, neither job nor shard: a thread is on its way for each.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet.load(Ordering::Relaxed)
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
        self.rouse(state, self.limits.leaders, spawn);
        Ok(())
    }

    /// Puts a job of the calling thread behind the others. There is a place for it, since that thread takes one of them next.
    /// It comes back only if the pool ends.
    pub fn requeue(&self, job: J, spawn: impl FnOnce() -> std::io::Result<()>) -> Result<(), J> {
        let mut state = self.lock();
        if state.ending {
            return Err(job);
        }
        state.jobs.push_back(job);
        self.rouse(state, self.limits.leaders, spawn);
        Ok(())
    }

    /// A shard needs a leader: goes before all jobs.
    pub fn grant(&self, shard: usize, epoch: u32, spawn: impl FnOnce() -> std::io::Result<()>) {
        let mut state = self.lock();
        state.leases.push_back((shard, epoch));
        self.rouse(state, 0, spawn);
    }

    /// Starts a thread that could not be had when it was wanted. `None` if none is wanted any more; else the jobs that have
    /// waited for one in vain, and that nobody is going to take.
    pub fn reinforce(&self, now: Instant, spawn: impl FnOnce() -> std::io::Result<()>) -> Option<Vec<J>> {
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
    pub fn next(&self, me: &mut PoolThread) -> Option<Task<J>> {
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
    pub fn end(&self) -> Vec<J> {
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

impl<J> State<J> {
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
    pub fn new() -> Self {
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
mod tests {
    use std::io;

    use super::*;

    /// A system that gives no thread.
    fn none() -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// A system that gives one. The test is that thread.
    #[allow(clippy::unnecessary_wraps)] // As the pool wants it.
    fn started() -> io::Result<()> {
        Ok(())
    }

    fn pool() -> Pool<u32> {
        Pool::new(PoolLimits { max_threads: 4, leaders: 1, max_queued: 4 })
    }

    #[test]
    fn jobs_come_back_from_a_system_that_gives_no_thread() {
        let pool = pool();
        let now = Instant::now();
        pool.submit(1, none).expect("it may wait");
        pool.submit(2, none).expect("it may wait");
        assert_eq!(pool.reinforce(now, none), Some(vec![]), "not at once");
        assert_eq!(pool.room(), Room::Free, "there may be a thread soon");
        assert_eq!(pool.reinforce(now + 2 * THREAD_WAIT, none), Some(vec![1, 2]));
        assert_eq!(pool.room(), Room::Full, "nobody need come");
        assert_eq!(pool.submit(3, none), Err(3));
        assert_eq!(pool.reinforce(now + 2 * THREAD_WAIT, none), None, "and none is wanted any more");
        pool.lock().deserted_until = Some(now);
        assert_eq!(pool.room(), Room::Free, "when that is over it is tried again");
        pool.submit(4, none).expect("it may wait");
        assert_eq!(pool.reinforce(now, none), Some(vec![]), "for as long as the first");
    }

    #[test]
    fn it_is_quiet_while_a_thread_comes_for_each_job_and_each_shard() {
        let pool = pool();
        let mut me = PoolThread::new();
        assert!(pool.is_quiet());
        pool.submit(0, started).expect("there is a thread");
        assert!(pool.is_quiet(), "it is on its way");
        assert!(matches!(pool.next(&mut me), Some(Task::Job(0))));
        pool.grant(0, 1, none);
        assert!(!pool.is_quiet(), "a thread that keeps a connection would leave the shard without a leader");
        assert!(matches!(pool.next(&mut me), Some(Task::Lead { .. })));
        assert!(pool.is_quiet());
        pool.submit(1, none).expect("it may wait");
        assert!(!pool.is_quiet());
    }

    #[test]
    fn a_job_that_is_put_back_stands_behind_the_others_and_needs_no_place() {
        let pool = Pool::new(PoolLimits { max_threads: 1, leaders: 1, max_queued: 1 });
        let (mut leader, mut me) = (PoolThread::new(), PoolThread::new());
        pool.grant(0, 1, started);
        assert!(matches!(pool.next(&mut leader), Some(Task::Lead { .. })));
        pool.submit("first", started).expect("there is a thread");
        assert!(matches!(pool.next(&mut me), Some(Task::Job("first"))));
        pool.submit("other", started).expect("it may wait");
        assert_eq!(pool.room(), Room::Full);
        assert_eq!(pool.requeue("again", started), Ok(()), "its thread takes the other one next");
        assert!(matches!(pool.next(&mut me), Some(Task::Job("other"))));
        assert!(matches!(pool.next(&mut me), Some(Task::Job("again"))));
        assert_eq!(pool.end(), [""; 0]);
        assert_eq!(pool.requeue("late", started), Err("late"));
    }

    #[test]
    fn jobs_leave_a_thread_for_each_shard_whose_leader_gets_stuck() {
        let pool = pool();
        let mut threads: Vec<_> = (0..5).map(|_| PoolThread::new()).collect();
        let (ends_job, job_ends) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            pool.submit(0, started).expect("there is a thread");
            let pool = &pool;
            let returning = scope.spawn(move || {
                let mut me = PoolThread::new();
                assert!(matches!(pool.next(&mut me), Some(Task::Job(0))));
                job_ends.recv().expect("the test ends it");
                pool.next(&mut me)
            });
            while pool.lock().serving == 0 {
                std::thread::yield_now();
            }
            // A leader that is stuck, its successor, and as many other jobs as there may be.
            let (others, first_leaders) = threads.split_at_mut(3);
            for (epoch, leader) in (1..).zip(first_leaders) {
                pool.grant(0, epoch, started);
                assert!(matches!(pool.next(leader), Some(Task::Lead { .. })));
            }
            let [first, second, last_leader] = others else { unreachable!("three are left") };
            for (job, member) in [(1, &mut *first), (2, second)] {
                assert_eq!(pool.room(), Room::Free);
                pool.submit(job, started).expect("there is a thread");
                assert!(matches!(pool.next(member), Some(Task::Job(_))));
            }
            pool.submit(3, || panic!("no thread is left for jobs")).expect("it may wait");
            assert_eq!(pool.room(), Room::Queue);
            assert!(pool.has_leader_left());
            // The next leader gets stuck, too.
            pool.grant(0, 3, started);
            assert!(matches!(pool.next(last_leader), Some(Task::Lead { .. })));
            assert!(!pool.has_leader_left());
            // The thread that comes back first is the one for the shard, although a job waits.
            ends_job.send(()).expect("it waits");
            while !pool.has_leader_left() {
                std::thread::yield_now();
            }
            assert!(matches!(pool.next(first), Some(Task::Job(3))), "the second one is for the job");
            pool.grant(0, 4, || panic!("a thread sleeps"));
            assert!(matches!(returning.join(), Ok(Some(Task::Lead { epoch: 4, .. }))));
        });
    }

    #[test]
    fn every_shard_gets_a_leader_once_threads_are_to_be_had() {
        let pool = Pool::<u32>::new(PoolLimits { max_threads: 4, leaders: 3, max_queued: 4 });
        let now = Instant::now();
        (0..3).for_each(|shard| pool.grant(shard, 1, none));
        assert_eq!(pool.reinforce(now, none), Some(vec![]), "none is to be had yet");
        let mut started = 0;
        let mut start = || {
            started += 1;
            assert!(started <= 3, "one for each shard");
            Ok(())
        };
        while let Some(jobs) = pool.reinforce(now, &mut start) {
            assert!(jobs.is_empty());
        }
        assert_eq!(started, 3, "one for each shard");
    }

    #[test]
    fn jobs_wait_for_a_thread_that_is_at_another() {
        let pool = pool();
        let now = Instant::now();
        let mut me = PoolThread::new();
        pool.submit(1, || Ok(())).expect("there is a thread");
        assert!(matches!(pool.next(&mut me), Some(Task::Job(1))));
        pool.submit(2, none).expect("it may wait");
        assert_eq!(pool.reinforce(now + 2 * THREAD_WAIT, none), Some(vec![]), "the thread will come back");
        assert!(matches!(pool.next(&mut me), Some(Task::Job(2))));
        // One that leads does not serve jobs.
        pool.grant(0, 1, none);
        assert!(matches!(pool.next(&mut me), Some(Task::Lead { shard: 0, epoch: 1 })));
        pool.submit(3, none).expect("it may wait");
        assert_eq!(pool.reinforce(now + 4 * THREAD_WAIT, none), Some(vec![3]));
    }
}
