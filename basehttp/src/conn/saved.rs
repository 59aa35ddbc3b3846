//! What a connection that waits keeps beside its socket: bytes read and not used, replies that are not sent.

use std::time::Instant;

use super::outgoing::OutgoingBody;
use crate::exchange::HTTPError;
use crate::proto::{BodyDecoder, HeadScanner, HeadSpan};
use crate::sys::Reservation;

/// The bytes that a connection that waits has in its hands, and what is known of them. Boxed, so that an idle connection
/// is small.
#[derive(Default)]
pub(super) struct Saved {
    /// Bytes read and not used.
    pub input: Vec<u8>,
    /// Bytes of replies that the socket has not taken.
    pub unsent: Vec<u8>,
    pub pending: Pending,
}

/// What a connection is in the middle of.
#[derive(Default)]
pub(super) struct Pending {
    pub partial: PartialRequest,
    /// What the unread bytes take of the memory for unfinished requests, when their connection waits.
    pub share: Option<Reservation>,
    pub queued: Option<OutgoingBody>,
    /// While replies are being written.
    pub progress: Option<SendProgress>,
    /// What unsent bytes and body take of the memory for unread replies, when their connection waits.
    pub unsent_share: Option<Reservation>,
}

impl Pending {
    /// Without bytes beside it there is nothing to remember.
    pub(super) fn is_nothing(&self) -> bool {
        self.queued.is_none() && self.partial.refusal.is_none()
    }
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
    pub(super) fn is_new(&self) -> bool {
        self.body.is_none() && self.scanner.is_new()
    }

    /// Whether it is as [`default`](Default::default) makes it.
    pub(super) fn is_untouched(&self) -> bool {
        self.is_new() && self.began.is_none() && self.refusal.is_none()
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
