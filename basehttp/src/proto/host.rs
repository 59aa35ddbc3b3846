//! The grammar of host and port, in the Host field and in a target's authority. `target` compares the two.
//!
//! RFC 3986, section 3.2.2. Stricter than the RFC: a name has no comma (it could be two Hosts that a proxy merged into
//! a list), and an IPv6 address has no zone.

use core::net::Ipv6Addr;

use super::{
    field::{byte_set, span},
    refusal::Refusal,
};

/// A host with or without a port, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'b> {
    /// A name, an IPv4 address, or an IP literal with its brackets. Empty only if the text is empty or a port alone.
    pub host: &'b [u8],
    /// The port, if it has digits.
    pub port: Option<u16>,
}

impl<'b> Authority<'b> {
    /// Reads `uri-host [":" port]`. The port's digits may be missing, as RFC 3986 has it.
    pub(crate) fn parse(text: &'b [u8]) -> Result<Self, Refusal> {
        let (host, rest) = text.split_at(host_len(text).ok_or(NOT_A_HOST)?);
        match rest {
            [] => Ok(Self { host, port: None }),
            [b':', digits @ ..] => Ok(Self { host, port: port(digits)? }),
            _ => Err(NOT_A_HOST),
        }
    }

    pub(crate) fn is_same(&self, other: &Self, default_port: u16) -> bool {
        let port = |authority: &Self| authority.port.unwrap_or(default_port);
        self.host.eq_ignore_ascii_case(other.host) && port(self) == port(other)
    }
}

/// Returns the host of an authority that [`Authority::parse`] has taken before. Only a port can stand behind it, so
/// that the end is enough to find it.
pub(crate) fn host_of_checked(authority: &[u8]) -> &[u8] {
    let mut rest = authority;
    while let [before @ .., b'0'..=b'9'] = rest {
        rest = before;
    }
    rest.strip_suffix(b":").unwrap_or(authority)
}

/// Returns the length of the host at the start of the text, or `None` if a bracket does not begin an IP literal.
fn host_len(text: &[u8]) -> Option<usize> {
    let [b'[', inner @ ..] = text else {
        return Some(reg_name_len(text));
    };
    let close = inner.iter().position(|byte| *byte == b']')?;
    is_ip_literal(&inner[..close]).then_some(close + 2)
}

/// Returns the length of the `reg-name` of RFC 3986, without the comma, at the start of the text. An IPv4 address is
/// one too.
fn reg_name_len(text: &[u8]) -> usize {
    let mut len = 0;
    loop {
        len += span(&text[len..], &NAME_BYTES);
        match &text[len..] {
            [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => len += 3,
            _ => return len,
        }
    }
}

/// Returns the length of the start of the text that is a host by itself and a token (RFC 9110, section 5.6.2), too. It
/// is 0 if there is none.
pub(crate) fn plain_name_len(text: &[u8]) -> usize {
    span(text, &PLAIN_NAME_BYTES)
}

fn port(digits: &[u8]) -> Result<Option<u16>, Refusal> {
    if digits.is_empty() {
        return Ok(None);
    }
    let mut port: u16 = 0;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| u16::from(byte - b'0')).ok_or(NOT_A_PORT)?;
        port = port.checked_mul(10).and_then(|port| port.checked_add(digit)).ok_or(NOT_A_PORT)?;
    }
    Ok(Some(port))
}

/// Matches `IPv6address` or `IPvFuture`, without the brackets.
fn is_ip_literal(inner: &[u8]) -> bool {
    match inner {
        [b'v' | b'V', future @ ..] => is_ip_future(future),
        _ => str::from_utf8(inner).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
    }
}

/// Matches `1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
fn is_ip_future(text: &[u8]) -> bool {
    let Some(dot) = text.iter().position(|byte| *byte == b'.') else {
        return false;
    };
    let (version, address) = (&text[..dot], &text[dot + 1..]);
    let is_part = |byte: &u8| *byte == b':' || NAME_BYTES[usize::from(*byte)];
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(is_part)
}

/// The bytes of unreserved and sub-delims (RFC 3986, section 2), without the comma.
const NAME_BYTES: [bool; 256] = byte_set(b"-._~!$&'()*+;=");

