//! Bounds the memory of all listings of a handler: scans, kept pages, and pages on their way to slow clients.
//!
//! Large memory is reserved before it is allocated, and returned when its owner is dropped. A request beyond the bound
//! is refused, and the client is asked to try again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that all shares together may have.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    max_bytes: usize,
}

/// The budget has no room at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    pub(super) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Budget { held: AtomicUsize::new(0), max_bytes })
    }

    /// Reserves `bytes`.
    pub(super) fn reserve(self: &Arc<Self>, bytes: usize) -> Result<BudgetShare, Exhausted> {
        let mut share = BudgetShare { budget: Arc::clone(self), bytes: 0 };
        share.resize(bytes)?;
        Ok(share)
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// A part of the budget, returned when dropped.
#[derive(Debug)]
pub(super) struct BudgetShare {
    budget: Arc<Budget>,
    bytes: usize,
}

impl BudgetShare {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Changes the size to `bytes`. Without room for them the size stays as it was.
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let Budget { held, max_bytes } = &*self.budget;
        let mine = self.bytes;
        let moved = |held: usize| held.checked_sub(mine)?.checked_add(bytes);
        let allowed = |held| moved(held).filter(|&held| bytes <= mine || held <= *max_bytes);
        // Relaxed, since no other memory depends on the number.
        held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, allowed).map_err(|_| Exhausted)?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for BudgetShare {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_never_exceeds_the_budget_and_comes_back() {
        let budget = Budget::new(100);
        let mut first = budget.reserve(60).expect("there is room");
        assert_eq!(budget.reserve(41).err(), Some(Exhausted));
        let second = budget.reserve(40).expect("exactly the rest");
        assert_eq!((first.resize(61), first.bytes(), budget.held()), (Err(Exhausted), 60, 100));
        first.resize(10).expect("less is always possible");
        drop(second);
        assert_eq!(budget.held(), 10);
        assert_eq!(first.resize(usize::MAX), Err(Exhausted), "no overflow");
        drop(first);
        assert_eq!(budget.held(), 0);
    }
}
