//! How much memory the listings of a handler hold together: what is read, kept, and on its way to slow clients.
//!
//! Everything large is reserved before it is allocated, and given back when its owner is dropped. What would go beyond
//! is refused, and the client is told to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes that may be held at once.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    max_bytes: usize,
}

/// There is no room at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    pub fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Budget { held: AtomicUsize::new(0), max_bytes })
    }

    /// A reservation of so many bytes.
    pub fn reserve(self: &Arc<Self>, bytes: usize) -> Result<Reservation, Exhausted> {
        let mut reservation = Reservation { budget: Arc::clone(self), bytes: 0 };
        reservation.resize(bytes)?;
        Ok(reservation)
    }

    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Reservation {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes it so many bytes. If there is no room for them, it stays what it was.
    pub fn resize(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let Budget { held, max_bytes } = &*self.budget;
        let mine = self.bytes;
        let moved = |held: usize| held.checked_sub(mine)?.checked_add(bytes);
        let allowed = |held| moved(held).filter(|&held| bytes <= mine || held <= *max_bytes);
        // Relaxed: the number orders nothing but itself.
        held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, allowed).map_err(|_| Exhausted)?;
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Reservation {
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
