//! One request, or serving until a shutdown, which may be asked for from anywhere, at any time, and many times.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::stage::wait_until;
use crate::support::{Client, PATIENCE, expect_refused, when_free};
use basehttp::testing::Server;
use basehttp::{Address, Exchange, HTTPServer, ServerHandle, http_handler};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Serves quickly, or stops a server from inside.
#[derive(Default)]
struct Stopping {
    /// Another server, to be stopped from here.
    other: Option<ServerHandle>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Stopping {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        match ex.path {
            "/stop" => ex.server.shutdown(),
            "/stop-twice" => {
                ex.server.shutdown();
                ex.server.clone().shutdown();
            }
            "/stop-other" => self.other.as_ref().expect("there is another one").shutdown(),
            _ => {}
        }
        ex.send_text(200, format!("stopping: {}", ex.server.is_shutting_down()))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

fn bound() -> (HTTPServer, SocketAddr) {
    let httpd = HTTPServer::bind(("127.0.0.1", 0), Stopping::default()).unwrap();
    let address = httpd.server_address().socket_addr().unwrap();
    (httpd, address)
}

/// Serves on a thread of its own, and gives the server back when the loop has ended.
fn serving(mut httpd: HTTPServer) -> JoinHandle<HTTPServer> {
    thread::spawn(move || {
        when_free(|| httpd.serve_forever()).unwrap();
        httpd
    })
}

#[test]
fn handle_request_serves_one_request_and_closes_its_connection() {
    let (mut httpd, address) = bound();
    for _ in 0..3 {
        let client = thread::spawn(move || {
            let mut client = Client::connect(address);
            client.send([REQUEST, REQUEST].concat());
            let reply = client.read_reply();
            // Bytes that were unread when the connection closed may come out as a reset.
            let rest = client.try_read_to_end().unwrap_or_default();
            (reply, rest)
        });
        httpd.handle_request().unwrap();
        let (reply, rest) = client.join().unwrap();
        assert_eq!((reply.status, reply.field("Connection")), (200, Some("close")));
        assert!(rest.is_empty(), "the second request is not served: {:?}", String::from_utf8_lossy(&rest));
    }
}

#[test]
fn handle_request_passes_over_clients_that_ask_nothing() {
    let (mut httpd, address) = bound();
    let silent: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
    drop(TcpStream::connect(address).unwrap());
    let client = thread::spawn(move || {
        let mut client = Client::connect(address);
        client.send(REQUEST);
        client.read_reply().status
    });
    httpd.handle_request().unwrap();
    assert_eq!(client.join().unwrap(), 200);
    drop(silent);
}

#[test]
fn a_client_that_was_silent_is_served_by_a_later_handle_request() {
    let (mut httpd, address) = bound();
    let mut late = Client::connect(address);
    let mut early = Client::connect(address);
    early.send(REQUEST);
    httpd.handle_request().unwrap();
    assert_eq!(early.read_reply().status, 200);
    late.send(REQUEST);
    httpd.handle_request().unwrap();
    assert_eq!(late.read_reply().status, 200);
}

#[test]
fn handle_request_gives_up_after_the_timeout() {
    let handler = Arc::new(Mutex::new(0));
    let told = Arc::clone(&handler);
    let builder = HTTPServer::builder().timeout(Some(Duration::from_millis(100)));
    let mut httpd = builder.bind(("127.0.0.1", 0), Patient(told)).unwrap();
    let _silent = TcpStream::connect(httpd.server_address().socket_addr().unwrap()).unwrap();
    httpd.handle_request().unwrap();
    assert_eq!(*handler.lock().unwrap(), 1, "also with a client that says nothing");
    httpd.handle_request().unwrap();
    assert_eq!(*handler.lock().unwrap(), 2);
}

/// Counts the timeouts.
struct Patient(Arc<Mutex<u32>>);

#[http_handler]
impl Patient {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "fine")
    }

