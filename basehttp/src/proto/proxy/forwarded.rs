//! The grammar of `Forwarded` (RFC 7239) and of the members of `X-Forwarded-For`. `fields` decides which of
//! them is the client.
//!
//! | `for=`                          | node                                   |
//! |---------------------------------|----------------------------------------|
//! | `192.0.2.7`, `"192.0.2.7:4711"` | that address                           |
//! | `"[2001:db8::7]:4711"`          | that address                           |
//! | `unknown`, `_hidden`            | one whose address is not told          |
//! | anything else                   | the same                               |
//!
//! A quoted value with a backslash in it counts as not told. RFC 9110, section 5.6.4 lets senders escape nothing that
//! an address, a scheme or a host could have.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::{
    field::{TOKEN_BYTES, is_same_text, is_value_byte, span},
    refusal::Refusal,
};

/// One proxy's account of the request that it got: `for=192.0.2.7;proto=https;host=example.org`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ForwardedElement<'b> {
    /// The node that sent the request to the proxy, as text.
    pub node: Option<&'b [u8]>,
    /// The scheme by which it came.
    pub scheme: Option<&'b [u8]>,
    /// The host that was asked.
    pub host: Option<&'b [u8]>,
}

/// Reads the elements of one `Forwarded` field from the left. After an error, nothing follows.
pub(crate) fn forwarded_elements(value: &[u8]) -> impl Iterator<Item = Result<ForwardedElement<'_>, Refusal>> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        // An empty member of a list means nothing (RFC 9110, section 5.6.1.2).
        while let Some([b' ' | b'\t' | b',', behind @ ..]) = rest {
            rest = Some(behind);
        }
        let text = rest.take().filter(|text| !text.is_empty())?;
        Some(element(text).map(|(element, behind)| {
            rest = behind;
            element
        }))
    })
}

/// An element, and the text behind its comma.
type Split<'b> = (ForwardedElement<'b>, Option<&'b [u8]>);

/// RFC 7239, section 4: pairs with semicolons between. Space around a semicolon is accepted.
fn element(text: &[u8]) -> Result<Split<'_>, Refusal> {
    let (mut element, mut rest) = (ForwardedElement::default(), text);
    loop {
        rest = trim_start(rest);
        if !matches!(rest, [b';' | b',', ..] | []) {
            rest = pair(rest, &mut element)?;
        }
        rest = match trim_start(rest) {
            [b';', behind @ ..] => behind,
            [b',', behind @ ..] => return Ok((element, Some(behind))),
            [] => return Ok((element, None)),
            _ => return Err(MALFORMED),
        };
    }
}

/// Reads `token "=" ( token / quoted-string )`, and returns the text behind it.
fn pair<'b>(text: &'b [u8], element: &mut ForwardedElement<'b>) -> Result<&'b [u8], Refusal> {
    let (known, rest) = if let Some(rest) = behind(text, b"for=") {
        (Some(&mut element.node), rest)
    } else if let Some(rest) = behind(text, b"proto=") {
        (Some(&mut element.scheme), rest)
    } else if let Some(rest) = behind(text, b"host=") {
        (Some(&mut element.host), rest)
    } else {
        (None, token(text)?.1.strip_prefix(b"=").ok_or(MALFORMED)?)
    };
    let (value, rest) = if let [b'"', inside @ ..] = rest { quoted(inside)? } else { token(rest)? };
    // RFC 7239, section 4: a parameter comes once in an element.
    if known.is_some_and(|known| known.replace(value).is_some()) {
        return Err(Refusal::bad_request("the forwarded field has a parameter twice in one element"));
    }
    Ok(rest)
}

/// Returns the text behind `start`, which is in lower case.
fn behind<'b>(text: &'b [u8], start: &[u8]) -> Option<&'b [u8]> {
    let (begins, behind) = text.split_at_checked(start.len())?;
    is_same_text(begins, start).then_some(behind)
}

fn token(text: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let end = span(text, &TOKEN_BYTES);
    if end == 0 { Err(MALFORMED) } else { Ok(text.split_at(end)) }
}

