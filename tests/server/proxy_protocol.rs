//! The PROXY protocol over the wire: headers of both versions, in pieces, malformed, too long, too late, and from peers
//! that are not trusted.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use basehttp::testing::Server;
use basehttp::{Address, Exchange, HTTPServer, HTTPServerBuilder, http_handler};

use crate::support::{Client, PATIENCE};

/// Says who asks.
struct Mirror;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Mirror {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        let peer = ex.peer_address().ip().expect("over TCP");
        ex.send_text(200, format!("{} by {peer}, {}", ex.client_address, ex.scheme()))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn builder() -> HTTPServerBuilder {
    HTTPServer::builder().trust_proxies(["127.0.0.1", "10.0.0.0/8"]).proxy_protocol(true)
}

fn start(builder: HTTPServerBuilder) -> Server {
    Server::start_with(builder, Mirror).expect("it binds")
}

const V1: &str = "PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n";
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A header of version 2 with this command and family.
fn v2(command: u8, family: u8, variable: &[u8]) -> Vec<u8> {
    let length = u16::try_from(variable.len()).expect("16 bits");
    [b"\r\n\r\n\0\r\nQUIT\n", &[command, family][..], &length.to_be_bytes(), variable].concat()
}

fn v2_ipv4() -> Vec<u8> {
    v2(0x21, 0x11, &[203, 0, 113, 7, 198, 51, 100, 1, 0x12, 0x67, 1, 187])
}

/// The connection ends without an answer.
#[track_caller]
fn expect_no_answer(client: &mut Client, why: &str) {
    let mut came = Vec::new();
    match client.read_all_into(&mut came) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{why}: {error}"),
    }
    assert!(came.is_empty(), "{why}: {}", came.escape_ascii());
}

#[test]
fn the_header_names_the_client_of_all_requests() {
    let server = start(builder());
    let mut v2_ipv6 = vec![0x20, 1, 0xd, 0xb8];
    v2_ipv6.resize(32, 0);
    v2_ipv6.extend([0x12, 0x67, 1, 187]);
    let with_values = v2(0x21, 0x11, &[&v2_ipv4()[16..], b"\x02\0\x03a.b\x04\0\x05aaaaa"].concat());
    let mut unix = b"/run/client.sock".to_vec();
    unix.resize(216, 0);
    let table: [(&[u8], &str); 8] = [
        (V1.as_bytes(), "203.0.113.7:4711 by"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n", "[2001:db8::7]:4711 by"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1:"),
        (&v2_ipv4(), "203.0.113.7:4711 by"),
        (&v2(0x21, 0x21, &v2_ipv6), "[2001:db8::]:4711 by"),
        (&with_values, "203.0.113.7:4711 by"),
        (&v2(0x21, 0x31, &unix), "unix:/run/client.sock by"),
        (&v2(0x20, 0, b""), "127.0.0.1:"),
    ];
    for (header, expected) in table {
        let mut client = Client::sending(&server, [header, REQUEST.as_bytes(), REQUEST.as_bytes()].concat());
        for _ in 0..2 {
            let reply = client.read_reply();
            let text = reply.text();
            assert!(text.starts_with(expected) && text.ends_with(" by 127.0.0.1, http"), "{expected}: {text}");
        }
        client.send(REQUEST);
        assert!(client.read_reply().text().starts_with(expected), "later, too");
    }
}

#[test]
fn a_header_may_come_in_pieces() {
    let server = start(builder());
    for header in [V1.as_bytes().to_vec(), v2_ipv4()] {
        let whole = [&header[..], REQUEST.as_bytes()].concat();
        let mut client = Client::of(&server);
        for byte in &whole {
            client.send([*byte]);
        }
        assert!(client.read_reply().text().starts_with("203.0.113.7:4711 "));
        let mut client = Client::sending(&server, &header[..header.len() / 2]);
        // Another client is served meanwhile, so the first piece was read.
        let mut other = Client::sending(&server, &whole);
        assert_eq!(other.read_reply().status, 200);
        client.send(&whole[header.len() / 2..header.len() + 5]);
        client.send(&whole[header.len() + 5..]);
        assert!(client.read_reply().text().starts_with("203.0.113.7:4711 "));
    }
}

