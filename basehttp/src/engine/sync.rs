//! Locks, atomics and threads for the engine's handshakes: those of std, or of loom where the models run (`--cfg
//! loom`).
//!
//! Nothing else belongs here. Each item exists because loom lacks it or has it under another name.

#[cfg(not(all(loom, test)))]
pub(super) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread,
};

/// Orders sequentially consistent accesses in models, where loom treats them as acquire and release. Does nothing
/// elsewhere.
#[inline]
pub(super) fn fence_in_models() {
    #[cfg(all(loom, test))]
    atomic::fence(atomic::Ordering::SeqCst);
}

#[cfg(all(loom, test))]
pub(super) use self::of_loom::{Condvar, thread};
#[cfg(all(loom, test))]
pub(super) use loom::sync::{Mutex, MutexGuard, atomic};

/// Time does not pass in a model: a wait with a timeout lasts for ever, and a missed wake-up is a deadlock.
#[cfg(all(loom, test))]
mod of_loom {
    use std::sync::{LockResult, PoisonError};
    use std::time::Duration;

    use loom::sync::MutexGuard;

    pub(in crate::engine) mod thread {
        pub(in crate::engine) use loom::thread::{Thread, current};

        pub(in crate::engine) fn park_timeout(_: std::time::Duration) {
            loom::thread::park();
        }
    }

    pub(in crate::engine) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(in crate::engine) fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        pub(in crate::engine) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(in crate::engine) fn wait_while<'g, T>(
            &self,
            mut guard: MutexGuard<'g, T>,
            mut condition: impl FnMut(&mut T) -> bool,
        ) -> LockResult<MutexGuard<'g, T>> {
            while condition(&mut guard) {
                guard = self.0.wait(guard)?;
            }
            Ok(guard)
        }

        #[allow(clippy::unnecessary_wraps)] // As std has it.
        pub(in crate::engine) fn wait_timeout_while<'g, T>(
            &self,
            guard: MutexGuard<'g, T>,
            _: Duration,
            condition: impl FnMut(&mut T) -> bool,
        ) -> LockResult<(MutexGuard<'g, T>, ())> {
            Ok((self.wait_while(guard, condition).unwrap_or_else(PoisonError::into_inner), ()))
        }
    }
}
