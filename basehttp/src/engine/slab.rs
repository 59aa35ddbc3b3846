//! Where a shard keeps its connections while nobody drives them, under keys that never mean another connection.
//!
//! ```text
//!              park, first time            arrive
//!   (vacant) ---------------------> Parked ------> CheckedOut ---- free ----> (vacant)
//!                                     ^             |
//!                                     +--- park ----+   unless an event came meanwhile: then it is driven again
//! ```

use crate::conn::{Conn, Ready};

/// A slot and its generation: what the poller is told to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    generation: u32,
}

/// How many bits of a token are the slot; the others are the generation. Half and half of 64; with 32 more slots than a
/// process of that size has connections, and generations that come again after 4,096 connections of one slot: an event
/// that stays unread for so long makes one drive too many.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 32 } else { 20 };

/// How many slots one turn of the loop looks at in a sweep: 16,384, some 50 µs.
const LOOKS_A_TURN: usize = 16 * 1024;

/// How many connections it finds, at most: 256. To close that many takes 2 ms or so, and then others have their turn.
const FINDS_A_TURN: usize = 256;

/// How many connections one shard may have: short of what `INDEX_BITS` count, so that the last tokens mean none.
pub(crate) const MAX_SLOTS: usize = (1_usize << (INDEX_BITS - 1)) - 1;

impl Key {
    pub(super) fn to_bits(self) -> usize {
        (self.generation as usize) << INDEX_BITS | self.index as usize
    }

    #[allow(clippy::cast_possible_truncation)] // The two parts of what `to_bits` joined.
    pub(super) fn from_bits(bits: usize) -> Self {
        Key { index: (bits & ((1 << INDEX_BITS) - 1)) as u32, generation: (bits >> INDEX_BITS) as u32 }
    }

    /// The next generation, of those that a token has room for.
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
    /// Nobody has it; an event takes it out.
    Parked(Box<Conn>),
    /// Somebody drives it. What the poller said meanwhile is for them to see when they park it.
    CheckedOut(Ready),
}

impl Slab {
    /// How many slots are in use.
    pub(super) fn occupied(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Parks a new connection.
    pub fn insert(&mut self, conn: Box<Conn>) -> Key {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(SlabSlot { generation: 0, state: SlotState::Vacant });
            u32::try_from(self.slots.len() - 1).expect("no more connections than `MAX_SLOTS`")
        });
        let slot = &mut self.slots[index as usize];
        slot.state = SlotState::Parked(conn);
        Key { index, generation: slot.generation }
    }

    /// An event: takes the connection out if it is parked, else notes the event. Stale keys are nobody's.
    pub fn arrive(&mut self, key: Key, ready: Ready) -> Option<Box<Conn>> {
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
    pub fn park(&mut self, key: Key, conn: Box<Conn>) -> Option<(Box<Conn>, Ready)> {
        let slot = self.slot(key).expect("a slot whose connection is out is freed by nobody else");
        match std::mem::replace(&mut slot.state, SlotState::CheckedOut(Ready::default())) {
            SlotState::CheckedOut(pending) if pending.is_any() => Some((conn, pending)),
            _ => {
                slot.state = SlotState::Parked(conn);
                None
            }
        }
    }

    /// Parks a connection that was out, whatever came meanwhile: that is returned.
    pub fn park_noting(&mut self, key: Key, conn: Box<Conn>) -> Ready {
        let slot = self.slot(key).expect("a slot whose connection is out is freed by nobody else");
        match std::mem::replace(&mut slot.state, SlotState::Parked(conn)) {
            SlotState::CheckedOut(pending) => pending,
            SlotState::Parked(_) | SlotState::Vacant => Ready::default(),
        }
    }

    /// The connection is over. Its key means nothing from now on.
    pub(super) fn free(&mut self, key: Key) {
        let Some(slot) = self.slot(key) else { return };
        slot.state = SlotState::Vacant;
        slot.generation = key.next_generation();
        self.vacant.push(key.index);
    }

    /// Takes out everything that is parked. The caller drops it when it has let go of the slab's lock: what a connection
    /// holds of the user's may do anything when it is dropped.
    #[must_use]
    #[allow(clippy::vec_box)] // Boxed as they are in their slots.
    pub fn take_parked(&mut self) -> Vec<Box<Conn>> {
        let parked = self.slots.iter_mut().filter(|slot| matches!(slot.state, SlotState::Parked(_)));
        let states = parked.map(|slot| std::mem::replace(&mut slot.state, SlotState::Vacant));
        states.filter_map(|state| if let SlotState::Parked(conn) = state { Some(conn) } else { None }).collect()
    }

    /// How many parked connections there are for which `wanted` holds.
    pub fn count_parked(&self, wanted: impl Fn(&Conn) -> bool) -> usize {
        self.slots.iter().filter(|slot| matches!(&slot.state, SlotState::Parked(conn) if wanted(conn))).count()
    }

    /// Looks through a part of the slots, from `start` on, for parked connections that `wanted` picks something for.
    /// Returns their keys, and where to go on if that was not all.
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
        // The waker's, and those of 256 listeners.
        assert!((0..=256).all(|down| Key::from_bits(usize::MAX - down).index > last.index));
    }
}
