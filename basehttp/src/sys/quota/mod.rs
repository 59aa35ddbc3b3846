//! Bounds on everything that one server shares out among its connections.
//!
//! | file          | bounds                                                       | a share of it is counted off |
//! |---------------|--------------------------------------------------------------|------------------------------|
//! | `connections` | connections, and files that wait to be sent                  | with its socket or file      |
//! | `memory`      | bytes of unfinished requests, bytes of unsent responses      | with its connection          |
//! | `blocking`    | handlers that wait for slow clients                          | when the wait ends           |
//!
//! A count always has an owner that counts it off when dropped, so no path out of a connection can forget it.
//! The bounds of a single connection are in [`Settings`](super::Settings). The number of scripts is bounded by their handler.

mod blocking;
mod connections;
mod memory;

pub(crate) use self::blocking::{BRIEF, BlockingQuota, QUEUE_WAIT};
pub(crate) use self::connections::{Load, Permit, QueuedFile, Quota, process_limit};
pub(crate) use self::memory::{MemoryQuota, Reservation};
