//! The attribute's arguments at work, with names and versions, derived methods, and another `MessageClass`.

use std::fmt;
use std::io;
use std::sync::Mutex;

use crate::support::Reply;
use basehttp::testing::{self, Response, respond};
use basehttp::{BaseHTTPRequestHandler, Exchange, Field, HTTPError, MessageClass, http_handler};

/// The replies to `request`, none of them to HEAD.
fn ask<H: BaseHTTPRequestHandler>(handler: &H, request: &str) -> Vec<Reply> {
    Reply::all(&respond(handler, request))
}

/// The response to a bodiless request of that method.
fn ask_method<H: BaseHTTPRequestHandler>(handler: &H, method: &str, target: &str) -> Response {
    let response = testing::request(method, target).send(handler);
    assert!(response.is_complete() && response.rest().is_empty(), "{method} {target}: {response:?}");
    response
}

/// As the macro makes it.
struct Derived;

#[http_handler(protocol_version = "HTTP/1.1", server_version = "Derived/2.1 extra", sys_version = "Own/9")]
impl Derived {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_response(200).send_header("X-Command", ex.command).end_headers()?;
        io::Write::write_all(&mut ex.wfile, b"content")
    }

    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "found")
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

/// Nothing derived, and no word of the system.
struct Underived;

#[http_handler(server_version = "Underived", sys_version = "", derive_head = false, derive_options = false)]
impl Underived {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "content")
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

/// Refuses unknown methods with a list of those that it has.
struct Listing;

#[http_handler(protocol_version = "HTTP/1.1", unknown_method = 405)]
impl Listing {
    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.read_body(10)?;
        ex.send_text(200, "content")
    }

    fn do_HEAD(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "content")
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn an_unknown_method_is_refused_with_the_list_of_methods_if_the_handler_wants_it() {
    for method in ["GET", "PUT", "SPAM", "M-FIND", "post"] {
        let reply = ask_method(&Listing, method, "/");
        assert_eq!((reply.status(), reply.header("Allow")), (405, Some("POST, HEAD, OPTIONS")), "{method}");
        assert_eq!(reply.reason(), "Method Not Allowed");
        let reply = ask_method(&Derived, if method.ends_with('T') { "PATCH" } else { method }, "/");
        assert_eq!((reply.status(), reply.header("Allow")), (501, None), "the default: {method}");
    }
    assert_eq!(ask_method(&Listing, "HEAD", "/").status(), 200);
    // The next request is found behind the body of one that was refused.
    let body = "Host: x\r\nContent-Length: 4\r\n\r\nbody";
    let statuses: Vec<_> = ask(&Listing, &format!("PUT / HTTP/1.1\r\n{body}POST / HTTP/1.1\r\n{body}"))
        .iter()
        .map(|reply| reply.status)
        .collect();
    assert_eq!(statuses, [405, 200]);
}

/// Its own HEAD and OPTIONS.
struct Own;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Own {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "content")
    }

    fn do_HEAD(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_response(200).send_header("X-Own", "HEAD").send_header("Content-Length", 1_000_000).end_headers()
    }

    fn do_OPTIONS(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_response(204).send_header("X-Own", "OPTIONS").end_headers()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn versions_stand_in_status_line_and_server() {
    let reply = ask_method(&Derived, "GET", "/");
    assert_eq!((reply.version(), reply.header("Server")), ("HTTP/1.1", Some("Derived/2.1 extra Own/9")));
    let reply = ask_method(&Underived, "GET", "/");
    assert_eq!((reply.version(), reply.header("Server")), ("HTTP/1.0", Some("Underived")));
    let reply = ask_method(&Own, "GET", "/");
    let server = reply.header("Server").expect("a default");
    assert!(server.starts_with("BaseHTTP/") && server.contains(" Rust/1."), "{server}");
}

#[test]
fn head_is_derived_from_get() {
    let (got, headed) = (ask_method(&Derived, "GET", "/"), ask_method(&Derived, "HEAD", "/"));
    assert_eq!((headed.status(), headed.header("X-Command")), (200, Some("HEAD")));
    assert_eq!(headed.header("Content-Length"), got.header("Content-Length"), "as for GET");
    assert_eq!(got.text(), "content");
}

#[test]
fn options_is_derived_from_the_table() {
    for target in ["/", "/deep/path?query", "*"] {
        let reply = ask_method(&Derived, "OPTIONS", target);
        assert_eq!((reply.status(), reply.header("Allow")), (204, Some("GET, HEAD, M-SEARCH, OPTIONS")), "{target}");
    }
    assert_eq!(ask_method(&Derived, "M-SEARCH", "/").text(), "found");
}

#[test]
fn what_is_not_derived_is_501() {
    assert_eq!(Underived::METHODS, ["GET"]);
    for method in ["HEAD", "OPTIONS", "POST", "get", "GETS"] {
        let reply = ask_method(&Underived, method, "/");
        assert_eq!(reply.status(), 501, "{method}");
        assert_eq!(reply.reason(), format!("Unsupported method ('{method}')"));
    }
    assert_eq!(ask_method(&Underived, "GET", "/").text(), "content");
}

#[test]
fn an_own_head_or_options_goes_before_the_derived_one() {
    let headed = ask_method(&Own, "HEAD", "/");
    assert_eq!((headed.header("X-Own"), headed.header("Content-Length")), (Some("HEAD"), Some("1000000")));
    assert_eq!(ask_method(&Own, "OPTIONS", "/").header("X-Own"), Some("OPTIONS"));
}

/// The names of the fields, in order; refuses a request with `X-Bad`.
#[derive(Debug)]
struct Names<'c>(Vec<&'c str>);

