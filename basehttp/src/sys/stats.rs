//! What a server tells about itself. Counted in the engine.

/// What a server has done so far, and what it holds right now: [`ServerHandle::stats`](crate::ServerHandle::stats).
///
/// The counters are read one after the other while the server goes on, so that they may differ by what happened in
/// between. When the loop has ended they stay as they were then.
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
    /// Those of them that a handler has taken and kept when it returned: [`Exchange::hijack`](crate::Exchange::hijack).
    pub hijacked: u64,
    /// Those of the connections that hold no thread: idle, slow, or taking what is queued.
    pub parked: u64,
    /// Requests that a handler is working on, and calls on files that are sent after their handlers have returned.
    pub in_handlers: u64,
    /// Threads there are, the leaders of the shards included.
    pub threads: u64,
    /// Requests served since the start, refused ones included.
    pub requests: u64,
    /// Requests that were served on a thread of the pool.
    pub pooled: u64,
    /// Requests that were answered with 503 because no thread was free and the queue full.
    pub busy: u64,
    /// Times that a shard was taken from a leader whose handler blocked.
    pub rescues: u64,
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Times that accepting had to pause because the system had no descriptor to give; a pause counts once, however long.
    pub accept_pauses: u64,
    /// Connections whose deadline passed: the slow ones and the idle ones of `errors` together.
    pub timeouts: u64,
    /// Bytes that clients have sent, heads and framing included. Of a hijacked connection only what came before.
    pub bytes_received: u64,
    /// Bytes that clients were sent, heads and framing included. Of a hijacked connection only what came before.
    pub bytes_sent: u64,
    /// What went wrong, by kind.
    pub errors: ErrorCounts,
}

/// What went wrong since a server's start, by kind: [`Stats::errors`].
///
/// One request may count more than once: a client that leaves in the middle of its body is `bad_bodies`, and `clients_gone`
/// if there was a reply on its way. What lacked of the server's own is in [`Stats::busy`] and [`Stats::accept_pauses`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCounts {
    /// Requests that were refused for their head: malformed, too long, of another version.
    pub bad_heads: u64,
    /// Requests whose body was malformed or ended early.
    pub bad_bodies: u64,
    /// Clients that did not send a whole head in time.
    pub slow_heads: u64,
    /// Clients that did not send the body in time, or too slowly.
    pub slow_bodies: u64,
    /// Clients that did not take their reply in time, or too slowly.
    pub slow_readers: u64,
    /// Connections that were closed because no further request came in time. No fault of anybody's.
    pub idle: u64,
    /// Clients that went away in the middle of a head or a reply.
    pub clients_gone: u64,
    /// Errors of handlers that became a 500 or cut off a reply: what [`handle_error`] was told, and files that shrank while
    /// they were sent.
    ///
    /// [`handle_error`]: crate::BaseHTTPRequestHandler::handle_error
    pub handler_errors: u64,
    /// Panics of handlers, which are told to `handle_error` as well, and of their hooks.
    pub panics: u64,
    /// Unfinished requests that were refused with 503, or dropped, and replies that were cut off, because together they held
    /// as much memory, or as many threads or descriptors, as they may:
    /// [`max_unfinished_bytes`](crate::HTTPServerBuilder::max_unfinished_bytes),
    /// [`max_unsent_bytes`](crate::HTTPServerBuilder::max_unsent_bytes),
    /// [`max_blocked_on_clients`](crate::HTTPServerBuilder::max_blocked_on_clients).
    pub resource_limit: u64,
}

/// How a drain went: [`ServerHandle::drain`](crate::ServerHandle::drain).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Requests that were answered after the drain had begun.
    pub finished: u64,
    /// Connections that were still busy at the deadline. A handler that runs on may still answer, as long as the process
    /// lasts; everything else about them is closed.
    pub cut: u64,
}

/// Something that went wrong, by who is to blame and how it was treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    BadHead,
    BadBody,
    SlowHead,
    SlowBody,
    SlowReader,
    Idle,
    ClientGone,
    HandlerError,
    Panic,
    ResourceLimit,
}

/// How many kinds of [`Fault`] there are.
pub(crate) const FAULTS: usize = Fault::ResourceLimit as usize + 1;

/// What one thread has counted since it last told: plain numbers, so that counting costs nothing.
#[derive(Debug, Default)]
pub(crate) struct LocalCounts {
    pub bytes_received: u64,
    pub bytes_sent: u64,
    faults: [u32; FAULTS],
    has_faults: bool,
}

impl LocalCounts {
    pub fn note(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
        self.has_faults = true;
    }

    /// How often each went wrong, to be looked up by `fault as usize`, unless nothing did. They are forgotten here.
    pub fn take_faults(&mut self) -> Option<[u32; FAULTS]> {
        std::mem::take(&mut self.has_faults).then(|| std::mem::take(&mut self.faults))
    }
}

impl ErrorCounts {
    /// From how often each [`Fault`] was noted.
    pub(crate) fn of(count: impl Fn(Fault) -> u64) -> Self {
        ErrorCounts {
            bad_heads: count(Fault::BadHead),
            bad_bodies: count(Fault::BadBody),
            slow_heads: count(Fault::SlowHead),
            slow_bodies: count(Fault::SlowBody),
            slow_readers: count(Fault::SlowReader),
            idle: count(Fault::Idle),
            clients_gone: count(Fault::ClientGone),
            handler_errors: count(Fault::HandlerError),
            panics: count(Fault::Panic),
            resource_limit: count(Fault::ResourceLimit),
        }
    }
}
