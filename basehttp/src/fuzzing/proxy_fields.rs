//! The fields of a chain of proxies, held against readers that take the lists and elements apart first, and read them
//! with the standard library.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::choices::Choices;
use super::target::is_host_and_port;
use crate::proto::field::is_token;
use crate::proto::proxy::{ProxySays, TrustedProxies, node_address};
use crate::proto::target::Scheme;
use crate::proto::{ClientAddress, Field, ForwardedFields, NetworkNode};

/// Reads lines as the values of fields, two of each name.
pub(super) fn fields(choices: &mut Choices<'_>) {
    let values: [&[u8]; 6] = std::array::from_fn(|_| choices.line());
    x_forwarded(values);
    forwarded(values[0], values[1]);
    honest_elements_count(values[0], values[1]);
}

fn proxies(fields: ForwardedFields) -> TrustedProxies {
    let mut proxies = TrustedProxies { fields, ..TrustedProxies::default() };
    for text in ["10.0.0.0/8", "2001:db8::/32"] {
        proxies.networks.add(text).expect("a network");
    }
    proxies
}

fn x_forwarded([for_1, for_2, proto_1, proto_2, host_1, host_2]: [&[u8]; 6]) {
    let proxies = proxies(ForwardedFields { forwarded: false, x_for: true, x_proto: true, x_host: true });
    let fields = [
        Field::new("x-forwarded-proto", proto_1),
        Field::new("x-forwarded-for", for_1),
        Field::new("X-Forwarded-Host", host_1),
        Field::new("X-Forwarded-For", for_2),
        Field::new("x-forwarded-fox", b"192.0.2.1"),
        Field::new("X-Forwarded-Proto", proto_2),
        Field::new("x-forwarded-host", host_2),
    ];
    let mut says = ProxySays::default();
    proxies.read(&fields, &mut says).expect("these fields are never malformed");

    let nodes: Vec<_> = members(for_1, for_2).iter().map(|member| plain_node(member)).collect();
    let nearest = nodes.iter().rposition(|node| !is_trusted(&proxies, *node)).or(nodes.first().map(|_| 0));
    assert_eq!(says.client, nearest.map(|at| nodes[at]), "{} {}", for_1.escape_ascii(), for_2.escape_ascii());
    let nearer = nearest.map_or(0, |at| nodes.len() - 1 - at);
    // The same proxy's member, or the first of a shorter list.
    let told = |list: Vec<Vec<u8>>| list.get(list.len().saturating_sub(nearer + 1)).cloned();
    assert_eq!(says.scheme, told(members(proto_1, proto_2)).map(|member| plain_scheme(&member)));
    let authority = told(members(host_1, host_2)).map(|member| plain_authority(&member));
    assert_eq!(says.authority.map(|told| told.map(<[u8]>::to_vec)), authority);
}

/// The members of the list that two fields are together.
fn members(first: &[u8], second: &[u8]) -> Vec<Vec<u8>> {
    let joined = [first, b",", second].concat();
    joined.split(|&byte| byte == b',').map(trimmed).filter(|member| !member.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Only these two are space in a field.
fn trimmed(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text.iter().rposition(is_text).map_or(start, |last| last + 1);
    &text[start..end]
}

fn is_trusted(proxies: &TrustedProxies, node: ClientAddress) -> bool {
    let ClientAddress::Known(address) = node else { return false };
    proxies.networks.contains(NetworkNode::Ip(address.ip()))
}

/// A node as the standard library reads it.
fn plain_node(text: &[u8]) -> ClientAddress {
    let address = str::from_utf8(text).ok().and_then(plain_address);
    assert_eq!(node_address(text), address, "{}", text.escape_ascii());
    address.map_or(ClientAddress::Hidden, ClientAddress::Known)
}

fn plain_address(text: &str) -> Option<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip.to_canonical(), 0));
    }
    let (ip, rest) = if let Some(inside) = text.strip_prefix('[') {
        let (ip, rest) = inside.split_once(']')?;
        (IpAddr::V6(ip.parse::<Ipv6Addr>().ok()?), rest)
    } else {
        let (ip, _) = text.split_once(':')?;
        (IpAddr::V4(ip.parse::<Ipv4Addr>().ok()?), &text[ip.len()..])
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => 0,
        Some(hidden) if hidden.starts_with('_') => {
            let is_hidden = |c: char| matches!(c, '.' | '_' | '-') || c.is_ascii_alphanumeric();
            hidden.chars().all(is_hidden).then_some(0)?
        }
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    Some(SocketAddr::new(ip.to_canonical(), port))
}

fn plain_scheme(text: &[u8]) -> Option<Scheme> {
    match &*text.to_ascii_lowercase() {
        b"https" | b"wss" => Some(Scheme::Https),
        b"http" | b"ws" => Some(Scheme::Http),
        _ => None,
    }
}

fn plain_authority(text: &[u8]) -> Option<Vec<u8>> {
    (is_host_and_port(text) && !text.is_empty() && !text.starts_with(b":")).then(|| text.to_vec())
}

