//! The client that chains of proxies name, with and without members that a client has invented.

use proptest::prelude::*;

use super::*;
use crate::proto::{NetworkNode, Scheme};

const FORWARDED: ForwardedFields = ForwardedFields { forwarded: true, x_for: false, x_proto: false, x_host: false };
const X_FORWARDED: ForwardedFields = ForwardedFields { forwarded: false, x_for: true, x_proto: true, x_host: true };

fn proxies(fields: ForwardedFields) -> TrustedProxies {
    let mut networks = Networks::default();
    for text in ["10.0.0.0/8", "2001:db8::/32", "unix:"] {
        networks.add(text).expect("a network");
    }
    TrustedProxies { networks, sends_header: false, fields }
}

/// Reads fields that were written one a line, and shows the result as `client scheme authority`, with `-` for what the
/// proxies do not say.
fn read(lines: &str, fields: ForwardedFields, peer: NetworkNode) -> Result<String, u16> {
    let pairs = lines.lines().filter_map(|line| line.split_once(": "));
    let sent: Vec<_> = pairs.map(|(name, value)| Field::new(name, value.as_bytes())).collect();
    let (proxies, mut says) = (proxies(fields), ProxySays::default());
    let outcome = if proxies.networks.contains(peer) { proxies.read(&sent, &mut says) } else { Ok(()) };
    outcome.map_err(|refusal| refusal.status)?;
    let client = says.client.map(|client| match client {
        ClientAddress::Known(address) if address.port() == 0 => address.ip().to_string(),
        ClientAddress::Known(address) => address.to_string(),
        ClientAddress::Hidden => "hidden".to_owned(),
    });
    let (scheme, authority) = (says.checked_scheme(), says.checked_authority());
    let scheme = scheme
        .map_err(|refusal| refusal.status)?
        .map(|scheme| if scheme == Scheme::Https { "https" } else { "http" }.to_owned());
    let authority = authority.map_err(|refusal| refusal.status)?.map(|authority| authority.escape_ascii().to_string());
    Ok([client, scheme, authority].map(|part| part.unwrap_or("-".to_owned())).join(" "))
}

fn peer() -> NetworkNode {
    NetworkNode::Ip([10, 0, 0, 9].into())
}

#[test]
fn the_client_is_the_nearest_node_that_is_not_trusted() {
    let table = [
        ("", "- - -", "no field"),
        ("X-Forwarded-For: 203.0.113.7", "203.0.113.7 - -", "one proxy"),
        ("X-Forwarded-For: 198.51.100.66, 203.0.113.7", "203.0.113.7 - -", "an invented member"),
        ("X-Forwarded-For: 198.51.100.66, 203.0.113.7, 10.0.0.1", "203.0.113.7 - -", "two proxies"),
        ("X-Forwarded-For: 10.0.0.66, 203.0.113.7, 10.0.0.1, 2001:db8::2", "203.0.113.7 - -", "three"),
        ("X-Forwarded-For: 203.0.113.7\nx-forwarded-for: 10.0.0.1", "203.0.113.7 - -", "two fields are one list"),
        ("X-Forwarded-For: 10.0.0.66\nX-Forwarded-For: 203.0.113.7", "203.0.113.7 - -", "in their order"),
        ("X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3 - -", "a client that is a proxy itself"),
        ("X-Forwarded-For: 203.0.113.7:4711", "203.0.113.7:4711 - -", "with its port"),
        ("X-Forwarded-For: ::ffff:203.0.113.7", "203.0.113.7 - -", "in canonical form"),
        ("X-Forwarded-For: 203.0.113.7, unknown, 10.0.0.1", "hidden - -", "one that is not told hides what is behind"),
        ("X-Forwarded-For: 203.0.113.7, garbage\u{e9}", "hidden - -", "so does garbage"),
        ("X-Forwarded-For: 198.51.100.66:_, 203.0.113.7", "203.0.113.7 - -", "a hidden port ends at the comma"),
        ("X-Forwarded-For: [2001:db9::1]:_x, 203.0.113.7, 10.0.0.1", "203.0.113.7 - -", "that of IPv6, too"),
        ("X-Forwarded-For: \u{e9}\", for=, 203.0.113.7", "203.0.113.7 - -", "garbage of the client's does not matter"),
        ("X-Forwarded-For: , ,", "- - -", "an empty list"),
        ("Forwarded: for=203.0.113.7;proto=https", "- - -", "a field that was not chosen"),
        (
            "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Proto: https\nX-Forwarded-Host: a:8",
            "203.0.113.7 https a:8",
            "all",
        ),
        ("X-Forwarded-Proto: HTTPS\nX-Forwarded-Host: A", "- https A", "without the client"),
        ("X-Forwarded-Proto: http, https", "- https -", "without the client, the nearest counts"),
        (
            "X-Forwarded-For: 1.1.1.1, 203.0.113.7, 10.0.0.1\nX-Forwarded-Proto: http, https, http\nX-Forwarded-Host: x, y, z",
            "203.0.113.7 https y",
            "three lists, and the same proxy in each",
        ),
        (
            "X-Forwarded-For: 203.0.113.7, 10.0.0.1, 10.0.0.2\nX-Forwarded-Proto: https",
            "203.0.113.7 https -",
            "proxies that replace the scheme and add the address",
        ),
        ("X-Forwarded-Proto: wss", "- https -", "a WebSocket's scheme"),
        ("X-Forwarded-Proto: ", "- - -", "an empty scheme"),
    ];
    for (lines, expected, why) in table {
        assert_eq!(read(lines, X_FORWARDED, peer()).as_deref(), Ok(expected), "{why}");
        assert_eq!(read(lines, X_FORWARDED, NetworkNode::Unix).as_deref(), Ok(expected), "{why}, by a Unix socket");
        for stranger in [NetworkNode::Ip([11, 0, 0, 1].into()), NetworkNode::Unknown] {
            assert_eq!(read(lines, X_FORWARDED, stranger).as_deref(), Ok("- - -"), "{why}, by a stranger");
        }
        assert_eq!(read(lines, ForwardedFields::default(), peer()).as_deref(), Ok("- - -"), "{why}, and none chosen");
    }
}

