//! A chunked body: however it is cut it is the same, and it is what a plain reading says.

use super::choices::{Choices, ends};
use crate::proto::chunked::twin::naive;
use crate::proto::{BodyDecoder, Limits, Refusal, RequestBody, is_token};

/// A whole body: its content, the bytes it took, its trailer fields.
type DecodedBody = (Vec<u8>, usize, Vec<(String, Vec<u8>)>);

/// Runs this target on `bytes`.
pub fn chunks(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (limits, piece) = (choices.limits(), choices.below(16) + 1);
    let bytes = choices.rest();
    let whole = decode(bytes, &limits, bytes.len().max(1));
    assert_eq!(decode(bytes, &limits, piece), whole, "cut into pieces of {piece}");
    match &whole {
        Ok(Some((content, used, trailers))) => {
            assert!(trailers.iter().all(|(name, value)| is_token(name.as_bytes()) && !value.contains(&b'\n')));
            assert!(
                trailers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
                    <= limits.max_trailer_bytes
            );
            if !has_quotes_or_trailers(&bytes[..*used]) {
                assert_eq!(naive(&bytes[..*used]).as_ref(), Some(content), "the twin");
            }
        }
        Ok(None) => assert_eq!(naive(bytes), None, "the twin finds it whole"),
        Err(refusal) => {
            assert_eq!(refusal.status, 400);
            if limits == Limits::default() && bytes.len() < limits.max_chunk_extension_bytes {
                assert_eq!(naive(bytes), None, "the twin takes what is refused: {refusal}");
            }
        }
    }
}

/// Input that the twin does not read.
fn has_quotes_or_trailers(body: &[u8]) -> bool {
    body.contains(&b'"') || !ends_in_plain_last_chunk(body)
}

/// `0;extension` CRLF CRLF.
fn ends_in_plain_last_chunk(body: &[u8]) -> bool {
    let Some(lines) = body.strip_suffix(b"\r\n\r\n") else { return false };
    let line = lines.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let size = line.split(|byte| b"; \t".contains(byte)).next().unwrap_or_default();
    !size.is_empty() && size.iter().all(|&byte| byte == b'0')
}

fn decode(bytes: &[u8], limits: &Limits, piece: usize) -> Result<Option<DecodedBody>, Refusal> {
    let mut decoder = BodyDecoder::new(RequestBody::Chunked, limits);
    let (mut at, mut content) = (0, Vec::new());
    for end in ends(bytes.len(), piece) {
        loop {
            let raw = &bytes[at..end];
            let found = decoder.decode(raw)?;
            assert!(found.consumed() <= raw.len());
            content.extend_from_slice(&raw[found.skip..found.consumed()]);
            at += found.consumed();
            if decoder.is_complete() {
                let trailers = decoder.trailers().iter().map(|field| (field.name().to_owned(), field.value().to_vec()));
                return Ok(Some((content, at, trailers.collect())));
            }
            if found.payload == 0 {
                assert_eq!(found.skip, raw.len(), "asks for more before it has taken everything");
                break;
            }
        }
    }
    Ok(None)
}
