//! What the connection sees of a handler: an object without type parameters. The floor above implements it for every
//! `BaseHTTPRequestHandler`; the loops hold nothing else.

use super::body_reader::Leftover;
use super::site::Profile;
use super::{Address, Arrival};

/// A handler, as connections and loops see it.
pub trait Service: Send + Sync + 'static {
    /// The class variables.
    fn profile(&self) -> Profile;

    /// Serves one request, to the last byte of its reply or to the point where that cannot be.
    fn serve<'c>(&'c self, arrival: Arrival<'c>) -> Ending;

    /// Whether the client may speak to this server at all.
    fn verify_request(&self, client_address: &Address) -> bool;

    /// Nobody came for as long as `timeout` says.
    fn handle_timeout(&self);

    /// The loop goes round.
    fn service_actions(&self);
}

/// How an exchange ended.
pub struct Ending {
    pub(crate) leftover: Leftover,
    pub(crate) next: Next,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next request may come, or is here already.
    Keep,
    /// Everything was said.
    Close,
    /// The client may still be sending: it must be able to read the reply before the connection is gone.
    Linger,
    /// The reply could not be completed, and the client must see that.
    Abort,
    /// A handler has taken the socket.
    Hijacked,
}
