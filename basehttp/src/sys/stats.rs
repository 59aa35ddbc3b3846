//! Counts of a server for its operator, and the counts of one thread that they are added up from. The sums are kept in
//! the engine.

/// Counts of a server's work so far, and of its present load. [`ServerHandle::stats`](crate::ServerHandle::stats)
/// returns them.
///
/// The counters are read one after the other while the server goes on, so that they may differ by events in between.
/// When the loop has ended they keep their last values.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// struct Metrics;
///
/// #[http_handler]
/// impl Metrics {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         let stats = ex.server.stats();
///         ex.send_text(200, format!("requests {}\nconnections {}\n", stats.requests, stats.connections))
///     }
/// }
/// # assert!(basehttp::testing::respond(&Metrics, b"GET / HTTP/1.0\r\n\r\n").starts_with(b"HTTP/1.0 200"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections that are open, hijacked ones included.
    pub connections: u64,
    /// Open connections that a handler has taken and kept when it returned:
    /// [`Exchange::hijack`](crate::Exchange::hijack).
    pub hijacked: u64,
    /// Open connections that hold no thread: idle, slow, or taking the rest of a response.
    pub parked: u64,
    /// Requests that a handler is working on, and calls on files that are sent after their handlers have returned.
    pub in_handlers: u64,
    /// Threads of the server, the leaders of the shards included.
    pub threads: u64,
    /// Requests served since the start, refused ones included.
    pub requests: u64,
    /// Requests that were served on a thread of the pool.
    pub pooled: u64,
    /// Requests that were answered with 503 because no thread was free and the queue was full.
    pub busy: u64,
    /// Times that a shard was taken from a leader whose handler blocked.
    pub rescues: u64,
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Times that accepting had to pause because the system had no descriptor left. A pause counts once, however long
    /// it is.
    pub accept_pauses: u64,
    /// Connections whose deadline passed. They are the slow ones and the idle ones of `errors` together.
    pub timeouts: u64,
    /// Bytes received from clients, heads and framing included. A hijacked connection counts up to the hijack.
    pub bytes_received: u64,
    /// Bytes sent to clients, heads and framing included. A hijacked connection counts up to the hijack.
    pub bytes_sent: u64,
    /// Errors, by kind.
    pub errors: ErrorCounts,
}

/// Errors since a server's start, by kind. They stand in [`Stats::errors`].
///
/// One request may count more than once: a client that leaves in the middle of its body counts in `bad_bodies`, and in
/// `clients_gone` if a response was on its way. Shortages on the server's side are counted in [`Stats::busy`] and
/// [`Stats::accept_pauses`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCounts {
    /// Requests that were refused for their head, because it was malformed, too long, or of another version, or named a
    /// host or a site that the server's options do not admit.
    pub bad_heads: u64,
    /// Requests whose body was malformed or ended early.
    pub bad_bodies: u64,
    /// Clients that did not send a whole head in time.
    pub slow_heads: u64,
    /// Clients that did not send a body in time, or sent it too slowly.
    pub slow_bodies: u64,
    /// Clients that did not take their response in time, or took it too slowly.
    pub slow_readers: u64,
    /// Connections that were closed because no further request came in time. This is not an error of either side.
    pub idle: u64,
    /// Clients that went away in the middle of a head or a response.
    pub clients_gone: u64,
    /// TLS sessions that failed: handshakes that the client or the server refused, and records that were broken.
    pub tls: u64,
    /// Errors of handlers that became a 500 or cut off a response: those that [`handle_error`] was called for, and
    /// files that shrank while they were sent.
    ///
    /// [`handle_error`]: crate::BaseHTTPRequestHandler::handle_error
    pub handler_errors: u64,
    /// Panics of handlers, for which `handle_error` is called as well, and of their hooks.
    pub panics: u64,
    /// Requests that were refused with 503 or dropped while unfinished, and responses that were cut off, because all
    /// connections together had used up their memory, threads or descriptors:
    /// [`max_unfinished_bytes`](crate::HTTPServerBuilder::max_unfinished_bytes),
    /// [`max_unsent_bytes`](crate::HTTPServerBuilder::max_unsent_bytes),
    /// [`max_blocked_on_clients`](crate::HTTPServerBuilder::max_blocked_on_clients). Also connections beyond
    /// [`max_connections_per_address`](crate::HTTPServerBuilder::max_connections_per_address).
    pub resource_limit: u64,
}

/// Result of a drain, which [`ServerHandle::drain`](crate::ServerHandle::drain) returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Requests that were answered after the drain had begun.
    pub finished: u64,
    /// Connections that were still busy at the deadline. A handler that runs on may still answer, as long as the
    /// process lasts. Everything else about these connections is closed.
    pub cut: u64,
}

/// An error of one exchange or connection, by the side that caused it and its treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountedError {
    BadHead,
    BadBody,
    SlowHead,
    SlowBody,
    SlowReader,
    Idle,
    ClientGone,
    Tls,
    HandlerError,
    Panic,
    ResourceLimit,
}

/// Number of kinds of [`CountedError`].
pub(crate) const COUNTED_ERRORS: usize = CountedError::ResourceLimit as usize + 1;

/// Counts of one thread since it last published them. They are plain numbers, so that counting costs nothing; the
/// engine adds them up once a turn.
#[derive(Debug, Default)]
pub(crate) struct LocalCounts {
    pub bytes_received: u64,
    pub bytes_sent: u64,
    faults: [u32; COUNTED_ERRORS],
    has_faults: bool,
}

impl LocalCounts {
    pub(crate) fn note(&mut self, fault: CountedError) {
        self.faults[fault as usize] += 1;
        self.has_faults = true;
    }

    /// Returns the number of each error, indexed by `error as usize`, and forgets them. Returns `None` if there was
    /// none.
    pub(crate) fn take_faults(&mut self) -> Option<[u32; COUNTED_ERRORS]> {
        std::mem::take(&mut self.has_faults).then(|| std::mem::take(&mut self.faults))
    }
}

impl ErrorCounts {
    /// Makes the public counts from the number of each [`CountedError`].
    pub(crate) fn of(count: impl Fn(CountedError) -> u64) -> Self {
        ErrorCounts {
            bad_heads: count(CountedError::BadHead),
            bad_bodies: count(CountedError::BadBody),
            slow_heads: count(CountedError::SlowHead),
            slow_bodies: count(CountedError::SlowBody),
            slow_readers: count(CountedError::SlowReader),
            idle: count(CountedError::Idle),
            clients_gone: count(CountedError::ClientGone),
            tls: count(CountedError::Tls),
            handler_errors: count(CountedError::HandlerError),
            panics: count(CountedError::Panic),
            resource_limit: count(CountedError::ResourceLimit),
        }
    }
}
