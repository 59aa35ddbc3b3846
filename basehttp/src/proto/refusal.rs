//! A request that is not served, with its status and the reason. It is not an error of the server, and always ends the
//! connection.

/// A reason to refuse a request. The connection is closed after it, because it is in doubt where the next request would
/// begin, or who sends it (RFC 9112, section 11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Status of the response: 400, 403, 408, 414, 417, 421, 431, 501 or 505.
    pub status: u16,
    /// The mistake, and the right way, in lower case. Never contains bytes of the client.
    pub reason: &'static str,
}

impl Refusal {
    /// Makes a refusal with this status.
    pub const fn new(status: u16, reason: &'static str) -> Self {
        Self { status, reason }
    }

    /// Makes a 400, for a message that breaks the grammar or whose framing is in doubt.
    pub const fn bad_request(reason: &'static str) -> Self {
        Self::new(400, reason)
    }
}
