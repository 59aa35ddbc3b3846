//! The server when threads, the queue, places for connections or memory have run out. Other work goes on, and nothing
//! spins.

use std::time::Duration;

use crate::support::stage::{
    builder, expect_all_served, expect_ping, expect_served, get, one_worker, start, upload, wait_until,
};
use crate::support::{Client, expect_undisturbed};

/// A real deadline, small enough to wait for. Deadlines are looked at once a second.
const SHORT: Duration = Duration::from_millis(200);

/// The same where a test must have come to its next step before the deadline has passed.
const LONG_ENOUGH: Duration = Duration::from_millis(1500);

#[test]
fn with_every_thread_stuck_and_the_queue_full_the_rest_goes_on() {
    for hold in [|name: &str| get(&format!("/hold/{name}")).into_bytes(), |name: &str| upload(&format!("/hold/{name}"))]
    {
        // With two workers, threads are left for leaders that the machine preempts in a handshake.
        let (server, stage) = start(builder().workers(2).max_threads(2).max_queued(2).head_timeout(LONG_ENOUGH));
        let mut fast = Client::of(&server);
        expect_ping(&mut fast);

        let mut holding = Vec::new();
        for name in ["a", "b"] {
            holding.push(Client::sending(&server, hold(name)));
            stage.wait_for(name);
        }
        // In the queue. A request that would be refused instead shows in `busy`.
        for name in ["c", "d"] {
            holding.push(Client::sending(&server, hold(name)));
            wait_until(server.server_handle(), "it is queued", |stats| stats.accepted == holding.len() as u64 + 1);
        }
        expect_ping(&mut fast);
        wait_until(server.server_handle(), "two wait", |stats| stats.in_handlers == 2 && stats.parked == 1);
        assert_eq!(server.server_handle().stats().busy, 0);

        for (busy, request) in
            [(1, get("/hold/e").into_bytes()), (2, get("/never-seen").into_bytes()), (3, upload("/"))]
        {
            let mut client = Client::sending(&server, request);
            let reply = client.read_reply();
            assert_eq!((reply.status, reply.field("Retry-After")), (503, Some("1")));
            assert_eq!(server.server_handle().stats().busy, busy);
        }
        expect_ping(&mut fast);
        expect_ping(&mut Client::of(&server));
        // A 503 without the hooks, if the machine has made them look slow, since there is no thread for slow ones.
        let end = Client::sending(&server, "GET / HT").read_reply();
        assert!(matches!(end.status, 408 | 503), "deadlines are kept: {end:?}");
        assert!(!stage.was_entered("c") && !stage.was_entered("d"));

        wait_until(server.server_handle(), "the refused ones have gone", |stats| stats.connections == 5);
        let report = server.server_handle().drain(SHORT).expect("it was running");
        assert_eq!(report.cut, 4, "two in their handlers, two in the queue");
        fast.expect_end();
        server.stop().unwrap();
        stage.open("a");
        stage.open("b");
        assert!(!stage.was_entered("c"), "what was cut off is not begun");
    }
}

#[test]
fn a_leader_that_got_stuck_is_no_reason_to_refuse_what_is_known_to_be_fast() {
    expect_undisturbed("what is known to be fast is served", || {
        let (server, stage) = start(one_worker().max_threads(4).max_queued(1));
        let mut fast = Client::of(&server);
        for _ in 0..10 {
            expect_served(&mut fast, "/");
        }
        let mut holding = vec![Client::sending(&server, get("/hold/stream"))];
        stage.wait_for("stream");
        wait_until(server.server_handle(), "the leader is replaced", |stats| stats.rescues >= 1);
        for name in ["a", "b", "c"] {
            holding.push(Client::sending(&server, upload(&format!("/hold/{name}"))));
            stage.wait_for(name);
        }
        holding.push(Client::sending(&server, upload("/hold/queued")));
        wait_until(server.server_handle(), "it is queued", |stats| stats.accepted == 6 && stats.parked == 1);
        let mut late = Client::sending(&server, upload("/"));
        assert_eq!(late.read_reply().status, 503, "all threads are taken, and all places to wait for one");
        let are_served = (0..10).all(|_| {
            fast.send(get("/"));
            fast.read_reply().status == 200
        });
        let busy = server.server_handle().stats().busy;
        for name in ["stream", "a", "b", "c", "queued"] {
            stage.open(name);
        }
        assert!(holding.iter_mut().all(|client| client.read_reply().status == 200));
        // After slow runs on a machine that stalls it is not known to be fast.
        are_served && busy == 1
    });
}

