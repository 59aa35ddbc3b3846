//! The system under the server: sockets, the clock, the log, and what one server keeps count of.
//!
//! Nothing here knows a request or a response, and nothing here decides when to wait or on which thread. That is the
//! work of the floors above. `proto` is below, and pure.
//!
//! | module      | is                                                                                   |
//! |-------------|--------------------------------------------------------------------------------------|
//! | `socket`    | a connection's bytes: reads, writes, files, and waits with a deadline                |
//! | `listener`  | a listening socket                                                                   |
//! | `socket_file` | the file of a Unix socket                                                          |
//! | `address`   | the name of one end of a connection                                                  |
//! | `signals`   | signals that end a server                                                            |
//! | `sigpipe`   | whether sending a file could end the process                                         |
//! | `clock`     | the time of day for `Date` and the log                                               |
//! | `log`       | lines for standard error, written by a thread of its own                             |
//! | `notifier`  | messages to the service manager                                                      |
//! | `settings`  | the bounds that each connection keeps, with their defaults                           |
//! | `quota`     | the bounds that all connections of a server keep together                            |
//! | `stats`     | the counts that users see, and the counts of one thread                              |
//! | `handle`    | a handle to a server, which can shut it down                                         |
//! | `lock`      | locks that stay usable after a panic                                                 |
//! | `unwatched` | a check in debug builds that leaders do not wait                                     |

mod address;
pub(crate) mod clock;
mod handle;
mod listener;
mod lock;
pub(crate) mod log;
mod notifier;
mod quota;
mod settings;
#[cfg(feature = "signals")]
mod signals;
#[cfg(target_os = "linux")]
mod sigpipe;
mod socket;
mod socket_file;
mod stats;
mod unwatched;

pub use self::address::Address;
pub use self::handle::ServerHandle;
pub(crate) use self::handle::{RunningLoop, RunningServer};
pub(crate) use self::listener::{Accepted, Listener, is_transient_accept_error};
pub(crate) use self::lock::{lock, unpoisoned};
pub use self::notifier::Notifier;
pub(crate) use self::quota::{
    BRIEF, BlockingQuota, Load, MemoryQuota, Permit, QUEUE_WAIT, QueuedFile, Quota, Reservation, process_limit,
};
pub(crate) use self::settings::{Settings, bounded};
#[cfg(feature = "signals")]
pub(crate) use self::signals::WatchedSignals;
#[cfg(target_os = "linux")]
pub(crate) use self::sigpipe::look_at_sigpipe;
#[cfg(all(feature = "tls-testing", any(test, fuzzing)))]
pub(crate) use self::socket::MemorySocket;
pub use self::socket::Stream;
#[cfg(feature = "tls")]
pub use self::socket::TlsInfo;
pub(crate) use self::socket::{Direction, EndSeen, Socket, must_be_stream, timespec, wait_for_any};
#[cfg(feature = "tls")]
pub(crate) use self::socket::{Handshake, OwnEnd};
pub(crate) use self::socket_file::SocketFile;
pub(crate) use self::stats::{COUNTED_ERRORS, CountedError, LocalCounts};
pub use self::stats::{DrainReport, ErrorCounts, Stats};
pub(crate) use self::unwatched::set_unwatched_leader;
