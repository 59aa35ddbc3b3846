//! Bodies of several parts, as forms with files have them: the lines between the parts, and the head of a part. The
//! bytes are read in `exchange/multipart`.
//!
//! ```text
//! [preamble CRLF] --boundary CRLF
//! fields CRLF CRLF content CRLF --boundary CRLF
//! fields CRLF CRLF content CRLF --boundary--
//! [CRLF epilogue]
//! ```
//!
//! RFC 7578, and RFC 2046, section 5.1.1 for the grammar. `fuzzing/multipart_form` reads it once more, line by line. If
//! you change what is taken here, also look there.

mod boundary;
mod disposition;

#[cfg(any(test, fuzzing))]
pub(crate) use self::boundary::MAX_PADDING;
pub(crate) use self::boundary::{Boundary, Scanned};
pub(crate) use self::disposition::Disposition;
