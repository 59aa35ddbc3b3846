//! The system below.

mod address;
pub(crate) mod clock;
mod descriptors;
pub(crate) mod log;
mod settings;
mod socket;
mod stats;
mod store;
mod streaming;
mod tally;

pub use self::address::Address;
pub(crate) use self::descriptors::{Descriptors, QueuedFile, process_limit};
pub(crate) use self::settings::{Settings, bounded};
pub use self::socket::Stream;
pub(crate) use self::socket::{Direction, Socket, timespec};
pub use self::stats::{DrainReport, ErrorCounts, Stats};
pub(crate) use self::store::{Share, Store};
pub(crate) use self::streaming::{Place, Streams};
pub(crate) use self::tally::{FAULTS, Fault, Tally};
