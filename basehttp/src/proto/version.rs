//! The protocol version that a request names, and the version that it is served with.
//!
//! | text                   | taken as            |
//! |------------------------|---------------------|
//! | HTTP/1.0               | 1.0                 |
//! | HTTP/1.1 to HTTP/1.9   | 1.1                 |
//! | another digit first    | 505                 |
//! | anything else          | 400                 |
//!
//! RFC 9112, section 2.3: the name is case-sensitive, then come exactly one digit, a dot and one digit. A minor version
//! above ours is served as our highest (RFC 9110, section 2.5).

use std::fmt;

use super::refusal::Refusal;

/// The HTTP versions that this server speaks, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// One request per connection, unless both sides ask for more. No chunked coding.
    Http10,
    /// Connections stay open unless one side says `close`.
    Http11,
}

impl Version {
    /// Returns the version as it stands in a status line: `HTTP/1.0` or `HTTP/1.1`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        }
    }

    /// Returns the version to serve a request with that names this one.
    pub(crate) fn of_request(text: &[u8]) -> Result<Self, Refusal> {
        match text {
            b"HTTP/1.0" => Ok(Self::Http10),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Self::Http11),
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(MAJOR_UNKNOWN),
            _ => Err(NO_VERSION),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const MAJOR_UNKNOWN: Refusal = Refusal::new(505, "this server speaks HTTP/1.0 and HTTP/1.1");
const NO_VERSION: Refusal =
    Refusal::bad_request("the request line does not end in an http version: write METHOD TARGET HTTP/1.1");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_digit_on_each_side_of_the_dot_is_a_version() {
        let table: [(&str, Result<Version, u16>, &str); 17] = [
            ("HTTP/1.0", Ok(Version::Http10), "ours"),
            ("HTTP/1.1", Ok(Version::Http11), "ours"),
            ("HTTP/1.2", Ok(Version::Http11), "a higher minor is served as our highest"),
            ("HTTP/1.9", Ok(Version::Http11), "a higher minor is served as our highest"),
            ("HTTP/0.9", Err(505), "another major"),
            ("HTTP/2.0", Err(505), "another major"),
            ("HTTP/3.0", Err(505), "another major"),
            ("HTTP/2", Err(400), "no minor"),
            ("HTTP/1.", Err(400), "no minor"),
            ("HTTP/1.10", Err(400), "two digits"),
            ("HTTP/01.1", Err(400), "two digits"),
            ("http/1.1", Err(400), "the name is case-sensitive"),
            ("HTTP/1,1", Err(400), "no dot"),
            ("HTTP/1.x", Err(400), "no digit"),
            ("HTTPS/1.1", Err(400), "another name"),
            ("HTTP /1.1", Err(400), "a space"),
            ("", Err(400), "nothing"),
        ];
        for (text, expected, why) in table {
            assert_eq!(Version::of_request(text.as_bytes()).map_err(|r| r.status), expected, "{text:?}: {why}");
        }
    }

    #[test]
    fn versions_are_ordered_so_that_the_lower_of_two_is_min() {
        assert_eq!(Version::Http11.min(Version::Http10), Version::Http10);
        assert_eq!(Version::Http10.to_string(), "HTTP/1.0");
    }
}
