//! Bodies that are waited for before the handler is called.

use crate::conn::saved::BodyAhead;
use crate::exchange::Context;
use crate::proto::{BodyDecoder, Head, HeadSpan, RequestBody};

/// A body up to this size is read before the handler is called: 64 KiB.
const MAX_BODY_AHEAD: usize = 64 * 1024;

/// How much of a request's body is here.
pub(super) enum BodyArrival {
    Complete,
    /// As much as there will ever be: its chunks are broken, and the handler's read says so.
    Broken,
    /// It will be, soon: it fits the buffer.
    Pending(BodyAhead),
    /// It will not be: the handler reads it from the client.
    Streamed,
}

pub(super) fn body_arrival(head: &Head<'_>, span: HeadSpan, ahead: &[u8], context: &Context) -> BodyArrival {
    let needed = match head.body {
        RequestBody::None => return BodyArrival::Complete,
        _ if head.expects_continue => return BodyArrival::Streamed,
        RequestBody::Sized(length) => match usize::try_from(length) {
            Ok(length) if length <= ahead.len() => return BodyArrival::Complete,
            Ok(length) if length <= MAX_BODY_AHEAD => Some(span.end + length),
            _ => return BodyArrival::Streamed,
        },
        RequestBody::Chunked => None,
    };
    let decoder = BodyDecoder::new(head.body, &context.settings.limits);
    let mut body = BodyAhead { span, needed, decoder, decoded: span.end };
    if needed.is_none() && body.is_decoded(ahead) { body.state() } else { BodyArrival::Pending(body) }
}

impl BodyAhead {
    /// What stands behind the head, once [`is_here`](Self::is_here) has said that waiting is over.
    pub(super) fn state(&self) -> BodyArrival {
        match () {
            () if self.needed.is_some() || self.decoder.is_complete() => BodyArrival::Complete,
            () if self.decoder.is_broken() => BodyArrival::Broken,
            // As much as the buffer takes: the handler waits for the rest.
            () => BodyArrival::Streamed,
        }
    }

    /// Whether all of it, or as much as the buffer takes, is among the unread bytes.
    pub(super) fn is_here(&mut self, unread: &[u8]) -> bool {
        match self.needed {
            Some(needed) => unread.len() >= needed,
            None => self.is_decoded(&unread[self.decoded..]) || unread.len() - self.span.end > MAX_BODY_AHEAD,
        }
    }

    /// Follows the chunks in bytes that were not looked at yet.
    fn is_decoded(&mut self, mut fresh: &[u8]) -> bool {
        while !fresh.is_empty() && !self.decoder.is_complete() {
            let Ok(piece) = self.decoder.decode(fresh) else { return true };
            fresh = &fresh[piece.consumed()..];
            self.decoded += piece.consumed();
        }
        self.decoder.is_complete()
    }
}
