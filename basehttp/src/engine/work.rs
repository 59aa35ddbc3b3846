//! The work that a shard finds for its leader.

use mio::Token;

use crate::conn::Ready;
use crate::sys::{Accepted, Permit};

/// The next piece of work of a leader.
pub(super) enum Work {
    /// A new connection.
    Accepted(Counted),
    /// A new connection, with other work behind it. If it was counted for another shard, that one takes it.
    AcceptedBusy(Counted),
    /// A new connection from another shard.
    FromOtherShard(Counted),
    /// A parked connection that can be driven.
    Event(Token, Ready),
}

/// A new connection that has been counted, and the shard that gets it.
pub(super) struct Counted {
    pub accepted: Accepted,
    pub shard: usize,
    pub permit: Permit,
}
