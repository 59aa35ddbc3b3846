//! A handler that blocks without warning. Other clients are served meanwhile, nothing of its own connection is lost,
//! and the server learns from it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::stage::{
    NAP, Stage, builder, expect_all_served, expect_ping, expect_served, get, one_worker, ping, start, upload,
    wait_until,
};
use crate::support::transport::is_tls;
use crate::support::{Client, PATIENCE};
use basehttp::testing::Server;
use basehttp::{Address, Exchange, Result, http_handler};

/// Connects clients and has each of them served once, so that they are known to a poller.
fn served(server: &Server, count: usize) -> Vec<Client> {
    let mut clients: Vec<_> = (0..count).map(|_| Client::of(server)).collect();
    expect_all_served(&mut clients, "/");
    clients
}

/// Connects a client whose handler is in the hold of that name.
fn held(server: &Server, stage: &Stage, name: &str) -> Client {
    let client = Client::sending(server, get(&format!("/hold/{name}")));
    stage.wait_for(name);
    client
}

#[test]
fn a_handler_that_blocks_holds_nobody_else_up() {
    let (server, stage) = start(one_worker());
    let mut known = served(&server, 20);
    let mut held = held(&server, &stage, "a");
    // They wait in the shard's list or at its poller, whose leader is stuck.
    for client in &mut known {
        client.send(get("/"));
    }
    let mut newcomer = Client::sending(&server, get("/new"));
    assert!(known.iter_mut().all(|client| client.read_reply().text() == "/"));
    assert_eq!(newcomer.read_reply().text(), "/new");
    assert!(server.server_handle().stats().rescues >= 1);
    stage.open("a");
    assert_eq!(held.read_reply().text(), "a", "the stuck thread finishes its own reply");
    expect_served(&mut held, "/");
}

#[test]
fn those_behind_a_blocking_request_in_one_list_are_served_too() {
    let (server, stage) = start(one_worker());
    let mut clients = served(&server, 12);
    let mut first = held(&server, &stage, "first");
    // All requests come with one poll, or nearly so. Every third one blocks, and the others wait behind it.
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(if number % 3 == 0 { ping(&format!("/hold/{number}")) } else { get("/") });
    }
    for (number, client) in clients.iter_mut().enumerate() {
        if number % 3 != 0 {
            assert_eq!(client.read_reply().text(), "/", "number {number}");
        }
    }
    for number in [0, 3, 6, 9] {
        stage.wait_for(&number.to_string());
    }
    // On a busy machine a thread of the pool may have kept a connection, and then serves its next request.
    wait_until(server.server_handle(), "each has cost a leader, or holds a thread of the pool", |stats| {
        stats.rescues + stats.pooled >= 5 && stats.in_handlers == 5
    });
    for number in [0, 3, 6, 9] {
        stage.open(&number.to_string());
        assert_eq!(clients[number].read_reply().text(), number.to_string());
    }
    stage.open("first");
    assert_eq!(first.read_reply().text(), "first");
}

#[test]
fn ever_new_spellings_of_a_blocking_path_do_not_cost_a_leader_each() {
    const SPELLINGS: usize = 40;
    let (server, stage) = start(one_worker());
    let began = Instant::now();
    let mut held: Vec<_> = (0..SPELLINGS).map(|number| held(&server, &stage, &number.to_string())).collect();
    let rescues = server.server_handle().stats().rescues;
    assert!((1..=1 + began.elapsed().as_secs()).contains(&rescues), "one a second at most: {rescues}");
    for (number, client) in held.iter_mut().enumerate() {
        stage.open(&number.to_string());
        assert_eq!(client.read_reply().text(), number.to_string());
    }
}

#[test]
fn as_many_handlers_may_block_as_there_are_threads() {
    const THREADS: usize = 6;
    let (server, stage) = start(one_worker().max_threads(THREADS));
    let mut fast = Client::of(&server);
    expect_ping(&mut fast);
    let mut held: Vec<_> = (0..THREADS).map(|number| held(&server, &stage, &number.to_string())).collect();
    let mut late = Client::sending(&server, get("/hold/late"));
    expect_ping(&mut fast);
    // Two of them may share a place of the pace table. The second one then goes to the pool at once.
    wait_until(server.server_handle(), "each holds a thread, and the one too many waits in the queue", |stats| {
        stats.in_handlers == THREADS as u64 && stats.rescues + stats.pooled >= THREADS as u64
    });
    assert!(!stage.was_entered("late"));
    stage.open("0");
    assert_eq!(held[0].read_reply().text(), "0");
    stage.wait_for("late");
    (1..THREADS).for_each(|number| stage.open(&number.to_string()));
    stage.open("late");
    for (number, client) in held.iter_mut().enumerate().skip(1) {
        assert_eq!(client.read_reply().text(), number.to_string());
    }
    assert_eq!(late.read_reply().text(), "late");
    let stats = server.server_handle().stats();
    assert!(stats.threads <= 1 + stats.rescues + stats.pooled, "each of them was needed: {stats:?}");
}

