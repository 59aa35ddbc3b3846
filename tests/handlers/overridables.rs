//! Every overridable of a handler. The runtime calls it, its original is callable from it, and both are callable from
//! `ex`.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use crate::support::{Client, Reply};
use basehttp::testing::{Server, respond};
use basehttp::{Address, BaseHTTPRequestHandler, Exchange, HTTPServer, HandlerError, Result, defaults, http_handler};

/// Overrides everything by a note and the original.
#[derive(Default)]
struct Noting {
    calls: Mutex<Vec<String>>,
}

impl Noting {
    fn note(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Noting {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/error" => ex.send_error((404, "Lost", "Nobody knows where."))?,
            "/fail" => Err("as the test wants")?,
            "/log" => {
                ex.log_request(299, Some(7));
                ex.log_error(format_args!("an error"));
                ex.log_message(format_args!("a message"));
                ex.send_response(204).end_headers()?;
            }
            "/ask" => {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
                let (version, date, now) = (ex.version_string(), ex.date_time_string(time), ex.log_date_time_string());
                let expects = ex.handle_expect_100()?;
                ex.send_text(200, format!("{version}|{date}|{}|{}|{expects}", now.len(), ex.address_string()))?;
            }
            _ => ex.send_text(200, "fine")?,
        }
        Ok(())
    }

    fn log_request(&self, ex: &Exchange, code: u16, size: Option<u64>) {
        self.note(format!("log_request {code} {size:?}"));
        defaults::log_request(self, ex, code, size);
    }

    fn log_error(&self, ex: &Exchange, message: fmt::Arguments<'_>) {
        self.note(format!("log_error {message}"));
        defaults::log_error(self, ex, message);
    }

    fn log_message(&self, ex: &Exchange, message: fmt::Arguments<'_>) {
        self.note(format!("log_message {message}"));
        defaults::log_message(self, ex, message);
    }

    fn version_string(&self) -> Cow<'_, str> {
        self.note("version_string");
        defaults::version_string(self)
    }

    fn date_time_string(&self, time: SystemTime) -> String {
        self.note("date_time_string");
        defaults::date_time_string(self, time)
    }

    fn log_date_time_string(&self) -> String {
        self.note("log_date_time_string");
        defaults::log_date_time_string(self)
    }

    fn address_string(&self, ex: &Exchange) -> String {
        self.note("address_string");
        defaults::address_string(self, ex)
    }

    fn handle_expect_100(&self, ex: &Exchange) -> Result<bool> {
        self.note("handle_expect_100");
        defaults::handle_expect_100(self, ex)
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        self.note("end_headers");
        defaults::end_headers(self, ex)
    }

    fn send_error(&self, ex: &Exchange, code: u16, message: &str, explain: &str) -> io::Result<()> {
        self.note(format!("send_error {code} {message} {explain}"));
        defaults::send_error(self, ex, code, message, explain)
    }

    fn verify_request(&self, client_address: &Address) -> bool {
        self.note(format!("verify_request {}", client_address.ip().unwrap()));
        defaults::verify_request(self, client_address)
    }

    fn handle_error(&self, client_address: &Address, error: &HandlerError) {
        self.note(format!("handle_error {error}"));
        defaults::handle_error(self, client_address, error);
    }

    fn handle_timeout(&self) {
        self.note("handle_timeout");
        defaults::handle_timeout(self);
    }

    fn service_actions(&self) {
        self.note("service_actions");
        defaults::service_actions(self);
    }
}

/// The reply to a GET, and the notes that it made.
fn ask(handler: &Noting, target: &str) -> (Reply, Vec<String>) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut replies = Reply::all(&respond(handler, request));
    assert_eq!(replies.len(), 1);
    (replies.remove(0), handler.take())
}

