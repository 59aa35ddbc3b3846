//! Checks the argument `cors`: `"*"`, or one origin as browsers write it (RFC 6454, section 6.2).
//!
//! A browser compares the text byte by byte with its own, so an origin that is right but written otherwise would never
//! match.

use syn::LitStr;

use crate::model::Handler;
use crate::refusals::Refusals;

const EXAMPLE: &str = "write for example \"https://example.org\", or \"*\" for every site";

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    let Some(origin) = &handler.arguments.cors else { return };
    if let Some(fault) = fault(&origin.value()) {
        refusals.refuse(origin, fault.wrong, fault.instead);
    } else if handler.arguments.derive_options == Some(false) {
        has_options(origin, handler, refusals);
    }
}

/// A browser asks with OPTIONS before most requests, so a method has to answer.
fn has_options(origin: &LitStr, handler: &Handler<'_>, refusals: &mut Refusals) {
    if !handler.routes().any(|(_, token)| token.text() == "OPTIONS") {
        refusals.refuse(
            origin,
            "browsers ask with OPTIONS before they send a request, and `derive_options = false` leaves it unanswered",
            "leave `derive_options` out, or write a `do_OPTIONS` that calls `basehttp::defaults::options(self, ex)`",
        );
    }
}

/// What is wrong with a value, and what to write in its place.
struct Fault {
    wrong: String,
    instead: String,
}

impl Fault {
    fn new(wrong: impl Into<String>) -> Self {
        Fault { wrong: wrong.into(), instead: EXAMPLE.to_owned() }
    }

    fn with_correction(wrong: impl Into<String>, instead: &str) -> Self {
        Fault { wrong: wrong.into(), instead: format!("write {instead:?}") }
    }
}

fn fault(value: &str) -> Option<Fault> {
    if value == "*" {
        return None;
    }
    if value == "null" {
        return Some(Fault::new("every page in a sandbox has the origin `null`, so it protects nothing"));
    }
    if value.contains([',', ' ']) {
        return Some(Fault::new("`cors` takes one origin"));
    }
    let Some((scheme, rest)) = value.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Some(Fault::new(format!("{value:?} is not an origin")));
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let Some((host, port)) = host_and_port(authority) else {
        return Some(Fault::new(format!("{value:?} is not an origin")));
    };
    let usual = usual_spelling(scheme, host, port);
    if !path.is_empty() {
        let wrong = if path == "/" { "an origin has no slash at its end" } else { "an origin has no path" };
        return Some(Fault::with_correction(wrong, &usual));
    }
    (usual != value).then(|| Fault::with_correction("browsers write this origin in another way", &usual))
}

/// Returns the origin as browsers write it, in lower case and without the port that the scheme has anyway.
fn usual_spelling(scheme: &str, host: &str, port: Option<u16>) -> String {
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    match (scheme.as_str(), port) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    }
}

/// RFC 3986, section 3.1.
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `example.org`, `127.0.0.1:8000`, `[::1]:8000`. A name of other letters has to be in its ASCII form (`xn--…`).
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
        Some(end) => authority.split_at(end + 2),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_host = inside.map_or_else(|| is_name(host), |address| address.parse::<std::net::Ipv6Addr>().is_ok());
    match port.strip_prefix(':') {
        _ if !is_host => None,
        None => port.is_empty().then_some((host, None)),
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => Some((host, Some(port.parse().ok()?))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_as_browsers_write_it_is_taken() {
        for origin in [
            "*",
            "https://example.org",
            "http://localhost:8000",
            "http://127.0.0.1",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
            "https://a_b.example",
            "http://example.org:443",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert!(fault(origin).is_none(), "{origin}");
        }
    }

    #[test]
    fn what_is_no_origin_or_written_otherwise_is_refused_with_what_to_write() {
        for (value, instead) in [
            ("", EXAMPLE),
            ("null", EXAMPLE),
            ("example.org", EXAMPLE),
            ("//example.org", EXAMPLE),
            ("https://", EXAMPLE),
            ("https://a.example, https://b.example", EXAMPLE),
            ("https://*.example.org", EXAMPLE),
            ("https://user@example.org", EXAMPLE),
            ("https://b\u{fc}cher.example", EXAMPLE),
            ("https://example.org:", EXAMPLE),
            ("https://example.org:http", EXAMPLE),
            ("https://example.org:+80", EXAMPLE),
            ("https://example.org:65536", EXAMPLE),
            ("https://[::1", EXAMPLE),
            ("https://[localhost]", EXAMPLE),
            ("https://[::1]x", EXAMPLE),
            ("https://example.org/", "write \"https://example.org\""),
            ("https://example.org/app?x", "write \"https://example.org\""),
            ("https://example.org:8443/", "write \"https://example.org:8443\""),
            ("HTTPS://Example.org", "write \"https://example.org\""),
            ("https://example.org:443", "write \"https://example.org\""),
            ("http://example.org:080", "write \"http://example.org\""),
            ("http://example.org:08000", "write \"http://example.org:8000\""),
        ] {
            assert_eq!(fault(value).map(|fault| fault.instead).as_deref(), Some(instead), "{value}");
        }
    }
}
