//! Bounds on everything that one server shares out among its connections.
//!
//! | file          | bounds                                                       | a share of it is counted off |
//! |---------------|--------------------------------------------------------------|------------------------------|
//! | `connections` | connections, and files that wait to be sent                  | with its socket or file      |
//! | `addresses`   | connections of each client's address                         | with its socket              |
//! | `memory`      | bytes of unfinished requests, bytes of unsent responses      | with its connection          |
//! | `blocking`    | handlers that wait for slow clients                          | when the wait ends           |
//!
//! A count always has an owner that counts it off on drop, so no path out of a connection can forget it.
//! [`Settings`](super::Settings) has the bounds of a single connection. Scripts are bounded by their handler.

mod addresses;
mod blocking;
mod connections;
mod memory;

pub(crate) use self::blocking::{BRIEF, BlockingQuota, QUEUE_WAIT};
pub(crate) use self::connections::{Load, Permit, QueuedFile, Quota, process_limit};
pub(crate) use self::memory::{MemoryQuota, Reservation};
