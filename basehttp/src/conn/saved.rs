//! State that a connection keeps beside its socket while it waits: unread bytes, unsent responses, a partial request.

use std::ops::Range;
use std::time::Instant;

use crate::exchange::{HTTPError, OutgoingBody};
use crate::proto::{BodyDecoder, HeadScanner};
use crate::sys::Reservation;

/// Bytes that a waiting connection holds, and all that is known about them.
#[derive(Default)]
pub(super) struct Saved {
    /// Bytes that were read and not used.
    pub input: Vec<u8>,
    /// Bytes of responses that the socket has not taken.
    pub unsent: Vec<u8>,
    pub pending: Pending,
}

/// Unfinished work of a connection: a request that is arriving, a response that is being sent.
#[derive(Default)]
pub(super) struct Pending {
    pub partial: PartialRequest,
    /// Memory reserved for the unread bytes, from the quota for unfinished requests. Only while the connection waits.
    pub share: Option<Reservation>,
    /// Body that is sent after the bytes of its response's head.
    pub queued: Option<OutgoingBody>,
    /// Memory reserved for unsent bytes and body, from the quota for unread responses. Only while the connection waits.
    pub unsent_share: Option<Reservation>,
}

impl Pending {
    /// Returns whether the rest may be forgotten, provided that no bytes are unread or unsent.
    pub(super) fn is_nothing(&self) -> bool {
        self.queued.is_none() && self.partial.refusal.is_none()
    }

    /// Returns whether it equals [`Pending::default`].
    pub(super) fn is_untouched(&self) -> bool {
        self.partial.is_untouched() && self.share.is_none() && self.queued.is_none() && self.unsent_share.is_none()
    }
}

/// A request of which only a part has arrived, or which was refused and waits for its answer.
#[derive(Default)]
pub(super) struct PartialRequest {
    pub scanner: HeadScanner,
    /// Time of the first byte. For a body, the time at which the head was complete.
    pub began: Option<Instant>,
    /// Set when the head is complete and the body is not.
    pub body: Option<BodyAhead>,
    /// Set when the request is refused and waits for a thread on which the hooks that answer it may block.
    pub refusal: Option<HTTPError>,
}

impl PartialRequest {
    /// Returns whether nothing of it was scanned yet.
    pub(super) fn is_new(&self) -> bool {
        self.body.is_none() && self.scanner.is_new()
    }

    /// Returns whether it equals [`PartialRequest::default`].
    pub(super) fn is_untouched(&self) -> bool {
        self.is_new() && self.began.is_none() && self.refusal.is_none()
    }
}

/// A body that will fit the buffer and must arrive before the handler is called.
pub(super) struct BodyAhead {
    /// Place of the head in the unread bytes.
    pub span: Range<usize>,
    /// Number of unread bytes up to the body's end. `None` for a chunked body.
    pub needed: Option<usize>,
    /// Follows a chunked body.
    pub decoder: BodyDecoder,
    /// Number of unread bytes that the decoder has seen, the head included.
    pub decoded: usize,
    /// Number of unread bytes when its time was last set, the head included. 0 before that.
    pub timed: usize,
}