/// Splits the inside of a quoted string, which keeps its backslashes, from the text behind the closing quote.
fn quoted(text: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let mut at = 0;
    loop {
        match text.get(at..).unwrap_or_default() {
            [b'"', behind @ ..] => return Ok((&text[..at], behind)),
            [b'\\', escaped, ..] if is_value_byte(*escaped) => at += 2,
            [b'\\', ..] | [] => return Err(MALFORMED),
            _ => at += 1,
        }
    }
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
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

/// Reads an address at the start of the text, and returns the text behind it. It takes what `Ipv4Addr::from_str` takes, in
/// a third of the instructions.
fn ipv4(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let (mut bits, mut at) = (0, 0);
    for place in 0..4 {
        if place > 0 {
            text.get(at).filter(|byte| **byte == b'.')?;
            at += 1;
        }
        let (octet, end) = octet(text, at)?;
        (bits, at) = (bits << 8 | octet, end);
    }
    Some((Ipv4Addr::from_bits(bits), text.get(at..)?))
}

/// Reads up to three digits without a leading zero from `at` on, and returns where they end. A fourth one is left, and
/// wrong in what follows.
fn octet(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let digit = |at: usize| text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10).map(u32::from);
    let first = digit(at)?;
    let Some(second) = digit(at + 1) else { return Some((first, at + 1)) };
    if first == 0 {
        return None;
    }
    let Some(third) = digit(at + 2) else { return Some((first * 10 + second, at + 2)) };
    let octet = first * 100 + second * 10 + third;
    (octet < 256).then_some((octet, at + 3))
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

const MALFORMED: Refusal =
    Refusal::bad_request("the forwarded field is not a list of name=value pairs with semicolons between");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Shows the elements as `for|proto|host`, with `-` for a parameter that is missing.
    fn read(value: &str) -> Result<Vec<String>, u16> {
        let shown = |part: Option<&[u8]>| part.map_or("-".to_owned(), |part| part.escape_ascii().to_string());
        let elements = forwarded_elements(value.as_bytes()).map(|element| {
            let element = element.map_err(|refusal| refusal.status)?;
            Ok([element.node, element.scheme, element.host].map(shown).join("|"))
        });
        elements.collect()
    }

    #[test]
    fn elements_are_read_as_the_standard_writes_them() {
        let table: [(&str, &[&str], &str); 16] = [
            ("for=192.0.2.43", &["192.0.2.43|-|-"], "a token"),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                &["[2001:db8:cafe::17]:4711|-|-"],
                "a quoted string, and names in any case",
            ),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60|http|-"], "three pairs, one unknown here"),
            ("for=192.0.2.43, for=198.51.100.17", &["192.0.2.43|-|-", "198.51.100.17|-|-"], "two elements"),
            ("for=_hidden, for=_SEVKISEK,for=unknown", &["_hidden|-|-", "_SEVKISEK|-|-", "unknown|-|-"], "hidden"),
            ("proto=https;host=\"a.example:8\"", &["-|https|a.example:8"], "without a node"),
            ("for=a;secret=\"a;b, c=d\"", &["a|-|-"], "separators in a string separate nothing"),
            ("for=\"a\\\"b\\\\\";host=c", &["a\\\\\\\"b\\\\\\\\|-|c"], "escapes stay, and end no string"),
            ("for=a ; host=b", &["a|-|b"], "space around the semicolon"),
            ("for=a;;host=b;", &["a|-|b"], "empty pairs, which the grammar has"),
            (";", &["-|-|-"], "nothing but an empty pair"),
            (" , for=a,,\t, for=b , ", &["a|-|-", "b|-|-"], "empty members"),
            ("for=\"\"", &["|-|-"], "an empty string"),
            ("", &[], "nothing"),
            (" , ", &[], "nothing, twice"),
            ("x=1", &["-|-|-"], "unknown pairs alone"),
        ];
        for (value, expected, why) in table {
            assert_eq!(
                read(value).as_deref(),
                Ok(&expected.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>()[..]),
                "{why}"
            );
        }
    }

    #[test]
    fn a_malformed_field_is_refused_since_it_is_unknown_whose_part_is_wrong() {
        let table = [
            ("for=\"a, for=b", "a string without an end, which hides the next element"),
            ("for=\"a\\", "an escape of nothing"),
            ("for=\"a\"b", "a token behind a string"),
            ("for=a b", "a space inside"),
            ("for", "no value"),
            ("for=", "no value"),
            ("for =a", "a space before ="),
            ("for= a", "a space behind ="),
            ("=a", "no name"),
            ("for=[::1]", "brackets outside of a string"),
            ("for=192.0.2.1:80", "a colon outside of a string"),
            ("for=a;for=b", "twice in an element"),
            ("for=a;FOR=a", "twice in an element, and equal"),
            ("host=a;proto=http;host=a", "twice in an element"),
            ("192.0.2.1", "X-Forwarded-For's form"),
            ("for=caf\u{e9}", "raw bytes outside of a string"),
        ];
        for (value, why) in table {
            assert_eq!(read(value), Err(400), "{why}: {value}");
        }
    }

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
