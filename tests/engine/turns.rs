//! Many requests of one connection at once. They are answered in order, whatever thread serves them, and never at the
//! cost of other connections.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::support::Client;
use crate::support::stage::{
    BUFFERED_BYTES, expect_ping, expect_served, get, one_worker, ping, start, upload, wait_until,
};
use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};

/// So many requests are several turns.
const MANY: usize = 300;

/// GETs of `/0` and so on.
fn numbered(count: usize) -> String {
    (0..count).map(|number| get(&format!("/{number}"))).collect()
}

#[track_caller]
fn expect_numbered(client: &mut Client, count: usize) {
    for number in 0..count {
        assert_eq!(client.read_reply().text(), format!("/{number}"));
    }
}

#[test]
fn many_requests_in_one_write_are_answered_in_order() {
    let (server, _stage) = start(one_worker());
    let mut client = Client::sending(&server, numbered(MANY));
    expect_numbered(&mut client, MANY);
    // The first ones came with the connection; these find it parked.
    client.send(numbered(MANY));
    expect_numbered(&mut client, MANY);
    wait_until(server.server_handle(), "each was one request", |stats| stats.requests == 2 * MANY as u64);
}

#[test]
fn many_requests_behind_one_that_held_a_thread_are_answered_in_order() {
    // On a thread of the pool, and on a leader that was replaced.
    for hold in [upload("/hold/a"), get("/hold/a").into_bytes()] {
        let (server, stage) = start(one_worker());
        let mut client = Client::of(&server);
        let mut other = Client::of(&server);
        expect_served(&mut client, "/");
        expect_served(&mut other, "/");
        client.send([hold, numbered(MANY).into_bytes()].concat());
        stage.wait_for("a");
        // The poller has told of all that, and the leader has nothing to do any more.
        expect_served(&mut other, "/");
        wait_until(server.server_handle(), "the leader waits", |stats| stats.parked == 1);
        stage.open("a");
        client.read_reply();
        expect_numbered(&mut client, MANY);
    }
}

#[test]
fn a_reply_does_not_wait_for_a_blocking_request_behind_it() {
    // On a leader that is replaced, on one that may be, and on a thread of the pool.
    for [first, second] in [
        [get("/hold/a").into_bytes(), get("/hold/b").into_bytes()],
        [ping("/").into_bytes(), get("/hold/b").into_bytes()],
        [upload("/hold/a"), get("/hold/b").into_bytes()],
        [upload("/hold/a"), upload("/hold/b")],
    ] {
        let (server, stage) = start(one_worker());
        stage.open("a");
        let mut client = Client::sending(&server, [first, second].concat());
        client.read_reply();
        stage.wait_for("b");
        assert!(!stage.served().iter().any(|path| path == "/hold/b"), "it is held until now");
        stage.open("b");
        client.read_reply();
    }
}

#[test]
fn a_client_with_many_blocking_requests_lets_another_one_have_the_thread() {
    const REQUESTS: usize = 10;
    let (server, stage) = start(one_worker().max_threads(1).max_queued(1));
    let [mut greedy, mut other, mut third] = [(); 3].map(|()| Client::of(&server));
    expect_ping(&mut other);
    expect_ping(&mut third);
    greedy.send((0..REQUESTS).map(|number| get(&format!("/hold/{number}"))).collect::<String>());
    stage.wait_for("0");
    wait_until(server.server_handle(), "it holds a thread, and the leader is free", |stats| stats.in_handlers == 1);
    other.send(get("/hold/other"));
    // The poller reports events in order. An answer to this request shows that the other one is in the queue.
    expect_ping(&mut third);
    stage.open("0");
    stage.wait_for("other");
    assert!(!stage.was_entered("1"), "it stands behind the other one's");
    stage.open("other");
    assert_eq!(other.read_reply().text(), "other");
    for number in 0..REQUESTS {
        stage.open(&number.to_string());
        assert_eq!(greedy.read_reply().text(), number.to_string());
    }
    assert_eq!(server.server_handle().stats().busy, 0);
}

/// Sends a neighbour's request while it serves a certain one, and notes in which order requests are served.
struct Neighbourly {
    neighbour: Arc<Mutex<Option<Client>>>,
    order: Arc<Mutex<Vec<String>>>,
}

