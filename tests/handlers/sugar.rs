//! The shortcuts of an exchange: what it knows of itself, values that travel with it, and what takes a line in place of
//! five.

use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, PATIENCE};
use basehttp::testing::{Server, respond};
use basehttp::{Exchange, OrError, Result, http_handler};

struct Knowing;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Knowing {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/address" => Ok(ex.send_text(200, ex.local_address()?.to_string())?),
            "/blocking" => {
                thread::sleep(Duration::from_millis(20));
                Ok(ex.send_text(200, ex.elapsed().as_micros().to_string())?)
            }
            _ => Ok(ex.send_text(200, ex.elapsed().as_micros().to_string())?),
        }
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_client_is_told_the_address_that_it_has_reached() {
    let server = Server::start(Knowing).unwrap();
    let mut client = Client::sending(&server, "GET /address HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read_reply().text(), server.address().to_string());
    let reply = respond(&Knowing, "GET /address HTTP/1.0\r\n\r\n");
    assert!(reply.ends_with(b"\r\n\r\n-"), "a connection in memory has none");
}

#[test]
fn a_request_counts_its_own_time_and_not_the_pause_before_it() {
    let server = Server::start(Knowing).unwrap();
    let mut client = Client::of(&server);
    // The blocking method is soon called in the pool, where a thread waits for the client's next request.
    for (path, least) in [("/", 0)].into_iter().chain([("/blocking", 20_000); 6]).chain([("/", 0)]) {
        thread::sleep(Duration::from_millis(30));
        let sent = Instant::now();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let elapsed: u128 = client.read_reply().text().parse().unwrap();
        assert!(elapsed >= least, "{path}: {elapsed} us, and the method slept");
        assert!(elapsed <= sent.elapsed().as_micros(), "{path}: {elapsed} us, longer than the client has waited");
    }
}

/// A value that only the hook sees, and one that tells of its end.
struct Seen(&'static str);

struct Farewell(Sender<&'static str>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.send("dropped").unwrap();
    }
}

struct Carrying {
    events: Sender<&'static str>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Carrying {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if ex.path == "/without" {
            return Ok(ex.send_text(200, "")?);
        }
        ex.insert(Farewell(self.events.clone()));
        let first = ex.insert(Seen("first"));
        ex.insert(Seen("second"));
        assert_eq!(first.0, "first");
        Err("the method failed".into())
    }

    fn log_request(&self, ex: &Exchange, _: u16, _: Option<u64>) {
        self.events.send(ex.get::<Seen>().map_or("nothing", |seen| seen.0)).unwrap();
    }

    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_hook_sees_the_values_of_its_own_exchange_alone() {
    let (events, seen) = channel();
    let server = Server::start(Carrying { events }).unwrap();
    let mut client = Client::of(&server);
    for (path, status, expected) in
        [("/", 500, &["second", "dropped"][..]), ("/without", 200, &["nothing"]), ("/", 500, &["second", "dropped"])]
    {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(client.read_reply().status, status, "{path}");
        for event in expected {
            assert_eq!(seen.recv_timeout(PATIENCE).as_ref(), Ok(event), "{path}");
        }
    }
}

struct Strict;

#[http_handler]
impl Strict {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let number: u8 = ex.query().get("n").or_error(404)?.parse().or_error((400, "a byte, please"))?;
        Ok(ex.send_text(200, number.to_string())?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_missing_or_wrong_value_becomes_the_error_that_was_named() {
    for (target, expected) in [
        ("/?n=7", "HTTP/1.0 200 OK\r\n"),
        ("/", "HTTP/1.0 404 Not Found\r\n"),
        ("/?n=256", "HTTP/1.0 400 a byte, please\r\n"),
    ] {
        let reply = respond(&Strict, format!("GET {target} HTTP/1.0\r\n\r\n"));
        assert!(reply.starts_with(expected.as_bytes()), "{target}: {}", String::from_utf8_lossy(&reply));
    }
}
