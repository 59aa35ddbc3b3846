//! Addresses of a server, the clients that it admits, and the times that it waits for them.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, PATIENCE, expect_refused, needs};
use basehttp::testing::Server;
use basehttp::{Address, AddressFamily, Exchange, HTTPServer, http_handler};

/// Says who asked, and whom.
struct Telling;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Telling {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        let client = ex.client_address.ip().map(|ip| ip.to_string()).unwrap_or_default();
        ex.send_text(200, format!("{client} {} {}", ex.server.server_name(), ex.server.server_port()))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Lets `httpd` serve one request that comes to `address`, and returns the reply's text.
fn ask(httpd: &mut HTTPServer, address: SocketAddr) -> String {
    let client = thread::spawn(move || {
        let mut client = Client::connect(address);
        client.send(REQUEST);
        client.read_reply().text().to_owned()
    });
    httpd.handle_request().unwrap();
    client.join().unwrap()
}

#[test]
fn every_form_of_an_address_is_taken() {
    let localhost = Ipv4Addr::LOCALHOST;
    let bound = [
        (HTTPServer::bind(("127.0.0.1", 0), Telling), "a pair"),
        (HTTPServer::bind((String::from("127.0.0.1"), 0), Telling), "a pair with a String"),
        (HTTPServer::bind("127.0.0.1:0", Telling), "one text"),
        (HTTPServer::bind(String::from("127.0.0.1:0"), Telling), "one String"),
        (HTTPServer::bind(SocketAddr::from((localhost, 0)), Telling), "a SocketAddr"),
        (HTTPServer::bind((localhost, 0), Telling), "an Ipv4Addr and a port"),
        (HTTPServer::bind((IpAddr::from(localhost), 0), Telling), "an IpAddr and a port"),
    ];
    for (httpd, why) in bound {
        let mut httpd = httpd.unwrap_or_else(|error| panic!("{why}: {error}"));
        let port = httpd.server_port();
        assert_ne!(port, 0, "{why}: the port that the system picked");
        assert_eq!(httpd.server_name(), "127.0.0.1", "{why}");
        assert_eq!(httpd.server_address(), &Address::from(SocketAddr::from((localhost, port))), "{why}");
        assert!(httpd.fileno() >= 0, "{why}");
        assert_eq!(ask(&mut httpd, (localhost, port).into()), format!("127.0.0.1 127.0.0.1 {port}"), "{why}");
    }
}

#[test]
fn an_empty_host_is_every_interface() {
    let has_ipv6 = needs::ipv6();
    for (httpd, why) in [(HTTPServer::bind(("", 0), Telling), "a pair"), (HTTPServer::bind(":0", Telling), "one text")]
    {
        let mut httpd = httpd.unwrap();
        let port = httpd.server_port();
        let by_ipv4 = ask(&mut httpd, (Ipv4Addr::LOCALHOST, port).into());
        assert!(by_ipv4.starts_with("127.0.0.1 "), "{why}: an IPv4 client has an IPv4 address: {by_ipv4}");
        assert!(!httpd.server_name().is_empty() && httpd.server_name() != "::", "{why}: the machine's name");
        if has_ipv6 {
            assert!(ask(&mut httpd, (Ipv6Addr::LOCALHOST, port).into()).starts_with("::1 "), "{why}");
        }
    }
}

#[test]
fn an_ipv6_address_is_taken() {
    if !needs::ipv6() {
        return;
    }
    for (httpd, why) in
        [(HTTPServer::bind(("::1", 0), Telling), "a pair"), (HTTPServer::bind("[::1]:0", Telling), "text")]
    {
        let mut httpd = httpd.unwrap_or_else(|error| panic!("{why}: {error}"));
        let port = httpd.server_port();
        assert!(ask(&mut httpd, (Ipv6Addr::LOCALHOST, port).into()).starts_with("::1 "), "{why}");
    }
}

#[test]
fn the_address_family_is_a_choice_where_the_address_leaves_one() {
    let httpd = HTTPServer::builder().address_family(Some(AddressFamily::Inet)).bind(("", 0), Telling).unwrap();
    assert_eq!(httpd.server_address().ip(), Some(Ipv4Addr::UNSPECIFIED.into()));
    let refused = HTTPServer::builder().address_family(Some(AddressFamily::Inet6)).bind(("127.0.0.1", 0), Telling);
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().starts_with("\"127.0.0.1\" has no address of address_family Inet6: write "), "{error}");
}

