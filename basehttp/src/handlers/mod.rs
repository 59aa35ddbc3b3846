//! Handlers that come with the library. They are written as users write theirs, with `#[http_handler]` and the public
//! API alone. `tests/layering/main.rs` checks that.

#[cfg(feature = "cgi")]
pub(crate) mod cgi;
#[cfg(feature = "files")]
pub(crate) mod simple;

/// Returns true for a token, which every field name is (RFC 9110, section 5.6.2).
#[cfg(feature = "files")]
fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token_byte)
}
