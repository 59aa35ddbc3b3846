//! One connection: its socket and buffers, the [`Exchange`] a handler sees, the body's reader and writer, the reply.
//!
//! ```text
//! connection   reads a head (proto decides), lends its bytes to an exchange, and goes on or closes
//! serve        calls the handler under the panic guard; what its outcome becomes on the wire and in the log
//! exchange     what the handler sees; its methods in `sending` and `sugar`; `body_reader` and `body_writer`
//! reply        which bytes the handler's calls make; `site` has those that are ready-made
//! wire         sends and reads, waiting as long as `settings` allow; `socket` underneath
//! ```
//!
//! What is asked of the floors above: `service` (an object that serves) and `hooks` (the overridables).

mod address;
mod body_reader;
mod body_writer;
mod clock;
mod connection;
mod error;
mod exchange;
mod handle;
mod hijack;
mod hooks;
pub(crate) mod log;
mod payload;
mod query;
mod reply;
mod sending;
mod serve;
mod service;
mod settings;
mod site;
mod socket;
mod status;
mod sugar;
mod wire;

pub use address::Address;
pub use body_reader::BodyReader;
pub use body_writer::BodyWriter;
pub use error::{HTTPError, HandlerError, IntoOutcome, Outcome, Result};
pub use exchange::{Arrival, Exchange};
pub use handle::ServerHandle;
pub use hijack::Hijacked;
pub use hooks::{Hooks, Overrides};
pub use payload::Payload;
pub use query::Query;
pub use service::{Ending, Service};
pub use site::Profile;
pub use socket::Stream;
pub use status::Status;

pub(crate) use connection::Link;
pub(crate) use reply::Reply;
pub(crate) use serve::{serve, serve_bare};
pub(crate) use settings::Settings;
pub(crate) use site::Site;
pub(crate) use socket::Socket;