#[test]
fn the_runtime_calls_the_handlers_own_and_the_originals_do_their_work() {
    let handler = Noting::default();
    let log_line = ["log_message \"GET / HTTP/1.1\" 200 -", "address_string", "log_date_time_string"];
    let (reply, calls) = ask(&handler, "/");
    assert_eq!((reply.status, reply.text()), (200, "fine"));
    assert_eq!(calls[..3], ["version_string", "date_time_string", "end_headers"]);
    assert_eq!(calls[3..], ["log_request 200 Some(4)", log_line[0], log_line[1], log_line[2]]);
    assert_eq!(reply.field("Server"), Some(Noting::VERSION_STRING));
    assert!(reply.field("Date").is_some_and(|date| date.ends_with(" GMT") && date.len() == 29), "{reply:?}");

    let (reply, calls) = ask(&handler, "/error");
    assert_eq!((reply.status, reply.reason.as_str()), (404, "Lost"));
    assert!(reply.text().contains("Nobody knows where."));
    assert_eq!(calls[0], "send_error 404 Lost Nobody knows where.");
    assert_eq!(calls[1..3], ["log_error code 404, message Lost", "log_message code 404, message Lost"]);

    let (reply, calls) = ask(&handler, "/fail");
    assert_eq!(reply.status, 500);
    assert_eq!(calls[0], "handle_error as the test wants");
    assert!(calls[1].starts_with("send_error 500 Internal Server Error "), "{calls:?}");
}

#[test]
fn each_is_callable_on_the_exchange() {
    let handler = Noting::default();
    let (_, calls) = ask(&handler, "/log");
    let logged: Vec<_> = calls.iter().filter(|call| call.starts_with("log_")).collect();
    let expected = [
        "log_request 299 Some(7)",
        "log_message \"GET /log HTTP/1.1\" 299 -",
        "log_date_time_string",
        "log_error an error",
        "log_message an error",
        "log_date_time_string",
        "log_message a message",
        "log_date_time_string",
        "log_request 204 Some(0)",
        "log_message \"GET /log HTTP/1.1\" 204 -",
        "log_date_time_string",
    ];
    assert_eq!(logged, expected);

    let (reply, calls) = ask(&handler, "/ask");
    let expected = format!("{}|Tue, 14 Nov 2023 22:13:20 GMT|20|-|true", Noting::VERSION_STRING);
    assert_eq!(reply.text(), expected);
    let asked = ["version_string", "date_time_string", "log_date_time_string", "handle_expect_100", "address_string"];
    assert_eq!(calls[..5], asked);
}

#[test]
fn handle_expect_100_runs_before_the_method_for_a_client_that_expects_it() {
    let handler = Noting::default();
    let request = "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";
    respond(&handler, request);
    assert_eq!(handler.take()[0], "handle_expect_100");
}

/// The notes of a server's handler, shared with the test.
struct Shared(&'static Noting);

#[http_handler]
impl Shared {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, ex.address_string())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}

    fn verify_request(&self, client_address: &Address) -> bool {
        self.0.verify_request(client_address)
    }

    fn handle_timeout(&self) {
        self.0.handle_timeout();
    }
}

#[test]
fn the_servers_hooks_are_called_and_their_originals_let_everybody_in() {
    let noting: &Noting = Box::leak(Box::default());
    let server = Server::start(Shared(noting)).unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.0\r\n\r\n");
    assert_eq!(client.read_reply().text(), "127.0.0.1", "the address without its port");
    assert_eq!(noting.take(), ["verify_request 127.0.0.1"]);

    let builder = HTTPServer::builder().timeout(Some(Duration::from_millis(10)));
    builder.bind(("127.0.0.1", 0), Shared(noting)).unwrap().handle_request().unwrap();
    assert_eq!(noting.take(), ["handle_timeout"]);
}

/// Adds a field to every response; how it ends the head is `E`.
struct Adding<const E: usize> {
    calls: AtomicUsize,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl<const E: usize> Adding<E> {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/error" => ex.send_error(404)?,
            "/fail" => Err("as the test wants")?,
            "/panic" => panic!("as the test wants"),
            "/misuse" => drop(ex.send_header("X-Too-Early", 1)),
            "/empty" => ex.send_response(204).end_headers()?,
            "/only" => ex.send_response_only(200).send_header("Content-Length", 0).end_headers()?,
            "/interim" => {
                ex.send_response_only(103).end_headers()?;
                ex.send_text(200, "fine")?;
            }
            _ => ex.send_text(200, "fine")?,
        }
        Ok(())
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        ex.send_header("Access-Control-Allow-Origin", "*");
        match E {
            0 => Ok(()),
            1 => defaults::end_headers(self, ex),
            _ => ex.end_headers(),
        }
    }

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

