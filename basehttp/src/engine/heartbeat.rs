//! The heartbeat of a shard's leader: one word, which the leader changes at every handler and the monitor reads.
//!
//! The word holds the leader's epoch, a count, and in the lowest bit whether user code is running. If it is odd and
//! unchanged from one tick to the next, a handler has not returned in between. The monitor then replaces the word by
//! compare-and-swap, and the leader finds out at its next tick. If the leader's own swap comes first, nothing happens.

use super::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use super::sync::fence_in_models;

/// The bits of the epoch.
const EPOCH: u64 = 0xffff_ffff << 32;

/// Not a slot of the pace table: no request is being served.
const NO_SLOT: usize = usize::MAX;

/// Not a slot either: the leader is at a file, or drops a value of the user, outside any handler.
const NO_HANDLER: usize = usize::MAX - 1;

/// The count of a word that was taken away. It is even, and the leader's own count is odd at that time, so they differ.
const TAKEN: u64 = 0xffff_fffe;

/// The heartbeat of a shard's leader, as the monitor sees it.
#[derive(Default)]
pub(super) struct Heartbeat {
    word: AtomicU64,
    /// The slot, in the pace table, of the request that is being served; `NO_SLOT` while none is.
    slot: AtomicUsize,
}

/// The leader's side of its heartbeat.
pub(super) struct Beat<'s> {
    heartbeat: &'s Heartbeat,
    word: u64,
}

impl Heartbeat {
    /// Takes over as the leader of that epoch. `None` if a leader of this epoch or of a later one has taken over
    /// already.
    pub(super) fn take_over(&self, epoch: u32) -> Option<Beat<'_>> {
        let word = u64::from(epoch) << 32;
        let mut seen = self.word();
        while is_later(word, seen) {
            match self.word.compare_exchange(seen, word, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Some(Beat { heartbeat: self, word }),
                Err(now) => seen = now,
            }
        }
        None
    }

    /// Returns the slot, in the pace table, of the request that is being served, if there is one.
    pub(super) fn slot(&self) -> Option<usize> {
        Some(self.slot.load(Ordering::SeqCst)).filter(|slot| *slot < NO_HANDLER)
    }

    /// Returns whether the leader is at a file, outside any handler.
    pub(super) fn is_at_file(&self) -> bool {
        self.slot.load(Ordering::SeqCst) == NO_HANDLER
    }

    /// Returns the word as it is now.
    pub(super) fn word(&self) -> u64 {
        self.word.load(Ordering::SeqCst)
    }

    /// Returns whether a leader has ever taken over.
    pub(super) fn was_ever_taken_over(&self) -> bool {
        self.word() & EPOCH != 0
    }

    /// Takes the word from a leader that has not moved since `seen`. False if it has.
    pub(super) fn take_away(&self, seen: u64) -> bool {
        self.word.compare_exchange(seen, seen & EPOCH | TAKEN, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Returns the epoch of the leader whose word this is.
    pub(super) fn epoch(word: u64) -> u32 {
        (word >> 32) as u32
    }

    /// Returns whether a handler was running when the word was read.
    pub(super) fn is_in_handler(word: u64) -> bool {
        word & 1 == 1
    }
}

/// Returns whether the epoch of a word is later than that of the other. Epochs wrap, after years.
fn is_later(word: u64, other: u64) -> bool {
    let ahead = (word >> 32).wrapping_sub(other >> 32) & 0xffff_ffff;
    (1..1 << 31).contains(&ahead)
}

impl Beat<'_> {
    /// Notes the slot of the request whose handler is about to begin.
    pub(super) fn serves(&self, slot: Option<usize>) {
        self.heartbeat.slot.store(slot.unwrap_or(NO_SLOT), Ordering::Relaxed);
    }

    /// Notes that a call on a file is about to begin, outside any handler.
    pub(super) fn is_at_file(&self) {
        self.heartbeat.slot.store(NO_HANDLER, Ordering::Relaxed);
    }

    /// Changes the word: user code begins, or has returned. False if the word was taken away.
    pub(super) fn tick(&mut self) -> bool {
        // The count wraps without touching the epoch above it.
        let next = self.word & EPOCH | self.word.wrapping_add(1) & !EPOCH;
        let stepped = self.heartbeat.word.compare_exchange(self.word, next, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        fence_in_models();
        self.word = next;
        stepped
    }
}
