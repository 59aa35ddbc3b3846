//! Limits how many scripts run at once.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The running scripts of one handler, counted, and their limit.
#[derive(Debug)]
pub(super) struct ScriptQuota {
    running: AtomicUsize,
    max: usize,
}

/// The right to run one script, given back when it is dropped.
#[derive(Debug)]
pub(super) struct ScriptPermit<'c>(&'c ScriptQuota);

impl ScriptQuota {
    pub(super) fn new(max: usize) -> Self {
        ScriptQuota { running: AtomicUsize::new(0), max }
    }

    /// Returns a permit, if there is one left.
    pub(super) fn try_acquire(&self) -> Option<ScriptPermit<'_>> {
        let permit = ScriptPermit(self);
        // The permit exists before it is granted, so that dropping it corrects the count in either case.
        (self.running.fetch_add(1, Ordering::Relaxed) < self.max).then_some(permit)
    }

    pub(super) fn is_full(&self) -> bool {
        self.running.load(Ordering::Relaxed) >= self.max
    }
}

impl Drop for ScriptPermit<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_had_again_once_it_is_given_back() {
        let quota = ScriptQuota::new(2);
        let (first, second) = (quota.try_acquire(), quota.try_acquire());
        assert!(first.is_some() && second.is_some() && quota.is_full());
        assert!(quota.try_acquire().is_none(), "there were two");
        assert!(quota.try_acquire().is_none(), "and asking for a third takes none away");
        drop(first);
        assert!(!quota.is_full());
        assert!(quota.try_acquire().is_some());
    }
}