#[test]
fn what_was_queued_is_served_when_threads_are_free() {
    let (server, stage) = start(one_worker().max_threads(2).max_queued(50));
    let mut held: Vec<_> = ["a", "b"]
        .map(|name| {
            let client = Client::sending(&server, upload(&format!("/hold/{name}")));
            stage.wait_for(name);
            client
        })
        .into();
    held.extend((0..50).map(|_| Client::sending(&server, upload("/"))));
    wait_until(server.server_handle(), "all have come", |stats| stats.accepted == 52);
    stage.open("a");
    stage.open("b");
    assert!(held.iter_mut().all(|client| client.read_reply().text() == "100000"));
    let stats = server.server_handle().stats();
    assert_eq!((stats.busy, stats.pooled), (0, 52));
    assert!(stats.threads <= 2 + 1 + stats.rescues, "the pool, a leader and those that replaced it: {stats:?}");
}

#[test]
fn connections_beyond_the_most_are_accepted_when_others_close() {
    const MOST: usize = 10;
    let (server, _stage) = start(one_worker().max_connections(MOST));
    let mut inside: Vec<_> = (0..MOST).map(|_| Client::of(&server)).collect();
    expect_all_served(&mut inside, "/");
    let mut outside: Vec<_> = (0..MOST).map(|_| Client::sending_ahead(server.address(), get("/late"))).collect();
    for _ in 0..5 {
        expect_all_served(&mut inside, "/");
    }
    let stats = server.server_handle().stats();
    assert_eq!((stats.connections, stats.accepted), (MOST as u64, MOST as u64));
    for (left, mut client) in outside.drain(..).enumerate() {
        drop(inside.pop());
        assert_eq!(client.read_reply().text(), "/late", "number {left}");
        assert!(server.server_handle().stats().connections <= MOST as u64);
    }
    drop(inside);
    wait_until(server.server_handle(), "all are gone", |stats| {
        stats.connections == 0 && stats.accepted == 2 * MOST as u64
    });
}

#[test]
fn with_one_connection_at_a_time_they_take_turns() {
    let server = start(builder().workers(2).max_connections(1)).0;
    let mut clients: Vec<_> = (0..20).map(|_| Client::sending_ahead(server.address(), get("/"))).collect();
    for client in &mut clients {
        assert_eq!(client.read_reply().text(), "/");
        client.stream().shutdown(std::net::Shutdown::Both).expect("it is open");
    }
    wait_until(server.server_handle(), "all are gone", |stats| stats.connections == 0 && stats.accepted == 20);
}

/// A POST with a body of that length, up to where `first` bytes of it have come; and the rest.
fn post(length: usize, first: usize) -> (String, String) {
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
    (head + &"b".repeat(first), "b".repeat(length - first))
}

#[test]
fn unfinished_requests_together_hold_no_more_memory_than_they_may() {
    let (server, _stage) = start(one_worker().max_unfinished_bytes(64 * 1024));
    let mut came = 0;
    let mut unfinished = |bytes: &str| {
        let client = Client::sending(&server, bytes);
        came += bytes.len() as u64;
        wait_until(server.server_handle(), "it has come", |stats| stats.bytes_received == came);
        client
    };
    let (half, rest) = post(60_000, 30_000);
    let mut inside: Vec<_> = (0..2).map(|_| unfinished(&half)).collect();
    wait_until(server.server_handle(), "both wait", |stats| stats.parked == 2);
    let head = "GET / HTTP/1.1\r\nHost: h\r\n".to_owned() + &"X: y\r\n".repeat(90) + "Y: " + &"z".repeat(30_000);
    // A body in one piece, a body in chunks, and a head. Each would have been welcome before.
    let chunks =
        format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7000\r\n{}", "c".repeat(28_000));
    for (refused, bytes) in [&half, &chunks, &head].into_iter().enumerate() {
        let mut late = unfinished(bytes);
        let reply = late.read_reply();
        assert_eq!((reply.status, reply.field("Retry-After")), (503, Some("1")));
        let counted = refused as u64 + 1;
        wait_until(server.server_handle(), "it is counted", |stats| stats.errors.resource_limit == counted);
        drop(late);
    }
    // Small requests are not concerned, however many there are, and none that has begun is dropped.
    let mut small: Vec<_> = (0..50).map(|_| unfinished(&post(60_000, 3500).0)).collect();
    assert!(small.iter_mut().chain(&mut inside).all(hears_nothing));
    // After one client has left, the other one has room to finish, and so have new ones.
    drop(inside.pop());
    wait_until(server.server_handle(), "one has gone", |stats| stats.connections == 51);
    let mut client = inside.remove(0);
    for _ in 0..3 {
        client.send(&rest);
        assert_eq!(client.read_reply().text(), "60000");
        client = Client::sending(&server, &half);
    }
    assert_eq!(server.server_handle().stats().errors.resource_limit, 3);
}