    fn handle_timeout(&self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[test]
fn a_handler_may_stop_its_server_and_its_reply_still_arrives() {
    for target in ["/stop", "/stop-twice"] {
        let (httpd, address) = bound();
        let serving = serving(httpd);
        let mut client = Client::connect(address);
        client.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(client.read_reply().text(), "stopping: true", "{target}");
        client.expect_end();
        serving.join().unwrap();
    }
}

#[test]
fn a_handler_may_stop_another_server_and_waits_for_it() {
    let (other, _) = bound();
    let handle = other.server_handle();
    let other = serving(other);
    let server = Server::start(Stopping { other: Some(handle) }).unwrap();
    let mut client = Client::sending(&server, "GET /stop-other HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read_reply().text(), "stopping: false");
    other.join().unwrap();
    server.stop().unwrap();
}

#[test]
fn shutdown_before_the_loop_ends_it_at_once() {
    let (mut httpd, address) = bound();
    httpd.server_handle().shutdown();
    httpd.serve_forever().unwrap();
    assert!(!httpd.server_handle().is_shutting_down(), "the wish was granted");
    expect_refused(address, "the loop has ended");
    let serving = serving(httpd);
    let mut client = connect_when_it_listens(address);
    client.send("GET /stop HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read_reply().status, 200, "the next loop serves");
    serving.join().unwrap();
}

/// A connection to a server that has ended once and is about to serve again. Its clients were refused meanwhile, so that it
/// is not the listener of the last loop that takes the connection.
fn connect_when_it_listens(address: SocketAddr) -> Client {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Client::of_stream(stream),
            Err(error) => assert!(Instant::now() < give_up, "it does not listen again: {error}"),
        }
        thread::yield_now();
    }
}

#[test]
fn clients_that_have_connected_before_a_shutdown_are_served() {
    let (mut httpd, address) = bound();
    // More clients than one turn of the loop accepts. None is accepted yet when the server is asked to end.
    let mut clients: Vec<_> = (0..200).map(|_| Client::connect(address)).collect();
    for client in &mut clients {
        client.send(REQUEST);
    }
    httpd.server_handle().shutdown();
    httpd.serve_forever().unwrap();
    for (number, client) in clients.iter_mut().enumerate() {
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (200, Some("close")), "number {number}");
        client.expect_end();
    }
    expect_refused(address, "the server has ended, and does not listen");
}

#[test]
fn a_server_that_serves_again_does_not_take_an_address_from_its_successor() {
    let (mut httpd, address) = bound();
    assert_ne!(httpd.fileno(), -1);
    httpd.server_handle().shutdown();
    httpd.serve_forever().unwrap();
    assert_eq!(httpd.fileno(), -1, "it does not listen");
    expect_refused(address, "it does not listen");
    let mut successor = when_free(|| HTTPServer::bind(address, Stopping::default())).unwrap();
    assert_eq!(httpd.serve_forever().unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(httpd.handle_request().unwrap_err().kind(), ErrorKind::AddrInUse);
    successor.server_close();
    expect_refused(address, "nothing listens");
    let client = thread::spawn(move || {
        let mut client = connect_when_it_listens(address);
        client.send(REQUEST);
        client.read_reply().status
    });
    when_free(|| httpd.handle_request()).unwrap();
    assert_eq!(client.join().unwrap(), 200, "the address is free, and it listens again");
    assert_ne!(httpd.fileno(), -1);
}

#[test]
fn shutdown_after_the_loop_or_twice_returns() {
    let (httpd, _) = bound();
    let handle = httpd.server_handle();
    let serving = serving(httpd);
    handle.shutdown();
    handle.shutdown();
    let httpd = serving.join().unwrap();
    handle.shutdown();
    drop(httpd);
    handle.shutdown();
}

#[test]
fn many_may_ask_at_once() {
    for _ in 0..20 {
        let (httpd, _) = bound();
        let handle = httpd.server_handle();
        let asking: Vec<_> =
            (0..8).map(|_| handle.clone()).map(|handle| thread::spawn(move || handle.shutdown())).collect();
        let serving = serving(httpd);
        for asking in asking {
            asking.join().unwrap();
        }
        // Those who asked before the loop began may all have been answered by then.
        handle.shutdown();
        serving.join().unwrap();
    }
}

#[test]
fn a_server_serves_again_after_a_shutdown_at_the_same_address() {
    let (mut httpd, address) = bound();
    for _ in 0..3 {
        let serving = serving(httpd);
        let mut client = connect_when_it_listens(address);
        client.send("GET /stop HTTP/1.1\r\nHost: x\r\n\r\n");
        httpd = serving.join().unwrap();
        assert_eq!(client.read_reply().status, 200);
        expect_refused(address, "the loop has ended");
    }
}

/// Waits in its method until the test lets it go on.
struct Held {
    entered: Sender<()>,
    release: Mutex<Receiver<()>>,
    has_ended: Arc<AtomicBool>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Held {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        if ex.path == "/hold" {
            self.entered.send(()).unwrap();
            self.release.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            self.has_ended.store(true, Ordering::SeqCst);
        }
        ex.send_text(200, "fine")
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn shutdown_waits_for_requests_in_flight_and_they_are_answered() {
    let (entered, has_entered) = channel();
    let (let_go, release) = channel();
    let has_ended = Arc::new(AtomicBool::new(false));
    let handler = Held { entered, release: Mutex::new(release), has_ended: Arc::clone(&has_ended) };
    let server = Server::start(handler).unwrap();
    let mut client = Client::sending(&server, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    has_entered.recv_timeout(PATIENCE).unwrap();
    let handle = server.server_handle().clone();
    let stopping = thread::spawn(move || {
        handle.shutdown();
        has_ended.load(Ordering::SeqCst)
    });
    while !server.server_handle().is_shutting_down() {
        thread::yield_now();
    }
    let_go.send(()).unwrap();
    assert_eq!(client.read_reply().text(), "fine");
    client.expect_end();
    assert!(stopping.join().unwrap(), "shutdown returned after the request had ended");
    server.stop().unwrap();
}

#[test]
fn idle_and_silent_connections_are_closed_at_shutdown() {
    let server = Server::start(Stopping::default()).unwrap();
    let mut silent: Vec<_> = (0..20).map(|_| Client::of(&server)).collect();
    let mut begun = Client::sending(&server, "GET / HT");
    let mut idle = Client::sending(&server, REQUEST);
    assert_eq!(idle.read_reply().status, 200);
    server.stop().unwrap();
    idle.expect_end();
    silent.iter_mut().for_each(Client::expect_end);
    // A reset is an end too, because the server may have closed before it read the begun request.
    let end = begun.try_read_to_end().map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |_| true);
    assert!(end, "half a request keeps no connection open");
}

#[test]
fn a_client_that_has_just_connected_is_heard_before_the_end() {
    let (httpd, address) = bound();
    let handle = httpd.server_handle();
    let serving = serving(httpd);
    let mut client = Client::connect(address);
    let asking = {
        let handle = handle.clone();
        thread::spawn(move || handle.shutdown())
    };
    // From here on the server has seen that it shall end, and its idle connections are closed.
    let give_up = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < give_up, "it still listens");
    }
    client.send(REQUEST);
    let reply = client.read_reply();
    assert_eq!((reply.status, reply.field("Connection")), (200, Some("close")));
    client.expect_end();
    asking.join().unwrap();
    serving.join().unwrap();
}

/// Stops its server when it is asked to, just behind another client's request.
struct Overtaking {
    other: Mutex<Option<TcpStream>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Overtaking {
    #[pace("inline")]
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        let other = if ex.path == "/stop" { self.other.lock().unwrap().take() } else { None };
        if let Some(mut other) = other {
            // Bytes that are sent to this host have arrived when the call returns.
            io::Write::write_all(&mut other, REQUEST.as_bytes())?;
            ex.server.shutdown();
        }
        ex.send_text(200, ex.path)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn a_request_that_came_just_before_the_end_is_answered() {
    let handler = Arc::new(Overtaking { other: Mutex::default() });
    let server = Server::start_with(HTTPServer::builder().workers(1), Arc::clone(&handler)).unwrap();
    let mut idle = Client::sending(&server, REQUEST);
    assert_eq!(idle.read_reply().status, 200);
    wait_until(server.server_handle(), "it is parked", |stats| stats.parked == 1);
    *handler.other.lock().unwrap() = Some(idle.stream().try_clone().unwrap());
    let mut stopping = Client::sending(&server, REQUEST.replacen('/', "/stop", 1));
    assert_eq!(stopping.read_reply().text(), "/stop");
    let reply = idle.read_reply();
    assert_eq!((reply.text(), reply.field("Connection")), ("/", Some("close")));
    idle.expect_end();
    server.stop().unwrap();
}

#[test]
fn shutdown_inside_a_server_hook_asks_and_returns() {
    let (sender, receiver) = channel();
    let handler = InHook { handle: Mutex::new(receiver) };
    let httpd = HTTPServer::bind(("127.0.0.1", 0), handler).unwrap();
    sender.send(httpd.server_handle()).unwrap();
    let address = httpd.server_address().socket_addr().unwrap();
    let serving = serving(httpd);
    Client::connect(address).expect_end();
    serving.join().unwrap();
}

/// Stops its server at the first request.
struct InHook {
    handle: Mutex<Receiver<ServerHandle>>,
}

#[http_handler]
impl InHook {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "not reached")
    }

    fn verify_request(&self, _: &Address) -> bool {
        self.handle.lock().unwrap().recv().unwrap().shutdown();
        false
    }
}
