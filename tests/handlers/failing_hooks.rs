//! Overridables that panic or fail themselves. At most one request pays for it, and never the server.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, SystemTime};

use crate::support::{Client, PATIENCE};
use basehttp::testing::Server;
use basehttp::{Address, Exchange, Field, HTTPError, HTTPServer, HandlerError, MessageClass, Result, http_handler};

/// Overrides everything; the hook called `hook` panics the first time it is called.
struct Fragile {
    hook: &'static str,
    armed: AtomicBool,
    /// Told when it has panicked, or is about to.
    tripped: Sender<()>,
}

impl Fragile {
    fn new(hook: &'static str, tripped: Sender<()>) -> Self {
        Fragile { hook, armed: AtomicBool::new(true), tripped }
    }

    fn pass(&self, hook: &str) {
        if hook == self.hook && self.armed.swap(false, Ordering::SeqCst) {
            self.tripped.send(()).unwrap();
            panic!("{hook} panics, as the test wants");
        }
    }
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Fragile {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/error" => ex.send_error(404)?,
            "/fail" => Err("as the test wants")?,
            _ => ex.send_text(200, "fine")?,
        }
        Ok(())
    }

    fn log_request(&self, ex: &Exchange, code: u16, _size: Option<u64>) {
        self.pass("log_request");
        ex.log_message(format_args!("{code}"));
    }

    fn log_error(&self, ex: &Exchange, message: fmt::Arguments<'_>) {
        self.pass("log_error");
        ex.log_message(message);
    }

    fn log_message(&self, ex: &Exchange, _message: fmt::Arguments<'_>) {
        self.pass("log_message");
        let _line = ex.address_string() + &ex.log_date_time_string();
    }

    fn version_string(&self) -> Cow<'_, str> {
        self.pass("version_string");
        Cow::Borrowed("Fragile")
    }

    fn date_time_string(&self, _time: SystemTime) -> String {
        self.pass("date_time_string");
        "Tue, 14 Nov 2023 22:13:20 GMT".into()
    }

    fn log_date_time_string(&self) -> String {
        self.pass("log_date_time_string");
        String::new()
    }

    fn address_string(&self, _ex: &Exchange) -> String {
        self.pass("address_string");
        String::new()
    }

    fn handle_expect_100(&self, _ex: &Exchange) -> Result<bool> {
        self.pass("handle_expect_100");
        Ok(true)
    }

    fn end_headers(&self, _ex: &Exchange) -> io::Result<()> {
        self.pass("end_headers");
        Ok(())
    }

    fn send_error(&self, ex: &Exchange, code: u16, message: &str, explain: &str) -> io::Result<()> {
        self.pass("send_error");
        basehttp::defaults::send_error(self, ex, code, message, explain)
    }

    fn verify_request(&self, _client_address: &Address) -> bool {
        self.pass("verify_request");
        true
    }

    fn handle_error(&self, _client_address: &Address, _error: &HandlerError) {
        self.pass("handle_error");
    }

    fn handle_timeout(&self) {
        self.pass("handle_timeout");
    }

    fn service_actions(&self) {
        self.pass("service_actions");
    }
}

const PLAIN: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const ERROR: &str = "GET /error HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const FAIL: &str = "GET /fail HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const REFUSED: &str = "GET / HTTP/1.1\r\n\r\n";
const UNKNOWN: &str = "SPAM / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const EXPECT: &str =
    "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n";

#[test]
fn a_hook_that_panics_costs_one_request_at_most() {
    let table = [
        ("log_request", PLAIN, 200, "the reply has ended before"),
        ("log_message", PLAIN, 200, "the reply has ended before"),
        ("log_date_time_string", PLAIN, 200, "the reply has ended before"),
        ("address_string", PLAIN, 200, "the reply has ended before"),
        ("log_error", ERROR, 500, "inside the method's own send_error"),
        ("version_string", PLAIN, 500, "inside the method's send_text"),
        ("date_time_string", PLAIN, 500, "inside the method's send_text"),
        ("end_headers", PLAIN, 500, "inside the method's send_text"),
        ("end_headers", REFUSED, 500, "inside the runtime's error reply"),
        ("send_error", ERROR, 500, "inside the method"),
        ("send_error", REFUSED, 500, "the runtime's own: a bare 500 is left"),
        ("send_error", UNKNOWN, 500, "the runtime's own: a bare 500 is left"),
        ("send_error", FAIL, 500, "the runtime's own: a bare 500 is left"),
        ("handle_error", FAIL, 500, "the 500 is sent all the same"),
        ("handle_expect_100", EXPECT, 500, "the method is not called"),
    ];
    for (hook, request, status, why) in table {
        let (tripped, has_tripped) = channel();
        let server = Server::start(Fragile::new(hook, tripped)).unwrap();
        let mut client = Client::sending(&server, request);
        assert_eq!(client.read_reply().status, status, "{hook}, {request:?}: {why}");
        client.expect_end();
        drop(client);
        has_tripped.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{hook} is called for {request:?}"));
        assert_eq!(Client::sending(&server, PLAIN).read_reply().status, 200, "after {hook}");
        server.stop().unwrap();
    }
}

#[test]
fn a_verify_request_that_panics_costs_one_client() {
    let (tripped, has_tripped) = channel();
    let server = Server::start(Fragile::new("verify_request", tripped)).unwrap();
    let mut client = Client::of(&server);
    client.end_sending();
    client.expect_end();
    has_tripped.recv_timeout(PATIENCE).expect("verify_request is called");
    assert_eq!(Client::sending(&server, PLAIN).read_reply().status, 200);
    server.stop().unwrap();
}

