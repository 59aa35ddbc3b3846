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
    slots: Vec<Slot>,
    vacant: Vec<u32>,
}

struct Slot {
    generation: u32,
    content: Content,
}

enum Content {
    Vacant,
    /// Nobody has it; an event takes it out.
    Parked(Conn),
    /// Somebody drives it. What the poller said meanwhile is for them to see when they park it.
    CheckedOut(Ready),
}

/// What became of a connection that was to be parked.
pub(super) enum Parking {
    Parked,
    /// An event came while it was out: it must be driven again.
    Again(Conn, Ready),
}

impl Slab {
    /// How many slots are in use.
    pub(super) fn occupied(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Parks a new connection.
    pub(super) fn insert(&mut self, conn: Conn) -> Key {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, content: Content::Vacant });
            u32::try_from(self.slots.len() - 1).expect("no more connections than `MAX_SLOTS`")
        });
        let slot = &mut self.slots[index as usize];
        slot.content = Content::Parked(conn);
        Key { index, generation: slot.generation }
    }

    /// An event: takes the connection out if it is parked, else notes the event. Stale keys are nobody's.
    pub(super) fn arrive(&mut self, key: Key, ready: Ready) -> Option<Conn> {
        let slot = self.slot(key)?;
        match std::mem::replace(&mut slot.content, Content::CheckedOut(Ready::default())) {
            Content::Parked(conn) => Some(conn),
            Content::CheckedOut(pending) => {
                slot.content = Content::CheckedOut(pending.and(ready));
                None
            }
            Content::Vacant => {
                slot.content = Content::Vacant;
                None
            }
        }
    }

    /// Parks a connection that was out.
    pub(super) fn park(&mut self, key: Key, conn: Conn) -> Parking {
        let slot = self.slot(key).expect("a slot whose connection is out is freed by nobody else");
        match std::mem::replace(&mut slot.content, Content::CheckedOut(Ready::default())) {
            Content::CheckedOut(pending) if pending.is_any() => Parking::Again(conn, pending),
            _ => {
                slot.content = Content::Parked(conn);
                Parking::Parked
            }
        }
    }

    /// Parks a connection that was out, whatever came meanwhile: that is returned.
    pub(super) fn park_noting(&mut self, key: Key, conn: Conn) -> Ready {
        let slot = self.slot(key).expect("a slot whose connection is out is freed by nobody else");
        match std::mem::replace(&mut slot.content, Content::Parked(conn)) {
            Content::CheckedOut(pending) => pending,
            Content::Parked(_) | Content::Vacant => Ready::default(),
        }
    }

    /// The connection is over. Its key means nothing from now on.
    pub(super) fn free(&mut self, key: Key) {
        let Some(slot) = self.slot(key) else { return };
        slot.content = Content::Vacant;
        slot.generation = key.next_generation();
        self.vacant.push(key.index);
    }

    /// Takes out everything that is parked. The caller drops it when it has let go of the slab's lock: what a connection
    /// holds of the user's may do anything when it is dropped.
    #[must_use]
    pub(super) fn take_parked(&mut self) -> Vec<Conn> {
        let parked = self.slots.iter_mut().filter(|slot| matches!(slot.content, Content::Parked(_)));
        let contents = parked.map(|slot| std::mem::replace(&mut slot.content, Content::Vacant));
        contents.filter_map(|content| if let Content::Parked(conn) = content { Some(conn) } else { None }).collect()
    }

    /// How many parked connections there are for which `wanted` holds.
    pub(super) fn count_parked(&self, wanted: impl Fn(&Conn) -> bool) -> usize {
        self.slots.iter().filter(|slot| matches!(&slot.content, Content::Parked(conn) if wanted(conn))).count()
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
            if let Content::Parked(conn) = &self.slots[index].content
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

    fn slot(&mut self, key: Key) -> Option<&mut Slot> {
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
