//! The argument `cors`, by which a browser learns about pages of other sites (Fetch standard, section "CORS protocol").

use std::fmt;

use crate::support::Reply;
use basehttp::testing::respond;
use basehttp::{BaseHTTPRequestHandler, Exchange, HTTPError, Result, defaults, http_handler};

const ORIGIN: &str = "https://example.org";

/// For the pages of one site.
struct Api;

#[http_handler(protocol_version = "HTTP/1.1", cors = "https://example.org")]
impl Api {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/error" => Err(HTTPError::from(404))?,
            "/fail" => Err("the method failed")?,
            "/panic" => panic!("as the test wants"),
            "/own" => drop(ex.send_header("access-control-allow-ORIGIN", "https://other.example")),
            "/begun" => drop(ex.send_header("Access-Control-Allow-Origin", "null").send_response(200)),
            "/interim" => ex.send_response_only(103).end_headers()?,
            _ => {}
        }
        match ex.path {
            "/begun" => Err(HTTPError::from(403))?,
            "/empty" => Ok(ex.send_response(204).end_headers()?),
            _ => Ok(ex.send_text(200, "content")?),
        }
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "put")?)
    }

    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// For all pages, with an OPTIONS and an `end_headers` of its own.
struct Open;

#[http_handler(protocol_version = "HTTP/1.1", cors = "*", derive_options = false)]
impl Open {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "content")?)
    }

    fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/own" => Ok(ex.send_response(204).send_header("Allow", "GET").end_headers()?),
            _ => Ok(defaults::options(self, ex)?),
        }
    }

    fn end_headers(&self, ex: &Exchange) -> std::io::Result<()> {
        ex.send_header("Access-Control-Expose-Headers", "X-Total");
        if ex.path == "/hook" {
            ex.send_header("Access-Control-Allow-Origin", ORIGIN);
        }
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// Without the argument.
struct Closed;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Closed {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "content")?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// The replies to one request with these fields.
fn ask(handler: &impl BaseHTTPRequestHandler, line: &str, fields: &str) -> Vec<Reply> {
    let bytes = respond(handler, format!("{line} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"));
    let is_head = line.starts_with("HEAD");
    Reply::all_to(&bytes, |_| if is_head { "HEAD" } else { "GET" })
}

fn allowed(reply: &Reply) -> Vec<&str> {
    reply.fields_named("Access-Control-Allow-Origin").collect()
}

#[test]
fn every_response_names_the_origin_once_errors_included() {
    for (line, fields, status) in [
        ("GET /", "", 200),
        ("GET /", "Origin: https://example.org\r\n", 200),
        ("GET /", "Origin: https://other.example\r\n", 200),
        ("HEAD /", "", 200),
        ("GET /empty", "", 204),
        ("GET /error", "", 404),
        ("GET /fail", "", 500),
        ("GET /panic", "", 500),
        ("GET /begun", "", 403),
        ("SPAM /", "", 501),
        ("OPTIONS /", "", 204),
        ("GET /", "Content-Length: x\r\n", 400),
        ("GET /<>", "", 400),
    ] {
        let replies = ask(&Api, line, fields);
        assert_eq!((replies.len(), replies[0].status), (1, status), "{line}");
        assert_eq!(allowed(&replies[0]), [ORIGIN], "{line} {fields}");
        assert_eq!(replies[0].field("Vary"), None, "it depends on nothing");
        assert_eq!(replies[0].field("Access-Control-Allow-Credentials"), None);
    }
}

#[test]
fn a_field_of_the_handlers_own_goes_before() {
    assert_eq!(allowed(&ask(&Api, "GET /own", "")[0]), ["https://other.example"]);
    assert_eq!(allowed(&ask(&Open, "GET /hook", "")[0]), [ORIGIN]);
    assert_eq!(allowed(&ask(&Open, "GET /", "")[0]), ["*"]);
}

#[test]
fn an_interim_response_does_not_name_it() {
    let replies = ask(&Api, "GET /interim", "");
    let seen: Vec<_> = replies.iter().map(|reply| (reply.status, allowed(reply).len())).collect();
    assert_eq!(seen, [(103, 0), (200, 1)]);
}

const METHOD: &str = "Access-Control-Request-Method: PUT\r\n";

#[test]
fn a_preflight_is_told_the_methods_the_fields_and_for_how_long() {
    let origin = "Origin: https://example.org\r\n";
    for (fields, names) in [
        (String::new(), None),
        ("Access-Control-Request-Headers: authorization,x-token\r\n".to_owned(), Some("authorization, x-token")),
        (
            "Access-Control-Request-Headers: a ,, b\r\nX: y\r\naccess-control-request-headers: c\r\n".to_owned(),
            Some("a, b, c"),
        ),
        ("Access-Control-Request-Headers:\r\n".to_owned(), None),
        (format!("Access-Control-Request-Headers: {}\r\n", "x".repeat(8000)), Some(&*"x".repeat(8000))),
    ] {
        for path in ["/", "*", "/error"] {
            let replies = ask(&Api, &format!("OPTIONS {path}"), &format!("{origin}{METHOD}{fields}"));
            assert_eq!((replies.len(), replies[0].status), (1, 204), "{fields}");
            assert_eq!(replies[0].field("Access-Control-Allow-Methods"), Some("GET, HEAD, PUT, OPTIONS"));
            assert_eq!(replies[0].field("Access-Control-Allow-Headers"), names, "{fields}");
            assert_eq!(replies[0].field("Access-Control-Max-Age"), Some("7200"));
            assert_eq!(replies[0].field("Allow"), Some("GET, HEAD, PUT, OPTIONS"));
            assert_eq!(allowed(&replies[0]), [ORIGIN]);
        }
    }
}

/// With paths, of which each has methods of its own.
struct Paths;

#[http_handler(protocol_version = "HTTP/1.1", cors = "*", unknown_method = 405)]
impl Paths {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/users/{id}")]
    fn do_DELETE_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/users")]
    fn do_POST_users(&self, ex: &mut Exchange) -> Result<String> {
        Ok(ex.read_text(100)?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_preflight_is_told_the_methods_of_its_path() {
    for (path, status, methods) in [
        ("/users/7", 204, Some("GET, HEAD, DELETE, OPTIONS")),
        ("/users", 204, Some("POST, OPTIONS")),
        ("*", 204, Some("GET, HEAD, DELETE, POST, OPTIONS")),
        ("/nowhere", 404, None),
    ] {
        let replies = ask(&Paths, &format!("OPTIONS {path}"), &format!("Origin: https://example.org\r\n{METHOD}"));
        let reply = &replies[0];
        assert_eq!((reply.status, reply.field("Access-Control-Allow-Methods")), (status, methods), "{path}");
        assert_eq!((allowed(reply), replies.len()), (vec!["*"], 1), "{path}");
    }
}

#[test]
fn a_405_for_an_unknown_method_lists_the_methods_of_the_path() {
    for (line, status, methods) in [
        ("SPAM /users/7", 405, Some("GET, HEAD, DELETE, OPTIONS")),
        ("SPAM /users", 405, Some("POST, OPTIONS")),
        ("POST /users/7", 405, Some("GET, HEAD, DELETE, OPTIONS")),
        ("SPAM /nowhere", 404, None),
    ] {
        let replies = ask(&Paths, line, "Content-Length: 0\r\n");
        assert_eq!((replies[0].status, replies[0].field("Allow")), (status, methods), "{line}");
        assert_eq!(allowed(&replies[0]), ["*"], "{line}");
    }
}

#[test]
fn a_list_that_is_none_of_field_names_is_refused() {
    for names in ["a b", "a:b", "a,\"b\"", "caf\u{e9}"] {
        let fields = format!("Origin: x\r\n{METHOD}Access-Control-Request-Headers: {names}\r\n");
        let replies = ask(&Api, "OPTIONS /", &fields);
        assert_eq!((replies.len(), replies[0].status), (1, 400), "{names}");
        assert_eq!(replies[0].field("Access-Control-Allow-Headers"), None);
    }
}

#[test]
fn other_requests_with_options_are_answered_as_ever() {
    for fields in ["", "Origin: https://example.org\r\n", METHOD] {
        let replies = ask(&Api, "OPTIONS /", fields);
        assert_eq!((replies[0].status, replies[0].field("Allow")), (204, Some("GET, HEAD, PUT, OPTIONS")), "{fields}");
        assert_eq!(replies[0].field("Access-Control-Allow-Methods"), None, "{fields}");
    }
}

#[test]
fn an_options_of_the_handlers_own_can_call_the_default() {
    let fields = format!("Origin: https://example.org\r\n{METHOD}");
    let replies = ask(&Open, "OPTIONS /", &fields);
    assert_eq!(replies[0].field("Access-Control-Allow-Methods"), Some("GET, HEAD, OPTIONS"));
    assert_eq!((allowed(&replies[0]), replies[0].field("Access-Control-Expose-Headers")), (vec!["*"], Some("X-Total")));
    let replies = ask(&Open, "OPTIONS /own", &fields);
    assert_eq!((replies[0].field("Access-Control-Allow-Methods"), replies[0].field("Allow")), (None, Some("GET")));
}

#[test]
fn without_the_argument_no_page_learns_anything() {
    let fields = format!("Origin: https://example.org\r\n{METHOD}");
    for line in ["OPTIONS /", "GET /", "SPAM /"] {
        let replies = ask(&Closed, line, &fields);
        assert_eq!(replies.len(), 1);
        assert!(replies[0].fields.iter().all(|(name, _)| !name.starts_with("Access-Control")), "{:?}", replies[0]);
    }
}
