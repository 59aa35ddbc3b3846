//! Takes a request body out of the connection's bytes, sized or chunked. Holds no bytes of it: the caller's buffer is
//! read in place. Which of the two a request has is decided in `framing`; the chunked grammar is in `chunked`.

use super::{
    chunked::{ChunkDecoder, Decoded, Trailer},
    framing::RequestBody,
    limits::Limits,
    refusal::Refusal,
};

/// Where in a request body the connection stands.
#[derive(Debug)]
pub(crate) struct BodyDecoder {
    state: BodyState,
    /// Once a body is broken it stays so: what follows could be anything.
    refusal: Option<Refusal>,
}

#[derive(Debug)]
enum BodyState {
    /// So many bytes are to come.
    Sized(u64),
    /// Boxed: most requests have no chunks, and this is moved about with each.
    Chunked(Box<ChunkDecoder>),
}

impl BodyDecoder {
    /// A decoder at the start of a body. Without a body it is complete at once.
    pub(crate) fn new(body: RequestBody, limits: &Limits) -> Self {
        let state = match body {
            RequestBody::None => BodyState::Sized(0),
            RequestBody::Sized(length) => BodyState::Sized(length),
            RequestBody::Chunked => BodyState::Chunked(Box::new(ChunkDecoder::new(limits))),
        };
        Self { state, refusal: None }
    }

    /// Finds the next content in bytes that were not consumed yet. Consumes nothing beyond the end of the body.
    ///
    /// # Errors
    /// 400 when the chunked grammar is broken or a limit is passed; from then on, always the same.
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

    /// Whether the body, its trailer section included, has ended.
    pub(crate) const fn is_complete(&self) -> bool {
        match &self.state {
            BodyState::Sized(left) => *left == 0,
            BodyState::Chunked(chunks) => chunks.is_complete(),
        }
    }

    /// Whether the chunked grammar was broken.
    pub(crate) const fn is_broken(&self) -> bool {
        self.refusal.is_some()
    }

    /// Bytes of content to come, if that is known before they are read.
    pub(crate) const fn remaining(&self) -> Option<u64> {
        match &self.state {
            BodyState::Sized(left) => Some(*left),
            BodyState::Chunked(_) => None,
        }
    }

    /// The trailer fields in the order they came; empty until the body is complete.
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