#[test]
fn a_rescued_thread_is_free_for_other_work() {
    // There are two shards and one thread beside their leaders. The stuck leader is the only thread for the upload.
    let (server, stage) = start(builder().workers(2).max_threads(1));
    let mut clients = served(&server, 2);
    for (number, name) in ["x", "y"].into_iter().enumerate() {
        // A connection that comes back at once may stay with the thread it was on.
        wait_until(server.server_handle(), "both are parked", |stats| stats.parked == 2);
        // Of whichever shard it is, the other one's leader is not disturbed.
        clients[number].send(ping(&format!("/hold/{name}")));
        stage.wait_for(name);
        wait_until(server.server_handle(), "the leader is replaced", |stats| stats.rescues > number as u64);
        stage.open(name);
        assert_eq!(clients[number].read_reply().text(), name);
        let other = &mut clients[1 - number];
        other.send(upload("/"));
        assert_eq!(other.read_reply().text(), "100000", "after {name}");
    }
}

#[test]
fn bytes_that_arrive_while_a_handler_runs_are_served_afterwards() {
    for hold in [get("/hold/a").into_bytes(), upload("/hold/a")] {
        let (server, stage) = start(one_worker());
        let mut client = Client::of(&server);
        let mut other = Client::of(&server);
        // Both are known to the poller from now on.
        expect_served(&mut client, "/");
        expect_served(&mut other, "/");
        client.send(&hold);
        stage.wait_for("a");
        client.send(get("/next"));
        // The poller reports events in order. An answer to this request shows that it has reported the other one.
        expect_served(&mut other, "/");
        stage.open("a");
        client.read_reply();
        assert_eq!(client.read_reply().text(), "/next");
        expect_served(&mut client, "/");
    }
}

#[test]
fn an_end_that_arrives_while_a_handler_runs_is_seen_afterwards() {
    for hold in [get("/hold/a").into_bytes(), upload("/hold/a")] {
        for more in ["", "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"] {
            let (server, stage) = start(one_worker());
            let mut client = Client::of(&server);
            let mut other = Client::of(&server);
            expect_served(&mut client, "/");
            expect_served(&mut other, "/");
            client.send(&hold);
            stage.wait_for("a");
            client.send(more);
            client.end_sending();
            expect_served(&mut other, "/");
            stage.open("a");
            client.read_reply();
            if !more.is_empty() {
                assert_eq!(client.read_reply().text(), "/next");
            }
            client.expect_end();
            wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 1);
        }
    }
}

#[test]
fn no_event_is_lost_between_a_handlers_end_and_the_next_wait() {
    let (server, _stage) = start(one_worker());
    let mut client = Client::of(&server);
    // The second request arrives before, while and after the first one's connection is parked.
    for round in 0..2000 {
        client.send(get("/first"));
        for _ in 0..round % 64 {
            std::hint::spin_loop();
        }
        client.send(get("/second"));
        assert_eq!(client.read_reply().text(), "/first");
        assert_eq!(client.read_reply().text(), "/second");
    }
    // The same where a thread of the pool parks while the leader polls.
    for round in 0..200 {
        client.send(upload("/"));
        for _ in 0..round * 8 {
            std::hint::spin_loop();
        }
        client.send(get("/second"));
        assert_eq!(client.read_reply().text(), "100000");
        assert_eq!(client.read_reply().text(), "/second");
    }
}

#[test]
fn a_panic_on_the_leader_costs_one_exchange() {
    let (server, _stage) = start(one_worker().max_threads(2));
    let mut other = Client::of(&server);
    expect_served(&mut other, "/");
    for _ in 0..20 {
        let mut client = Client::sending(&server, get("/panic"));
        assert_eq!(client.read_reply().status, 500);
        expect_served(&mut client, "/");
        expect_served(&mut other, "/");
    }
    wait_until(server.server_handle(), "no handler is left", |stats| stats.in_handlers == 0);
    let stats = server.server_handle().stats();
    assert!(stats.threads <= 1 + stats.rescues + stats.pooled, "no thread was lost: {stats:?}");
}

