//! Products for the `Server` field (RFC 9110, section 10.2.4), joined at compile time.

/// The `server_version` of Python's `http.server`, with our version.
pub const SERVER_VERSION: &str = concat!("BaseHTTP/", env!("CARGO_PKG_VERSION"));

/// The `sys_version` of Python's `http.server`. Here it names the compiler.
pub const SYS_VERSION: &str = env!("BASEHTTP_SYS_VERSION");

/// Both products, which a handler without arguments sends.
pub(crate) const VERSION_STRING: &str = {
    const WORDS: Words = Words(SERVER_VERSION, SYS_VERSION);
    const JOINED: [u8; WORDS.joined_len()] = WORDS.join();
    utf8(&JOINED)
};

/// Two words to join with a space at compile time.
#[derive(Debug)]
pub struct Words(pub &'static str, pub &'static str);

impl Words {
    /// Returns the length of the joined text.
    pub const fn joined_len(&self) -> usize {
        if self.1.is_empty() { self.0.len() } else { self.0.len() + 1 + self.1.len() }
    }

    /// Joins the words. `N` is [`joined_len`](Self::joined_len).
    pub const fn join<const N: usize>(&self) -> [u8; N] {
        let mut joined = [b' '; N];
        let (first, rest) = joined.split_at_mut(self.0.len());
        first.copy_from_slice(self.0.as_bytes());
        if let Some((_, second)) = rest.split_first_mut() {
            second.copy_from_slice(self.1.as_bytes());
        }
        joined
    }
}

/// Returns the text of bytes that were joined from texts.
///
/// # Panics
/// At compile time, for other bytes.
pub const fn utf8(bytes: &'static [u8]) -> &'static str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("two texts joined by a space are a text"),
    }
}
