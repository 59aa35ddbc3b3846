//! The system below.

mod address;
pub(crate) mod clock;
mod handle;
mod listener;
mod lock;
pub(crate) mod log;
mod quota;
mod settings;
mod sigpipe;
mod socket;
mod stats;
mod unwatched;

pub use self::address::Address;
pub(crate) use self::handle::RunningServer;
pub use self::handle::ServerHandle;
pub(crate) use self::listener::{Accepted, Listener, SocketFile, is_transient_accept_error};
pub(crate) use self::lock::{lock, unpoisoned};
pub(crate) use self::quota::{
    BRIEF, BlockingQuota, Load, MemoryQuota, Permit, QUEUE_WAIT, QueuedFile, Quota, Reservation, process_limit,
};
pub(crate) use self::settings::{Settings, bounded};
pub(crate) use self::sigpipe::look_at_sigpipe;
pub use self::socket::Stream;
pub(crate) use self::socket::{Direction, EndSeen, Socket, timespec};
pub use self::stats::{DrainReport, ErrorCounts, Stats};
pub(crate) use self::stats::{FAULTS, Fault, LocalCounts};
pub(crate) use self::unwatched::set_unwatched_leader;
