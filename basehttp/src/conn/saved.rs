//! What a connection that waits keeps beside its socket: bytes read and not used, replies that are not sent.

use std::time::Instant;

use super::outgoing::OutgoingBody;
use crate::exchange::HTTPError;
use crate::proto::{BodyDecoder, HeadScanner, HeadSpan};
use crate::sys::Reservation;

/// See [`Conn::saved`].
#[derive(Default)]
pub(super) struct Saved {
    /// Bytes read and not used.
    pub input: Vec<u8>,
    /// What they take of the memory for unfinished requests.
    pub share: Option<Reservation>,
    pub partial: PartialRequest,
    /// Bytes of replies that the socket has not taken.
    pub unsent: Vec<u8>,
    pub queued: Option<OutgoingBody>,
    pub progress: Option<SendProgress>,
    /// What unsent bytes and tail take of the memory for unread replies.
    pub unsent_share: Option<Reservation>,
}

/// How much of its replies a client has taken since it was waited for.
#[derive(Clone, Copy)]
pub(super) struct SendProgress {
    pub since: Instant,
    pub bytes: u64,
}

/// A request of which a part is here.
#[derive(Default)]
pub(super) struct PartialRequest {
    pub scanner: HeadScanner,
    /// When its first byte was seen; for a body, when the head was complete.
    pub began: Option<Instant>,
    /// The head is complete, the body is not.
    pub body: Option<BodyAhead>,
    /// The request is refused, and waits for a thread on which the hooks that answer it may block.
    pub refusal: Option<HTTPError>,
}

impl PartialRequest {
    /// Nothing was looked at so far.
    pub fn is_new(&self) -> bool {
        self.body.is_none() && self.scanner.is_new()
    }
}

/// A body that will fit the buffer, and is waited for before the handler is called.
pub(super) struct BodyAhead {
    pub span: HeadSpan,
    /// Unread bytes up to the body's end, where that is known.
    pub needed: Option<usize>,
    /// Follows a chunked body, up to so many unread bytes.
    pub decoder: BodyDecoder,
    pub decoded: usize,
}
