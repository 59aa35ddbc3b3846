//! The address of a node, as proxies write it.
//!
//! | text                            | node                                   |
//! |---------------------------------|----------------------------------------|
//! | `192.0.2.7`, `192.0.2.7:4711`   | that address                           |
//! | `[2001:db8::7]:4711`            | that address                           |
//! | `2001:db8::7`                   | that address                           |
//! | `unknown`, `_hidden`            | one whose address is not told          |
//! | anything else                   | the same                               |

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::network::NetworkNode;

/// The client's address by the word of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAddress {
    /// This one, in canonical form. The port is 0 if the proxy does not tell it.
    Known(SocketAddr),
    /// The proxy does not tell it, or does not know it.
    Hidden,
}

impl ClientAddress {
    /// Reads a node without space around it.
    pub(super) fn of(text: &[u8]) -> Self {
        node_address(text).map_or(ClientAddress::Hidden, ClientAddress::Known)
    }

    pub(super) fn node(self) -> NetworkNode {
        match self {
            ClientAddress::Known(address) => NetworkNode::Ip(address.ip()),
            ClientAddress::Hidden => NetworkNode::Unknown,
        }
    }
}

/// Returns the address of a node, with the port 0 if the text has none. `None` if the text does not tell an address.
///
/// There is no space around it. The brackets of an IPv6 address may be missing where no port follows, as
/// `X-Forwarded-For` has it.
pub(crate) fn node_address(text: &[u8]) -> Option<SocketAddr> {
    let (ip, rest) = ipv4(text).map(|(ip, rest)| (IpAddr::V4(ip), rest)).or_else(|| ipv6(text))?;
    let port = match rest {
        [] => 0,
        // The proxy may hide the port alone (RFC 7239, section 6.3). A comma would be the end of a list's member.
        [b':', b'_', hidden @ ..] if hidden.iter().copied().all(is_hidden_byte) => 0,
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => str::from_utf8(digits).ok()?.parse().ok()?,
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

const fn is_hidden_byte(byte: u8) -> bool {
    matches!(byte, b'.' | b'_' | b'-') || byte.is_ascii_alphanumeric()
}

/// Reads a text that is an IPv4 address and nothing else.
pub(super) fn whole_ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    if text.len() > MAX_IPV4_LEN {
        return None;
    }
    ipv4(text).filter(|(_, rest)| rest.is_empty()).map(|(ip, _)| ip)
}

/// Length of `255.255.255.255`.
const MAX_IPV4_LEN: usize = 15;

/// Reads an address at the start of the text, and returns the text behind it. It takes what `Ipv4Addr::from_str` takes,
/// in a third of the instructions.
// Always, since the two usual callers know what follows.
#[allow(clippy::inline_always)]
#[inline(always)]
pub(super) fn ipv4(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let (a, text) = octet(text)?;
    let (b, text) = octet(text.strip_prefix(b".")?)?;
    let (c, text) = octet(text.strip_prefix(b".")?)?;
    let (d, text) = octet(text.strip_prefix(b".")?)?;
    Some((Ipv4Addr::from_bits(a << 24 | b << 16 | c << 8 | d), text))
}

/// Reads up to three digits without a leading zero, and returns the text behind them. A fourth one is left, and wrong
/// in what follows.
fn octet(text: &[u8]) -> Option<(u32, &[u8])> {
    let number = |digit: &u8| u32::from(*digit - b'0');
    let [first @ b'0'..=b'9', rest @ ..] = text else { return None };
    let first = number(first);
    let [second @ b'0'..=b'9', rest @ ..] = rest else { return Some((first, rest)) };
    if first == 0 {
        return None;
    }
    let two = first * 10 + number(second);
    let [third @ b'0'..=b'9', rest @ ..] = rest else { return Some((two, rest)) };
    let octet = two * 10 + number(third);
    (octet < 256).then_some((octet, rest))
}

/// Reads an IPv6 address in brackets, or one that is the whole text.
fn ipv6(text: &[u8]) -> Option<(IpAddr, &[u8])> {
    let (ip, rest) = match text.strip_prefix(b"[") {
        Some(inside) => inside.split_at(inside.iter().position(|byte| *byte == b']')?),
        None => (text, &b"]"[..]),
    };
    let ip: Ipv6Addr = str::from_utf8(ip).ok()?.parse().ok()?;
    Some((ip.to_canonical(), &rest[1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_node_is_an_address_with_or_without_a_port() {
        let table = [
            ("192.0.2.7", Some("192.0.2.7:0")),
            ("192.0.2.7:4711", Some("192.0.2.7:4711")),
            (" 192.0.2.7", None),
            ("2001:db8::7", Some("[2001:db8::7]:0")),
            ("[2001:db8::7]", Some("[2001:db8::7]:0")),
            ("[2001:db8::7]:4711", Some("[2001:db8::7]:4711")),
            ("::ffff:192.0.2.7", Some("192.0.2.7:0")),
            ("[::ffff:192.0.2.7]:1", Some("192.0.2.7:1")),
            ("192.0.2.7:_port", Some("192.0.2.7:0")),
            ("192.0.2.7:_p.o_r-t9", Some("192.0.2.7:0")),
            ("192.0.2.7:_port, 192.0.2.8", None),
            ("192.0.2.7:_p t", None),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
            ("example.org", None),
            ("192.0.2.7:", None),
            ("192.0.2.7:65536", None),
            ("192.0.2.7:+1", None),
            ("192.0.2.7:80:80", None),
            ("192.0.2.007", None),
            ("0x7f.1", None),
            ("2001:db8::7:4711:x", None),
            ("[2001:db8::7", None),
            ("[2001:db8::7]4711", None),
            ("[192.0.2.7]", None),
            ("fe80::1%eth0", None),
            ("192.0.2.7\\", None),
            ("caf\u{e9}", None),
        ];
        for (text, expected) in table {
            assert_eq!(node_address(text.as_bytes()), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_what_the_standard_library_reads(
            text in "[0-9]{1,4}(\\.[0-9]{1,4}){2,4}|[0-2]?[0-9]?[0-9](\\.[0-2]?[0-9]?[0-9]){3}|[0-9a-f:]{0,20}",
            port in any::<u16>(),
        ) {
            let expected = text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip.to_canonical(), 0));
            prop_assert_eq!(node_address(text.as_bytes()), expected);
            if !text.contains(':') {
                let with_port = text.parse::<Ipv4Addr>().ok().map(|ip| SocketAddr::new(ip.into(), port));
                prop_assert_eq!(node_address(format!("{text}:{port}").as_bytes()), with_port);
            }
            let bracketed = text.parse::<Ipv6Addr>().ok().map(|ip| SocketAddr::new(ip.to_canonical(), port));
            prop_assert_eq!(node_address(format!("[{text}]:{port}").as_bytes()), bracketed);
        }
    }
}