#[test]
fn a_panic_that_panics_again_when_it_is_dropped_costs_one_connection() {
    let (server, _stage) = start(one_worker().max_threads(2));
    let mut other = Client::of(&server);
    expect_served(&mut other, "/");
    for round in 0..10 {
        let mut client = Client::sending(&server, get("/bomb"));
        // A reply or a cut, whichever the guard makes of it.
        if let Ok(reply) = client.try_read_reply("GET") {
            assert_eq!(reply.status, 500);
        }
        drop(client);
        other.send(upload("/"));
        assert_eq!(other.read_reply().text(), "100000", "round {round}: leaders and threads are there");
    }
    wait_until(server.server_handle(), "nothing is left of them", |stats| {
        stats.connections == 1 && stats.in_handlers == 0
    });
}

#[test]
fn a_path_that_blocks_is_learnt_and_then_goes_to_the_pool_at_once() {
    let (server, stage) = start(one_worker());
    let [mut client, mut other] = [(); 2].map(|()| Client::of(&server));
    expect_ping(&mut client);
    expect_ping(&mut other);
    // One rescue makes the handler a blocking one, and so do three slow runs. A run in the pool proves nothing by
    // itself. If the leader was preempted during the ping, unproven handlers go to the pool for a second.
    for _ in 0..3 {
        // A connection that comes back at once may stay with the thread it was on.
        wait_until(server.server_handle(), "everything is parked", |stats| stats.parked == stats.connections);
        let before = server.server_handle().stats();
        client.send(get("/hold/slow?first"));
        stage.wait_for("slow");
        wait_until(server.server_handle(), "rescued or in the pool", |stats| {
            stats.rescues > before.rescues || stats.pooled > before.pooled
        });
        thread::sleep(NAP);
        stage.open("slow");
        assert_eq!(client.read_reply().text(), "slow");
        stage.close("slow");
    }
    let before = server.server_handle().stats();
    assert!(before.pooled > 0, "it is learnt: {before:?}");
    for _ in 0..20 {
        wait_until(server.server_handle(), "everything is parked", |stats| stats.parked == stats.connections);
        client.send(get("/hold/slow"));
        stage.wait_for("slow");
        expect_ping(&mut other);
        // So that none of its runs counts as fast.
        thread::sleep(NAP);
        stage.open("slow");
        assert_eq!(client.read_reply().text(), "slow");
        stage.close("slow");
    }
    let stats = server.server_handle().stats();
    assert_eq!(stats.pooled, before.pooled + 20);
    // Others may have been preempted for two ticks; the blocking one costs nothing any more.
    assert!(stats.rescues < before.rescues + 20, "{stats:?}");
}

#[test]
fn a_path_that_became_fast_comes_back_to_the_leader() {
    let (server, stage) = start(one_worker());
    let mut client = Client::of(&server);
    client.send(get("/hold/moody"));
    stage.wait_for("moody");
    wait_until(server.server_handle(), "the leader is replaced", |stats| stats.rescues > 0);
    stage.open("moody");
    assert_eq!(client.read_reply().text(), "moody");
    // Eight fast runs would do; a busy machine makes some of them slow.
    for _ in 0..2000 {
        let before = server.server_handle().stats().pooled;
        expect_served(&mut Client::of(&server), "/hold/moody");
        if server.server_handle().stats().pooled == before {
            return;
        }
    }
    panic!("it stays in the pool: {:?}", server.server_handle().stats());
}

/// Says on which thread each method runs, and keeps the slow one waiting.
struct Paced;

#[http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Paced {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "inline")?)
    }

    #[pace("pool")]
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "pool")?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn the_attribute_and_a_methods_own_pace_decide_where_it_runs() {
    let server = Server::start_with(one_worker(), Paced).expect("a free port");
    let mut client = Client::of(&server);
    // Over TLS, the first request may be served where its handshake was made.
    client.send(get("/"));
    assert_eq!(client.read_reply().text(), "inline");
    let before = server.server_handle().stats().pooled;
    for round in 1..=10 {
        // A connection that comes back at once may stay with the thread it was on.
        wait_until(server.server_handle(), "it is parked", |stats| stats.parked == stats.connections);
        client.send(get("/"));
        assert_eq!(client.read_reply().text(), "inline");
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(client.read_reply().text(), "pool");
        assert_eq!(
            server.server_handle().stats().pooled,
            before + round,
            "of the first run on, and never the other one"
        );
    }
}

