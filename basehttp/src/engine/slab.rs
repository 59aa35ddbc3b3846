//! The parked connections of a shard, under keys that never mean another connection.
//!
//! ```text
//!              park, first time            arrive
//!   (vacant) ---------------------> Parked ------> CheckedOut ---- free ----> (vacant)
//!                                     ^             |
//!                                     +--- park ----+   unless an event came meanwhile: then it is driven again
//! ```

use crate::conn::{Conn, Ready};

/// A slot and its generation. The poller reports it with each event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    generation: u32,
}

/// Bits of a token that are the slot; the others are the generation. Of 64 bits, half each. Of 32 bits, enough slots
/// for all connections of such a process, and generations that repeat after 4,096 connections of one slot. A stale
/// event then causes one needless drive, nothing worse.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 32 } else { 20 };

/// Slots that a sweep looks at in one turn of the loop: 16,384, some 50 µs.
const LOOKS_A_TURN: usize = 16 * 1024;

/// Connections that a sweep finds in one turn, at most: 256. Closing that many takes some 2 ms.
const FINDS_A_TURN: usize = 256;

/// Connections that one shard may have, at most. `INDEX_BITS` could count more, so that the last tokens are not keys.
pub(crate) const MAX_SLOTS: usize = (1_usize << (INDEX_BITS - 1)) - 1;

impl Key {
    pub(super) fn to_bits(self) -> usize {
        (self.generation as usize) << INDEX_BITS | self.index as usize
    }

    #[allow(clippy::cast_possible_truncation)] // The two parts that `to_bits` joined.
    pub(super) fn from_bits(bits: usize) -> Self {
        Key { index: (bits & ((1 << INDEX_BITS) - 1)) as u32, generation: (bits >> INDEX_BITS) as u32 }
    }

    /// Returns the next generation, within the bits that a token has for it.
    #[allow(clippy::cast_possible_truncation)] // No more than the upper part of a token.
    fn next_generation(self) -> u32 {
        self.generation.wrapping_add(1) & (usize::MAX >> INDEX_BITS) as u32
    }
}

/// The connections of one shard.
#[derive(Default)]
pub(super) struct Slab {
    slots: Vec<SlabSlot>,
    vacant: Vec<u32>,
}

struct SlabSlot {
    generation: u32,
    state: SlotState,
}

enum SlotState {
    Vacant,
    /// At rest. An event takes it out.
    Parked(Box<Conn>),
    /// Driven by a thread. These events came meanwhile; the thread sees them when it parks the connection.
    CheckedOut(Ready),
}

impl Slab {
    /// Returns the number of slots in use.
    pub(super) fn occupied(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Parks a new connection.
    pub(super) fn insert(&mut self, conn: Box<Conn>) -> Key {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(SlabSlot { generation: 0, state: SlotState::Vacant });
            u32::try_from(self.slots.len() - 1).expect("no more connections than `MAX_SLOTS`")
        });
        let slot = &mut self.slots[index as usize];
        slot.state = SlotState::Parked(conn);
        Key { index, generation: slot.generation }
    }

    /// Takes the connection out for an event if it is parked, and otherwise notes the event. A stale key has no
    /// connection.
    pub(super) fn arrive(&mut self, key: Key, ready: Ready) -> Option<Box<Conn>> {
        let slot = self.slot(key)?;
        match std::mem::replace(&mut slot.state, SlotState::CheckedOut(Ready::default())) {
            SlotState::Parked(conn) => Some(conn),
            SlotState::CheckedOut(pending) => {
                slot.state = SlotState::CheckedOut(pending.and(ready));
                None
            }
            SlotState::Vacant => {
                slot.state = SlotState::Vacant;
                None
            }
        }
    }

    /// Parks a connection that was out. Returns it if an event came meanwhile: it must be driven again.
    pub(super) fn park(&mut self, key: Key, conn: Box<Conn>) -> Option<(Box<Conn>, Ready)> {
        let slot = self.slot(key).expect("a slot is freed by the thread that has its connection");
        match std::mem::replace(&mut slot.state, SlotState::CheckedOut(Ready::default())) {
            SlotState::CheckedOut(pending) if pending.is_any() => Some((conn, pending)),
            _ => {
                slot.state = SlotState::Parked(conn);
                None
            }
        }
    }

    /// Parks a connection that was out, even if events came meanwhile. Returns these.
    pub(super) fn park_noting(&mut self, key: Key, conn: Box<Conn>) -> Ready {
        let slot = self.slot(key).expect("a slot is freed by the thread that has its connection");
        match std::mem::replace(&mut slot.state, SlotState::Parked(conn)) {
            SlotState::CheckedOut(pending) => pending,
            SlotState::Parked(_) | SlotState::Vacant => Ready::default(),
        }
    }

    /// Frees the slot of a connection that is over. Its key is stale from now on.
    pub(super) fn free(&mut self, key: Key) {
        let Some(slot) = self.slot(key) else { return };
        slot.state = SlotState::Vacant;
        slot.generation = key.next_generation();
        self.vacant.push(key.index);
    }

    /// Takes out all parked connections. The caller drops them without the slab's lock, since a connection may hold
    /// values of the user, which may do anything when they are dropped.
    #[must_use]
    #[allow(clippy::vec_box)] // Boxed as they are in their slots.
    pub(super) fn take_parked(&mut self) -> Vec<Box<Conn>> {
        let parked = self.slots.iter_mut().filter(|slot| matches!(slot.state, SlotState::Parked(_)));
        let states = parked.map(|slot| std::mem::replace(&mut slot.state, SlotState::Vacant));
        states.filter_map(|state| if let SlotState::Parked(conn) = state { Some(conn) } else { None }).collect()
    }

    /// Counts the parked connections for which `wanted` holds.
    pub(super) fn count_parked(&self, wanted: impl Fn(&Conn) -> bool) -> usize {
        self.slots.iter().filter(|slot| matches!(&slot.state, SlotState::Parked(conn) if wanted(conn))).count()
    }

    /// Searches some of the slots, from `start` on, for parked connections for which `wanted` returns a value. Returns
    /// their keys and values, and the slot to go on with if there are more.
    pub(super) fn search<T>(
        &self,
        start: usize,
        wanted: impl Fn(&Conn) -> Option<T>,
    ) -> (Vec<(Key, T)>, Option<usize>) {
        let mut found = Vec::new();
        let end = self.slots.len().min(start.saturating_add(LOOKS_A_TURN));
        for index in start..end {
            if let SlotState::Parked(conn) = &self.slots[index].state
                && let Some(what) = wanted(conn)
            {
                let generation = self.slots[index].generation;
                found.push((Key { index: u32::try_from(index).expect("no more than `MAX_SLOTS`"), generation }, what));
                if found.len() == FINDS_A_TURN {
                    return (found, Some(index + 1));
                }
            }
        }
        (found, (end < self.slots.len()).then_some(end))
    }

    fn slot(&mut self, key: Key) -> Option<&mut SlabSlot> {
        self.slots.get_mut(key.index as usize).filter(|slot| slot.generation == key.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_token_in_every_generation() {
        let last = Key { index: u32::try_from(MAX_SLOTS).unwrap(), generation: Key::from_bits(usize::MAX).generation };
        for key in [Key { index: 0, generation: 0 }, Key { index: 5, generation: 7 }, last] {
            assert_eq!(Key::from_bits(key.to_bits()), key);
        }
        assert_eq!(last.next_generation(), 0);
        // The tokens of the waker and of 256 listeners.
        assert!((0..=256).all(|down| Key::from_bits(usize::MAX - down).index > last.index));
    }
}
