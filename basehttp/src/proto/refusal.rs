//! A request that is not served: the status it gets, and why. Not an error of ours, and always the connection's end.

/// What is wrong with a request. The connection is closed after it, because where the next request would begin, or who
/// asks for it, is in doubt (RFC 9112, section 11.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The status to answer with: 400, 408, 414, 417, 421, 431, 501 or 505.
    pub status: u16,
    /// What is wrong and what is wished, in lower case. Never contains bytes of the client.
    pub reason: &'static str,
}

impl Refusal {
    /// A refusal with this status.
    pub const fn new(status: u16, reason: &'static str) -> Self {
        Self { status, reason }
    }

    /// 400: the message breaks the grammar, or its framing is in doubt.
    pub const fn bad_request(reason: &'static str) -> Self {
        Self::new(400, reason)
    }
}
