//! A handler never waits for a client that is gone. The tests fix when a client counts as gone, and the end of a reply
//! that can have no body.

use std::fmt;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::stage::{builder, one_worker, wait_until};
use crate::support::{Client, PATIENCE};
use basehttp::testing::Server;
use basehttp::{Address, Exchange, HandlerError, Result, http_handler};

/// Between two looks, or two events.
const TICK: Duration = Duration::from_millis(5);

/// A client that has ended its side is believed for 2 s to be there.
const GRACE: Duration = Duration::from_secs(2);

/// Handlers that end with their clients only. `/WAY/CODE` answers with that code.
struct Endless;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Endless {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let (way, code) = match ex.segments()[..] {
            [way, code] => (way, code.parse()?),
            [way] => (way, 200),
            _ => return Ok(ex.send_text(200, "here")?),
        };
        ex.send_response(code).send_header("X-Way", way).end_headers()?;
        match way {
            "events" => loop {
                ex.wfile.write_all(b"data: tick\n\n")?;
                ex.wfile.flush()?;
                thread::sleep(TICK);
            },
            "copy" => drop(io::copy(&mut io::repeat(0), &mut ex.wfile)?),
            "wrapped" => loop {
                let mut text = io::BufWriter::new(&mut ex.wfile);
                let written = (0..10_000).try_for_each(|line| writeln!(text, "{line}")).and_then(|()| text.flush());
                let why = |error| io::Error::other(HandlerError::from(error).into_inner());
                written.map_err(why)?;
            },
            "flushes" => loop {
                ex.wfile.flush()?;
                thread::sleep(TICK);
            },
            "asks" => {
                ex.wfile.flush()?;
                while !ex.is_client_gone() {
                    thread::sleep(TICK);
                }
            }
            "sleeps" => {
                ex.wfile.flush()?;
                ex.sleep(Duration::MAX)?;
            }
            "silent" => ex.sleep(Duration::MAX)?,
            "ticks" => loop {
                ex.wfile.write_all(b"data: tick\n\n")?;
                ex.wfile.flush()?;
                ex.sleep(20 * TICK)?;
            },
            "late" => {
                ex.sleep(GRACE / 2)?;
                ex.wfile.write_all(if ex.is_client_gone() { b"gone" } else { b"here" })?;
            }
            "later" => {
                ex.sleep(GRACE + GRACE / 2)?;
                ex.wfile.write_all(b"here")?;
            }
            _ => unreachable!("{way}"),
        }
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}

    fn handle_error(&self, _: &Address, error: &HandlerError) {
        panic!("no handler has failed: {error}");
    }
}

/// So many handlers may block.
const THREADS: usize = 9;

fn server() -> Server {
    Server::start_with(one_worker().max_threads(THREADS), Endless).expect("a free port")
}

fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

#[test]
fn a_reply_that_can_have_no_body_ends_a_handler_that_writes_without_end() {
    let server = server();
    for (method, code) in [("HEAD", 200), ("HEAD", 404), ("GET", 204), ("GET", 205), ("GET", 304)] {
        for way in ["events", "copy", "wrapped", "ticks"] {
            let mut client = Client::sending(&server, request(method, &format!("/{way}/{code}")));
            let reply = client.try_read_reply(method).expect("a whole reply");
            assert_eq!((reply.status, reply.field("X-Way"), reply.body.len()), (code, Some(way), 0), "{method}");
            assert_eq!(reply.field("Connection"), None, "{method} {way} {code}");
            // The reply was a success. The connection goes on behind it, without a byte of body in between.
            client.send(request("GET", "/"));
            assert_eq!(client.read_reply().text(), "here", "{method} {way} {code}");
        }
    }
    wait_until(server.server_handle(), "all have ended", |stats| stats.in_handlers == 0);
    let errors = server.server_handle().stats().errors;
    assert_eq!((errors.handler_errors, errors.panics, errors.clients_gone), (0, 0, 0), "nothing has failed");
}

#[test]
fn what_fits_the_buffer_is_counted_although_it_is_not_sent() {
    let server = server();
    let mut client = Client::sending(&server, request("HEAD", "/late"));
    let reply = client.try_read_reply("HEAD").expect("a whole reply");
    assert_eq!(reply.field("Content-Length"), Some("4"), "as a GET would say");
}

