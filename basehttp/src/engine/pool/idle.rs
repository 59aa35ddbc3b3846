//! A thread of the pool: its own view, and that of the threads that wake it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::sync::atomic::{AtomicBool, Ordering};
use crate::engine::sync::thread::{self, Thread};

/// Time after which a thread without work leaves: 10 s.
const MAX_IDLE: Duration = Duration::from_secs(10);

/// A thread of the pool: its own view.
pub(in crate::engine) struct PoolThread {
    pub(super) idle: Arc<IdleThread>,
    pub(super) is_serving: bool,
    /// It has not asked for a task yet.
    pub(super) is_new: bool,
}

/// A thread of the pool: the view of those threads that wake it.
pub(super) struct IdleThread {
    pub(super) thread: Thread,
    pub(super) woken: AtomicBool,
}

impl PoolThread {
    /// Creates the view of the current thread.
    pub(in crate::engine) fn new() -> Self {
        let idle = IdleThread { thread: thread::current(), woken: AtomicBool::new(false) };
        PoolThread { idle: Arc::new(idle), is_serving: false, is_new: true }
    }
}

impl IdleThread {
    pub(super) fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }

    /// Sleeps until it is woken. False if that takes too long.
    pub(super) fn sleep(&self) -> bool {
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