/// Those of [`NAME_BYTES`] that may stand in a token.
const PLAIN_NAME_BYTES: [bool; 256] = byte_set(b"-._~!$&'*+");

pub(crate) const NOT_A_HOST: Refusal = Refusal::bad_request("the host is not a name or address with an optional port");
const NOT_A_PORT: Refusal = Refusal::bad_request("the port of the host is not a number up to 65535");

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Result<(&str, Option<u16>), u16> {
        let parsed = Authority::parse(text.as_bytes()).map_err(|refusal| refusal.status)?;
        Ok((str::from_utf8(parsed.host).expect("a part of a str"), parsed.port))
    }

    #[test]
    fn names_addresses_and_ports_are_told_apart() {
        let table = [
            ("example.org", "example.org", None),
            ("example.org:8080", "example.org", Some(8080)),
            ("example.org:", "example.org", None),
            ("a:0", "a", Some(0)),
            ("a:00080", "a", Some(80)),
            ("a:65535", "a", Some(65535)),
            ("localhost.", "localhost.", None),
            ("under_score", "under_score", None),
            ("127.0.0.1:80", "127.0.0.1", Some(80)),
            ("999.0.0.1", "999.0.0.1", None),
            ("xn--caf-dma.example", "xn--caf-dma.example", None),
            ("a%20b%C3%A9:1", "a%20b%C3%A9", Some(1)),
            ("a!$&'()*+;=~-b", "a!$&'()*+;=~-b", None),
            ("[::1]", "[::1]", None),
            ("[::1]:443", "[::1]", Some(443)),
            ("[2001:DB8::ff:192.0.2.1]:1", "[2001:DB8::ff:192.0.2.1]", Some(1)),
            ("[v1.a:b]", "[v1.a:b]", None),
            ("", "", None),
            (":80", "", Some(80)),
        ];
        for (text, host, port) in table {
            assert_eq!(parts(text), Ok((host, port)), "{text}");
            assert_eq!(host_of_checked(text.as_bytes()), host.as_bytes(), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let table = [
            ("a b", "a space"),
            (" ", "a space"),
            ("a\tb", "a tab"),
            ("u@a", "user information"),
            ("u:p@a", "user information"),
            ("a/", "a path"),
            ("a?b", "a query"),
            ("a#b", "a fragment"),
            ("a\\b", "a backslash"),
            ("http://a", "a URI"),
            ("//a", "slashes"),
            ("a,b", "a list"),
            ("a:80,b:80", "a list"),
            ("a:+80", "a sign in the port"),
            ("a:-1", "a sign in the port"),
            ("a:8x", "a letter in the port"),
            ("a: 80", "a space in the port"),
            ("a:65536", "a port beyond 65535"),
            ("a:99999999999999999999", "a port beyond everything"),
            ("a:80:80", "two ports"),
            ("::1", "an IPv6 address without brackets"),
            ("[::1", "an open bracket"),
            ("::1]", "a bracket that closes nothing"),
            ("[]", "empty brackets"),
            ("[a]", "a name in brackets"),
            ("[127.0.0.1]", "IPv4 in brackets"),
            ("[::1]a", "something after the bracket"),
            ("[::1]80", "no colon before the port"),
            ("[[::1]]", "two brackets"),
            ("a[::1]", "brackets after a name"),
            ("[::1%eth0]", "a zone"),
            ("[::1%25eth0]", "a zone"),
            ("[1::2::3]", "two gaps"),
            ("[12345::]", "five digits"),
            ("[v.a]", "IPvFuture without a version"),
            ("[v1.]", "IPvFuture without an address"),
            ("[v1]", "IPvFuture without a dot"),
            ("[vg.a]", "IPvFuture with a version that is no number"),
            ("a%", "a percent sign alone"),
            ("a%2", "half a triplet"),
            ("a%zz", "no hexadecimal digits"),
            ("a|b", "a character that URIs do not have"),
            ("\"a\"", "quotes"),
            ("<a>", "angle brackets"),
            ("a\0", "NUL"),
            ("a\x7f", "DEL"),
            ("caf\u{e9}", "raw bytes"),
        ];
        for (text, why) in table {
            assert_eq!(parts(text), Err(400), "{text:?}: {why}");
        }
    }
}