fn end_headers_adds_its_field_once_to_each<const E: usize>() {
    let handler = Adding::<E> { calls: AtomicUsize::new(0) };
    let table = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "a text"),
        ("GET /empty HTTP/1.1\r\nHost: x\r\n\r\n", 204, "no body"),
        ("GET /only HTTP/1.1\r\nHost: x\r\n\r\n", 200, "send_response_only"),
        ("GET /interim HTTP/1.1\r\nHost: x\r\n\r\n", 200, "behind an interim response, which gets none"),
        ("GET /error HTTP/1.1\r\nHost: x\r\n\r\n", 404, "the handler's error"),
        ("GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", 500, "a failure"),
        ("GET /panic HTTP/1.1\r\nHost: x\r\n\r\n", 500, "a panic"),
        ("GET /misuse HTTP/1.1\r\nHost: x\r\n\r\n", 500, "a misuse"),
        ("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n", 204, "the derived OPTIONS"),
        ("SPAM / HTTP/1.1\r\nHost: x\r\n\r\n", 501, "no such method"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "a refused request"),
        ("\0", 400, "what is no request at all"),
        ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, "a refused version"),
    ];
    for (request, status, why) in table {
        let before = handler.calls.load(Ordering::Relaxed);
        let replies = Reply::all(&respond(&handler, request));
        let (reply, interim) = replies.split_last().expect("a reply");
        assert_eq!(reply.status, status, "{request:?}: {why}");
        let added: Vec<_> = reply.fields_named("Access-Control-Allow-Origin").collect();
        assert_eq!(added, ["*"], "{request:?}: {why}");
        assert!(interim.iter().all(|interim| interim.field("Access-Control-Allow-Origin").is_none()), "{why}");
        assert_eq!(handler.calls.load(Ordering::Relaxed) - before, 1, "{request:?}: called once, {why}");
    }
}

#[test]
fn end_headers_adds_fields_to_every_response_errors_included() {
    end_headers_adds_its_field_once_to_each::<0>();
}

#[test]
fn end_headers_may_call_the_original() {
    end_headers_adds_its_field_once_to_each::<1>();
}

#[test]
fn end_headers_inside_end_headers_is_the_original() {
    end_headers_adds_its_field_once_to_each::<2>();
}

/// Calls back from the hooks that can.
struct CallingBack;

#[http_handler(protocol_version = "HTTP/1.1")]
impl CallingBack {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((404, "Lost"))
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_response(204).end_headers()
    }

    fn send_error(&self, ex: &Exchange, code: u16, message: &str, explain: &str) -> io::Result<()> {
        ex.send_error((code, format!("{message} and told so"), explain))
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        if ex.command == "DELETE" { ex.send_error((403, "Keep Out")) } else { Ok(()) }
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn send_error_inside_send_error_is_the_original() {
    let replies = Reply::all(&respond(&CallingBack, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(replies.len(), 1);
    assert_eq!((replies[0].status, replies[0].reason.as_str()), (404, "Lost and told so"));
}

#[test]
fn send_error_inside_end_headers_replaces_the_reply() {
    let replies = Reply::all(&respond(&CallingBack, "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(replies.len(), 1);
    assert_eq!((replies[0].status, replies[0].reason.as_str()), (403, "Keep Out and told so"));
}

/// Sends errors of its own making, and its own texts.
struct OwnTexts;

#[http_handler(protocol_version = "HTTP/1.1")]
impl OwnTexts {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "fine")
    }

    fn version_string(&self) -> Cow<'_, str> {
        Cow::Owned(format!("Own/{}", 1 + 1))
    }

    fn date_time_string(&self, time: SystemTime) -> String {
        assert!(time > SystemTime::UNIX_EPOCH, "it is now");
        "Sun, 06 Nov 1994 08:49:37 GMT".into()
    }

    fn send_error(&self, ex: &Exchange, code: u16, message: &str, _explain: &str) -> io::Result<()> {
        ex.send_bytes(code, "application/json", format!("{{\"error\": {message:?}}}"))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn own_texts_stand_in_every_response() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "fine"),
        ("SPAM / HTTP/1.1\r\nHost: x\r\n\r\n", 501, "{\"error\": \"Unsupported method ('SPAM')\"}"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "{\"error\": \"Bad Request\"}"),
    ];
    for (request, status, text) in table {
        let replies = Reply::all(&respond(&OwnTexts, request));
        assert_eq!(replies.len(), 1, "{request:?}");
        assert_eq!((replies[0].status, replies[0].text()), (status, text));
        assert_eq!(replies[0].fields_named("Server").collect::<Vec<_>>(), ["Own/2"], "{request:?}");
        assert_eq!(
            replies[0].fields_named("Date").collect::<Vec<_>>(),
            ["Sun, 06 Nov 1994 08:49:37 GMT"],
            "{request:?}"
        );
    }
}
