//! A proxy's word about the client: a PROXY header, and the fields of a chain of proxies.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::choices::Choices;
use crate::proto::proxy::{MAX_PROXY_HEADER_BYTES, TrustedProxies, node_address};
use crate::proto::{ClientAddress, Field, ForwardedFields, NetworkNode, ProxySource, proxy_header};

/// Runs this target on `bytes`.
pub fn proxy(bytes: &[u8]) {
    header(bytes);
    let mut choices = Choices::new(bytes);
    let (first, second) = (choices.line(), choices.line());
    x_forwarded_for(first, second);
    forwarded(first, second);
}

/// A header is decided at one byte, whatever pieces it comes in, and says the same in its other version.
fn header(bytes: &[u8]) {
    let whole = proxy_header(bytes);
    let decided = (0..=bytes.len().min(MAX_PROXY_HEADER_BYTES)).find(|&len| proxy_header(&bytes[..len]) != Ok(None));
    let Some(len) = decided else {
        assert_eq!(whole, Ok(None), "nothing behind the bound matters");
        assert!(bytes.len() < MAX_PROXY_HEADER_BYTES, "a header ends");
        return;
    };
    let Ok(Some(header)) = proxy_header(&bytes[..len]) else {
        assert!(whole.is_err(), "a wrong beginning cannot become right");
        return;
    };
    assert_eq!((whole, header.len), (Ok(Some(header)), len), "a header ends where it is whole");
    if let ProxySource::Ip(client) = header.source {
        let family = if client.is_ipv4() { "TCP4" } else { "TCP6" };
        let (ip, port) = (client.ip(), client.port());
        let line = format!("PROXY {family} {ip} {ip} {port} {port}\r\n");
        let again = proxy_header(line.as_bytes()).expect("a header").expect("a whole one");
        assert_eq!((again.source, again.len), (header.source, line.len()));
    }
}

fn proxies(fields: ForwardedFields) -> TrustedProxies {
    let mut proxies = TrustedProxies { fields, ..TrustedProxies::default() };
    for text in ["10.0.0.0/8", "2001:db8::/32"] {
        proxies.networks.add(text).expect("a network");
    }
    proxies
}

/// Held against a search from the right.
fn x_forwarded_for(first: &[u8], second: &[u8]) {
    let proxies = proxies(ForwardedFields { x_for: true, ..ForwardedFields::default() });
    let fields = [Field::new("x-forwarded-for", first), Field::new("X-Forwarded-For", second)];
    let says = proxies.read(&fields).expect("this field is never refused");
    let joined = [first, b",", second].concat();
    // Only these two are space in a field.
    let trimmed = |member: &[u8]| {
        let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
        let start = member.iter().position(is_text)?;
        Some(member[start..=member.iter().rposition(is_text)?].to_vec())
    };
    let members = joined.split(|&byte| byte == b',').filter_map(trimmed);
    let addresses: Vec<_> = members.map(|member| plain_node_address(&member)).collect();
    let is_trusted = |address: &&Option<SocketAddr>| {
        address.is_some_and(|address| proxies.networks.contains(NetworkNode::Ip(address.ip())))
    };
    let nearest = addresses.iter().rev().find(|address| !is_trusted(address)).or(addresses.first());
    let expected = nearest.map(|address| address.map_or(ClientAddress::Hidden, ClientAddress::Known));
    assert_eq!(says.client, expected, "{}", joined.escape_ascii());
}

/// The address of a node as the standard library reads it.
fn plain_node_address(text: &[u8]) -> Option<SocketAddr> {
    let address = plain_address(str::from_utf8(text).ok()?);
    assert_eq!(node_address(text), address, "{}", text.escape_ascii());
    address
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

/// Anything before the element of the trusted proxy changes nothing, or makes the field malformed.
fn forwarded(first: &[u8], second: &[u8]) {
    let proxies = proxies(ForwardedFields { forwarded: true, ..ForwardedFields::default() });
    let honest = [second, b", for=203.0.113.7;proto=https;host=\"a:8\", for=10.0.0.2"].concat();
    let fields = [Field::new("Forwarded", first), Field::new("forwarded", &honest)];
    if let Ok(says) = proxies.read(&fields) {
        let client = ClientAddress::Known(([203, 0, 113, 7], 0).into());
        assert_eq!((says.client, says.authority), (Some(client), Some(&b"a:8"[..])));
    }
}
