//! Decides which body follows a head, and its length. The bytes of the body are read in `body` and `chunked`.
//!
//! | head says                                         | body                        |
//! |---------------------------------------------------|-----------------------------|
//! | neither of the two                                | none                        |
//! | Content-Length: n, one plain number               | exactly n bytes             |
//! | Content-Length: anything else, a list of equals too (*) | refuse, 400           |
//! | Transfer-Encoding: chunked                        | chunked                     |
//! | Transfer-Encoding: other, chunked                 | refuse, 501                 |
//! | Transfer-Encoding: chunked twice or not last      | refuse, 400                 |
//! | Transfer-Encoding in HTTP/1.0 (*)                 | refuse, 400                 |
//! | both (*)                                          | refuse, 400                 |
//! | either twice (*), see `head/framing_fields.rs`    | refuse, 400                 |
//! | either with CONNECT (*), a body with TRACE        | refuse, 400                 |
//!
//! RFC 9112, sections 6.1 to 6.3; RFC 9110, sections 9.3.6 and 9.3.8. GET, HEAD and DELETE are framed like any other
//! method. (*) Stricter than the RFC asks. Honest clients never send these, and requests are smuggled with them.

use super::{
    field::{is_token, trim_whitespace},
    refusal::Refusal,
    version::Version,
};

/// The body that follows a request head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestBody {
    /// No body.
    None,
    /// Exactly this number of bytes, perhaps zero.
    Sized(u64),
    /// Chunks, and a trailer section at their end.
    Chunked,
}

impl RequestBody {
    /// Returns whether it is known before reading that no content comes.
    pub(crate) const fn is_empty(self) -> bool {
        matches!(self, Self::None | Self::Sized(0))
    }
}

/// Decides on the body from the values of the two fields.
pub(crate) fn request_body(
    method: &str,
    version: Version,
    content_length: Option<&[u8]>,
    transfer_encoding: Option<&[u8]>,
) -> Result<RequestBody, Refusal> {
    let body = match (content_length, transfer_encoding) {
        (None, None) => return Ok(RequestBody::None),
        (Some(_), Some(_)) => return Err(LENGTH_AND_CODING),
        (Some(length), None) => RequestBody::Sized(number(length)?),
        (None, Some(_)) if version == Version::Http10 => return Err(CODING_IN_HTTP_10),
        (None, Some(codings)) => {
            check_codings(codings)?;
            RequestBody::Chunked
        }
    };
    match method {
        "CONNECT" => Err(CONNECT_WITH_BODY),
        "TRACE" if !body.is_empty() => Err(TRACE_WITH_BODY),
        _ => Ok(body),
    }
}

/// Reads `1*DIGIT` and nothing else: no sign, no space, no list.
fn number(digits: &[u8]) -> Result<u64, Refusal> {
    if digits.is_empty() {
        return Err(NOT_A_LENGTH);
    }
    let mut length: u64 = 0;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0')).ok_or(NOT_A_LENGTH)?;
        length = length.checked_mul(10).and_then(|length| length.checked_add(digit)).ok_or(LENGTH_TOO_LARGE)?;
    }
    Ok(length)
}

/// Accepts `chunked` alone. The rest only finds out which status the standard names.
fn check_codings(value: &[u8]) -> Result<(), Refusal> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let mut codings = value.split(|byte| *byte == b',').map(trim_whitespace);
    let last = codings.next_back().unwrap_or_default();
    if !is_chunked(last) {
        return Err(NOT_CHUNKED_LAST);
    }
    // The grammar of other codings' parameters is unknown here, but each must begin with a token.
    match codings.find(|coding| is_chunked(coding) || !begins_with_token(coding)) {
        Some(_) => Err(NOT_CHUNKED_LAST),
        None => Err(UNKNOWN_CODING),
    }
}

fn begins_with_token(coding: &[u8]) -> bool {
    is_token(trim_whitespace(coding.split(|byte| *byte == b';').next().unwrap_or_default()))
}

const NOT_A_LENGTH: Refusal = Refusal::bad_request("content-length is not one plain number");
const LENGTH_TOO_LARGE: Refusal = Refusal::bad_request("content-length is a number beyond 64 bits");
const LENGTH_AND_CODING: Refusal =
    Refusal::bad_request("there is both content-length and transfer-encoding: send one of them");
const CODING_IN_HTTP_10: Refusal = Refusal::bad_request("transfer-encoding in an HTTP/1.0 request");
const NOT_CHUNKED_LAST: Refusal = Refusal::bad_request("transfer-encoding is not chunked, once and last");
const UNKNOWN_CODING: Refusal = Refusal::new(501, "the only transfer coding known here is chunked");
const CONNECT_WITH_BODY: Refusal = Refusal::bad_request("a CONNECT request has no body: leave out its framing fields");
const TRACE_WITH_BODY: Refusal = Refusal::bad_request("a TRACE request has no body");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_methods_have_no_body() {
        let table = [
            ("CONNECT", None, None, Ok(RequestBody::None), "nothing is announced"),
            ("CONNECT", Some("0"), None, Err(400), "even a body of nothing"),
            ("CONNECT", None, Some("chunked"), Err(400), "chunks"),
            ("CONNECT", Some("x"), None, Err(400), "not even a number"),
            ("TRACE", Some("1"), None, Err(400), "a body"),
            ("TRACE", None, Some("chunked"), Err(400), "chunks"),
            ("TRACE", Some("0"), None, Ok(RequestBody::Sized(0)), "no content"),
            ("trace", Some("1"), None, Ok(RequestBody::Sized(1)), "methods are case-sensitive"),
        ];
        for (method, length, codings, expected, why) in table {
            let (length, codings) = (length.map(str::as_bytes), codings.map(str::as_bytes));
            let body = request_body(method, Version::Http11, length, codings).map_err(|refusal| refusal.status);
            assert_eq!(body, expected, "{method}: {why}");
        }
    }

    #[test]
    fn codings_before_chunked_are_unknown_and_after_it_wrong() {
        let table: [(&[u8], Result<RequestBody, u16>, &str); 10] = [
            (b"chunked", Ok(RequestBody::Chunked), "the one that we know"),
            (b"CHUNKED", Ok(RequestBody::Chunked), "no case"),
            (b"gzip, chunked", Err(501), "another coding first"),
            (b"gzip;q=1 ,\tdeflate,chunked", Err(501), "two other codings first"),
            (b"g(zip, chunked", Err(400), "no coding at all"),
            (b", chunked", Err(400), "an empty member"),
            (b"chunked, gzip, chunked", Err(400), "twice"),
            (b"chunked chunked", Err(400), "no comma"),
            (b"chunked, identity", Err(400), "not last"),
            (b"", Err(400), "empty"),
        ];
        for (codings, expected, why) in table {
            let body = request_body("POST", Version::Http11, None, Some(codings)).map_err(|refusal| refusal.status);
            assert_eq!(body, expected, "{why}");
        }
    }

    #[test]
    fn a_length_is_digits_only_and_fits_64_bits() {
        for n in [0, 1, 10, u64::MAX] {
            assert_eq!(number(n.to_string().as_bytes()), Ok(n));
        }
        assert_eq!(number(b"00000000000000000000000000000000000042"), Ok(42), "leading zeros change nothing");
        for bad in ["", " 1", "1 ", "+1", "1,1", "1e3", "0x1", "18446744073709551616", "99999999999999999999999"] {
            assert_eq!(number(bad.as_bytes()).map_err(|refusal| refusal.status), Err(400), "{bad:?}");
        }
    }
}