fn forwarded(first: &[u8], second: &[u8]) {
    let proxies = proxies(ForwardedFields { forwarded: true, ..ForwardedFields::default() });
    let fields = [Field::new("Forwarded", first), Field::new("Forwarder", b"\""), Field::new("forwarded", second)];
    let mut says = ProxySays::default();
    let read = proxies.read(&fields, &mut says);
    let shown = || format!("{} {}", first.escape_ascii(), second.escape_ascii());
    let elements = plain_elements(first).zip(plain_elements(second));
    let Some((mut elements, more)) = elements else {
        assert!(read.is_err(), "{}", shown());
        return;
    };
    assert_eq!(read, Ok(()), "{}", shown());
    elements.extend(more);
    let node =
        |element: &Element| element[0].as_deref().map_or(ClientAddress::Hidden, |text| plain_node(trimmed(text)));
    let nearest = elements.iter().rfind(|element| !is_trusted(&proxies, node(element))).or(elements.first());
    assert_eq!(says.client, nearest.map(node), "{}", shown());
    let [_, scheme, authority] = nearest.cloned().unwrap_or_default();
    assert_eq!(says.scheme, scheme.map(|text| plain_scheme(&text)), "{}", shown());
    let told = says.authority.map(|told| told.map(<[u8]>::to_vec));
    assert_eq!(told, authority.map(|text| plain_authority(&text)), "{}", shown());
}

/// The values of `for`, `proto` and `host`, without their quotes.
type Element = [Option<Vec<u8>>; 3];

/// The elements of a field, or `None` if it is malformed.
fn plain_elements(value: &[u8]) -> Option<Vec<Element>> {
    let texts = split_unquoted(value, b',');
    texts.into_iter().map(trimmed).filter(|text| !text.is_empty()).map(plain_element).collect()
}

fn plain_element(text: &[u8]) -> Option<Element> {
    let mut element = Element::default();
    for pair in split_unquoted(text, b';').into_iter().map(trimmed).filter(|pair| !pair.is_empty()) {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = (pair[..equals].to_ascii_lowercase(), &pair[equals + 1..]);
        let value = if is_token(value) { Some(value) } else { inside_of_quotes(value) };
        let value = value.filter(|_| is_token(&name))?;
        let known = [&b"for"[..], b"proto", b"host"].iter().position(|known| *known == name);
        if known.is_some_and(|known| element[known].replace(value.to_vec()).is_some()) {
            return None;
        }
    }
    Some(element)
}

/// Returns what stands between the quotes of a text that is one quoted string.
fn inside_of_quotes(text: &[u8]) -> Option<&[u8]> {
    let inside = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        let is_fine = match byte {
            b'"' => false,
            b'\\' => bytes.next().is_some_and(|escaped| *escaped == b'\t' || (*escaped >= b' ' && *escaped != 0x7F)),
            _ => true,
        };
        if !is_fine {
            return None;
        }
    }
    Some(inside)
}

/// Splits at a separator that stands in no quotes.
fn split_unquoted(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let pieces = text.split(|&byte| {
        is_quoted ^= byte == b'"' && !is_escaped;
        is_escaped = is_quoted && !is_escaped && byte == b'\\';
        byte == separator && !is_quoted
    });
    pieces.collect()
}

/// Anything before the element of the trusted proxy changes nothing, or makes the field malformed.
fn honest_elements_count(first: &[u8], second: &[u8]) {
    let proxies = proxies(ForwardedFields { forwarded: true, ..ForwardedFields::default() });
    let honest = [second, b", for=203.0.113.7;proto=https;host=\"a:8\", for=10.0.0.2"].concat();
    let fields = [Field::new("Forwarded", first), Field::new("forwarded", &honest)];
    let mut says = ProxySays::default();
    if proxies.read(&fields, &mut says).is_ok() {
        let client = ClientAddress::Known(([203, 0, 113, 7], 0).into());
        assert_eq!((says.client, says.authority), (Some(client), Some(Some(&b"a:8"[..]))));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NODE: &str = "10\\.0\\.0\\.[0-9]{1,4}|203\\.0\\.113\\.7|[0-9]{1,3}(\\.[0-9]{1,3}){2,4}|unknown|_x\
                        |2001:db8::[0-9]|\\[2001:db9::1\\](:[0-9_a]{1,3})?|203\\.0\\.113\\.7:[0-9_x]{0,5}";

    /// Lists whose members are nearly always right.
    fn list(member: &str) -> impl Strategy<Value = String> + use<> {
        let pattern = format!("(({member})( ?, ?|,,)){{0,3}}({member})?[ ,a1]?");
        prop::string::string_regex(&pattern).expect("a pattern")
    }

    fn elements() -> impl Strategy<Value = String> {
        let value = format!("({NODE}|https?|wss|a\\.example|\"({NODE}|a:80|\\\\\\PC)?\")");
        let pair = format!("(for|For|proto|host|by|x)={value}");
        list(&format!("{pair}( ?; ?{pair}){{0,3}};?"))
    }

    proptest! {
        #[test]
        fn lists_are_read_as_plain_code_reads_them(
            nodes in prop::array::uniform2(list(NODE)),
            schemes in prop::array::uniform2(list("https?|HTTPS|wss?|ftp")),
            hosts in prop::array::uniform2(list("a\\.example|a:80|\\[::1\\]|a b|:8")),
        ) {
            let lines = [nodes, schemes, hosts].concat();
            x_forwarded(std::array::from_fn(|at| lines[at].as_bytes()));
        }

        #[test]
        fn elements_are_read_as_plain_code_reads_them(first in elements(), second in elements()) {
            forwarded(first.as_bytes(), second.as_bytes());
            forwarded(b"", second.as_bytes());
            honest_elements_count(first.as_bytes(), second.as_bytes());
        }
    }
}
