//! What the connection sees of a handler: an object without type parameters. The floor above implements it for every
//! `BaseHTTPRequestHandler`; the loops hold nothing else.

use super::IncomingRequest;
use super::body_reader::Leftover;
use super::context::HandlerSpec;
use super::hooks::ServerHooks;
use super::payload::QueuedBody;

/// A handler, as connections and loops see it.
pub(crate) trait Service: ServerHooks + Send + Sync + 'static {
    /// The class variables.
    fn spec(&self) -> HandlerSpec;

    /// Where the method for `command` runs.
    fn pace(&self, command: &str) -> Pace;

    /// Serves one request, to the last byte of its reply or to the point where that cannot be.
    fn serve<'c>(&'c self, incoming: IncomingRequest<'c>) -> Served;
}

/// Where a handler's method runs: the `pace` of `#[http_handler]`.
///
/// The server serves a request on the thread that read it, which is what makes it fast, and gives what blocks to a pool
/// of threads. It learns by itself which is which: a method that took longer than 100 µs in three of its last eight runs
/// (by method name and the first two segments of the path) blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pace {
    /// The server learns it.
    #[default]
    Auto,
    /// Always on the thread that read the request: the method never blocks.
    Inline,
    /// Always on a thread of the pool: the method blocks, and its first runs shall not hold anybody up.
    Pool,
}

/// How an exchange ended. The reply stands in the wire's `out`, but for its tail.
pub(crate) struct Served {
    pub(crate) leftover: Leftover,
    pub(crate) queued: Option<QueuedBody>,
    /// The log lines that are held back until the tail is sent.
    pub(crate) lines: String,
    pub(crate) next: Next,
}

impl Served {
    /// Nothing can be said of the connection any more but that it is over.
    pub(crate) fn aborted() -> Self {
        Served {
            leftover: Leftover { used_ahead: 0, refill: Vec::new() },
            queued: None,
            lines: String::new(),
            next: Next::Abort,
        }
    }
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug)]
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
