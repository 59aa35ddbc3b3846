//! Reads the usual head, which is here as a whole and has nothing odd about it. Tokenizes, checks and understands it in
//! one pass.
//!
//! A head that is not taken here is not refused either. [`HeadScanner`](super::HeadScanner) and
//! [`parse`](super::parse()) then decide on it. So this only has to be right about heads that it takes, and
//! `twin_tests` compares it with the two others.

use std::mem::MaybeUninit;

use httparse::{Request, Status};

use super::super::{limits::Limits, target::Scheme, version::Version};
use super::parse::{RequestLine, understand};
use super::{FieldBuffer, Head, fields::USUAL_FIELDS};

/// Reads the head at the start of `bytes`, and returns it with its length. `None` means that it needs a closer look.
pub(crate) fn parse_whole<'b>(
    bytes: &'b [u8],
    fields: &mut FieldBuffer<'b>,
    limits: &Limits,
    served: Option<Scheme>,
) -> Option<(usize, Head<'b>)> {
    let mut tokens = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
    let mut request = Request::new(&mut []);
    let Ok(Status::Complete(end)) = request.parse_with_uninit_headers(bytes, &mut tokens) else { return None };
    // A head that is shorter than each of these limits is within all of them.
    let least = limits.max_request_line_bytes.min(limits.max_field_line_bytes).min(limits.max_head_bytes);
    let (method, target) = (request.method?, request.path?);
    if end > least || request.headers.len() > limits.max_fields || method.len() > limits.max_method_bytes {
        return None;
    }
    let head = &bytes[..end];
    let line_end = method.len() + 1 + target.len() + " HTTP/1.1".len();
    if !is_plain(head, line_end, request.headers) {
        return None;
    }
    let whole = str::from_utf8(&head[..line_end]).ok()?;
    let version = if request.version? == 0 { Version::Http10 } else { Version::Http11 };
    let line = RequestLine::of_parts(whole, method.len(), target.len(), version);
    fields.take(request.headers);
    Some((end, understand(line, fields.as_slice(), served).ok()?))
}

/// Returns whether every line ends in CRLF and the next one follows at once. It compares the places where the tokenizer
/// found tokens. So everything that the tokenizer skipped or took leniently shows, such as empty lines in front or a
/// bare LF.
fn is_plain(head: &[u8], line_end: usize, fields: &[httparse::Header<'_>]) -> bool {
    let begins = |field: &httparse::Header<'_>| (field.name.as_ptr() as usize).wrapping_sub(head.as_ptr() as usize);
    let ends_in_crlf = |end: usize| end.checked_sub(2).and_then(|start| head.get(start..end)) == Some(b"\r\n");
    let first = fields.first().map_or(head.len() - 2, begins);
    first == line_end + 2
        && fields.iter().all(|field| ends_in_crlf(begins(field)))
        && ends_in_crlf(head.len())
        && ends_in_crlf(head.len() - 2)
}