/// Returns whether nothing has come back, not even an end.
fn hears_nothing(client: &mut Client) -> bool {
    let stream = client.stream();
    stream.set_nonblocking(true).expect("it is open");
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).expect("it is open");
    peeked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn pipelined_requests_behind_unread_replies_are_dropped_where_there_is_no_memory_for_them() {
    const REQUESTS: usize = 400;
    let (server, _stage) = start(one_worker().max_unfinished_bytes(0));
    let mut slow = Client::sending(&server, get("/buffered").repeat(REQUESTS));
    wait_until(server.server_handle(), "they are dropped", |stats| stats.errors.resource_limit == 1);
    let mut replies = 0;
    while let Ok(reply) = slow.try_read_reply("GET") {
        assert_eq!(reply.body.len(), crate::support::stage::BUFFERED_BYTES, "number {replies}");
        replies += 1;
    }
    assert!((1..REQUESTS).contains(&replies), "{replies} replies, each of them whole");
    wait_until(server.server_handle(), "no others were served, and it is closed", |stats| {
        stats.requests == replies as u64 && stats.connections == 0
    });
}

#[test]
fn slow_bodies_never_have_all_the_threads() {
    let (server, stage) = start(one_worker().max_threads(4));
    let (half, rest) = post(400_000, 200_000);
    let mut slow: Vec<_> = (0..3).map(|_| Client::sending(&server, &half)).collect();
    wait_until(server.server_handle(), "one of three is sent away", |stats| stats.errors.resource_limit == 1);
    let refused = slow.iter_mut().position(|client| !hears_nothing(client)).expect("it has an answer");
    let reply = slow.remove(refused).read_reply();
    assert_eq!((reply.status, reply.field("Retry-After"), reply.field("Connection")), (503, Some("1"), Some("close")));
    // A handler that blocks has a thread, and so has a body that need not be waited for.
    let mut held = Client::sending(&server, get("/hold/a"));
    stage.wait_for("a");
    for client in &mut slow {
        client.send(&rest);
        assert_eq!(client.read_reply().text(), "400000");
    }
    assert_eq!(Client::sending(&server, [half, rest].concat()).read_reply().text(), "400000");
    stage.open("a");
    assert_eq!(held.read_reply().text(), "a");
}

#[test]
fn slow_readers_of_streams_never_have_all_the_threads() {
    let (server, _stage) = start(one_worker().max_blocked_on_clients(1));
    let slow: Vec<_> = (0..3).map(|_| Client::sending(&server, get("/streamed"))).collect();
    wait_until(server.server_handle(), "two of three are sent away", |stats| stats.errors.resource_limit == 2);
    let stats = server.server_handle().stats();
    assert_eq!((stats.in_handlers, stats.errors.slow_readers), (1, 0), "{stats:?}");
    expect_ping(&mut Client::of(&server));
    drop(slow);
}

#[test]
fn readers_at_full_speed_are_never_too_many() {
    let (server, _stage) = start(one_worker().max_blocked_on_clients(1));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let mut client = Client::sending(&server, get("/streamed"));
            std::thread::spawn(move || client.read_reply().body.len())
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().expect("a whole reply"), crate::support::stage::LARGE_BYTES);
    }
    assert_eq!(server.server_handle().stats().errors.resource_limit, 0);
}

#[test]
fn a_handler_has_a_place_only_while_it_waits() {
    let (server, stage) = start(one_worker().max_blocked_on_clients(1));
    for name in ["a", "b"] {
        let mut slow = Client::sending(&server, get(&format!("/streamed/{name}")));
        // Longer than a handler waits without a place, or for one.
        std::thread::sleep(Duration::from_millis(1500));
        slow.read_exactly(crate::support::stage::LARGE_BYTES);
        stage.wait_for(name);
    }
    assert_eq!(server.server_handle().stats().errors.resource_limit, 0);
    stage.open("a");
    stage.open("b");
}

#[test]
fn unread_replies_together_hold_no_more_memory_than_they_may() {
    // Twelve megabytes each, of which the sockets of both sides take some.
    let (server, _stage) = start(one_worker().max_unsent_bytes(30_000_000));
    let mut slow: Vec<_> = (0..2).map(|_| Client::sending(&server, get("/vec"))).collect();
    wait_until(server.server_handle(), "both wait for their readers", |stats| stats.requests == 2 && stats.parked == 2);
    let mut late = Client::sending(&server, get("/vec"));
    // A client that reads at once may take all of it before any has to wait.
    wait_until(server.server_handle(), "it is counted", |stats| stats.errors.resource_limit == 1);
    let cut = late.try_read_reply("GET").expect_err("there is no memory for a third");
    assert_eq!(cut.kind(), std::io::ErrorKind::ConnectionReset);
    // Shared and small bodies are not concerned, and no reply that has begun is dropped.
    let mut shared = Client::sending(&server, get("/large"));
    assert_eq!(shared.read_reply().body.len(), crate::support::stage::LARGE_BYTES);
    expect_ping(&mut Client::of(&server));
    assert_eq!(slow.remove(0).read_reply().body.len(), crate::support::stage::VEC_BYTES);
    assert_eq!(Client::sending(&server, get("/vec")).read_reply().body.len(), crate::support::stage::VEC_BYTES);
    assert_eq!(slow.remove(0).read_reply().body.len(), crate::support::stage::VEC_BYTES);
    assert_eq!(server.server_handle().stats().errors.resource_limit, 1);
}