#[test]
fn a_server_of_one_request_at_a_time_goes_on_to_the_next() {
    let mut httpd = builder().bind(("127.0.0.1", 0), Endless).expect("a free port");
    let port = httpd.server_port();
    let serving = thread::spawn(move || (0..2).try_for_each(|_| httpd.handle_request()));
    let mut endless = Client::connect(("127.0.0.1", port));
    endless.send(request("HEAD", "/events"));
    assert_eq!(endless.try_read_reply("HEAD").expect("a whole reply").status, 200);
    let mut next = Client::connect(("127.0.0.1", port));
    next.send(request("GET", "/"));
    assert_eq!(next.read_reply().text(), "here");
    serving.join().expect("no panic").expect("two requests");
}

/// The ways in which a client leaves once its handler is at work.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leaves {
    /// It closes its connection, as most do.
    Closing,
    /// With bytes unread, which is a reset.
    Resetting,
}

#[test]
fn no_handler_outlasts_a_client_that_has_gone() {
    let ways = ["events", "copy", "flushes", "asks", "sleeps", "ticks"];
    for leaves in [Leaves::Closing, Leaves::Resetting] {
        let server = server();
        // As many as there are threads, so that one that stays would be missed.
        let paths = ways.iter().flat_map(|way| [("GET", *way), ("HEAD", *way)]).filter(|&(method, way)| {
            // Those end by themselves.
            method == "GET" || matches!(way, "flushes" | "asks" | "sleeps")
        });
        let mut in_handlers = 0;
        let clients: Vec<_> = paths
            .map(|(method, way)| {
                let mut client = Client::sending(&server, request(method, &format!("/{way}")));
                client.wait_for_a_byte();
                if leaves == Leaves::Closing && way != "copy" {
                    // Everything that has come so far is read, because a close with unread bytes is a reset.
                    let head = client.try_read_reply("HEAD").expect("a head");
                    assert_eq!(head.status, 200);
                }
                in_handlers += 1;
                client
            })
            .collect();
        assert_eq!(in_handlers, THREADS);
        wait_until(server.server_handle(), "all are at work", |stats| stats.in_handlers == THREADS as u64);
        drop(clients);
        wait_until(server.server_handle(), "none is left", |stats| stats.in_handlers == 0 && stats.connections == 0);
        let errors = server.server_handle().stats().errors;
        assert_eq!((errors.handler_errors, errors.panics), (0, 0), "{leaves:?}: no failure of a handler");
        assert_eq!(Client::sending(&server, request("GET", "/")).read_reply().text(), "here");
    }
}

#[test]
fn a_client_that_only_ends_its_side_is_there_for_its_answer() {
    let server = server();
    let ask = |path: &str| {
        let mut client = Client::sending(&server, request("GET", path));
        client.end_sending();
        client
    };
    assert_eq!(ask("/late").read_reply().text(), "here", "it may wait for so long");
    let end = ask("/later").try_read_reply("GET").expect_err("and no longer, while nothing is sent to it");
    assert!(matches!(end.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof), "{end}");
    // Bytes that are sent to the client show that it is there.
    let mut client = ask("/ticks");
    let began = Instant::now();
    let mut seen = 0;
    while began.elapsed() < GRACE + GRACE / 2 {
        client.read_exactly(12);
        seen += 1;
    }
    assert!(seen > 10, "{seen} pieces");
}

#[test]
fn a_client_that_is_silent_is_there() {
    let server = server();
    let began = Instant::now();
    let mut client = Client::sending(&server, request("GET", "/later"));
    assert_eq!(client.read_reply().text(), "here");
    assert!(began.elapsed() >= GRACE, "the handler has slept");
}

#[test]
fn a_reset_ends_a_sleep_at_once() {
    let server = server();
    let mut client = Client::sending(&server, request("GET", "/"));
    // That reply stays unread.
    client.wait_for_a_byte();
    client.send(request("GET", "/silent"));
    wait_until(server.server_handle(), "it sleeps", |stats| stats.in_handlers == 1);
    drop(client);
    let began = Instant::now();
    wait_until(server.server_handle(), "it is let go", |stats| stats.in_handlers == 0 && stats.connections == 0);
    assert!(began.elapsed() < PATIENCE, "it was not the end of the sleep");
}
