//! Reads a request body, sized or chunked, in place: the bytes stay in the caller's buffer. `framing` decides which
//! kind of body a request has, and `chunked` knows the grammar of chunks.

use super::{
    chunked::{ChunkDecoder, Decoded, Trailer},
    framing::RequestBody,
    limits::Limits,
    refusal::Refusal,
};

/// Progress through a request body.
#[derive(Debug)]
pub(crate) struct BodyDecoder {
    state: BodyState,
    /// A broken body stays broken, since the bytes after the mistake could be anything.
    refusal: Option<Refusal>,
}

#[derive(Debug)]
enum BodyState {
    /// Bytes that are still to come.
    Sized(u64),
    /// Boxed, because most requests have no chunks, and each one moves this value about.
    Chunked(Box<ChunkDecoder>),
}

impl BodyDecoder {
    /// Makes a decoder at the start of a body. For a request without one it is complete at once.
    pub(crate) fn new(body: RequestBody, limits: &Limits) -> Self {
        let state = match body {
            RequestBody::None => BodyState::Sized(0),
            RequestBody::Sized(length) => BodyState::Sized(length),
            RequestBody::Chunked => BodyState::Chunked(Box::new(ChunkDecoder::new(limits))),
        };
        Self { state, refusal: None }
    }

    /// Finds the next content in bytes that were not consumed yet. Never goes beyond the end of the body.
    ///
    /// # Errors
    /// 400 when the chunked grammar is broken or a limit is passed. From then on it is always the same error.
    pub(crate) fn decode(&mut self, raw: &[u8]) -> Result<Decoded, Refusal> {
        match &mut self.state {
            BodyState::Sized(left) => Ok(decode_sized(left, raw)),
            BodyState::Chunked(chunks) => {
                if let Some(refusal) = self.refusal {
                    return Err(refusal);
                }
                chunks.decode(raw).inspect_err(|refusal| self.refusal = Some(*refusal))
            }
        }
    }

    /// Returns whether the body has ended, its trailer section included.
    pub(crate) const fn is_complete(&self) -> bool {
        match &self.state {
            BodyState::Sized(left) => *left == 0,
            BodyState::Chunked(chunks) => chunks.is_complete(),
        }
    }

    /// Returns whether the chunked grammar was broken.
    pub(crate) const fn is_broken(&self) -> bool {
        self.refusal.is_some()
    }

    /// Returns the bytes of content to come, if that is known before they are read.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        match &self.state {
            BodyState::Sized(left) => Some(*left),
            BodyState::Chunked(_) => None,
        }
    }

    /// Returns the trailer fields in the order they came. There are none until the body is complete.
    pub(crate) fn trailers(&self) -> &[Trailer] {
        match &self.state {
            BodyState::Chunked(chunks) if chunks.is_complete() => chunks.trailers(),
            _ => &[],
        }
    }
}

/// The client moves fewer bytes of the body than it must, or none for too long (RFC 9110, section 15.5.9).
pub(crate) const BODY_TOO_SLOW: Refusal = Refusal::new(408, "the request's body came too slowly");
/// The client ended its side in the middle of the body (RFC 9112, section 8).
pub(crate) const BODY_ENDED_EARLY: Refusal = Refusal::bad_request("the request's body ended early");

fn decode_sized(left: &mut u64, raw: &[u8]) -> Decoded {
    let payload = usize::try_from(*left).map_or(raw.len(), |left| left.min(raw.len()));
    *left -= payload as u64;
    Decoded { skip: 0, payload }
}
