//! Shutting down while handlers are stuck, leaders are being replaced and replies wait for their readers.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::stage::{
    LARGE_BYTES, Stage, Staged, builder, expect_served, get, one_worker, start, upload, wait_until,
};
use crate::support::{Client, PATIENCE, Reply, expect_refused, when_free};
use basehttp::testing::Server;
use basehttp::{DrainReport, Exchange, HTTPServer, Payload, ServerHandle, http_handler};

/// A deadline for drains that cannot succeed.
const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_stuck_handler_is_cut_off_and_the_server_serves_again() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.server_handle();
    for (round, is_rescued) in [(0, true), (1, false), (2, true)] {
        let serving = thread::spawn(move || {
            when_free(|| httpd.serve_forever()).expect("a loop");
            httpd
        });
        let mut idle = connect_when_it_listens(address);
        expect_served(&mut idle, "/");
        let mut stuck = Client::connect(address);
        stuck.send(get(&format!("/hold/{round}")));
        stage.wait_for(&round.to_string());
        if is_rescued {
            expect_served(&mut idle, "/");
            assert!(handle.stats().rescues > 0);
        }
        // Requests that were answered before do not count as finished by the drain.
        wait_until(&handle, "the idle one is parked", |stats| stats.parked == 1);
        let report = handle.drain(SHORT).expect("it was running");
        assert_eq!((report.cut, report.finished), (1, 0), "round {round}: {:?}", handle.stats());
        idle.expect_end();
        httpd = serving.join().expect("serve_forever returns");
        expect_refused(address, "its loop has ended");
        stage.open(&round.to_string());
        // The reply comes late or never, and the connection is over.
        let _ = stuck.try_read_to_end();
    }
}

#[test]
fn a_stuck_thread_of_the_pool_is_cut_off_and_the_server_serves_again() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().max_threads(1).bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.server_handle();
    for round in 0..3 {
        let serving = thread::spawn(move || {
            when_free(|| httpd.serve_forever()).expect("a loop");
            httpd
        });
        let mut stuck = connect_when_it_listens(address);
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
        expect_refused(address, "its loop has ended");
    }
    (0..3).for_each(|round| stage.open(&round.to_string()));
}

#[test]
fn what_a_handler_lets_go_of_after_the_end_is_closed() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().max_threads(2).bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.server_handle();
    let serving = thread::spawn(move || httpd.serve_forever().expect("a loop"));
    // The handler gives back its part of the server only when it returns.
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

/// Drains on a thread of its own. The drain is under way when this returns, or over already.
fn draining(handle: &ServerHandle, deadline: Duration) -> thread::JoinHandle<Option<DrainReport>> {
    let asking = handle.clone();
    let draining = thread::spawn(move || asking.drain(deadline));
    while !handle.is_shutting_down() && !draining.is_finished() {
        thread::yield_now();
    }
    draining
}

