//! Shutting down while handlers are stuck, leaders are being replaced and replies wait for their readers.

mod support;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use basehttp::{DrainReport, HTTPServer, ServerHandle};
use support::stage::{Stage, Staged, expect_served, get, one_worker, start, upload, wait_until};
use support::{Client, PATIENCE};

/// A deadline for drains that cannot succeed.
const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_stuck_handler_is_cut_off_and_the_server_serves_again() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.handle();
    for (round, is_rescued) in [(0, true), (1, false), (2, true)] {
        let serving = thread::spawn(move || {
            httpd.serve_forever().expect("a loop");
            httpd
        });
        let mut idle = Client::connect(address);
        expect_served(&mut idle, "/");
        let mut stuck = Client::connect(address);
        stuck.send(get(&format!("/hold/{round}")));
        stage.wait_for(&round.to_string());
        if is_rescued {
            expect_served(&mut idle, "/");
            assert!(handle.stats().rescues > 0);
        }
        // What was answered before does not count as finished by the drain.
        wait_until(&handle, "the idle one is parked", |stats| stats.parked == 1);
        let report = handle.drain(SHORT).expect("it was running");
        assert_eq!((report.cut, report.finished), (1, 0), "round {round}: {:?}", handle.stats());
        idle.expect_end();
        httpd = serving.join().expect("serve_forever returns");
        stage.open(&round.to_string());
        // Late, or never: the connection is over.
        let _ = stuck.try_read_to_end();
    }
}

#[test]
fn a_stuck_thread_of_the_pool_is_cut_off_and_the_server_serves_again() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().max_threads(1).bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.handle();
    for round in 0..3 {
        let serving = thread::spawn(move || {
            httpd.serve_forever().expect("a loop");
            httpd
        });
        let mut stuck = Client::connect(address);
        stuck.send(upload(&format!("/hold/{round}")));
        stage.wait_for(&round.to_string());
        let mut queued = Client::connect(address);
        queued.send(upload("/"));
        let mut other = Client::connect(address);
        wait_until(&handle, "the silent one is parked", |stats| stats.accepted == 3 && stats.parked == 1);
        let report = handle.drain(SHORT).expect("it was running");
        assert_eq!((report.cut, report.finished), (2, 0), "round {round}: {:?}", handle.stats());
        other.expect_end();
        httpd = serving.join().expect("serve_forever returns");
    }
    (0..3).for_each(|round| stage.open(&round.to_string()));
}

#[test]
fn what_a_handler_lets_go_of_after_the_end_is_closed() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().max_threads(2).bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.handle();
    let serving = thread::spawn(move || httpd.serve_forever().expect("a loop"));
    // What it holds of the server is given back only when it returns.
    let mut stuck = Client::connect(address);
    stuck.send(upload("/hold/stuck"));
    stage.wait_for("stuck");
    let mut slow = Client::connect(address);
    slow.send([&*upload("/hold/slow"), b"GET /half HTTP/1.1\r\nHo"].concat());
    stage.wait_for("slow");
    assert_eq!(handle.drain(SHORT).expect("it was running").cut, 2);
    serving.join().expect("serve_forever returns");
    stage.open("slow");
    // Shorter than the other one stays in its hold.
    slow.stream().set_read_timeout(Some(PATIENCE / 2)).expect("five seconds are a timeout");
    let end = slow.try_read_to_end();
    assert!(!end.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "it waits for nobody");
    stage.open("stuck");
}

/// Drains on a thread of its own, which is under way when this returns.
fn draining(handle: &ServerHandle, deadline: Duration) -> thread::JoinHandle<Option<DrainReport>> {
    let asking = handle.clone();
    let draining = thread::spawn(move || asking.drain(deadline));
    while !handle.is_shutting_down() {
        thread::yield_now();
    }
    draining
}

#[test]
fn a_drain_answers_what_is_in_flight_and_reports_it() {
    let (server, stage) = start(HTTPServer::builder().workers(2));
    let mut idle = Client::of(&server);
    expect_served(&mut idle, "/");
    let mut inline = Client::sending(&server, get("/hold/a"));
    let mut pooled = Client::sending(&server, upload("/hold/b"));
    stage.wait_for("a");
    stage.wait_for("b");
    let draining = draining(server.handle(), PATIENCE);
    idle.expect_end();
    stage.open("a");
    let reply = inline.read_reply();
    assert_eq!((reply.text(), reply.field("Connection")), ("a", Some("close")));
    inline.expect_end();
    stage.open("b");
    assert_eq!(pooled.read_reply().text(), "100000");
    pooled.expect_end();
    let report = draining.join().unwrap().expect("it was running");
    assert_eq!(report.cut, 0);
    assert_eq!(report.finished, 2);
}

#[test]
fn a_drain_waits_for_the_readers_of_long_replies() {
    for path in ["/large", "/file"] {
        let (server, _stage) = start(one_worker());
        let mut slow = Client::sending(&server, get(path));
        wait_until(server.handle(), "its reply waits", |stats| stats.parked == 1 && stats.requests == 1);
        let draining = draining(server.handle(), PATIENCE);
        assert_eq!(slow.read_reply().body.len(), support::stage::LARGE_BYTES, "{path}");
        slow.expect_end();
        assert_eq!(draining.join().unwrap().expect("it was running").cut, 0);
    }
}

#[test]
fn a_drain_cuts_off_what_nobody_reads() {
    let (server, _stage) = start(one_worker());
    let clients: Vec<_> = (0..3).map(|_| Client::sending(&server, get("/large"))).collect();
    wait_until(server.handle(), "their replies wait", |stats| stats.parked == 3 && stats.requests == 3);
    assert_eq!(server.handle().drain(SHORT).expect("it was running").cut, 3);
    server.stop().unwrap();
    drop(clients);
}

#[test]
fn nothing_is_accepted_or_begun_after_the_end() {
    let (server, stage) = start(one_worker());
    let address = server.address();
    let mut held = Client::sending(&server, get("/hold/a") + &get("/after"));
    stage.wait_for("a");
    let draining = draining(server.handle(), SHORT);
    let mut late = Client::connect(address);
    late.send(get("/late"));
    assert_eq!(draining.join().unwrap().expect("it was running").cut, 1);
    server.stop().unwrap();
    stage.open("a");
    // Its thread goes on to the end of its own reply, or not even so far.
    let _ = held.try_read_to_end();
    assert!(late.try_read_to_end().is_err() || !stage.served().contains(&"/late".to_owned()));
}

#[test]
fn a_shutdown_that_waits_is_not_held_up_by_the_next_loop() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().bind(("127.0.0.1", 0), Staged(stage)).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    for round in 0..50 {
        let handle = httpd.handle();
        let serving = thread::spawn(move || {
            httpd.serve_forever().expect("a loop");
            httpd.serve_forever().expect("another, at once");
            httpd
        });
        let mut client = Client::connect(address);
        expect_served(&mut client, "/");
        let (tell, told) = channel();
        let asking = handle.clone();
        thread::spawn(move || {
            asking.shutdown();
            tell.send(()).expect("the test waits");
        });
        // By then the second loop runs, which nobody has asked to end.
        let was_told = told.recv_timeout(PATIENCE);
        handle.shutdown();
        httpd = serving.join().expect("both loops have ended");
        assert_eq!(was_told, Ok(()), "round {round}: the first loop has ended, and shutdown returned");
    }
}
