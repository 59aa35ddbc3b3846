//! Understands a complete head: the request line, the fields, and the decisions that follow from them.
//!
//! RFC 9112, sections 2 and 3. Of several faults the first in this order is answered: request line and version, field
//! syntax, target, Host, the target's scheme, body framing, Expect.

use std::borrow::Cow;

use super::super::{
    field::is_token,
    framing::{self, RequestBody},
    limits::Limits,
    refusal::Refusal,
    target::{self, Scheme, Target},
    version::Version,
};
use super::{ConnectionOptions, Field, FieldBuffer, HeadScanner, framing_fields::Known, scan::find_line_break};

/// A request head, understood. Borrows from the bytes that it was parsed from. The fields are in the [`FieldBuffer`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head<'b> {
    /// The method as sent, a token in the sender's case.
    pub method: &'b str,
    /// The target, in one of the four forms.
    pub target: Target<'b>,
    /// The version as sent, such as `HTTP/1.1`.
    pub request_version: &'b str,
    /// The version that the request is served with. HTTP/1.2 and above count as 1.1.
    pub version: Version,
    /// The request line as sent, without its CRLF, but see [`with_ascii_target`]. Always ASCII without controls.
    pub requestline: &'b str,
    /// The authority that is asked: the target's if it has one, otherwise Host, which may be empty. It has been checked
    /// and is always ASCII. `None` only when an HTTP/1.0 request has neither.
    pub authority: Option<&'b [u8]>,
    /// The body that follows the head.
    pub body: RequestBody,
    /// The client's wishes for the connection afterwards.
    pub connection: ConnectionOptions,
    /// The client waits for `100 Continue` before it sends the body. Only in HTTP/1.1, and only if a body follows.
    pub expects_continue: bool,
}

/// Parses the bytes that a [`HeadScanner`](super::HeadScanner) delimited, and checks them by RFC 9112 and our own
/// limits.
///
/// `served` is the scheme that the connection may be asked for, if it is known already. The scanner has refused bare CR
/// and LF and everything that is too long. On other bytes this does not panic, but it may take a head that the scanner
/// would refuse.
pub(crate) fn parse<'b>(
    head: &'b [u8],
    fields: &mut FieldBuffer<'b>,
    limits: &Limits,
    served: Option<Scheme>,
) -> Result<Head<'b>, Refusal> {
    let line_end = find_line_break(head).ok_or(NOT_A_REQUEST_LINE)?;
    let (line, rest) = head.split_at(line_end);
    let field_lines = rest.strip_prefix(b"\r\n").ok_or(NOT_A_REQUEST_LINE)?;
    let line = RequestLine::parse(line)?;
    fields.read(field_lines, limits)?;
    understand(line, fields.as_slice(), served)
}

/// Reads the fields of a head that was refused. `bytes` begins with the head, as far as it has arrived. There are none
/// unless all field lines have arrived, are well-formed and within the limits.
pub(crate) fn fields_of_refused<'b>(bytes: &'b [u8], limits: &Limits) -> FieldBuffer<'b> {
    let mut fields = FieldBuffer::new();
    if let Some(mut scanner) = HeadScanner::behind_request_line(bytes) {
        let first = scanner.line_start();
        if let Ok(Some(head)) = scanner.scan(bytes, limits) {
            // A failure leaves the buffer empty.
            let _ = fields.read(&bytes[first..head.end], limits);
        }
    }
    fields
}

/// Percent-encodes raw bytes above ASCII in the path and query of a head's target, so that all later code sees ASCII.
/// Anything else that is odd stays as it is.
pub(crate) fn with_ascii_target(head: &[u8]) -> Cow<'_, [u8]> {
    let line = &head[..find_line_break(head).unwrap_or(head.len())];
    if line.is_ascii() {
        return Cow::Borrowed(head);
    }
    let is_space = |byte: &u8| *byte == b' ';
    match (line.iter().position(is_space), line.iter().rposition(is_space)) {
        (Some(first), Some(last)) if first < last => {
            let target = target::encode_raw_bytes(&line[first + 1..last]);
            Cow::Owned([&head[..=first], &target, &head[last..]].concat())
        }
        _ => Cow::Borrowed(head),
    }
}

/// The line `METHOD SP TARGET SP VERSION` (RFC 9112, section 3), with one space each and none at the ends.
#[derive(Clone, Copy)]
pub(super) struct RequestLine<'b> {
    whole: &'b str,
    method: &'b str,
    target: &'b str,
    request_version: &'b str,
    version: Version,
}

impl<'b> RequestLine<'b> {
    fn parse(line: &'b [u8]) -> Result<Self, Refusal> {
        let whole = str::from_utf8(line).map_err(|_| NOT_ASCII)?;
        let is_space = |byte: &u8| *byte == b' ';
        let last = line.iter().rposition(is_space).ok_or(NOT_A_REQUEST_LINE)?;
        // The version first, so that a line of another protocol gets a 505, whatever else is odd about it.
        let version = Version::of_request(&line[last + 1..])?;
        let first = line[..last].iter().position(is_space).ok_or(NOT_A_REQUEST_LINE)?;
        if !is_token(&line[..first]) {
            return Err(NOT_A_REQUEST_LINE);
        }
        Ok(Self::of_parts(whole, first, last - first - 1, version))
    }

    /// Makes a line from the lengths of its method and target, which the tokenizer has found.
    pub(super) fn of_parts(whole: &'b str, method_len: usize, target_len: usize, version: Version) -> Self {
        let (method, rest) = whole.split_at(method_len);
        let (target, request_version) = rest[1..].split_at(target_len);
        Self { whole, method, target, request_version: &request_version[1..], version }
    }
}

/// Decides what the head means, once its syntax is right.
pub(super) fn understand<'b>(
    line: RequestLine<'b>,
    fields: &[Field<'b>],
    served: Option<Scheme>,
) -> Result<Head<'b>, Refusal> {
    let RequestLine { whole, method, target, request_version, version } = line;
    let target = Target::parse(method, target)?;
    let known = Known::of(fields)?;
    let authority = target::authority(known.host, &target, version)?;
    served.map_or(Ok(()), |served| target.check_scheme(served))?;
    let body = framing::request_body(method, version, known.content_length, known.transfer_encoding)?;
    // A client that waits without a body to send would never be answered by a read.
    let expects_continue = known.expects_continue(version)? && !body.is_empty();
    Ok(Head {
        method,
        target,
        request_version,
        version,
        requestline: whole,
        authority,
        body,
        connection: known.connection,
        expects_continue,
    })
}

const NOT_A_REQUEST_LINE: Refusal =
    Refusal::bad_request("the request line is not METHOD TARGET HTTP/1.1 with one space between");
const NOT_ASCII: Refusal = Refusal::bad_request("the request line holds raw bytes above ascii: percent-encode them");
