//! Bounds that every connection keeps, beside those of the head and the chunks ([`Limits`]).

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "tls")]
use rustls::ServerConfig;

use super::address::Address;
use crate::proto::{Admission, Limits};

/// Largest body of a response that is buffered, and so gets a `Content-Length`: one write takes it well.
const MAX_BUFFERED_REPLY_BYTES: usize = 64 * 1024;

/// Bytes that are read and thrown away of a body that its handler left unread, to keep the connection. For more a new
/// connection is cheaper.
const MAX_DRAINED_BYTES: u64 = 256 * 1024;

/// Memory for unfinished heads and small bodies, all connections together, beside the first 4 KiB of each. Two thousand
/// of the largest small bodies fit.
const MAX_UNFINISHED_BYTES: usize = 128 * 1024 * 1024;

/// Memory for responses that wait for their readers, all connections together, beside the first 4 KiB of each. Four
/// thousand full buffers fit.
const MAX_UNSENT_BYTES: usize = 256 * 1024 * 1024;

/// Time from the first byte of a head to its end.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Silence of a client that owes bytes of a body.
const BODY_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Average speed of a body, in bytes a second, once [`BODY_STALL_TIMEOUT`] is over. A bad modem reaches it.
const MIN_BODY_BYTES_PER_SECOND: u64 = 256;

/// Time for which a client may take none of the bytes that we have for it.
const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Silence between two requests. Most proxies keep their idle connections for 60 s. The side that closes first must be
/// the one that sends the requests, or a request meets a connection that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The bounds of one server's connections; set through [`HTTPServerBuilder`](crate::HTTPServerBuilder).
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub limits: Limits,
    pub max_buffered_reply_bytes: usize,
    pub max_drained_bytes: u64,
    pub max_unfinished_bytes: usize,
    pub max_unsent_bytes: usize,
    pub head_timeout: Duration,
    pub body_stall_timeout: Duration,
    pub min_body_bytes_per_second: u64,
    pub write_stall_timeout: Duration,
    /// `None` means the same as `write_stall_timeout`.
    pub paused_reader_timeout: Option<Duration>,
    pub idle_timeout: Duration,
    /// Connections are made with TLS.
    #[cfg(feature = "tls")]
    pub tls: Option<Arc<ServerConfig>>,
    /// Connections that may be open at once.
    pub max_connections: usize,
    /// Connections that one address may have open at once.
    pub max_connections_per_address: usize,
    /// Descriptors that the process may have.
    pub max_descriptors: usize,
    /// Handlers that may block on slow clients at once.
    pub max_blocked_on_clients: usize,
    /// Further handlers that may wait for a permit to do so.
    pub max_queued_streaming: usize,
    /// Rules about the requests that reach the handler. `None` if all of them do.
    pub admission: Option<Arc<Admission>>,
}

/// Bytes of a response that are composed before they are written, at least, however little is to be buffered: 16 KiB.
/// Smaller pieces would cost a system call for a few bytes each.
const LEAST_PIECE_BYTES: usize = 16 * 1024;

impl Settings {
    /// Returns whether this is a proxy that speaks for its clients.
    pub(crate) fn is_trusted_proxy(&self, address: &Address) -> bool {
        self.admission.as_ref().is_some_and(|admission| admission.proxies.networks.contains(address.node()))
    }

    /// Returns whether each connection begins with the PROXY header of a trusted proxy.
    pub(crate) fn awaits_proxy_header(&self) -> bool {
        self.admission.as_ref().is_some_and(|admission| admission.proxies.sends_header)
    }

    /// Returns the bytes of responses that may collect before they are written.
    pub(crate) fn piece_bytes(&self) -> usize {
        self.max_buffered_reply_bytes.max(LEAST_PIECE_BYTES)
    }

    /// Returns the time for which a client may take none of a response after its handler has returned.
    pub(crate) fn patience_with_readers(&self) -> Duration {
        self.paused_reader_timeout.unwrap_or(self.write_stall_timeout)
    }

    /// Returns whether a body that has moved `bytes` in `elapsed` is too slow. It is never too slow before `patience`
    /// is over.
    pub(crate) fn is_trickle(&self, elapsed: Duration, bytes: u64, patience: Duration) -> bool {
        let wanted = elapsed.as_secs().saturating_mul(self.min_body_bytes_per_second);
        elapsed > patience && bytes < wanted
    }
}

/// Longest time that the server waits for anything: ten years. Clocks overflow with longer ones.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Returns a duration that a clock can add. `Duration::MAX` means for ever.
pub(crate) fn bounded(duration: Duration) -> Duration {
    duration.min(LONGEST)
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            max_buffered_reply_bytes: MAX_BUFFERED_REPLY_BYTES,
            max_drained_bytes: MAX_DRAINED_BYTES,
            max_unfinished_bytes: MAX_UNFINISHED_BYTES,
            max_unsent_bytes: MAX_UNSENT_BYTES,
            head_timeout: HEAD_TIMEOUT,
            body_stall_timeout: BODY_STALL_TIMEOUT,
            min_body_bytes_per_second: MIN_BODY_BYTES_PER_SECOND,
            write_stall_timeout: WRITE_STALL_TIMEOUT,
            paused_reader_timeout: None,
            idle_timeout: IDLE_TIMEOUT,
            #[cfg(feature = "tls")]
            tls: None,
            max_connections: usize::MAX,
            max_connections_per_address: usize::MAX,
            max_descriptors: usize::MAX,
            max_blocked_on_clients: usize::MAX,
            max_queued_streaming: usize::MAX,
            admission: None,
        }
    }
}
