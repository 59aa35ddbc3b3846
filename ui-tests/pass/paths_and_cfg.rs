//! Conditions on methods with paths, and the derived methods switched off.

#![deny(warnings)]

use basehttp::testing::respond;
use basehttp::{BaseHTTPRequestHandler, Exchange, HTTPError, Result, http_handler};

/// `any()` never holds, and `all()` always does.
struct Conditions;

#[http_handler]
impl Conditions {
    // This shape is away, so that the next one serves.
    #[cfg(any())]
    #[path("/a/b")]
    fn do_GET_never(&self) -> Unknown {}

    #[path("/a/{x}")]
    fn do_GET_x(&self, x: &str) -> String {
        x.to_owned()
    }

    #[cfg(any())]
    #[path("/a/{x}")]
    fn do_HEAD_x(&self, x: Unknown) -> Unknown {}

    #[cfg(all())]
    #[path("/one")]
    #[path("/two")]
    fn do_PUT_one(&self) -> &'static str {
        "the first"
    }

    #[cfg(any())]
    #[path("/one")]
    fn do_PUT_one(&self) -> Unknown {}

    #[cfg(any())]
    #[path("/one")]
    fn do_DELETE_one(&self) -> Unknown {}

    #[cfg(any())]
    #[before]
    fn before(&self, ex: &Unknown) -> Unknown {}

    #[cfg(all())]
    #[before]
    fn before(&self, ex: &Exchange) -> Result {
        if ex.path.ends_with("?no") { Err(HTTPError::from(403).into()) } else { Ok(()) }
    }

    #[cfg(any())]
    fn do_POST(&self) -> Unknown {}

    #[cfg(any())]
    fn do_OPTIONS(&self) -> Unknown {}
}

struct NothingDerived;

#[http_handler(derive_head = false, derive_options = false)]
impl NothingDerived {
    #[path("/a")]
    fn do_GET_a(&self) -> &'static str {
        "a"
    }

    #[path("/b")]
    fn do_OPTIONS_b(&self) -> &'static str {
        "b"
    }
}

struct OwnOptions;

#[http_handler]
impl OwnOptions {
    #[path("/a")]
    fn do_GET_a(&self) -> &'static str {
        "a"
    }

    #[cfg(all())]
    fn do_OPTIONS(&self) -> &'static str {
        "mine"
    }
}

fn ask(handler: &impl BaseHTTPRequestHandler, line: &str) -> String {
    let reply = String::from_utf8(respond(handler, format!("{line} HTTP/1.0\r\n\r\n"))).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let allow = head.lines().find_map(|line| line.strip_prefix("Allow: "));
    let body = if head[9..].starts_with("200") { body } else { "" };
    format!("{} {body}{}", &head[9..12], allow.unwrap_or_default())
}

fn main() {
    assert_eq!(Conditions::METHODS, ["GET", "HEAD", "PUT", "OPTIONS"]);
    assert_eq!(Conditions::ROUTES.len(), 3);
    assert_eq!((Conditions::path_x("y"), Conditions::path_one()), ("/a/y".into(), "/one".into()));
    for (line, expected) in [
        ("GET /a/b", "200 b"),
        ("HEAD /a/b", "200 "),
        ("GET /a/b?no", "403 "),
        ("OPTIONS /a/b?no", "204 GET, HEAD, OPTIONS"),
        ("PUT /one", "200 the first"),
        ("PUT /two", "200 the first"),
        ("OPTIONS /one", "204 PUT, OPTIONS"),
        ("GET /one", "405 PUT, OPTIONS"),
        ("DELETE /one", "501 "),
        ("GET /other", "404 "),
        ("OPTIONS /other", "404 "),
        ("OPTIONS *", "204 GET, HEAD, PUT, OPTIONS"),
    ] {
        assert_eq!(ask(&Conditions, line), expected, "{line}");
    }

    assert_eq!(NothingDerived::METHODS, ["GET", "OPTIONS"]);
    for (line, expected) in [
        ("GET /a", "200 a"),
        ("HEAD /a", "501 "),
        ("OPTIONS /a", "405 GET"),
        ("OPTIONS /b", "200 b"),
        ("GET /b", "405 OPTIONS"),
        ("OPTIONS *", "404 "),
    ] {
        assert_eq!(ask(&NothingDerived, line), expected, "{line}");
    }

    assert_eq!(OwnOptions::METHODS, ["GET", "HEAD", "OPTIONS"]);
    for (line, expected) in [
        ("OPTIONS /a", "204 GET, HEAD, OPTIONS"),
        ("OPTIONS /b", "200 mine"),
        ("OPTIONS *", "200 mine"),
        ("GET /b", "405 OPTIONS"),
    ] {
        assert_eq!(ask(&OwnOptions, line), expected, "{line}");
    }
}
