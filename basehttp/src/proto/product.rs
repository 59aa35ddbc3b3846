//! The products that the `Server` field names (RFC 9110, section 10.2.4), joined at compile time.

/// The original's `server_version`.
pub const SERVER_VERSION: &str = concat!("BaseHTTP/", env!("CARGO_PKG_VERSION"));

/// The original's `sys_version`: the compiler.
pub const SYS_VERSION: &str = env!("BASEHTTP_SYS_VERSION");

/// Both: what a handler without arguments says.
pub(crate) const VERSION_STRING: &str = {
    const WORDS: Words = Words(SERVER_VERSION, SYS_VERSION);
    const JOINED: [u8; WORDS.joined_len()] = WORDS.join();
    utf8(&JOINED)
};

/// Two words, to be joined by a space at compile time.
pub struct Words(pub &'static str, pub &'static str);

impl Words {
    /// Bytes of the joined text.
    pub const fn joined_len(&self) -> usize {
        if self.1.is_empty() { self.0.len() } else { self.0.len() + 1 + self.1.len() }
    }

    /// The joined text; `N` is [`joined_len`](Self::joined_len).
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

/// The text of bytes that were joined from texts.
///
/// # Panics
/// At compile time, for bytes that were not.
pub const fn utf8(bytes: &'static [u8]) -> &'static str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("two texts joined by a space are a text"),
    }
}
