//! The shards that wait for a leader. One that has lost its leader has connections, which wait with it, and may be the
//! one that accepts. It goes before those that no thread has led yet, since no connection is counted for them. Apart
//! from that, the shard that has waited longest is first.
//!
//! The order matters where the system gives fewer threads than there are shards. The thread that was stuck in a handler
//! is then the only one that can lead its shard again.

use std::collections::VecDeque;

/// The epoch of a shard's first leader.
const FIRST_EPOCH: u32 = 1;

/// The shards that wait for a leader, each with the epoch of the next one.
#[derive(Default)]
pub(super) struct Leases {
    /// Shards that have lost their leader.
    lost: VecDeque<(usize, u32)>,
    /// Shards that no thread has led yet.
    first: VecDeque<(usize, u32)>,
}

impl Leases {
    pub(super) fn add(&mut self, shard: usize, epoch: u32) {
        let leases = if epoch == FIRST_EPOCH { &mut self.first } else { &mut self.lost };
        leases.push_back((shard, epoch));
    }

    pub(super) fn take(&mut self) -> Option<(usize, u32)> {
        self.lost.pop_front().or_else(|| self.first.pop_front())
    }

    pub(super) fn count(&self) -> usize {
        self.lost.len() + self.first.len()
    }

    /// Counts the shards that have lost their leader.
    pub(super) fn count_lost(&self) -> usize {
        self.lost.len()
    }
}