/// Has a `verify_request` that blocks for the client that comes while it shall.
struct Doorman {
    entered: Sender<()>,
    /// One message for each client, with the event that it waits for, if any.
    waits: Mutex<Receiver<Option<Receiver<()>>>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Doorman {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, ex.path)
    }

    fn verify_request(&self, _: &Address) -> bool {
        let wait = self.waits.lock().unwrap_or_else(PoisonError::into_inner).try_recv();
        if let Ok(Some(wait)) = wait {
            self.entered.send(()).expect("the test waits");
            // Without a word it gives up.
            let _ = wait.recv_timeout(PATIENCE);
        }
        true
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_hook_that_blocks_holds_nobody_else_up() {
    let (entered, has_entered) = channel();
    let (tell, waits) = channel();
    let doorman = Doorman { entered, waits: Mutex::new(waits) };
    let server = Server::start_with(one_worker(), doorman).expect("a free port");
    let mut known = Client::of(&server);
    expect_served(&mut known, "/");
    let (let_go, wait) = channel();
    tell.send(Some(wait)).unwrap();
    let mut held = Client::sending_ahead(server.address(), get("/held"));
    has_entered.recv_timeout(PATIENCE).unwrap();
    known.send(get("/known"));
    wait_until(server.server_handle(), "the leader is replaced", |stats| stats.rescues >= 1);
    assert_eq!(known.read_reply().text(), "/known");
    let_go.send(()).unwrap();
    assert_eq!(held.read_reply().text(), "/held");
}

/// Has hooks that block each time.
struct SlowHooks;

/// Time for which the handlers block, several times the time that a leader has.
const BLOCKED: Duration = Duration::from_millis(30);

#[http_handler(protocol_version = "HTTP/1.1")]
impl SlowHooks {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, ex.path)
    }

    fn verify_request(&self, address: &Address) -> bool {
        // A caller that the test chooses by its address.
        if address.ip() == Some(IpAddr::from([127, 0, 0, 2])) {
            thread::sleep(BLOCKED);
        }
        true
    }

    fn log_error(&self, _: &Exchange, _: fmt::Arguments) {
        thread::sleep(BLOCKED);
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// A connection from an address of the test's choice.
fn connect_from(host: [u8; 4], server: &Server) -> Client {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((host, 0)).into()).expect("an address of this host");
    socket.connect(&server.address().into()).expect("the server listens");
    Client::of_stream(socket.into())
}

#[test]
fn hooks_that_block_are_learnt_and_then_cost_no_leader() {
    const CLIENTS: usize = 30;
    let bad = "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: no number\r\n\r\n".to_owned();
    let unknown = "BREW / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned();
    let table = [([127, 0, 0, 2], get("/"), 200), ([127, 0, 0, 1], bad, 400), ([127, 0, 0, 1], unknown, 501)];
    for (host, request, status) in table {
        let server = Server::start_with(one_worker(), SlowHooks).expect("a free port");
        for _ in 0..CLIENTS {
            let mut client = connect_from(host, &server);
            client.send(&request);
            assert_eq!(client.read_reply().status, status);
        }
        // The first ones at least, unless the monitor was late; others may have been preempted for two ticks, also in a
        // handshake.
        let (stats, clients) = (server.server_handle().stats(), CLIENTS as u64);
        // Over TLS, a connection is parked behind verify_request to wait for the client, and its request is the
        // leader's.
        let fewest_pooled = if is_tls() { 0 } else { clients / 2 };
        assert!(stats.rescues < clients / 2 && stats.pooled >= fewest_pooled, "{request:?}: {stats:?}");
    }
}

#[test]
fn refusals_and_newcomers_wait_for_no_thread_while_none_is_to_be_had() {
    let server = Server::start_with(one_worker().max_threads(1).max_queued(1), SlowHooks).expect("a free port");
    let bad = "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: no number\r\n\r\n";
    // The server has learnt that the handler blocks, so from now on it needs a thread.
    (0..4).for_each(|_| assert_eq!(Client::sending(&server, bad).read_reply().status, 400));
    let mut known = Client::sending(&server, get("/"));
    assert_eq!(known.read_reply().status, 200);
    // Over TLS, clients make their handshake before. On a busy machine it looks slow, and would be refused as well.
    let mut early: Vec<_> = (0..if is_tls() { 50 } else { 0 }).map(|_| Client::sending(&server, "")).collect();
    let mut connect = || early.pop().unwrap_or_else(|| Client::of(&server));
    let mut clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = connect();
            client.send(bad);
            client
        })
        .collect();
    let mut busy = 0;
    for client in &mut clients {
        let reply = client.read_reply();
        assert!(matches!(reply.status, 400 | 503), "{reply:?}");
        assert_eq!(reply.field("Connection"), Some("close"));
        busy += u64::from(reply.status == 503);
        client.expect_end();
    }
    assert!(busy > 0, "fifty of them do not fit into a queue of one");
    assert_eq!(server.server_handle().stats().busy, busy);
    known.send(get("/known"));
    assert_eq!(known.read_reply().text(), "/known");
}
