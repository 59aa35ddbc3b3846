//! Ways to serve and to end: on a thread of its own, for a time, and slowly enough for load balancers.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, PATIENCE, expect_refused, when_free};
use basehttp::{BackgroundServer, Exchange, HTTPServer, HTTPServerBuilder, ServerHandle, http_handler};

/// Longer than a test may take, so that no test waits for its end.
const AGES: Duration = Duration::from_secs(3600);

/// Says whether it is ready.
struct Ready;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Ready {
    fn do_GET(&self, ex: &Exchange) -> (u16, String) {
        let is_ready = ex.server.is_ready();
        (if is_ready { 200 } else { 503 }, format!("ready: {is_ready}"))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

fn serving(builder: HTTPServerBuilder) -> (BackgroundServer, SocketAddr) {
    let httpd = builder.bind(("127.0.0.1", 0), Ready).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("IP");
    (httpd.serve_in_background().expect("a thread"), address)
}

/// Returns the status of a request on that connection, and whether it stays open.
fn ask(client: &mut Client) -> (u16, bool) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.read_reply();
    assert_eq!(reply.text(), format!("ready: {}", reply.status == 200));
    (reply.status, reply.field("Connection") != Some("close"))
}

/// Waits for an event that another thread brings about.
#[track_caller]
fn wait_until(what: &str, has_come: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !has_come() {
        assert!(Instant::now() < give_up, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_server_in_the_background_ends_when_it_is_stopped_or_dropped() {
    let (serving_one, address) = serving(HTTPServer::builder());
    assert_eq!(ask(&mut Client::connect(address)), (200, true));
    let httpd = serving_one.stop().expect("a loop");
    expect_refused(address, "it has ended");
    // The same server, at the same address.
    let again = httpd.serve_in_background().expect("a thread");
    assert_eq!(ask(&mut Client::connect(address)), (200, true));
    drop(again);
    expect_refused(address, "it has ended");
}

#[test]
fn a_server_in_the_background_listens_and_can_be_drained_as_soon_as_it_is_there() {
    let (mut serving, address) = serving(HTTPServer::builder());
    for _ in 0..20 {
        let mut client = Client::connect(address);
        client.send("GET / HTTP/1.0\r\n\r\n");
        assert!(serving.server_handle().drain(PATIENCE).is_some(), "its loop has begun");
        let status = client.read_reply().status;
        assert!([200, 503].contains(&status), "it had connected before the end, so that it is served: {status}");
        let httpd = serving.stop().expect("a loop");
        expect_refused(address, "it has ended");
        serving = httpd.serve_in_background().expect("a thread");
    }
}

#[test]
fn a_background_server_is_waited_for_until_another_thread_ends_it() {
    let (serving, address) = serving(HTTPServer::builder());
    let handle = serving.server_handle().clone();
    let waiting = thread::spawn(move || serving.join().map(drop));
    assert_eq!(ask(&mut Client::connect(address)), (200, true));
    assert!(!waiting.is_finished());
    handle.shutdown();
    waiting.join().expect("no panic").expect("a loop");
}

/// Has the server itself, and drops it.
#[derive(Default)]
struct Dropping(Mutex<Option<BackgroundServer>>);

#[http_handler]
impl Dropping {
    fn do_GET(&self, ex: &Exchange) -> String {
        drop(self.0.lock().expect("no panic").take());
        format!("still serving: {}", ex.server.is_shutting_down())
    }
}

#[test]
fn a_handler_that_drops_its_own_server_does_not_wait_for_itself() {
    let handler = Arc::new(Dropping::default());
    let httpd = HTTPServer::bind(("127.0.0.1", 0), Arc::clone(&handler)).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("IP");
    *handler.0.lock().expect("no panic") = Some(httpd.serve_in_background().expect("a thread"));
    let mut client = Client::connect(address);
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(client.read_reply().text(), "still serving: true");
    expect_refused(address, "it has ended");
}

#[test]
fn a_server_that_cannot_listen_again_is_not_served_in_the_background() {
    let (serving_one, address) = serving(HTTPServer::builder());
    let httpd = serving_one.stop().expect("a loop");
    let _taken = when_free(|| std::net::TcpListener::bind(address)).expect("the port is free");
    let error = httpd.serve_in_background().expect_err("it has no port");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    let (serving_one, _) = serving(HTTPServer::builder());
    let mut httpd = serving_one.stop().expect("a loop");
    httpd.server_close();
    let error = httpd.serve_in_background().expect_err("it is closed");
    assert_eq!(error.kind(), std::io::ErrorKind::NotConnected);
}

#[test]
fn serve_for_ends_by_itself_and_a_shutdown_ends_it_before() {
    let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Ready).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("IP");
    // One that has connected in time is served, even if there was no time.
    for time in [Duration::ZERO, Duration::from_millis(20)] {
        let mut early = httpd.listener_fd().is_some().then(|| Client::connect(address));
        if let Some(early) = &mut early {
            early.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        let began = Instant::now();
        when_free(|| httpd.serve_for(time)).expect("a loop");
        assert!(began.elapsed() >= time);
        if let Some(early) = &mut early {
            assert!([200, 503].contains(&early.read_reply().status));
        }
        expect_refused(address, "it has ended");
    }
    for time in [AGES, Duration::MAX] {
        let handle = httpd.server_handle();
        let asking = thread::spawn(move || {
            wait_until("it listens", || std::net::TcpStream::connect(address).is_ok());
            handle.shutdown();
        });
        when_free(|| httpd.serve_for(time)).expect("a loop");
        asking.join().expect("no panic");
    }
}

#[test]
fn the_program_says_when_it_is_ready() {
    let (serving, address) = serving(HTTPServer::builder());
    let mut client = Client::connect(address);
    let handle = serving.server_handle();
    for is_ready in [true, false, true] {
        handle.set_ready(is_ready);
        assert_eq!(handle.is_ready(), is_ready);
        // A server that is not ready serves all the same, and keeps its connections.
        assert_eq!(ask(&mut client), (if is_ready { 200 } else { 503 }, true));
    }
}

/// Asks for the end on a thread of its own, and waits until that is known.
fn draining(handle: &ServerHandle, grace: Duration) -> thread::JoinHandle<Option<basehttp::DrainReport>> {
    let asking = handle.clone();
    let draining = thread::spawn(move || asking.drain(grace));
    wait_until("it is asked to end", || handle.is_shutting_down());
    draining
}

#[test]
fn a_server_with_a_delay_serves_on_as_not_ready_and_closes_its_connections() {
    let (serving, address) = serving(HTTPServer::builder().shutdown_delay(AGES));
    let mut kept = Client::connect(address);
    assert_eq!(ask(&mut kept), (200, true));
    let handle = serving.server_handle().clone();
    let draining = draining(&handle, AGES);
    // It is asked to end, and the delay does not pass in this test.
    assert_eq!(ask(&mut kept), (503, false), "a kept connection ends with its next response");
    kept.expect_end();
    for _ in 0..3 {
        assert_eq!(ask(&mut Client::connect(address)), (503, false), "new clients are served");
    }
    assert!(!draining.is_finished());
    // The test ends with the process. `drop` would wait for the delay.
    std::mem::forget(serving);
}

#[test]
fn the_delay_comes_first_and_then_the_grace() {
    let delay = Duration::from_millis(300);
    let (serving, address) = serving(HTTPServer::builder().shutdown_delay(delay));
    let mut idle = Client::connect(address);
    assert_eq!(ask(&mut idle), (200, true));
    let began = Instant::now();
    let draining = draining(serving.server_handle(), AGES);
    idle.expect_end();
    let report = draining.join().expect("no panic").expect("it was running");
    assert!(began.elapsed() >= delay);
    assert_eq!(report.cut, 0);
    expect_refused(address, "it has ended");
    let mut httpd = serving.stop().expect("a loop");
    let began = Instant::now();
    httpd.serve_for(Duration::from_millis(1)).expect("a loop");
    assert!(began.elapsed() >= delay, "the next loop has its delay as well");
}

#[test]
fn a_loop_that_was_asked_to_end_before_it_began_has_no_delay() {
    let mut httpd = HTTPServer::builder().shutdown_delay(AGES).bind(("127.0.0.1", 0), Ready).expect("a free port");
    httpd.server_handle().shutdown();
    httpd.serve_forever().expect("a loop");
}

#[test]
fn stopping_a_server_that_has_ended_already_leaves_no_wish_behind() {
    let (serving, address) = serving(HTTPServer::builder());
    serving.server_handle().shutdown();
    let httpd = serving.stop().expect("a loop");
    expect_refused(address, "it has ended");
    let again = httpd.serve_in_background().expect("a thread");
    assert_eq!(ask(&mut Client::connect(address)), (200, true));
    drop(again);
}

#[test]
fn the_longest_delay_is_an_option_that_works() {
    let (serving, address) = serving(HTTPServer::builder().shutdown_delay(Duration::MAX));
    assert_eq!(ask(&mut Client::connect(address)), (200, true));
    let draining = draining(serving.server_handle(), Duration::MAX);
    assert_eq!(ask(&mut Client::connect(address)), (503, false));
    assert!(!draining.is_finished());
    std::mem::forget(serving);
}