#[test]
fn what_is_no_header_is_closed_without_an_answer() {
    let server = start(builder());
    let table: [(&[u8], &str); 9] = [
        (REQUEST.as_bytes(), "a request without a header"),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "a TLS handshake"),
        (b"PROXY TCP4 203.0.113.7 198.51.100.1 4711\r\nGET / HTTP/1.1\r\n\r\n", "a port is missing"),
        (b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\nGET / HTTP/1.1\r\n\r\n", "a bare line feed"),
        (b"PROXY UDP4 203.0.113.7 198.51.100.1 4711 443\r\n", "datagrams"),
        (&[b'P'; 200], "garbage"),
        (&v2(0x2f, 0x11, &[0; 12]), "an unknown command"),
        (&v2(0x21, 0x11, &[0; 4]), "addresses cut off"),
        (&[&v2(0x21, 0x11, &vec![0; 65535])[..], REQUEST.as_bytes()].concat(), "64 KiB"),
    ];
    for (bytes, why) in table {
        let mut client = Client::of(&server);
        // The server may have closed in the middle of it.
        let _ = client.try_send(bytes);
        expect_no_answer(&mut client, why);
    }
    let handle = server.server_handle().clone();
    server.stop().unwrap();
    assert_eq!(handle.stats().errors.bad_heads, 9);
    assert_eq!(handle.stats().connections, 0);
}

#[test]
fn a_second_header_is_no_request() {
    let server = start(builder());
    let reply = Client::sending(&server, [V1, V1, REQUEST].concat()).read_reply();
    assert_eq!(reply.status, 400);
}

#[test]
fn a_peer_that_is_not_trusted_cannot_connect() {
    let server = start(HTTPServer::builder().trust_proxies(["192.0.2.0/24"]).proxy_protocol(true));
    for bytes in [V1, REQUEST, "PROXY TCP4 192.0.2.1 192.0.2.1 1 2\r\n"] {
        let mut client = Client::of(&server);
        let _ = client.try_send(bytes);
        expect_no_answer(&mut client, bytes);
    }
    expect_no_answer(&mut Client::of(&server), "without a byte");
}

/// Keeps its log from standard error.
struct Logging(Sender<String>);

#[http_handler]
impl Logging {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "hello")
    }

    fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
        let line = format!("{}: {message}", ex.client_address.ip().expect("over TCP"));
        self.0.send(line).expect("the test reads it");
    }
}

#[test]
fn the_log_of_the_handler_tells_why_a_peer_was_refused() {
    let table = [("127.0.0.1", "no header\r\n\r\n"), ("192.0.2.1", V1)];
    for (proxy, bytes) in table {
        let (lines, logged) = channel();
        let builder = HTTPServer::builder().trust_proxies([proxy]).proxy_protocol(true);
        let server = Server::start_with(builder, Logging(lines)).expect("it binds");
        let mut client = Client::connect(server.address());
        // The server may have closed already.
        let _ = client.try_send(bytes);
        expect_no_answer(&mut client, proxy);
        let line = logged.recv_timeout(crate::support::PATIENCE).expect("a line");
        assert!(line.starts_with("127.0.0.1: refused: "), "{line}");
        server.stop().expect("it ends");
        assert!(logged.recv().is_err(), "one line is enough");
    }
}

#[test]
fn a_header_that_never_becomes_whole_has_a_line_and_a_silent_proxy_has_none() {
    let (lines, logged) = channel();
    let slow = builder().head_timeout(Duration::from_secs(2));
    let server = Server::start_with(slow, Logging(lines)).expect("it binds");
    for mut client in ["", "P", "PROXY TCP4 203.0"].map(|begun| Client::sending(&server, begun)) {
        expect_no_answer(&mut client, "too slow");
    }
    server.stop().expect("it ends");
    assert_eq!(logged.iter().collect::<Vec<_>>(), ["127.0.0.1: refused: the PROXY header came too slowly"; 2]);

    let (lines, logged) = channel();
    let server = Server::start_with(builder(), Logging(lines)).expect("it binds");
    for begun in ["", "P", "PROXY TCP4 203.0"] {
        let mut client = Client::sending(&server, begun);
        client.end_sending();
        expect_no_answer(&mut client, begun);
    }
    // The server's own end is no fault of the proxy's.
    let _waiting = Client::sending(&server, "PROXY TCP4 203.0");
    server.stop().expect("it ends");
    assert_eq!(logged.iter().collect::<Vec<_>>(), ["127.0.0.1: refused: the connection ended in its PROXY header"; 2]);
}

