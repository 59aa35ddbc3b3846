//! Decides which bodies arrive before the handler is called, and follows them.

use std::ops::Range;

use crate::conn::saved::BodyAhead;
use crate::exchange::{Context, MAX_BODY_AHEAD};
use crate::proto::{BodyDecoder, Head, RequestBody};

/// Part of a request's body that has arrived.
pub(super) enum BodyArrival {
    /// All of it.
    Complete,
    /// All that will ever come: the chunks are broken, and the handler's read reports it.
    Broken,
    /// A part. The rest fits the buffer and is awaited.
    Pending(BodyAhead),
    /// A part. The handler reads the rest from the client.
    Streamed,
}

/// Decides how the body behind a new head is received.
pub(super) fn body_arrival(head: &Head<'_>, span: &Range<usize>, ahead: &[u8], context: &Context) -> BodyArrival {
    let needed = match head.body {
        RequestBody::None => return BodyArrival::Complete,
        // The client sends no body before the handler has asked for it (RFC 9110, section 10.1.1).
        _ if head.expects_continue => return BodyArrival::Streamed,
        RequestBody::Sized(length) => match usize::try_from(length) {
            Ok(length) if length <= ahead.len() => return BodyArrival::Complete,
            Ok(length) if length <= MAX_BODY_AHEAD => Some(span.end + length),
            _ => return BodyArrival::Streamed,
        },
        RequestBody::Chunked => None,
    };
    let decoder = BodyDecoder::new(head.body, &context.settings.limits);
    let mut body = BodyAhead { span: span.clone(), needed, decoder, decoded: span.end, timed: 0 };
    if needed.is_none() && body.is_decoded(ahead) { body.state() } else { BodyArrival::Pending(body) }
}

impl BodyAhead {
    /// Returns the state of the body once [`is_here`](Self::is_here) has said that waiting is over.
    pub(super) fn state(&self) -> BodyArrival {
        match () {
            () if self.needed.is_some() || self.decoder.is_complete() => BodyArrival::Complete,
            () if self.decoder.is_broken() => BodyArrival::Broken,
            // The buffer is full. The handler waits for the rest.
            () => BodyArrival::Streamed,
        }
    }

    /// Returns whether all of it has arrived, or as much as the buffer may hold.
    pub(super) fn is_here(&mut self, unread: &[u8]) -> bool {
        match self.needed {
            Some(needed) => unread.len() >= needed,
            None => self.is_decoded(&unread[self.decoded..]) || unread.len() - self.span.end > MAX_BODY_AHEAD,
        }
    }

    /// Decodes chunks in bytes that the decoder has not seen. Returns whether the body ends there.
    fn is_decoded(&mut self, mut fresh: &[u8]) -> bool {
        while !fresh.is_empty() && !self.decoder.is_complete() {
            let Ok(piece) = self.decoder.decode(fresh) else { return true };
            fresh = &fresh[piece.consumed()..];
            self.decoded += piece.consumed();
        }
        self.decoder.is_complete()
    }
}