impl<'c> MessageClass<'c> for Names<'c> {
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        let names: Vec<_> = fields.iter().map(Field::name).collect();
        if names.contains(&"X-Bad") {
            return Err(HTTPError::new(422, "Bad Field").with_header("X-Seen", names.join(" ")));
        }
        Ok(Names(names))
    }
}

#[derive(Default)]
struct WithNames {
    log: Mutex<Vec<String>>,
}

#[http_handler(protocol_version = "HTTP/1.1", MessageClass = Names<'c>)]
impl WithNames {
    fn do_GET<'c>(&self, ex: &mut Exchange<'c, Names<'c>>) -> io::Result<()> {
        ex.send_text(200, ex.headers.0.join(" "))
    }

    fn send_error<'c>(&self, ex: &Exchange<'c, Names<'c>>, code: u16, message: &str, explain: &str) -> io::Result<()> {
        self.log.lock().unwrap().push(format!("send_error {:?}", ex.headers.0));
        basehttp::defaults::send_error(self, ex, code, message, explain)
    }

    fn log_request<'c>(&self, _: &Exchange<'c, Names<'c>>, code: u16, _: Option<u64>) {
        self.log.lock().unwrap().push(format!("log_request {code}"));
    }

    fn log_error<'c>(&self, _: &Exchange<'c, Names<'c>>, _: fmt::Arguments<'_>) {}
}

#[test]
fn headers_are_of_the_handlers_own_class() {
    let replies = ask(&WithNames::default(), "GET / HTTP/1.1\r\nHost: x\r\nB: 1\r\na: 2\r\nB: 3\r\n\r\n");
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].text(), "Host B a B");
}

#[test]
fn a_class_that_refuses_the_fields_is_the_reply() {
    let handler = WithNames::default();
    let replies = ask(&handler, "GET / HTTP/1.1\r\nHost: x\r\nX-Bad: 1\r\n\r\n");
    assert_eq!(replies.len(), 1);
    assert_eq!((replies[0].status, replies[0].reason.as_str()), (422, "Bad Field"));
    assert_eq!(replies[0].field("X-Seen"), Some("Host X-Bad"), "the error brings its fields");
    assert_eq!(*handler.log.lock().unwrap(), ["send_error []", "log_request 422"], "the hooks see one of no fields");
}

#[test]
fn a_refused_head_has_a_class_of_no_fields() {
    let handler = WithNames::default();
    let replies = ask(&handler, "GET / HTTP/1.1\r\nB: 1\r\n\r\n");
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].status, 400);
    assert_eq!(*handler.log.lock().unwrap(), ["send_error []", "log_request 400"]);
}

/// Sees nothing of any request.
struct Blind;

impl MessageClass<'_> for Blind {
    fn parse(_: &[Field<'_>]) -> Result<Self, HTTPError> {
        Ok(Blind)
    }
}

struct WithBlind;

#[http_handler(protocol_version = "HTTP/1.1", MessageClass = Blind)]
impl WithBlind {
    fn do_POST(&self, ex: &mut Exchange<'_, Blind>) -> basehttp::Result {
        let body = ex.read_body(1000)?;
        Ok(ex.send_bytes(200, "text/plain", body)?)
    }

    fn log_message(&self, _: &Exchange<'_, Blind>, _: fmt::Arguments<'_>) {}
}

#[test]
fn framing_and_persistence_do_not_depend_on_the_class() {
    let replies = ask(
        &WithBlind,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none\
         POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n\
         POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthree",
    );
    assert_eq!(replies.iter().map(Reply::text).collect::<Vec<_>>(), ["one", "two", "three"]);
}

/// Refuses everything, even nothing.
struct Never;

impl MessageClass<'_> for Never {
    fn parse(_: &[Field<'_>]) -> Result<Self, HTTPError> {
        Err(HTTPError::new(400, "never"))
    }
}

struct WithNever;

#[http_handler(protocol_version = "HTTP/1.1", MessageClass = Never)]
impl WithNever {
    fn do_GET(&self, ex: &mut Exchange<'_, Never>) -> io::Result<()> {
        ex.send_text(200, "not reached")
    }
}

struct WithNever10;

#[http_handler(protocol_version = "HTTP/1.0", MessageClass = Never)]
impl WithNever10 {
    fn do_GET(&self, ex: &mut Exchange<'_, Never>) -> io::Result<()> {
        ex.send_text(200, "not reached")
    }
}

#[test]
fn a_class_that_cannot_be_made_at_all_is_a_bare_500() {
    for request in ["GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "nonsense\r\n\r\n"] {
        let replies = ask(&WithNever, request);
        assert_eq!(replies.len(), 1, "and the connection is closed: {replies:?}");
        assert_eq!((replies[0].status, replies[0].body.len()), (500, 0), "{request:?}");
        assert_eq!((&*replies[0].version, replies[0].field("Connection")), ("HTTP/1.1", Some("close")), "{request:?}");
        let old = &ask(&WithNever10, request)[0];
        assert_eq!((&*old.version, old.status, old.field("Connection")), ("HTTP/1.0", 500, None), "{request:?}");
    }
}
