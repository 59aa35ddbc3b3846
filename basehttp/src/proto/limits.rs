//! How much of everything a client may send before it is refused. Sizes only: deadlines and what is drained of an
//! unread body belong to the floors above.
//!
//! | what                             | default          | beyond it |
//! |----------------------------------|------------------|-----------|
//! | method                           | 64 bytes         | 501       |
//! | request line                     | 16 KiB           | 414       |
//! | field line, whole head, fields   | 32 KiB, 64 KiB, 100 | 431    |
//! | empty lines before a request     | 8                | 400       |
//! | chunk extensions, trailers       | 16 KiB each      | 400       |

/// Bytes. Longer than any registered method (`UPDATEREDIRECTREF`, 17) with room for invented ones.
pub const MAX_METHOD_BYTES: usize = 64;
/// Bytes. RFC 9112, section 3 recommends at least 8,000; browsers and proxies stop between 8 and 64 KiB.
pub const MAX_REQUEST_LINE_BYTES: usize = 16 * 1024;
/// Bytes. Room for a Kerberos ticket or a large cookie, both seen at 16 KiB and above.
pub const MAX_FIELD_LINE_BYTES: usize = 32 * 1024;
/// Bytes. What one connection can make the server hold before anything is known about it.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Fields. Python's number; browsers send about 20, a chain of proxies adds a dozen.
pub const MAX_FIELDS: usize = 100;
/// Lines. RFC 9112, section 2.2 asks for tolerance of "at least one"; old clients end a body with one.
pub const MAX_EMPTY_LINES: usize = 8;
/// Bytes in one body. Nobody uses extensions but to make a server read for ever (CVE-2023-39326).
pub const MAX_CHUNK_EXTENSION_BYTES: usize = 16 * 1024;
/// Bytes in one body. Trailers are kept in memory until the handler has ended.
pub const MAX_TRAILER_BYTES: usize = 16 * 1024;

/// Upper bounds on what a client may send, each counted without its CRLF unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the method. Default 64. Longer: 501, since no such method can exist (RFC 9110, section 15.6.2).
    pub max_method_bytes: usize,
    /// Bytes of the request line. Default 16 KiB. Longer: 414 (RFC 9112, section 3).
    pub max_request_line_bytes: usize,
    /// Bytes of one field line. Default 32 KiB. Longer: 431 (RFC 6585, section 5).
    pub max_field_line_bytes: usize,
    /// Bytes of the whole head, every CRLF included. Default 64 KiB. Longer: 431 (RFC 6585, section 5).
    pub max_head_bytes: usize,
    /// Field lines in a head, and again in a trailer section. Default 100. More: 431 in a head, 400 in a trailer
    /// section.
    pub max_fields: usize,
    /// Empty lines before a request line. Default 8. More: 400 (RFC 9112, section 2.2).
    pub max_empty_lines: usize,
    /// Bytes of chunk extensions in one body, all chunks together. Default 16 KiB. More: 400 (RFC 9112, section 7.1.1).
    pub max_chunk_extension_bytes: usize,
    /// Bytes of the trailer section of one body. Default 16 KiB. More: 400.
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