#[test]
fn what_cannot_be_bound_is_an_error() {
    let taken = HTTPServer::bind(("127.0.0.1", 0), Telling).unwrap();
    let again = HTTPServer::bind(("127.0.0.1", taken.server_port()), Telling);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AddrInUse);
    for text in ["127.0.0.1", "127.0.0.1:http", "127.0.0.1:99999"] {
        assert_eq!(HTTPServer::bind(text, Telling).unwrap_err().kind(), ErrorKind::InvalidInput, "{text}");
    }
    let zero = HTTPServer::builder().head_timeout(Duration::ZERO).bind(("127.0.0.1", 0), Telling);
    let error = zero.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("head_timeout"), "it says which option: {error}");
}

#[test]
fn the_port_is_free_again_after_server_close() {
    let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Telling).unwrap();
    let address = httpd.server_address().socket_addr().unwrap();
    ask(&mut httpd, address);
    httpd.server_close();
    assert!(httpd.listener_fd().is_none());
    assert_eq!(httpd.fileno(), -1);
    assert_eq!(httpd.handle_request().unwrap_err().kind(), ErrorKind::NotConnected);
    assert_eq!(httpd.serve_forever().unwrap_err().kind(), ErrorKind::NotConnected);
    expect_refused(address, "it does not listen");
    let mut next = HTTPServer::bind(address, Telling).expect("bound again, although connections linger");
    ask(&mut next, address);
}

#[test]
fn two_servers_live_in_one_process() {
    let (first, second) = (Server::start(Telling).unwrap(), Server::start(Refusing { asked: channel().0 }).unwrap());
    assert_eq!(Client::sending(&first, REQUEST).read_reply().status, 200);
    Client::of(&second).expect_end();
    second.stop().unwrap();
    assert_eq!(Client::sending(&first, REQUEST).read_reply().status, 200, "the other one goes on");
}

/// Wants nobody.
struct Refusing {
    asked: Sender<Address>,
}

#[http_handler]
impl Refusing {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "not reached")
    }

    fn verify_request(&self, client_address: &Address) -> bool {
        // A test that does not listen knows already.
        let _ = self.asked.send(client_address.clone());
        false
    }
}

#[test]
fn a_client_that_verify_request_refuses_is_closed_without_a_word() {
    let (asked, clients) = channel();
    let server = Server::start(Refusing { asked }).unwrap();
    let mut client = Client::of(&server);
    client.expect_end();
    let client_address = clients.recv_timeout(PATIENCE).unwrap();
    assert_eq!(client_address.socket_addr(), Some(client.stream().local_addr().unwrap()));
}

/// Longest time of a head for the clients of [`Pondering`].
const HEAD_TIMEOUT: Duration = Duration::from_millis(1500);

