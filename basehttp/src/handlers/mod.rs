//! Handlers that come with the library. They are written as users write theirs: with `#[http_handler]` and the public
//! API alone, which `tests/layering.rs` holds.

#[cfg(feature = "cgi")]
pub mod cgi;
#[cfg(feature = "files")]
pub mod simple;

/// Whether this is a token, as names of fields are (RFC 9110, section 5.6.2).
#[cfg(feature = "files")]
fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token_byte)
}