#[test]
fn a_header_has_the_time_of_the_first_head() {
    let server = start(builder().head_timeout(Duration::from_secs(2)));
    let mut silent = ["", "PROXY TCP4 203.0", "\r\n\r\n"].map(|begun| (Client::sending(&server, begun), begun));
    let mut slow = Client::sending(&server, [V1, "GET / HT"].concat());
    for (client, begun) in &mut silent {
        expect_no_answer(client, begun);
    }
    assert_eq!(slow.read_reply().status, 408, "the head has the rest of the time");
    let handle = server.server_handle().clone();
    server.stop().unwrap();
    assert_eq!(handle.stats().errors.slow_heads, 4);
}

#[test]
fn a_proxy_that_ends_its_side_before_the_header_is_whole_is_closed() {
    let server = start(builder());
    for begun in ["", "PROXY TCP4 203.0"] {
        let mut client = Client::sending(&server, begun);
        client.end_sending();
        expect_no_answer(&mut client, begun);
    }
    let mut client = Client::sending(&server, [V1, REQUEST].concat());
    client.end_sending();
    assert_eq!(client.read_reply().status, 200, "it may end it behind a request");
}

#[test]
fn fields_are_believed_if_the_named_client_is_a_trusted_proxy() {
    let server = start(builder().forwarded_fields(["X-Forwarded-For", "X-Forwarded-Proto"]));
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n";
    let table = [
        ("PROXY TCP4 10.0.0.5 10.0.0.1 1 2\r\n", "203.0.113.9:0 by 127.0.0.1, https"),
        ("PROXY UNKNOWN\r\n", "203.0.113.9:0 by 127.0.0.1, https"),
        (V1, "203.0.113.7:4711 by 127.0.0.1, http"),
    ];
    for (header, expected) in table {
        assert_eq!(Client::sending(&server, [header, request].concat()).read_reply().text(), expected, "{header}");
    }
}

/// The value of version 2 that says whether the client has connected by TLS, and how.
fn tls_value(flags: u8) -> Vec<u8> {
    [&[0x20, 0, 15, flags, 0, 0, 0, 1][..], b"\x21\0\x07TLSv1.3"].concat()
}

