//! Handlers that come with the library. They are written as users write theirs: with `#[http_handler]` and the public
//! API alone, which `tests/layering.rs` holds.

#[cfg(feature = "cgi")]
pub mod cgi;
#[cfg(feature = "files")]
pub mod simple;
