//! What a shard and its acceptor ask of the engine, and the work that they find for their leader.

use std::time::Instant;

use super::slab::Key;
use crate::conn::{Conn, Ready};
use crate::sys::{Accepted, Permit};

/// What a shard asks of its engine.
pub(super) trait Control {
    /// No more connections; idle ones are closed.
    fn is_closing(&self) -> bool;

    /// Leaders shall leave.
    fn has_ended(&self) -> bool;

    /// Whether one more connection may be accepted.
    fn has_room(&self) -> bool;

    /// Counts a connection that was accepted, for the shard that gets it.
    fn count(&self, accepted: Accepted) -> Counted;

    /// Whether the server ends, and closes this parked connection because of it.
    fn dismisses(&self, conn: &Conn, now: Instant) -> bool;

    /// No more are accepted.
    fn note_last_accepted(&self);

    /// Connections there are.
    fn connections(&self) -> usize;

    /// Accepting pauses, or goes on. While it pauses, each connection that closes is told by a wake-up.
    fn await_room(&self, is_awaited: bool);

    /// Accepting pauses because the system has nothing to give.
    fn note_pause(&self);
}

/// What a leader does next.
pub(super) enum Work {
    /// A new connection.
    Accepted(Counted),
    /// The same, and other work waits behind it: another shard had better take it.
    AcceptedBusy(Counted),
    /// A new connection from another shard.
    FromOtherShard(Counted),
    Event(Key, Ready),
}

/// A new connection that is counted, and the shard that gets it.
pub(super) struct Counted {
    pub accepted: Accepted,
    pub shard: usize,
    pub permit: Permit,
}