#[test]
fn the_scheme_is_https_if_the_header_says_that_the_client_spoke_tls() {
    let server = start(builder().forwarded_fields(["X-Forwarded-Proto"]));
    let header = |values: &[u8]| v2(0x21, 0x11, &[&v2_ipv4()[16..], values].concat());
    let with_more = [b"\x02\0\x01a", &tls_value(1)[..], b"\x04\0\0"].concat();
    let table = [
        (header(b""), "http"),
        (header(&tls_value(1)), "https"),
        (header(&with_more), "https"),
        (header(&tls_value(0)), "http"),
        (V1.as_bytes().to_vec(), "http"),
    ];
    // The client writes the field itself, and such a proxy cannot remove it.
    let spoofed = ["", "X-Forwarded-Proto: https\r\n", "X-Forwarded-Proto: http\r\n", "X-Forwarded-Proto: ftp\r\n"];
    for (header, scheme) in table {
        for line in spoofed {
            let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n");
            let bytes = [&header[..], request.as_bytes(), request.as_bytes()].concat();
            let mut client = Client::sending(&server, bytes);
            for _ in 0..2 {
                let expected = format!("203.0.113.7:4711 by 127.0.0.1, {scheme}");
                assert_eq!(client.read_reply().text(), expected, "{line}");
            }
        }
        for target in ["http", "https"] {
            let request = format!("GET {target}://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
            let status = if target == scheme { 200 } else { 421 };
            let reply = Client::sending(&server, [&header[..], request.as_bytes()].concat()).read_reply();
            assert_eq!(reply.status, status, "{target} where {scheme} is served");
        }
    }
    for cut in [&tls_value(1)[..7], &b"\x20\0\x04\x01\0\0\0"[..], b"\x20"] {
        expect_no_answer(&mut Client::sending(&server, header(cut)), "a value that is cut off");
    }
}

/// Admits one client, and panics about another.
struct Choosy {
    asked: Sender<String>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Choosy {
    fn do_GET(&self) -> &'static str {
        "welcome"
    }

    fn verify_request(&self, client_address: &Address) -> bool {
        self.asked.send(client_address.to_string()).expect("the test listens");
        match client_address.ip().map(|ip| ip.to_string()).as_deref() {
            // As slow as a look into a database, so that the server learns to ask on another thread.
            Some("203.0.113.7") => {
                std::thread::sleep(Duration::from_millis(5));
                true
            }
            Some("203.0.113.8") => panic!("as the test wants"),
            _ => false,
        }
    }
}

#[test]
fn verify_request_is_asked_about_the_client_that_was_named() {
    let (asked, questions) = channel();
    let server = Server::start_with(builder(), Choosy { asked }).unwrap();
    let request = |client: &str| format!("PROXY TCP4 {client} 198.51.100.1 1 2\r\n{REQUEST}");
    for _ in 0..20 {
        assert_eq!(Client::sending(&server, request("203.0.113.7")).read_reply().text(), "welcome");
        assert_eq!(questions.recv().as_deref(), Ok("203.0.113.7:1"));
    }
    for client in ["203.0.113.8", "203.0.113.9"] {
        expect_no_answer(&mut Client::sending(&server, request(client)), client);
        assert_eq!(questions.recv(), Ok(format!("{client}:1")));
    }
    expect_no_answer(&mut Client::sending(&server, REQUEST), "without a header");
    server.stop().unwrap();
    assert!(questions.try_recv().is_err(), "no one else was asked about");
}

#[test]
fn handle_request_asks_about_the_named_client_as_well() {
    let (asked, questions) = channel();
    let mut httpd = builder().bind(("127.0.0.1", 0), Choosy { asked }).unwrap();
    let mut client = Client::connect(("127.0.0.1", httpd.server_port()));
    client.send([V1, REQUEST].concat());
    httpd.handle_request().unwrap();
    assert_eq!(client.read_reply().text(), "welcome");
    assert_eq!(questions.recv().as_deref(), Ok("203.0.113.7:4711"));
}

#[test]
fn handle_request_reads_the_header_too() {
    let head_timeout = Duration::from_millis(100);
    let mut httpd = builder().head_timeout(head_timeout).bind(("127.0.0.1", 0), Mirror).unwrap();
    for (half, ends) in [("", true), ("PROXY TCP4 203.0", true), ("PROXY TCP4 203.0", false)] {
        let mut other = Client::connect(("127.0.0.1", httpd.server_port()));
        other.send(half);
        if ends {
            other.end_sending();
        }
        let mut client = Client::connect(("127.0.0.1", httpd.server_port()));
        client.send([V1, REQUEST].concat());
        let began = Instant::now();
        httpd.handle_request().unwrap();
        assert!(client.read_reply().text().starts_with("203.0.113.7:4711 "), "half a header is not a request");
        assert!(ends || began.elapsed() >= head_timeout, "half a header is waited for");
    }
}

/// A proxy sends its header at once for a browser's spare connection, which says nothing.
#[test]
fn handle_request_passes_over_clients_that_have_a_header_and_ask_nothing() {
    let builder = builder().head_timeout(PATIENCE * 3).timeout(PATIENCE);
    let mut httpd = builder.bind(("127.0.0.1", 0), Mirror).unwrap();
    let begin = |header: &str| {
        let mut client = Client::connect(("127.0.0.1", httpd.server_port()));
        client.send(header);
        client
    };
    let (mut silent, mut client) = (begin(V1), begin("PROXY TCP4 198.51.100.9 198.51.100.1 1 443\r\n"));
    for (client, expected) in [(&mut client, "198.51.100.9:1 "), (&mut silent, "203.0.113.7:4711 ")] {
        client.send(REQUEST);
        httpd.handle_request().unwrap();
        assert!(client.read_reply().text().starts_with(expected));
    }
}

#[test]
fn a_shutdown_does_not_wait_for_a_header() {
    let server = start(builder());
    let mut begun = Client::sending(&server, "PROXY TCP4 203.0");
    let mut done = Client::sending(&server, [V1, REQUEST].concat());
    assert_eq!(done.read_reply().status, 200);
    let report = server.server_handle().drain(Duration::from_secs(60)).expect("it serves");
    assert_eq!(report.cut, 0);
    expect_no_answer(&mut begun, "closed");
}

#[test]
fn the_option_needs_to_know_the_proxies() {
    let error = HTTPServer::builder().proxy_protocol(true).bind(("127.0.0.1", 0), Mirror).unwrap_err();
    assert!(error.to_string().contains("write trust_proxies("), "{error}");
}
