//! Clients that call blocking handlers in a row. The thread that serves them keeps their connection for a moment, and
//! nothing else changes, for them or for other clients.

use std::time::Duration;

use crate::support::stage::{get, one_worker, wait_until};
use crate::support::{Client, expect_undisturbed};
use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};

/// Longer than what the sockets between server and client take.
const LARGE: usize = 32 * 1024 * 1024;

struct Pooled;

#[http_handler(protocol_version = "HTTP/1.1", pace = "pool")]
impl Pooled {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/large" => ex.send_bytes(200, "text/plain", vec![b'x'; LARGE])?,
            path => ex.send_text(200, path.to_owned())?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1 << 20)?;
        Ok(ex.send_bytes(200, "text/plain", body)?)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

fn start(max_threads: usize) -> Server {
    Server::start_with(one_worker().max_threads(max_threads), Pooled).expect("a free port")
}

/// GETs run on the leader, POSTs on a thread of the pool.
struct Mixed;

#[http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Mixed {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "inline")?)
    }

    #[pace("pool")]
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "pool")?)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

fn expect_row(client: &mut Client, requests: usize) {
    for number in 0..requests {
        let path = format!("/{number}");
        client.send(get(&path));
        assert_eq!(client.read_reply().text(), path);
    }
}

#[test]
fn a_row_of_requests_is_served_and_another_one_after_a_rest() {
    let server = start(4);
    let mut client = Client::of(&server);
    for rows in 1..=3 {
        expect_row(&mut client, 20);
        wait_until(server.server_handle(), "its thread lets go of it", |stats| {
            stats.parked == 1 && stats.pooled == 20 * rows && stats.in_handlers == 0
        });
    }
}

#[test]
fn no_thread_waits_for_a_client_that_calls_a_blocking_handler_now_and_then() {
    const ROUNDS: u64 = 100;
    expect_undisturbed("most of the short requests are the leader's", || {
        let server = Server::start_with(one_worker(), Mixed).expect("a free port");
        let mut client = Client::of(&server);
        let mut expect = |request: &str, text| {
            client.send(request);
            assert_eq!(client.read_reply().text(), text);
        };
        for _ in 0..ROUNDS {
            expect("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "pool");
            for _ in 0..4 {
                expect(&get("/"), "inline");
            }
        }
        wait_until(server.server_handle(), "all are counted", |stats| stats.requests == 5 * ROUNDS);
        // One that comes before its connection is parked is served where that is.
        server.server_handle().stats().pooled < 3 * ROUNDS
    });
}

#[test]
fn pipelined_requests_and_bodies_in_a_row_are_served_in_order() {
    let server = start(4);
    let mut client = Client::of(&server);
    expect_row(&mut client, 5);
    for _ in 0..5 {
        client.send([get("/a"), get("/b"), get("/c")].concat());
        for path in ["/a", "/b", "/c"] {
            assert_eq!(client.read_reply().text(), path);
        }
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfirst");
        client.send("last");
        assert_eq!(client.read_reply().text(), "firstlast");
    }
}

#[test]
fn half_a_request_after_a_row_is_waited_for_without_the_thread() {
    let server = start(1);
    let mut slow = Client::of(&server);
    expect_row(&mut slow, 5);
    slow.send("GET /late HTTP/1.1\r\nHo");
    expect_row(&mut Client::of(&server), 5);
    slow.send("st: h\r\n\r\n");
    assert_eq!(slow.read_reply().text(), "/late");
}

#[test]
fn a_long_reply_after_a_row_holds_no_thread() {
    let server = start(1);
    let mut slow = Client::of(&server);
    expect_row(&mut slow, 5);
    slow.send(get("/large"));
    wait_until(server.server_handle(), "the reply is queued", |stats| stats.pooled == 6 && stats.in_handlers == 0);
    expect_row(&mut Client::of(&server), 5);
    assert_eq!(slow.read_reply().body.len(), LARGE);
}

#[test]
fn more_clients_than_threads_are_all_served() {
    let server = start(2);
    let mut clients: Vec<_> = (0..20).map(|_| Client::of(&server)).collect();
    for _ in 0..5 {
        for client in &mut clients {
            client.send(get("/a"));
        }
        for client in &mut clients {
            assert_eq!(client.read_reply().text(), "/a");
        }
    }
}

#[test]
fn clients_that_end_or_leave_after_a_row_are_forgotten() {
    let server = start(2);
    let mut ending = Client::of(&server);
    expect_row(&mut ending, 5);
    ending.send(get("/last"));
    ending.end_sending();
    assert_eq!(ending.read_reply().text(), "/last");
    ending.expect_end();
    let mut leaving = Client::of(&server);
    expect_row(&mut leaving, 5);
    drop(leaving);
    wait_until(server.server_handle(), "both are gone", |stats| stats.connections == 0);
}

#[test]
fn a_server_ends_while_a_thread_keeps_a_connection() {
    let server = start(2);
    let mut client = Client::of(&server);
    expect_row(&mut client, 5);
    let report = server.server_handle().drain(Duration::from_secs(5)).expect("this thread may wait");
    assert_eq!(report.cut, 0);
    client.expect_end();
}
