//! One connection: its socket and buffers, the [`Exchange`] a handler sees, the body's reader and writer, the reply.
//!
//! ```text
//! line         a connection while nobody works on it: socket, state, deadline
//! drive        takes a line as far as it goes without waiting: reads a head (proto decides), has it served, writes;
//!              `store` bounds what all of them hold of memory, `quota` of descriptors, `streaming` of threads
//! serve        calls the handler under the panic guard; what its outcome becomes on the wire and in the log
//! exchange     what the handler sees; its methods in `sending` and `sugar`; `body_reader` and `body_writer`
//! reply        which bytes the handler's calls make; `site` has those that are ready-made
//! wire         sends and reads, waiting as long as `settings` allow; `socket` underneath; `tally` counts
//! ```
//!
//! What is asked of the floors above: `service` (an object that serves) and `hooks` (the overridables).

mod address;
mod blocking;
mod body_reader;
mod body_writer;
mod client_end;
mod clock;
mod drive;
mod error;
mod exchange;
mod handle;
mod hijack;
mod hooks;
mod line;
pub(crate) mod log;
mod payload;
mod query;
mod quota;
mod reply;
mod sending;
mod serve;
mod service;
mod settings;
mod sigpipe;
mod site;
mod socket;
mod stats;
mod status;
mod store;
mod streaming;
mod sugar;
mod tally;
mod unwatched;
mod wire;

pub use address::Address;
pub use body_reader::BodyReader;
pub use body_writer::BodyWriter;
pub(crate) use error::sentence;
pub use error::{HTTPError, HandlerError, IntoHTTPError, IntoOutcome, Outcome, Result};
pub use exchange::{Arrival, Exchange};
pub(crate) use handle::Loop;
pub use handle::ServerHandle;
pub use hijack::{Hijacked, ReadHalf, WriteHalf};
pub use hooks::{Hooks, Overrides};
pub use payload::{IntoPayload, Payload};
pub use query::Query;
pub use service::{Ending, Pace, Service};
pub use site::Profile;
pub use socket::Stream;
pub use stats::{DrainReport, ErrorCounts, Stats};
pub use status::{IntoStatus, Status};

pub(crate) use blocking::handle_one_request;
pub(crate) use drive::{Bench, Driver, FilePlace, Host, Place};
pub(crate) use line::{Line, Ready, Wait};
#[cfg(test)]
pub(crate) use quota::Quota;
pub(crate) use quota::{Load, Permit, process_limit};
pub(crate) use reply::Reply;
pub(crate) use serve::{contained, forget_panic, serve, serve_bare};
pub(crate) use settings::{Settings, bounded};
pub(crate) use sigpipe::look as look_at_sigpipe;
pub(crate) use site::Site;
pub(crate) use socket::{Direction, Socket, timespec};
pub(crate) use tally::{FAULTS, Tally};
pub(crate) use unwatched::set_unwatched_leader;
