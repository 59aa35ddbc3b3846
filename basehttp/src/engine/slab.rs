//! The parked connections of a shard, under keys that never mean another connection.
//!
//! ```text
//!              park, first time            arrive
//!   (vacant) ---------------------> parked ------> checked out ---- free ----> (vacant)
//!                                     ^             |
//!                                     +--- park ----+   unless an event came meanwhile: then it is driven again
//! ```
//!
//! A key is the connection's token at the poller: the number of a slot, and the generation of its use.

use std::mem;

use mio::Token;

use crate::conn::{Conn, Ready};

/// Bits of a token that are the slot; the others are the generation. Of 64 bits, half each. Of 32 bits, enough slots
/// for all connections of such a process, and generations that repeat after 4,096 connections of one slot. A stale
/// event then causes one needless drive, nothing worse.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 32 } else { 20 };

/// The generation before the first one comes again.
const LAST_GENERATION: u32 = u32::MAX >> (u32::BITS - (usize::BITS - INDEX_BITS));

/// Slots that a sweep looks at in one turn of the loop: 16,384, some 50 µs.
const LOOKS_A_TURN: usize = 16 * 1024;

/// Connections that a sweep finds in one turn, at most: 256. Closing that many takes some 2 ms.
const FINDS_A_TURN: usize = 256;

/// Connections that one shard may have, at most. `INDEX_BITS` could count more, so that the last tokens are not keys.
pub(crate) const MAX_SLOTS: usize = (1_usize << (INDEX_BITS - 1)) - 1;

/// The connections of one shard.
#[derive(Default)]
pub(super) struct Slab {
    slots: Vec<SlabSlot>,
    vacant: Vec<usize>,
}

#[derive(Default)]
struct SlabSlot {
    /// Generation of the next connection, or of the one that has the slot.
    generation: u32,
    /// The connection while it is at rest. An event takes it out.
    parked: Option<Box<Conn>>,
    /// Events that came while a thread drives the connection, which sees them when it parks it.
    missed: Ready,
}

impl Slab {
    /// Returns the number of slots in use.
    pub(super) fn occupied(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Parks a new connection.
    pub(super) fn insert(&mut self, conn: Box<Conn>) -> Token {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(SlabSlot::default());
            self.slots.len() - 1
        });
        let slot = &mut self.slots[index];
        (slot.parked, slot.missed) = (Some(conn), Ready::default());
        key_of(index, slot.generation)
    }

    /// Takes the connection out for an event if it is parked, and otherwise notes the event. A stale key has no
    /// connection.
    pub(super) fn arrive(&mut self, key: Token, ready: Ready) -> Option<Box<Conn>> {
        let slot = self.slot(key)?;
        let conn = slot.parked.take();
        if conn.is_none() {
            slot.missed = slot.missed.and(ready);
        }
        conn
    }

    /// Parks a connection that was out. Returns it if an event came meanwhile: it must be driven again.
    pub(super) fn park(&mut self, key: Token, conn: Box<Conn>) -> Option<(Box<Conn>, Ready)> {
        let slot = self.slot(key).expect(IS_OUT);
        if slot.missed.is_any() {
            return Some((conn, mem::take(&mut slot.missed)));
        }
        slot.parked = Some(conn);
        None
    }

    /// Parks a connection that was out, even if events came meanwhile. Returns these.
    pub(super) fn park_noting(&mut self, key: Token, conn: Box<Conn>) -> Ready {
        let slot = self.slot(key).expect(IS_OUT);
        slot.parked = Some(conn);
        mem::take(&mut slot.missed)
    }

    /// Frees the slot of a connection that is over. Its key is stale from now on.
    pub(super) fn free(&mut self, key: Token) {
        let Some(slot) = self.slot(key) else { return };
        slot.generation = slot.generation.wrapping_add(1) & LAST_GENERATION;
        self.vacant.push(index_of(key));
    }

    /// Takes out all parked connections. The caller drops them without the slab's lock, since a connection may hold
    /// values of the user, which may do anything when they are dropped.
    #[must_use]
    #[allow(clippy::vec_box)] // Boxed as they are in their slots.
    pub(super) fn take_parked(&mut self) -> Vec<Box<Conn>> {
        self.slots.iter_mut().filter_map(|slot| slot.parked.take()).collect()
    }

    /// Counts the parked connections for which `wanted` holds.
    pub(super) fn count_parked(&self, wanted: impl Fn(&Conn) -> bool) -> usize {
        self.slots.iter().filter(|slot| slot.parked.as_deref().is_some_and(&wanted)).count()
    }

    /// Searches some of the slots, from `start` on, for parked connections for which `wanted` returns a value. Returns
    /// their keys and values, and the slot to go on with if there are more.
    pub(super) fn search<T>(
        &self,
        start: usize,
        wanted: impl Fn(&Conn) -> Option<T>,
    ) -> (Vec<(Token, T)>, Option<usize>) {
        let mut found = Vec::new();
        let end = self.slots.len().min(start.saturating_add(LOOKS_A_TURN));
        for index in start..end {
            let slot = &self.slots[index];
            if let Some(what) = slot.parked.as_deref().and_then(&wanted) {
                found.push((key_of(index, slot.generation), what));
                if found.len() == FINDS_A_TURN {
                    return (found, Some(index + 1));
                }
            }
        }
        (found, (end < self.slots.len()).then_some(end))
    }

    fn slot(&mut self, key: Token) -> Option<&mut SlabSlot> {
        self.slots.get_mut(index_of(key)).filter(|slot| slot.generation as usize == key.0 >> INDEX_BITS)
    }
}

/// The invariant behind a key whose connection is about to be parked again.
const IS_OUT: &str = "a slot is freed by the thread that has its connection";

fn key_of(index: usize, generation: u32) -> Token {
    debug_assert!(index <= MAX_SLOTS, "there are no more connections");
    Token((generation as usize) << INDEX_BITS | index)
}

fn index_of(key: Token) -> usize {
    key.0 & ((1 << INDEX_BITS) - 1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::sys::{Address, Settings, Socket};

    fn conn() -> Box<Conn> {
        Box::new(Conn::new(Socket::Taken, Address::Unnamed, &Settings::default(), Instant::now()))
    }

    #[test]
    fn a_key_means_one_slot_in_one_generation() {
        for index in [0, 5, MAX_SLOTS] {
            for generation in [0, 7, LAST_GENERATION] {
                let key = key_of(index, generation);
                assert_eq!((index_of(key), key.0 >> INDEX_BITS), (index, generation as usize));
            }
        }
        // The tokens of the waker and of 256 listeners.
        assert!((0..=256).all(|down| index_of(Token(usize::MAX - down)) > MAX_SLOTS));
    }

    #[test]
    fn a_key_is_stale_when_its_connection_is_over() {
        let (mut slab, readable) = (Slab::default(), Ready { readable: true, ..Ready::default() });
        for generation in [0, LAST_GENERATION] {
            slab.slots.iter_mut().for_each(|slot| slot.generation = generation);
            let first = slab.insert(conn());
            assert!(slab.arrive(first, readable).is_some(), "it is parked");
            slab.free(first);
            let second = slab.insert(conn());
            assert_eq!(index_of(second), index_of(first), "the slot is used again");
            assert!(slab.arrive(first, readable).is_none(), "an event of the first connection is late");
            assert!(slab.arrive(second, readable).is_some(), "the second one is still parked");
            assert!(slab.park(second, conn()).is_none(), "and has missed nothing");
            let _ = slab.arrive(second, readable);
            slab.free(second);
        }
        assert_eq!((slab.slots.len(), slab.occupied()), (1, 0));
    }
}