/// Thinks about each client for longer than the client has for its head.
struct Pondering {
    decided: Sender<()>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Pondering {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "come in")
    }

    fn verify_request(&self, _: &Address) -> bool {
        thread::sleep(HEAD_TIMEOUT + Duration::from_millis(100));
        self.decided.send(()).is_ok()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn a_client_is_not_charged_with_the_time_of_verify_request() {
    let (decided, decision) = channel();
    let builder = HTTPServer::builder().head_timeout(HEAD_TIMEOUT);
    let server = Server::start_with(builder, Pondering { decided }).unwrap();
    let mut client = Client::of(&server);
    decision.recv_timeout(PATIENCE).unwrap();
    // Long enough for the server to close a client that is late, and far shorter than the time of a head.
    thread::sleep(HEAD_TIMEOUT / 4);
    client.send(REQUEST);
    assert_eq!(client.read_reply().status, 200);
}

/// Counts the loop's rounds.
struct Ticking {
    rounds: Sender<()>,
}

#[http_handler]
impl Ticking {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "fine")
    }

    fn service_actions(&self) {
        // Rounds that are no longer counted do no harm.
        let _ = self.rounds.send(());
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn service_actions_is_called_again_and_again() {
    let (rounds, counted) = channel();
    let builder = HTTPServer::builder().poll_interval(Duration::from_millis(10));
    let server = Server::start_with(builder, Ticking { rounds }).unwrap();
    for _ in 0..3 {
        counted.recv_timeout(PATIENCE).expect("another round, without any client");
    }
    assert_eq!(Client::sending(&server, "GET / HTTP/1.0\r\n\r\n").read_reply().status, 200);
    counted.recv_timeout(PATIENCE).expect("another round");
}

#[test]
fn a_client_beyond_max_connections_is_served_once_another_closes() {
    let server = Server::start_with(HTTPServer::builder().max_connections(2), Telling).unwrap();
    let mut inside = [Client::sending(&server, REQUEST), Client::sending(&server, REQUEST)];
    for client in &mut inside {
        client.read_reply();
    }
    let mut outside = Client::sending(&server, REQUEST);
    for client in &mut inside {
        client.send(REQUEST);
        client.read_reply();
    }
    outside.stream().set_nonblocking(true).unwrap();
    assert_eq!(outside.stream().peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "no place yet");
    outside.stream().set_nonblocking(false).unwrap();
    drop(inside);
    assert_eq!(outside.read_reply().status, 200);
}

/// Returns the server's reply to a client that sends `bytes` and then waits.
fn waits(builder: basehttp::HTTPServerBuilder, bytes: &str) -> String {
    let server = Server::start_with(builder, Telling).unwrap();
    let rest = Client::sending(&server, bytes).read_to_end();
    String::from_utf8(rest).unwrap().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_head_that_does_not_end_in_time_is_408_and_a_silent_client_is_closed() {
    let builder = || HTTPServer::builder().head_timeout(Duration::from_millis(150));
    let table = [
        ("", "", "nothing was asked"),
        ("G", "HTTP/1.1 408 Request Timeout", "a method's first letter"),
        ("GET / HTTP/1.1\r\n", "HTTP/1.1 408 Request Timeout", "a request line"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r", "HTTP/1.1 408 Request Timeout", "all but the last byte"),
    ];
    for (bytes, expected, why) in table {
        assert_eq!(waits(builder(), bytes), expected, "{bytes:?}: {why}");
    }
}

#[test]
fn a_408_is_the_last_reply_of_a_connection() {
    let builder = HTTPServer::builder().head_timeout(Duration::from_millis(150));
    let server = Server::start_with(builder, Telling).unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /");
    assert_eq!(client.read_reply().status, 200);
    let reply = client.read_reply();
    assert_eq!((reply.status, reply.field("Connection")), (408, Some("close")));
    client.expect_end();
}

#[test]
fn a_head_that_comes_byte_by_byte_has_no_more_time_than_another() {
    let builder = HTTPServer::builder().head_timeout(Duration::from_millis(300));
    let server = Server::start_with(builder, Telling).unwrap();
    let mut client = Client::sending(&server, "GET /");
    client.stream().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let began = Instant::now();
    let mut reply = Vec::new();
    while began.elapsed() < PATIENCE && !reply.ends_with(b"\r\n\r\n") {
        // The server may have closed for reading. Only its reply counts.
        let _ = client.try_send("a");
        let mut byte = [0];
        while client.stream().read(&mut byte).is_ok_and(|count| count > 0) {
            reply.push(byte[0]);
        }
        if !reply.is_empty() {
            break;
        }
    }
    assert!(reply.starts_with(b"HTTP/1.1 408 "), "{:?}", String::from_utf8_lossy(&reply));
}

#[test]
fn a_connection_that_idles_too_long_is_closed_without_a_word() {
    let builder = HTTPServer::builder().idle_timeout(Duration::from_millis(150));
    let server = Server::start_with(builder, Telling).unwrap();
    let mut client = Client::sending(&server, REQUEST);
    assert_eq!(client.read_reply().status, 200);
    client.expect_end();
}
