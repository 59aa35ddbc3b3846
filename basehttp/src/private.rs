//! What the expansion of `#[http_handler]` names: nothing here is for anybody else, and it changes without notice.

pub use std::borrow::Cow;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result;
pub use std::string::String;
pub use std::time::SystemTime;
pub use std::{fmt, io};

pub use crate::conn::{Address, Exchange, HandlerError, IntoOutcome, Outcome, Overrides};
pub use crate::proto::{Headers, RESPONSES, Responses, Version, merge, merged_len};
pub use crate::server::{BaseHTTPRequestHandler, MessageClass};

/// The original's `server_version`.
pub const SERVER_VERSION: &str = concat!("BaseHTTP/", env!("CARGO_PKG_VERSION"));

/// The original's `sys_version`: the compiler.
pub const SYS_VERSION: &str = env!("BASEHTTP_SYS_VERSION");

/// What a `do_*` method returned.
pub fn outcome(value: impl IntoOutcome) -> Outcome {
    value.into_outcome()
}

/// The derived answer to OPTIONS (RFC 9110, section 9.3.7).
pub fn allow<M>(ex: &mut Exchange<'_, M>, methods: &[&str]) -> Outcome {
    ex.send_response(204).send_header("Allow", methods.join(", ")).end_headers()?;
    Ok(())
}

/// `"Hello/1.0"` becomes `"Hello/1.0 Rust/1.95.0"`; an empty second argument leaves the second word out.
#[macro_export]
#[doc(hidden)]
macro_rules! __version_string {
    ($server_version:expr) => {
        $crate::__private::version_string!($server_version, $crate::__private::SYS_VERSION)
    };
    ($server_version:expr, $sys_version:expr) => {{
        const WORDS: $crate::__private::Words = $crate::__private::Words($server_version, $sys_version);
        const JOINED: [u8; WORDS.joined_len()] = WORDS.join();
        $crate::__private::utf8(&JOINED)
    }};
}

/// The `responses` map with additions, as a sorted slice.
#[macro_export]
#[doc(hidden)]
macro_rules! __responses {
    () => { $crate::__private::RESPONSES };
    ($($code:literal: ($phrase:expr, $explain:expr)),+ $(,)?) => {{
        const ADDED: $crate::__private::Responses = &[$(($code, $phrase, $explain)),+];
        const BASE: $crate::__private::Responses = $crate::__private::RESPONSES;
        const MERGED: [(u16, &str, &str); $crate::__private::merged_len(BASE, ADDED)] =
            $crate::__private::merge(BASE, ADDED);
        &MERGED
    }};
}

pub use crate::{__responses as responses, __version_string as version_string};

/// Two words, to be joined by a blank at compile time.
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
pub const fn utf8(bytes: &'static [u8]) -> &'static str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("two texts joined by a blank are a text"),
    }
}