#[test]
fn a_service_actions_that_panics_does_not_end_the_loop() {
    let (tripped, has_tripped) = channel();
    let builder = HTTPServer::builder().poll_interval(Duration::from_millis(10));
    let server = Server::start_with(builder, Fragile::new("service_actions", tripped)).unwrap();
    has_tripped.recv_timeout(PATIENCE).expect("service_actions is called");
    assert_eq!(Client::sending(&server, PLAIN).read_reply().status, 200);
    server.stop().unwrap();
}

#[test]
fn a_handle_timeout_that_panics_does_not_end_the_server() {
    let (tripped, has_tripped) = channel();
    let builder = HTTPServer::builder().timeout(Some(Duration::from_millis(10)));
    let mut httpd = builder.bind(("127.0.0.1", 0), Fragile::new("handle_timeout", tripped)).unwrap();
    httpd.handle_request().unwrap();
    has_tripped.recv_timeout(PATIENCE).expect("handle_timeout is called");
    httpd.handle_request().unwrap();
}

/// Would add a field of its own.
const ILLEGAL: &str = "a\r\nX-Injected: b";

/// Hooks that return errors.
struct Unable;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Unable {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "fine")
    }

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "never reached")
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        match ex.path {
            "/end" => Err(io::Error::other("no end")),
            "/end-http" => Err(io::Error::other(HTTPError::new(403, "not here"))),
            "/bad-field" => {
                ex.send_header("X-Split", ILLEGAL);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn send_error(&self, ex: &Exchange, code: u16, message: &str, explain: &str) -> io::Result<()> {
        match ex.path {
            "/error" => Err(io::Error::other("no error page")),
            "/silent" => Ok(()),
            _ => basehttp::defaults::send_error(self, ex, code, message, explain),
        }
    }

    fn handle_expect_100(&self, ex: &Exchange) -> Result<bool> {
        match ex.path {
            "/expect" => Err("no expectations".into()),
            "/expect-http" => Err(HTTPError::new(413, "too much").into()),
            "/expect-silent" => Ok(false),
            _ => Ok(ex.send_error(417).map(|()| false)?),
        }
    }

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn a_hook_that_fails_makes_an_error_reply_and_never_none() {
    let server = Server::start(Unable).unwrap();
    let expecting = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
        )
    };
    let plain = |method: &str, path: &str| format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let table = [
        (plain("GET", "/"), 200, "nothing fails"),
        (plain("GET", "/end"), 500, "end_headers fails, for the error reply as well: a bare 500"),
        (plain("GET", "/end-http"), 500, "even the 403's own end_headers fails: a bare 500"),
        (plain("GET", "/bad-field"), 500, "an illegal value is never a split"),
        (plain("SPAM", "/error"), 500, "send_error fails: a bare 500"),
        (plain("SPAM", "/silent"), 500, "send_error sends nothing: a bare 500"),
        (plain("SPAM", "/other"), 501, "send_error works"),
        (expecting("/expect"), 500, "handle_expect_100 fails"),
        (expecting("/expect-http"), 413, "handle_expect_100 fails with an answer"),
        (expecting("/expect-silent"), 500, "handle_expect_100 ends the request without a reply"),
        (expecting("/expect-refused"), 417, "handle_expect_100 has sent the reply"),
    ];
    for (request, status, why) in table {
        let mut client = Client::sending(&server, &request);
        let reply = client.read_reply();
        assert_eq!(reply.status, status, "{request:?}: {why}");
        assert_eq!(reply.field("X-Injected"), None, "{request:?}");
        client.expect_end();
    }
}

/// Panics for a field, and in its own `Display`.
struct Explosive;

impl<'c> MessageClass<'c> for Explosive {
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        assert!(!fields.iter().any(|field| field.name() == "X-Explode"), "as the test wants");
        Ok(Explosive)
    }
}

impl fmt::Display for Explosive {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("as the test wants")
    }
}

/// A value that cannot be formatted.
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

struct WithExplosives;

#[http_handler(protocol_version = "HTTP/1.1", MessageClass = Explosive)]
impl WithExplosives {
    fn do_GET(&self, ex: &mut Exchange<'_, Explosive>) -> io::Result<()> {
        match ex.path {
            "/display" => ex.send_response(200).send_header("X-Value", &ex.headers).end_headers(),
            "/unspeakable" => ex.send_response(200).send_header("X-Value", Unspeakable).end_headers(),
            _ => ex.send_text(200, "fine"),
        }
    }

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
    fn log_message(&self, _: &Exchange<'_, Explosive>, _: fmt::Arguments<'_>) {}
}

#[test]
fn a_users_parse_or_display_that_panics_is_a_500() {
    // Room for two at once, so that a connection that leaks its place stops the server.
    let server = Server::start_with(HTTPServer::builder().max_connections(2), WithExplosives).unwrap();
    let table = [
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Explode: 1\r\n\r\n", 500, "MessageClass::parse"),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Explode: 2\r\n\r\n", 500, "MessageClass::parse again"),
        ("GET /display HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 500, "a value's Display"),
        ("GET /unspeakable HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 500, "a value's Display that fails"),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, "nothing fails"),
    ];
    for (request, status, why) in table {
        let reply = Client::sending(&server, request).try_read_reply("GET");
        assert_eq!(reply.map(|reply| reply.status).ok(), Some(status), "{why}");
    }
    server.stop().unwrap();
}
