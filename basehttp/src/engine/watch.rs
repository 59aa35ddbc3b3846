//! What a shard's leader is doing, for the monitor to see: one word, written by the leader at every handler.
//!
//! The word is the leader's epoch, a count, and in the lowest bit whether a handler is running. A word that is odd and
//! unchanged from one tick to the next is a handler that has not returned meanwhile. A leader that was replaced no longer
//! owns the word: its writes find another epoch there and do nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// The bits of the epoch.
const EPOCH: u64 = 0xffff_ffff << 32;

/// See the module.
#[derive(Default)]
pub(super) struct Watch {
    word: AtomicU64,
}

/// The leader's side.
pub(super) struct Watched<'s> {
    watch: &'s Watch,
    word: u64,
}

impl Watch {
    /// A leader takes over.
    pub fn take_over(&self, epoch: u32) -> Watched<'_> {
        let word = u64::from(epoch) << 32;
        self.word.store(word, Ordering::SeqCst);
        Watched { watch: self, word }
    }

    /// What the leader does at the moment.
    pub fn word(&self) -> u64 {
        self.word.load(Ordering::SeqCst)
    }

    /// Whether the word says that a handler is running.
    pub fn is_in_handler(word: u64) -> bool {
        word & 1 == 1
    }
}

impl Watched<'_> {
    /// A handler begins, or has returned.
    pub fn step(&mut self) {
        // The count wraps without touching the epoch above it.
        let next = self.word & EPOCH | self.word.wrapping_add(1) & !EPOCH;
        // Failing, it belongs to another leader.
        let _ = self.watch.word.compare_exchange(self.word, next, Ordering::SeqCst, Ordering::SeqCst);
        self.word = next;
    }
}
