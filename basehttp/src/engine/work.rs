//! The seam between a shard and the engine: questions that a shard asks, and work that it finds for its leader.

use std::time::Instant;

use super::slab::Key;
use crate::conn::{Conn, Ready};
use crate::sys::{Accepted, Permit};

/// The engine as a shard sees it.
pub(super) trait Control {
    /// Returns whether the server shuts down: it accepts no more connections, and closes idle ones.
    fn is_closing(&self) -> bool;

    /// Returns whether the server has ended, and leaders leave.
    fn has_ended(&self) -> bool;

    /// Returns whether one more connection may be accepted.
    fn has_room(&self) -> bool;

    /// Counts an accepted connection for the shard that gets it.
    fn count(&self, accepted: Accepted) -> Counted;

    /// Returns whether the server shuts down and closes this parked connection for that reason.
    fn dismisses(&self, conn: &Conn, now: Instant) -> bool;

    /// Called when the last connection has been accepted.
    fn note_last_accepted(&self);

    /// Returns the number of open connections.
    fn connections(&self) -> usize;

    /// Called when accepting pauses or goes on. During a pause, each connection that closes wakes the leader.
    fn await_room(&self, is_awaited: bool);

    /// Called when accepting pauses because the system has no descriptor left.
    fn note_pause(&self);
}

/// The next piece of work of a leader.
pub(super) enum Work {
    /// A new connection.
    Accepted(Counted),
    /// A new connection, with other work behind it. If it was counted for another shard, that one takes it.
    AcceptedBusy(Counted),
    /// A new connection from another shard.
    FromOtherShard(Counted),
    /// A parked connection that can be driven.
    Event(Key, Ready),
}

/// A new connection that has been counted, and the shard that gets it.
pub(super) struct Counted {
    pub accepted: Accepted,
    pub shard: usize,
    pub permit: Permit,
}
