//! The result of a handler's method and the reply that the client gets for it, with errors of every type, `HTTPError`
//! deep in a chain, and panics before and after the head is on the wire.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::support::{Client, PATIENCE};
use basehttp::testing::Server;
use basehttp::{Address, Exchange, HTTPError, HandlerError, Result, http_handler};

/// An error around another one.
#[derive(Debug)]
struct Wrapped(Box<dyn Error + Send + Sync>);

impl Wrapped {
    fn around(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Wrapped(error.into())
    }
}

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrapped")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

fn teapot() -> HTTPError {
    HTTPError::new(418, "short and stout")
}

/// Each method fails in its own way; `handle_error` tells the test.
struct Failing {
    errors: Sender<String>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Failing {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "fine")
    }

    // The types that a method may return.

    fn do_UNIT(&self, ex: &mut Exchange) {
        ex.send_response(204).end_headers().unwrap();
    }

    fn do_OK(&self, ex: &mut Exchange) -> Result<(), fmt::Error> {
        ex.send_response(204).end_headers().map_err(|_| fmt::Error)
    }

    fn do_IO(&self, _: &mut Exchange) -> io::Result<()> {
        std::fs::read("/there/is/no/such/file").map(drop)
    }

    fn do_PARSE(&self, _: &mut Exchange) -> Result<(), std::num::ParseIntError> {
        "seven".parse::<u8>().map(drop)
    }

    fn do_STRING(&self, _: &mut Exchange) -> Result<(), String> {
        Err("a String".to_owned())
    }

    fn do_STR(&self, _: &mut Exchange) -> Result<(), &'static str> {
        Err("a &str")
    }

    fn do_BOXED(&self, _: &mut Exchange) -> Result<(), Box<dyn Error + Send + Sync>> {
        "seven".parse::<f32>()?;
        Ok(())
    }

    fn do_OWN(&self, _: &mut Exchange) -> Result<(), Wrapped> {
        Err(Wrapped::around("the cause"))
    }

    fn do_MIXED(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/int" => drop("seven".parse::<u8>()?),
            "/utf8" => drop(String::from_utf8(vec![0xff])?),
            "/io" => drop(std::fs::read("/there/is/no/such/file")?),
            "/text" => Err("a &str in between")?,
            "/string" => Err(String::from("a String in between"))?,
            _ => Err::<(), Box<dyn Error + Send + Sync>>("boxed in between".into())?,
        }
        Ok(())
    }

    // An `HTTPError` that comes along somehow.

    fn do_CHAIN(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/bare" => Err(teapot())?,
            "/wrapped" => Err(Wrapped::around(teapot()))?,
            "/wrapped-twice" => Err(Wrapped::around(Wrapped::around(teapot())))?,
            "/boxed" => Err::<(), Box<dyn Error + Send + Sync>>(teapot().into())?,
            "/io" => Err(io::Error::other(teapot()))?,
            "/io-from" => Err(io::Error::from(teapot()))?,
            "/io-wrapped" => Err(io::Error::other(Wrapped::around(teapot())))?,
            "/wrapped-io" => Err(Wrapped::around(io::Error::other(teapot())))?,
            _ => Err(io::Error::other(io::Error::other(Wrapped::around(io::Error::other(teapot())))))?,
        }
        Ok(())
    }

    fn do_CHAINIO(&self, _: &mut Exchange) -> io::Result<()> {
        Err(io::Error::other(teapot()))
    }

    fn do_CHAINOWN(&self, _: &mut Exchange) -> Result<(), HTTPError> {
        Err(teapot())
    }

    fn do_BUFFERED(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200).send_header("X-Half", "done").end_headers()?;
        write!(ex.wfile, "the first half")?;
        match ex.path {
            "/http" => Err(teapot().into()),
            "/panic" => panic!("in the middle"),
            _ => Err("in the middle".into()),
        }
    }

    // Panics.

    fn do_PANIC(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/text" => panic!("a text"),
            "/formatted" => panic!("number {}", 7),
            "/index" => Ok(ex.send_text(200, &ex.path[1000..])?),
            _ => std::panic::panic_any(7_u8),
        }
    }

    /// Fails behind the first part of its body, which is on the wire.
    fn do_STREAM(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200);
        if ex.query().get("length").is_some() {
            ex.send_header("Content-Length", 1000);
        }
        ex.end_headers()?;
        write!(ex.wfile, "the first part")?;
        ex.wfile.flush()?;
        match ex.segments()[..] {
            ["panic"] => panic!("after the head"),
            ["http"] => Err(teapot().into()),
            _ => Err("after the head".into()),
        }
    }

    fn handle_error(&self, _: &Address, error: &HandlerError) {
        self.errors.send(error.to_string()).unwrap();
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

fn failing() -> (Server, Receiver<String>) {
    let (errors, told) = channel();
    (Server::start(Failing { errors }).unwrap(), told)
}

fn request(method: &str, target: &str, version: &str) -> String {
    format!("{method} {target} {version}\r\nHost: x\r\nConnection: close\r\n\r\n")
}

fn status_of(server: &Server, method: &str, target: &str) -> (u16, String) {
    let mut client = Client::sending(server, request(method, target, "HTTP/1.1"));
    let reply = client.read_reply();
    client.expect_end();
    (reply.status, reply.reason)
}

#[test]
fn nothing_and_ok_are_the_reply_that_was_sent() {
    let (server, told) = failing();
    assert_eq!(status_of(&server, "UNIT", "/").0, 204);
    assert_eq!(status_of(&server, "OK", "/").0, 204);
    assert!(told.try_recv().is_err(), "nothing went wrong");
}

#[test]
fn every_error_becomes_500_and_is_told_to_handle_error() {
    let (server, told) = failing();
    let table = [
        ("IO", "/", "No such file", "io::Result"),
        ("PARSE", "/", "invalid digit", "an error of std"),
        ("STRING", "/", "a String", "String"),
        ("STR", "/", "a &str", "&str"),
        ("BOXED", "/", "invalid float", "a boxed error"),
        ("OWN", "/", "wrapped: the cause", "a type of one's own, with its source"),
        ("MIXED", "/int", "invalid digit", "`?` in basehttp::Result"),
        ("MIXED", "/utf8", "invalid utf-8", "`?` in basehttp::Result"),
        ("MIXED", "/io", "No such file", "`?` in basehttp::Result"),
        ("MIXED", "/text", "a &str in between", "`?` in basehttp::Result"),
        ("MIXED", "/string", "a String in between", "`?` in basehttp::Result"),
        ("MIXED", "/boxed", "boxed in between", "`?` in basehttp::Result"),
        ("BUFFERED", "/error", "in the middle", "what was buffered is taken back"),
    ];
    for (method, target, text, why) in table {
        assert_eq!(
            status_of(&server, method, target),
            (500, "Internal Server Error".into()),
            "{method} {target}: {why}"
        );
        let error = told.recv_timeout(PATIENCE).expect("handle_error was called");
        assert!(error.contains(text), "{method} {target}: {error}");
    }
    assert!(told.try_recv().is_err(), "handle_error is called once for each");
}

#[test]
fn an_http_error_anywhere_in_the_chain_becomes_the_reply() {
    let (server, told) = failing();
    let table = [
        ("CHAIN", "/bare", "as it is"),
        ("CHAIN", "/wrapped", "as the source"),
        ("CHAIN", "/wrapped-twice", "as the source of the source"),
        ("CHAIN", "/boxed", "in a box"),
        ("CHAIN", "/io", "inside io::Error::other, whose source() leaves it out"),
        ("CHAIN", "/io-from", "made an io::Error by `From`"),
        ("CHAIN", "/io-wrapped", "as the source of what an io::Error carries"),
        ("CHAIN", "/wrapped-io", "in an io::Error that is a source"),
        ("CHAIN", "/deep", "all of these"),
        ("CHAINIO", "/", "a method that returns io::Result"),
        ("CHAINOWN", "/", "a method that returns it"),
        ("BUFFERED", "/http", "what was buffered is taken back"),
    ];
    for (method, target, why) in table {
        assert_eq!(status_of(&server, method, target), (418, "short and stout".into()), "{method} {target}: {why}");
    }
    assert!(told.try_recv().is_err(), "an answer is no failure");
}

#[test]
fn an_error_reply_has_nothing_of_the_reply_it_replaces() {
    let (server, _told) = failing();
    for target in ["/error", "/http", "/panic"] {
        let mut client = Client::sending(&server, request("BUFFERED", target, "HTTP/1.1"));
        let reply = client.read_reply();
        assert_eq!(reply.field("X-Half"), None, "{target}");
        assert!(!reply.text().contains("the first half"), "{target}: {reply:?}");
        client.expect_end();
    }
}

#[test]
fn what_failed_is_never_shown_to_the_client() {
    let (server, _told) = failing();
    for (method, target, secret) in
        [("IO", "/", "No such file"), ("STRING", "/", "a String"), ("PANIC", "/text", "a text")]
    {
        let reply = Client::sending(&server, request(method, target, "HTTP/1.1")).read_reply();
        assert!(!format!("{reply:?}").contains(secret), "{reply:?}");
    }
}

#[test]
fn a_panic_becomes_500_and_the_server_goes_on() {
    let (server, told) = failing();
    let table = [
        ("PANIC", "/text", "a text"),
        ("PANIC", "/formatted", "number 7"),
        ("PANIC", "/index", "out of bounds"),
        ("PANIC", "/payload", "panicked"),
        ("BUFFERED", "/panic", "in the middle"),
    ];
    for (method, target, text) in table {
        assert_eq!(status_of(&server, method, target).0, 500, "{method} {target}");
        let error = told.recv_timeout(PATIENCE).expect("handle_error was called");
        assert!(error.contains(text), "{method} {target}: {error}");
        assert_eq!(status_of(&server, "GET", "/").0, 200, "after {method} {target}");
    }
}

#[test]
fn a_panic_leaves_other_connections_alone() {
    let (server, _told) = failing();
    let mut neighbour = Client::sending(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r");
    assert_eq!(neighbour.read_reply().status, 200);
    assert_eq!(status_of(&server, "PANIC", "/text").0, 500);
    neighbour.send("\n");
    assert_eq!(neighbour.read_reply().status, 200);
}

#[test]
fn a_reply_that_fails_on_the_wire_is_cut_off_so_that_the_client_can_tell() {
    let (server, _told) = failing();
    for cause in ["/panic", "/http", "/error"] {
        let table = [
            (cause.to_owned(), "HTTP/1.1", "chunked: without the last chunk"),
            (format!("{cause}?length=1"), "HTTP/1.1", "Content-Length: fewer bytes"),
            (format!("{cause}?length=1"), "HTTP/1.0", "Content-Length: fewer bytes"),
            (cause.to_owned(), "HTTP/1.0", "ended by closing: reset"),
        ];
        for (target, version, why) in table {
            let mut client = Client::sending(&server, request("STREAM", &target, version));
            let error = client.try_read_reply("GET").expect_err(why);
            let is_cut = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset);
            assert!(is_cut, "{target} {version}, {why}: {error}");
            assert_eq!(status_of(&server, "GET", "/").0, 200, "after {target} {version}");
        }
    }
}

#[test]
fn an_http_1_0_reply_that_is_cut_off_ends_with_a_reset() {
    let (server, _told) = failing();
    for cause in ["/panic", "/http", "/error"] {
        let mut client = Client::sending(&server, request("STREAM", cause, "HTTP/1.0"));
        let error = client.try_read_to_end().expect_err("a clean end would look like a whole reply");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{cause}");
    }
}

#[test]
fn a_failure_on_the_wire_is_told_to_handle_error_but_no_answer_is() {
    let (server, told) = failing();
    for (cause, expected) in [("/panic", Some("after the head")), ("/error", Some("after the head")), ("/http", None)] {
        let mut client = Client::sending(&server, request("STREAM", cause, "HTTP/1.1"));
        client.try_read_reply("GET").expect_err("it is cut off");
        let error = expected.map(|_| told.recv_timeout(PATIENCE).expect("handle_error was called"));
        let fits = error.as_deref().zip(expected).is_none_or(|(error, text)| error.contains(text));
        assert!(fits, "{cause}: {error:?}");
    }
    assert_eq!(status_of(&server, "GET", "/").0, 200);
    assert!(told.try_recv().is_err(), "an HTTPError is no failure");
}

/// Returns what `anyhow` makes of an [`HTTPError`].
struct Anyhow;

#[http_handler]
impl Anyhow {
    fn do_GET(&self, ex: &mut Exchange) -> anyhow::Result<()> {
        use anyhow::Context;
        match ex.path {
            "/error" => Err(teapot().into()),
            "/option" => None::<()>.ok_or_else(teapot).map_err(Into::into),
            "/context" => Err(teapot()).context("while brewing"),
            "/contexts" => Err(teapot()).context("while brewing").context("for the guest"),
            _ => anyhow::bail!("something else"),
        }
    }
}

#[test]
fn an_http_error_in_an_anyhow_error_becomes_the_reply() {
    let server = Server::start(Anyhow).expect("a free port");
    let table = [("/error", 418), ("/option", 418), ("/context", 418), ("/contexts", 418), ("/other", 500)];
    for (path, expected) in table {
        let mut client = Client::sending(&server, request("GET", path, "HTTP/1.1"));
        assert_eq!(client.read_reply().status, expected, "{path}");
    }
}