#[test]
fn the_standard_field_says_everything_in_one_element() {
    let table = [
        ("", "- - -", "no field"),
        ("Forwarded: for=203.0.113.7;proto=https;host=a.example", "203.0.113.7 https a.example", "one proxy"),
        ("Forwarded: for=\"[2001:db9::7]:4711\"", "[2001:db9::7]:4711 - -", "IPv6"),
        (
            "Forwarded: for=9.9.9.9;host=evil, for=203.0.113.7;proto=https;host=a, for=10.0.0.1;proto=http;host=b",
            "203.0.113.7 https a",
            "the client's element",
        ),
        ("Forwarded: for=203.0.113.7;host=a\nForwarded: for=10.0.0.1;host=b", "203.0.113.7 - a", "two fields"),
        ("Forwarded: for=\" 203.0.113.7\t\"", "203.0.113.7 - -", "space in the string"),
        ("Forwarded: for=203.0.113.7, for=_gateway;proto=https", "hidden https -", "a hidden node"),
        ("Forwarded: for=203.0.113.7, for=unknown", "hidden - -", "an unknown one"),
        ("Forwarded: proto=https", "hidden https -", "no node"),
        ("Forwarded: for=\"203.0\\.113.7\"", "hidden - -", "a needless escape"),
        ("Forwarded: for=10.0.0.2;host=a, for=10.0.0.1;host=b", "10.0.0.2 - a", "all are trusted"),
        ("X-Forwarded-For: 203.0.113.7", "- - -", "a field that was not chosen"),
    ];
    for (lines, expected, why) in table {
        assert_eq!(read(lines, FORWARDED, peer()).as_deref(), Ok(expected), "{why}");
        assert_eq!(read(lines, FORWARDED, NetworkNode::Unknown).as_deref(), Ok("- - -"), "{why}, by a stranger");
    }
}

#[test]
fn a_trusted_proxy_that_says_what_cannot_be_is_refused() {
    let table = [
        ("Forwarded: for=\"1.1.1.1, for=203.0.113.7", FORWARDED, "a string without an end"),
        ("Forwarded: for=\"1.1.1.1\nForwarded: for=203.0.113.7", FORWARDED, "in another field"),
        ("Forwarded: for=203.0.113.7;proto=ftp", FORWARDED, "a scheme"),
        ("Forwarded: for=203.0.113.7;host=\"a b\"", FORWARDED, "a host"),
        ("Forwarded: for=203.0.113.7;host=\"\"", FORWARDED, "an empty host"),
        ("X-Forwarded-Proto: javascript", X_FORWARDED, "a scheme"),
        ("X-Forwarded-Host: a/b", X_FORWARDED, "a host with a path"),
        ("X-Forwarded-Host: u@a", X_FORWARDED, "a host with a user"),
        ("X-Forwarded-Host: :80", X_FORWARDED, "a port alone"),
    ];
    for (lines, fields, why) in table {
        assert_eq!(read(lines, fields, peer()), Err(400), "{why}");
        assert_eq!(read(lines, fields, NetworkNode::Unknown).as_deref(), Ok("- - -"), "{why}, by a stranger");
    }
}

#[test]
fn a_thousand_hops_are_read_like_two() {
    let hops = vec!["10.0.0.1"; 1000].join(", ");
    let lines = format!("X-Forwarded-For: 1.1.1.1, 203.0.113.7, {hops}");
    assert_eq!(read(&lines, X_FORWARDED, peer()).as_deref(), Ok("203.0.113.7 - -"));
    let hops = vec!["for=10.0.0.1;proto=http"; 1000].join(", ");
    let lines = format!("Forwarded: for=1.1.1.1, for=203.0.113.7;proto=https, {hops}");
    assert_eq!(read(&lines, FORWARDED, peer()).as_deref(), Ok("203.0.113.7 https -"));
}

proptest! {
    #[test]
    fn nothing_that_a_client_writes_changes_what_trusted_proxies_say(invented in "[0-9a-f:., \"=;-]{0,30}|\\PC{0,10}") {
        let honest = "203.0.113.7, 10.0.0.1";
        let lines = format!("X-Forwarded-For: {invented}, {honest}");
        prop_assume!(!invented.contains(['\n', '\r']));
        prop_assert_eq!(read(&lines, X_FORWARDED, peer()), Ok("203.0.113.7 - -".to_owned()));
        // A client's part can make the standard field malformed, and then it is refused.
        let lines = format!("Forwarded: {invented}, for=203.0.113.7;proto=https, for=10.0.0.1");
        let says = read(&lines, FORWARDED, peer());
        prop_assert!(matches!(says.as_deref(), Ok("203.0.113.7 https -") | Err(400)), "{says:?}");
    }
}