#[http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Neighbourly {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).push(ex.path.to_owned());
        if ex.path == "/10"
            && let Some(neighbour) = &mut *self.neighbour.lock().unwrap_or_else(PoisonError::into_inner)
        {
            // The request is in the server's socket when this returns, since the machine sends to itself.
            neighbour.send(get("/neighbour"));
        }
        Ok(ex.send_text(200, ex.path)?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_connection_with_many_requests_lets_its_neighbour_have_a_turn() {
    let (neighbour, order) = (Arc::default(), Arc::default());
    let handler = Neighbourly { neighbour: Arc::clone(&neighbour), order: Arc::clone(&order) };
    let server = Server::start_with(one_worker(), handler).expect("a free port");
    let mut greedy = Client::of(&server);
    let mut other = Client::of(&server);
    expect_served(&mut greedy, "/");
    expect_served(&mut other, "/");
    *neighbour.lock().unwrap() = Some(other);
    greedy.send(numbered(MANY));
    expect_numbered(&mut greedy, MANY);
    let mut other = neighbour.lock().unwrap().take().expect("it was put there");
    assert_eq!(other.read_reply().text(), "/neighbour");
    let order = order.lock().unwrap();
    let place = order.iter().position(|path| path == "/neighbour").expect("it was served");
    assert!(place < 2 + 10 + 2 * 64, "served as number {place} of {}: within two turns", order.len());
}

#[test]
fn an_end_that_comes_while_a_connection_waits_for_its_turn_is_not_forgotten() {
    let (server, stage) = start(one_worker());
    let mut client = Client::of(&server);
    let mut other = Client::of(&server);
    expect_served(&mut client, "/");
    expect_served(&mut other, "/");
    // More than a turn; while the first is held, the rest of what the client ever says arrives.
    client.send(get("/hold/a") + &numbered(100));
    stage.wait_for("a");
    client.send(get("/last"));
    client.end_sending();
    expect_served(&mut other, "/");
    stage.open("a");
    assert_eq!(client.read_reply().text(), "a");
    expect_numbered(&mut client, 100);
    assert_eq!(client.read_reply().text(), "/last");
    client.expect_end();
    wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 1);
}

#[test]
fn an_end_behind_more_than_one_read_is_seen_in_the_pool_too() {
    let (server, stage) = start(one_worker());
    let mut client = Client::of(&server);
    let mut other = Client::of(&server);
    expect_served(&mut client, "/");
    expect_served(&mut other, "/");
    // All of it, the end too, comes with one event; the leader reads a part and hands the upload over.
    let holding = Client::sending(&server, get("/hold/a"));
    stage.wait_for("a");
    client.send([upload("/"), numbered(10).into_bytes()].concat());
    client.end_sending();
    expect_served(&mut other, "/");
    assert_eq!(client.read_reply().text(), "100000");
    expect_numbered(&mut client, 10);
    client.expect_end();
    stage.open("a");
    drop(holding);
}

#[test]
fn a_slow_reader_of_pipelined_replies_gets_them_all_and_holds_nobody_up() {
    for path in ["/buffered", "/large", "/file"] {
        let (server, _stage) = start(one_worker());
        let count = if path == "/buffered" { 400 } else { 3 };
        let mut slow = Client::sending(&server, get(path).repeat(count) + &get("/end"));
        wait_until(server.server_handle(), "its replies wait for it", |stats| {
            stats.parked == 1 && stats.in_handlers == 0
        });
        let composed = server.server_handle().stats().requests;
        assert!(composed < count as u64 + 1, "{path}: nobody composes what nobody reads: {composed}");
        let mut other = Client::of(&server);
        expect_served(&mut other, "/");
        for number in 0..count {
            let reply = slow.read_reply();
            let letter = match path {
                "/buffered" => b'b',
                "/large" => b'l',
                _ => 0,
            };
            assert!(
                reply.body.len() >= BUFFERED_BYTES && reply.body.iter().all(|&byte| byte == letter),
                "{path} {number}"
            );
        }
        assert_eq!(slow.read_reply().text(), "/end");
        expect_served(&mut slow, "/");
        let stats = server.server_handle().stats();
        // On a busy machine a disk looks slow, and then threads send the pieces of a file. They are not counted.
        let may_need_thread = path == "/file";
        assert!(may_need_thread || stats.threads <= 1 + stats.rescues + stats.pooled, "{path}: {stats:?}");
    }
}

#[test]
fn a_client_that_only_sends_never_stops_the_others() {
    let (server, _stage) = start(one_worker());
    let mut other = Client::of(&server);
    let mut greedy = Client::of(&server);
    let stream = greedy.stream().try_clone().expect("a second handle");
    // It ends when the connection is shut down below.
    let sending = std::thread::spawn(move || {
        let requests = numbered(1000);
        while (&stream).write_all(requests.as_bytes()).is_ok() {}
    });
    let reader = greedy.stream().try_clone().expect("a third handle");
    let reading = std::thread::spawn(move || std::io::copy(&mut &reader, &mut std::io::sink()));
    wait_until(server.server_handle(), "it is busy", |stats| stats.requests > 1000);
    for _ in 0..20 {
        expect_served(&mut other, "/");
    }
    expect_served(&mut Client::of(&server), "/newcomer");
    greedy.stream().shutdown(std::net::Shutdown::Both).expect("it is open");
    sending.join().unwrap();
    // However it ends.
    let _ = reading.join().unwrap();
    wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 1);
}
