//! [`Service`]: a handler as an object without type parameters, for connections and loops. The `server` implements it
//! for every `BaseHTTPRequestHandler`.

use super::IncomingRequest;
use super::context::HandlerSpec;
use super::hooks::ServerHooks;
use super::outgoing::OutgoingBody;

/// A handler, as connections and loops see it. They hold nothing else of it.
pub(crate) trait Service: Send + Sync + 'static {
    /// Returns the class variables.
    fn spec(&self) -> HandlerSpec;

    /// Returns the pace of the method for `command`, for a request without a route.
    fn pace(&self, command: &str) -> Pace;

    /// Returns the number of the route that serves a request, if the handler has one for it.
    fn route(&self, command: &str, path: &str) -> Option<u16>;

    /// Returns the pace of a route.
    fn route_pace(&self, route: u16) -> Pace;

    /// Serves one request, to the last byte of its response except for a queued body, or until the response must be
    /// aborted.
    fn serve<'c>(&'c self, incoming: IncomingRequest<'c>) -> Served;

    /// Returns the overridable methods that have no exchange.
    fn hooks(&self) -> &dyn ServerHooks;

    /// Logs why a connection has failed. No request belongs to it, and it has no socket any more.
    fn log_failure<'c>(&'c self, incoming: IncomingRequest<'c>, reason: &str);
}

/// The thread on which a handler's method runs, set by the `pace` of `#[http_handler]`.
///
/// A request is fast if the thread that read it also serves it. Methods that block run on a pool of threads instead.
/// The server learns which methods block: those that took longer than 100 µs in three of their last eight runs. It
/// counts the runs of a method with a `#[path]` by the path, whatever its parameters are. The runs of other methods are
/// counted by the request's method and the first two segments of its path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pace {
    /// The server learns whether the method blocks.
    #[default]
    Auto,
    /// Always on the thread that read the request. For methods that never block.
    Inline,
    /// Always on a thread of the pool. For methods that block, so that even their first runs hold up no other client.
    Pool,
}

/// The end of an exchange. The response is in `ExchangeIo::out`, except for a queued body.
pub(crate) struct Served {
    /// The number of bytes behind the head that were used.
    pub(crate) used_ahead: usize,
    /// The bytes that were read later and not used. If there are any, all bytes behind the head were used.
    pub(crate) refill: Vec<u8>,
    pub(crate) queued: Option<OutgoingBody>,
    pub(crate) next: Next,
}

impl Served {
    /// The end of an exchange that has nothing to send or to log later, and after which no request is read.
    pub(crate) fn last(next: Next) -> Self {
        Served { used_ahead: 0, refill: Vec::new(), queued: None, next }
    }
}

/// The next step of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Read the next request.
    Keep,
    /// Close: both sides are done.
    Close,
    /// Close, but read on for a while. The client may still be sending, and must be able to read the response first.
    Linger,
    /// Close in a way that shows the client that the response is not complete.
    Abort,
    /// Let go of the connection: a handler has taken the socket.
    Hijacked,
}
