//! Bodies that the handler does not read from the client: those that are waited for before it is called, and those that
//! are thrown away after it.

use crate::conn::line::BodyAhead;
use crate::conn::site::Site;
use crate::proto::{BodyDecoder, Head, HeadSpan, RequestBody};

/// A body up to this size is read before the handler is called: 64 KiB.
const MAX_BODY_AHEAD: usize = 64 * 1024;

/// How much of a request's body is here.
pub(super) enum BodyHere {
    Whole,
    /// It will be, soon: it fits the buffer.
    Soon(BodyAhead),
    /// It will not be: the handler reads it from the client.
    Streams,
}

pub(super) fn body_here(head: &Head<'_>, span: HeadSpan, ahead: &[u8], site: &Site) -> BodyHere {
    let needed = match head.body {
        RequestBody::None => return BodyHere::Whole,
        _ if head.expects_continue => return BodyHere::Streams,
        RequestBody::Sized(length) => match usize::try_from(length) {
            Ok(length) if length <= ahead.len() => return BodyHere::Whole,
            Ok(length) if length <= MAX_BODY_AHEAD => Some(span.end + length),
            _ => return BodyHere::Streams,
        },
        RequestBody::Chunked => None,
    };
    let decoder = BodyDecoder::new(head.body, &site.settings.limits);
    let mut body = BodyAhead { span, needed, decoder, decoded: span.end };
    // A broken one is here as far as it ever will be: the handler's read tells what is wrong.
    if needed.is_none() && body.is_decoded(ahead) { BodyHere::Whole } else { BodyHere::Soon(body) }
}

impl BodyAhead {
    /// Whether all of it is behind the head, or as much as there will be: a broken one's handler is told by its read.
    pub(super) fn is_whole(&self) -> bool {
        self.needed.is_some() || self.decoder.is_complete() || self.decoder.is_broken()
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

/// What draining came to.
pub(super) enum Drained {
    More,
    /// The body ends behind so many bytes.
    Done(usize),
    /// The body is broken, or longer than it is worth.
    TooMuch,
}

pub(super) fn drain(decoder: &mut BodyDecoder, left: &mut u64, unread: &[u8]) -> Drained {
    let mut used = 0;
    while !decoder.is_complete() {
        if used == unread.len() {
            return Drained::More;
        }
        let Ok(piece) = decoder.decode(&unread[used..]) else { return Drained::TooMuch };
        used += piece.consumed();
        match left.checked_sub(piece.consumed() as u64) {
            Some(rest) => *left = rest,
            None => return Drained::TooMuch,
        }
    }
    Drained::Done(used)
}
