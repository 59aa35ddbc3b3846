//! Sizes and counts of what a client may send before it is refused. Deadlines, and what is drained of an unread body,
//! belong to the floors above.
//!
//! A constant is the default of the limit of that name, and stands here alone. The builder's documentation and
//! `SECURITY.md` quote it, and `tests/server/security_limits.rs` compares them.

/// Longer than any registered method (`UPDATEREDIRECTREF`, 17) with room for invented ones.
const MAX_METHOD_BYTES: usize = 64;
/// RFC 9112, section 3 recommends at least 8,000. Browsers and proxies stop between 8 and 64 KiB.
pub(crate) const MAX_REQUEST_LINE_BYTES: usize = 16 * 1024;
/// Room for a Kerberos ticket or a large cookie, both seen at 16 KiB and above.
const MAX_FIELD_LINE_BYTES: usize = 32 * 1024;
/// Memory that one connection can make the server hold before anything is known about it.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Python's number. Browsers send about 20, and a chain of proxies adds a dozen.
const MAX_FIELDS: usize = 100;
/// RFC 9112, section 2.2 asks for tolerance of "at least one". Old clients end a body with one.
const MAX_EMPTY_LINES: usize = 8;
/// Extensions have no use except to make a server read for ever (CVE-2023-39326).
const MAX_CHUNK_EXTENSION_BYTES: usize = 16 * 1024;
/// Trailers stay in memory until the handler has ended.
const MAX_TRAILER_BYTES: usize = 16 * 1024;

/// Upper bounds on what a client may send, each counted without its CRLF unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Limits {
    /// Bytes of the method. Longer: 501, since no such method can exist (RFC 9110, section 15.6.2).
    pub max_method_bytes: usize,
    /// Bytes of the request line. Longer: 414 (RFC 9112, section 3).
    pub max_request_line_bytes: usize,
    /// Bytes of one field line. Longer: 431 (RFC 6585, section 5).
    pub max_field_line_bytes: usize,
    /// Bytes of the whole head, every CRLF included. Longer: 431 (RFC 6585, section 5).
    pub max_head_bytes: usize,
    /// Field lines in a head, and again in a trailer section. More: 431 in a head, 400 in a trailer section.
    pub max_fields: usize,
    /// Empty lines before a request line. More: 400 (RFC 9112, section 2.2).
    pub max_empty_lines: usize,
    /// Bytes of chunk extensions in one body, all chunks together. More: 400 (RFC 9112, section 7.1.1).
    pub max_chunk_extension_bytes: usize,
    /// Bytes of the trailer section of one body. More: 400.
    pub max_trailer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_method_bytes: MAX_METHOD_BYTES,
            max_request_line_bytes: MAX_REQUEST_LINE_BYTES,
            max_field_line_bytes: MAX_FIELD_LINE_BYTES,
            max_head_bytes: MAX_HEAD_BYTES,
            max_fields: MAX_FIELDS,
            max_empty_lines: MAX_EMPTY_LINES,
            max_chunk_extension_bytes: MAX_CHUNK_EXTENSION_BYTES,
            max_trailer_bytes: MAX_TRAILER_BYTES,
        }
    }
}
