//! What a shard's leader is doing, for the monitor to see: one word, written by the leader at every handler.
//!
//! The word is the leader's epoch, a count, and in the lowest bit whether user code is running. A word that is odd and
//! unchanged from one tick to the next is a handler that has not returned meanwhile: the monitor takes the word away, and
//! the leader finds out at its next step. Whoever changes the word first has decided.

use super::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use super::sync::fence_in_models;

/// The bits of the epoch.
const EPOCH: u64 = 0xffff_ffff << 32;

/// No slot of the pace table.
const NO_SLOT: usize = usize::MAX;

/// In place of a slot: it is at a file, or drops something of the user's, on behalf of no handler.
const NO_HANDLER: usize = usize::MAX - 1;

/// The count of a word that was taken away: even. The leader's own is odd at that time, so that it cannot be the same.
const TAKEN: u64 = 0xffff_fffe;

/// See the module.
#[derive(Default)]
pub(super) struct Heartbeat {
    word: AtomicU64,
    /// The pace table's slot of the request that is being served; `NO_SLOT` while none is.
    slot: AtomicUsize,
}

/// The leader's side.
pub(super) struct Beat<'s> {
    heartbeat: &'s Heartbeat,
    word: u64,
}

impl Heartbeat {
    /// A leader takes over. `None`: it comes too late, one of its own epoch or a later one has.
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

    /// The pace table's slot of the request that is being served, if one is.
    pub(super) fn slot(&self) -> Option<usize> {
        Some(self.slot.load(Ordering::SeqCst)).filter(|slot| *slot < NO_HANDLER)
    }

    /// Whether what runs is no handler, but a call on a file.
    pub(super) fn is_at_file(&self) -> bool {
        self.slot.load(Ordering::SeqCst) == NO_HANDLER
    }

    /// What the leader does at the moment.
    pub(super) fn word(&self) -> u64 {
        self.word.load(Ordering::SeqCst)
    }

    /// Whether there has been a leader.
    pub(super) fn was_ever_taken_over(&self) -> bool {
        self.word() & EPOCH != 0
    }

    /// Takes the word from a leader that is still where `seen` says. False: it has moved on.
    pub(super) fn take_away(&self, seen: u64) -> bool {
        self.word.compare_exchange(seen, seen & EPOCH | TAKEN, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whether the word says that a handler is running.
    pub(super) fn is_in_handler(word: u64) -> bool {
        word & 1 == 1
    }
}

/// Whether a word is of a later epoch than the other. Epochs wrap, in years.
fn is_later(word: u64, other: u64) -> bool {
    let ahead = (word >> 32).wrapping_sub(other >> 32) & 0xffff_ffff;
    (1..1 << 31).contains(&ahead)
}

impl Beat<'_> {
    /// Which request's handler is about to begin. A leader whose word was taken away says it in vain.
    pub(super) fn serves(&self, slot: Option<usize>) {
        self.heartbeat.slot.store(slot.unwrap_or(NO_SLOT), Ordering::Relaxed);
    }

    /// No handler, but a call on a file is about to begin.
    pub(super) fn is_at_file(&self) {
        self.heartbeat.slot.store(NO_HANDLER, Ordering::Relaxed);
    }

    /// User code begins, or has returned. False: the word was taken away.
    pub(super) fn tick(&mut self) -> bool {
        // The count wraps without touching the epoch above it.
        let next = self.word & EPOCH | self.word.wrapping_add(1) & !EPOCH;
        let stepped = self.heartbeat.word.compare_exchange(self.word, next, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        fence_in_models();
        self.word = next;
        stepped
    }
}
