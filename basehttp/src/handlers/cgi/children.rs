//! How many scripts run at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The places of one handler.
#[derive(Debug)]
pub struct Children {
    running: AtomicUsize,
    max: usize,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub struct Place<'c>(&'c Children);

impl Children {
    pub fn new(max: usize) -> Self {
        Children { running: AtomicUsize::new(0), max }
    }

    /// A place, if there is one left.
    pub fn enter(&self) -> Option<Place<'_>> {
        let place = Place(self);
        // The place counts already, so that it is given back in any case.
        (self.running.fetch_add(1, Ordering::Relaxed) < self.max).then_some(place)
    }

    pub fn is_full(&self) -> bool {
        self.running.load(Ordering::Relaxed) >= self.max
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_had_again_once_it_is_given_back() {
        let children = Children::new(2);
        let (first, second) = (children.enter(), children.enter());
        assert!(first.is_some() && second.is_some() && children.is_full());
        assert!(children.enter().is_none(), "there were two");
        assert!(children.enter().is_none(), "and asking for a third takes none away");
        drop(first);
        assert!(!children.is_full());
        assert!(children.enter().is_some());
    }
}