#[test]
fn a_drain_answers_what_is_in_flight_and_reports_it() {
    let (server, stage) = start(builder().workers(2));
    let mut idle = Client::of(&server);
    expect_served(&mut idle, "/");
    let mut inline = Client::sending(&server, get("/hold/a"));
    let mut pooled = Client::sending(&server, upload("/hold/b"));
    stage.wait_for("a");
    stage.wait_for("b");
    // Requests that were answered before do not count as finished by the drain.
    wait_until(server.server_handle(), "the idle one's is counted", |stats| stats.requests == 1);
    let draining = draining(server.server_handle(), PATIENCE);
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
fn a_drain_does_not_wait_for_a_client_that_has_sent_empty_lines() {
    let (server, _stage) = start(one_worker());
    let mut idle = Client::of(&server);
    expect_served(&mut idle, "/");
    idle.send("\r\n");
    let sent = get("/").len() as u64 + 2;
    wait_until(server.server_handle(), "it is read", |stats| stats.bytes_received == sent && stats.parked == 1);
    let began = Instant::now();
    let report = draining(server.server_handle(), PATIENCE).join().unwrap().expect("it was running");
    assert_eq!(report.cut, 0);
    assert!(began.elapsed() < PATIENCE, "it was closed as an idle one, not cut off at the deadline");
    idle.expect_end();
}

#[test]
fn a_drain_waits_for_the_readers_of_long_replies() {
    for path in ["/large", "/file"] {
        let (server, _stage) = start(one_worker());
        let mut slow = Client::sending(&server, get(path));
        wait_until(server.server_handle(), "its reply waits", |stats| stats.parked == 1 && stats.requests == 1);
        let draining = draining(server.server_handle(), PATIENCE);
        assert_eq!(slow.read_reply().body.len(), crate::support::stage::LARGE_BYTES, "{path}");
        slow.expect_end();
        assert_eq!(draining.join().unwrap().expect("it was running").cut, 0);
    }
}

#[test]
fn a_drain_cuts_off_what_nobody_reads() {
    let (server, _stage) = start(one_worker());
    let clients: Vec<_> = (0..3).map(|_| Client::sending(&server, get("/large"))).collect();
    wait_until(server.server_handle(), "their replies wait", |stats| stats.parked == 3 && stats.requests == 3);
    assert_eq!(server.server_handle().drain(SHORT).expect("it was running").cut, 3);
    server.stop().unwrap();
    drop(clients);
}

#[test]
fn nothing_is_accepted_or_begun_after_the_end() {
    let (server, stage) = start(one_worker());
    let address = server.address();
    let mut held = Client::sending(&server, get("/hold/a") + &get("/after"));
    stage.wait_for("a");
    let draining = draining(server.server_handle(), SHORT);
    assert_eq!(draining.join().unwrap().expect("it was running").cut, 1);
    expect_refused(address, "it does not listen");
    server.stop().unwrap();
    stage.open("a");
    // Its thread goes on to the end of its own reply, or not even so far.
    let _ = held.try_read_to_end();
    assert!(!stage.served().contains(&"/after".to_owned()));
}

/// A connection to a server that has ended once and is about to serve again. Its clients were refused meanwhile, so that it
/// is not the listener of the last loop that takes the connection.
#[track_caller]
fn connect_when_it_listens(address: SocketAddr) -> Client {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Client::of_stream(stream),
            Err(error) => assert!(Instant::now() < give_up, "it does not listen again: {error}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the system refuses clients of that address.
#[track_caller]
fn wait_until_refused(address: SocketAddr) {
    let give_up = Instant::now() + PATIENCE;
    while let Ok(stream) = TcpStream::connect(address) {
        assert!(Instant::now() < give_up, "the server still listens");
        drop(stream);
        thread::sleep(Duration::from_millis(1));
    }
}

/// The states of a client when the server is asked to end.
#[derive(Clone, Copy, Debug)]
enum UnderWay {
    /// A reply that is not read.
    Reply(&'static str),
    /// A handler at work for a request without a body, and for one with a long body.
    Handler {
        has_body: bool,
    },
    /// A part of a head, and of a body.
    Head,
    Body,
}

impl UnderWay {
    const ALL: [UnderWay; 7] = [
        UnderWay::Reply("/large"),
        UnderWay::Reply("/file"),
        UnderWay::Reply("/streamed"),
        UnderWay::Handler { has_body: false },
        UnderWay::Handler { has_body: true },
        UnderWay::Head,
        UnderWay::Body,
    ];

    /// Begins it.
    fn begin(self, server: &Server, stage: &Stage) -> Client {
        let upload = upload("/");
        let request = match self {
            UnderWay::Reply(path) => get(path).into_bytes(),
            UnderWay::Handler { has_body: false } => get("/hold/a").into_bytes(),
            UnderWay::Handler { has_body: true } => crate::support::stage::upload("/hold/a"),
            UnderWay::Head => get("/").as_bytes()[..10].to_vec(),
            UnderWay::Body => upload[..upload.len() / 2].to_vec(),
        };
        let client = Client::sending(server, &request);
        match self {
            UnderWay::Handler { .. } => stage.wait_for("a"),
            UnderWay::Reply("/streamed") => {
                wait_until(server.server_handle(), "its thread waits", |stats| stats.rescues + stats.pooled > 0);
            }
            UnderWay::Reply(_) => {
                wait_until(server.server_handle(), "it waits", |stats| stats.parked == 1 && stats.requests == 1);
            }
            UnderWay::Head => {
                let count = request.len() as u64;
                wait_until(server.server_handle(), "it has come", |stats| stats.bytes_received == count);
            }
            UnderWay::Body => wait_until(server.server_handle(), "it is read", |stats| stats.in_handlers == 1),
        }
        client
    }

    /// Lets it come to its end, and reads what the client gets.
    fn finish(self, mut client: Client, stage: &Stage) -> Reply {
        let upload = upload("/");
        match self {
            UnderWay::Handler { .. } => stage.open("a"),
            UnderWay::Head => client.send(&get("/").as_bytes()[10..]),
            UnderWay::Body => client.send(&upload[upload.len() / 2..]),
            UnderWay::Reply(_) => {}
        }
        let reply = client.read_reply();
        client.expect_end();
        reply
    }
}

#[test]
fn whatever_is_under_way_the_first_step_of_a_shutdown_is_to_stop_listening() {
    for under_way in UnderWay::ALL {
        let (server, stage) = start(builder().workers(2));
        let address = server.address();
        let client = under_way.begin(&server, &stage);
        let draining = draining(server.server_handle(), PATIENCE * 3);
        // As long as it is under way the drain goes on, and neither a client nor a successor waits for that.
        wait_until_refused(address);
        let successor = one_worker().bind(address, Staged(Arc::clone(&stage))).expect("the address is free");
        let handle = successor.server_handle();
        let serving = thread::spawn(move || { successor }.serve_forever().expect("a loop"));
        expect_served(&mut Client::connect(address), "/successor");
        assert!(!draining.is_finished(), "{under_way:?} is still under way");
        assert_eq!(under_way.finish(client, &stage).status, 200, "{under_way:?}");
        assert_eq!(draining.join().unwrap().expect("it was running").cut, 0, "{under_way:?}");
        handle.shutdown();
        serving.join().expect("serve_forever returns");
    }
}

#[test]
fn clients_of_two_servers_at_one_port_reach_the_one_that_goes_on() {
    let serve = |mut httpd: HTTPServer| {
        let handle = httpd.server_handle();
        (handle, thread::spawn(move || httpd.serve_forever().expect("a loop")))
    };
    let (stage, builder) = (Arc::new(Stage::default()), one_worker().allow_reuse_port(true));
    // Only the first server listens on the second address. When that one is closed, all listeners are.
    let httpd = builder.clone().also_listen(("127.0.0.1", 0)).bind(("127.0.0.1", 0), Staged(Arc::clone(&stage)));
    let httpd = httpd.expect("free ports");
    let [address, own] = [0, 1].map(|number| httpd.server_addresses()[number].socket_addr().expect("IP"));
    let (ending, serving) = serve(httpd);
    let mut slow = Client::connect(address);
    slow.send(get("/large"));
    wait_until(&ending, "its reply waits", |stats| stats.parked == 1 && stats.requests == 1);
    let (handle, succeeding) = serve(builder.bind(address, Staged(stage)).expect("the port is shared"));
    let draining = draining(&ending, PATIENCE * 3);
    wait_until_refused(own);
    for number in 0..50 {
        let path = format!("/{number}");
        expect_served(&mut Client::connect(address), &path);
    }
    assert_eq!(handle.stats().accepted, 50);
    assert_eq!(slow.read_reply().body.len(), crate::support::stage::LARGE_BYTES);
    assert_eq!(draining.join().unwrap().expect("it was running").cut, 0);
    serving.join().expect("serve_forever returns");
    handle.shutdown();
    succeeding.join().expect("serve_forever returns");
}

#[test]
fn the_shorter_of_two_drains_counts() {
    for is_shorter_first in [false, true] {
        let (server, stage) = start(one_worker());
        let _held = Client::sending(&server, get("/hold/a"));
        stage.wait_for("a");
        let long = Duration::from_secs(3600);
        let first = draining(server.server_handle(), if is_shorter_first { SHORT } else { long });
        // Both end with the loop, which the shorter one's deadline ends.
        let second = server.server_handle().drain(if is_shorter_first { long } else { SHORT });
        assert!(second.is_none_or(|report| report.cut == 1), "{second:?}");
        assert_eq!(first.join().unwrap().expect("it was running").cut, 1);
        // The wish of a drain that came too late is for the next loop, which is over by then.
        stage.open("a");
    }
}

#[test]
fn the_deadline_of_a_drain_ends_with_its_loop() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    let handle = httpd.server_handle();
    let serving = thread::spawn(move || {
        httpd.serve_forever().expect("a loop");
        httpd
    });
    let mut stuck = Client::connect(address);
    stuck.send(get("/hold/first"));
    stage.wait_for("first");
    // One that is asked for while the loop ends by another one's word.
    let long = draining(&handle, Duration::from_secs(3600));
    handle.drain(Duration::ZERO).expect("it was running");
    long.join().unwrap().expect("it was running");
    let mut httpd = serving.join().expect("serve_forever returns");
    expect_refused(address, "its loop has ended");
    stage.open("first");
    // The next loop is asked to end with a handler at work, and the zero is not its deadline.
    let serving = thread::spawn(move || when_free(|| httpd.serve_forever()).expect("a loop"));
    let mut held = connect_when_it_listens(address);
    held.send(get("/hold/second"));
    stage.wait_for("second");
    let draining = draining(&handle, PATIENCE * 3);
    wait_until_refused(address);
    stage.open("second");
    assert_eq!(held.read_reply().text(), "second");
    assert_eq!(draining.join().unwrap().expect("it was running").cut, 0);
    serving.join().expect("serve_forever returns");
}

#[test]
fn a_shutdown_that_waits_is_not_held_up_by_the_next_loop() {
    let stage = Arc::new(Stage::default());
    let mut httpd = one_worker().bind(("127.0.0.1", 0), Staged(stage)).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("an IP address");
    for round in 0..50 {
        let handle = httpd.server_handle();
        let serving = thread::spawn(move || {
            when_free(|| httpd.serve_forever()).expect("a loop");
            when_free(|| httpd.serve_forever()).expect("another, at once");
            httpd
        });
        let mut client = connect_when_it_listens(address);
        expect_served(&mut client, "/");
        let (tell, told) = channel();
        let asking = handle.clone();
        thread::spawn(move || {
            asking.shutdown();
            tell.send(()).expect("the test waits");
        });
        // By then the second loop runs, which was not asked to end.
        let was_told = told.recv_timeout(PATIENCE);
        handle.shutdown();
        httpd = serving.join().expect("both loops have ended");
        expect_refused(address, "they have ended");
        assert_eq!(was_told, Ok(()), "round {round}: the first loop has ended, and shutdown returned");
    }
}

/// Asks the server for its counters when it is dropped, as what a program gives along with a payload may.
struct Curious {
    handle: ServerHandle,
    dropped: Sender<u64>,
}

impl Drop for Curious {
    fn drop(&mut self) {
        // Neither may wait for a lock that is held here, nor for the thread that this is.
        self.handle.shutdown();
        let _ = self.dropped.send(self.handle.stats().accepted);
    }
}

/// Sends payloads that are guarded by a [`Curious`] each.
struct Guarding(Mutex<Sender<u64>>);

#[http_handler]
impl Guarding {
    fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
        let dropped = self.0.lock().unwrap().clone();
        let guard = Arc::new(Curious { handle: ex.server.clone(), dropped });
        Ok(ex.send_bytes(200, "text/plain", Payload::from(vec![b'x'; LARGE_BYTES]).with_guard(guard))?)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[test]
fn what_a_payload_holds_may_ask_the_server_for_anything_when_the_end_drops_it() {
    let (dropped, was_dropped) = channel();
    let server = Server::start_with(one_worker(), Guarding(Mutex::new(dropped))).expect("a free port");
    let clients: Vec<_> = (0..3).map(|_| Client::sending(&server, get("/"))).collect();
    wait_until(server.server_handle(), "their replies wait", |stats| stats.parked == 3 && stats.requests == 3);
    let (tell, told) = channel();
    let handle = server.server_handle().clone();
    thread::spawn(move || tell.send(handle.drain(SHORT).map(|report| report.cut)));
    assert_eq!(told.recv_timeout(PATIENCE).expect("the drain returns"), Some(3));
    for _ in &clients {
        assert_eq!(was_dropped.recv_timeout(PATIENCE), Ok(3));
    }
    server.stop().unwrap();
}
