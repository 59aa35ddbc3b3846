//! The request head: its end (`scan`), its fields (`fields`), and its meaning (`parse`).
//!
//! `fast_path` reads the usual head, which arrives in one piece, in one pass. For all other heads, `scan` runs on every
//! arrival of bytes and looks at each byte once. Then `parse` runs on the complete head; it may run again on the same
//! bytes after they have moved.
//!
//! Only this directory decides what a head means to the server. Nothing above reads `Content-Length`,
//! `Transfer-Encoding`, `Connection`, `Expect` or `Host` again.

mod fast_path;
mod fields;
mod framing_fields;
mod parse;
mod scan;
#[cfg(test)]
mod tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod twin;
#[cfg(test)]
mod twin_tests;

pub(crate) use fast_path::parse_whole;
pub use fields::Field;
pub(crate) use fields::FieldBuffer;
pub(crate) use framing_fields::ConnectionOptions;
pub(crate) use parse::{Head, fields_of_refused, parse, with_ascii_target};
pub(crate) use scan::{HeadScanner, is_request_line, is_tls, request_line};
