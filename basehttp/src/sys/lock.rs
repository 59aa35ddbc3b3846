//! Locks that stay usable after a panic.
//!
//! The values under our locks are whole between any two statements, and a user's stream is as good after a panic as
//! before it. So when a thread panics with a lock held, the next thread may use what it finds.

use std::sync::{LockResult, Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, also when a thread has panicked with the lock held.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    unpoisoned(mutex.lock())
}

/// Returns the guard of a lock or of a wait for a condition, also when a thread has panicked with the lock held.
pub(crate) fn unpoisoned<G>(result: LockResult<G>) -> G {
    result.unwrap_or_else(PoisonError::into_inner)
}
