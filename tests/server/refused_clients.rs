//! The client of a request that is refused: the one that a trusted proxy names, wherever its fields can be read.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServer, http_handler};

use crate::support::Client;

/// A request, split where the proxy adds its field, and the status that it gets.
type Refused = (&'static str, &'static str, u16);

/// Refused requests whose field lines are here as a whole, and well-formed.
const READABLE: [Refused; 26] = [
    ("GET / HTTP/1.1\r\nHost: evil\r\n", "\r\n", 421),
    ("GET https://a/ HTTP/1.1\r\nHost: a\r\n", "\r\n", 421),
    ("POST / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 9\r\n", "\r\n", 403),
    ("DELETE / HTTP/1.1\r\nHost: a\r\n", "\r\n", 501),
    ("DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n", "\r\n", 501),
    ("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: ftp\r\n", "\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: a b\r\n", "\r\n", 400),
    ("GET /%zz HTTP/1.1\r\nHost: a\r\n", "\r\n", 400),
    ("GET /\u{e9}# HTTP/1.1\r\nHost: a\r\n", "\r\n", 400),
    ("GET / HTTP/1.1\r\n", "\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", "\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n", "\r\n", 400),
    ("GET http://b/ HTTP/1.1\r\nHost: a\r\n", "\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", "\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n", "\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n", "\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: tea\r\n", "\r\n", 417),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n", "\r\nhalf", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n", "\r\n9\r\nhalf", 400),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n", "\r\nx\r\n", 400),
    ("\r\n\r\nGET / HTTP/2.0\r\nHost: a\r\n", "\r\n", 505),
    ("GET /\r\nHost: a\r\n", "\r\n", 400),
    ("nonsense\r\n", "\r\n", 400),
    ("G\u{e9}T / HTTP/1.1\r\n", "\r\n", 400),
    (
        "GET /?long=0123456789012345678901234567890123456789012345678901234567890123456789 HTTP/1.1\r\nHost: a\r\n",
        "\r\n",
        414,
    ),
    ("METHODMETHODMETHODMETHODMETHODMETHODMETHODMETHODMETHODMETHODMETHOD / HTTP/1.1\r\n", "\r\n", 501),
];

/// Refused requests of which only the peer is known.
const UNREADABLE: [Refused; 9] = [
    ("GET / HTTP/2.0\r\nHost: a\r\n", "", 505),
    ("GET / HTTP/1.1\nHost: a\r\n", "\r\n", 400),
    ("GET / HTTP/1.1\rHost: a\r\n", "\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\n", "\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n", "Folded:\r\n b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n", "No colon\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n", "Space : b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\n", "A: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\n\r\n", 431),
    ("\x16\x03\x01\x02\0\x01\0\x01", "\r\n\r\n", 400),
];

/// Sends its log lines to the test, each after this time.
struct Logging {
    lines: Sender<String>,
    pause: Duration,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Logging {
    fn do_GET(&self) -> &'static str {
        "served"
    }

    fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
        let body = ex.read_body(100)?;
        Ok(ex.send_text(200, format!("{} bytes", body.len()))?)
    }

    fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
        let (client, peer) = (ex.client_address.ip(), ex.peer_address().ip());
        let peer = peer.expect("over TCP");
        let client = client.map_or("-".to_owned(), |ip| ip.to_string());
        thread::sleep(self.pause);
        // The test may have ended.
        let _ = self.lines.send(format!("{client} by {peer}: {message}"));
    }
}

/// A server that believes these proxies, and refuses as much as it can.
fn start(proxy: &str, fields: &[&str], pause: Duration) -> (Server, Receiver<String>) {
    let (lines, logged) = channel();
    let believing = HTTPServer::builder().trust_proxies([proxy]).forwarded_fields(fields);
    let refusing = believing.hosts(["a"]).refuse_cross_site(true).max_request_line_bytes(80).max_fields(5);
    (Server::start_with(refusing, Logging { lines, pause }).expect("it binds"), logged)
}

/// Sends each request with the field of a proxy, and checks that all log lines begin with `client`.
#[track_caller]
fn expect_client(proxy: &str, fields: &[&str], field_line: &str, requests: &[Refused], client: &str) {
    let (server, logged) = start(proxy, fields, Duration::ZERO);
    send_each(server, &logged, field_line, requests, client);
}

#[track_caller]
fn send_each(server: Server, logged: &Receiver<String>, field_line: &str, requests: &[Refused], client: &str) {
    for (start, end, status) in requests {
        let request = format!("{start}{field_line}{end}");
        let mut sender = Client::sending(&server, &request);
        sender.end_sending();
        assert_eq!(sender.read_reply().status, *status, "{request:?}");
        let line = logged.recv_timeout(crate::support::PATIENCE).expect("a line");
        assert!(line.starts_with(&format!("{client} by 127.0.0.1: ")), "{request:?}: {line}");
    }
    server.stop().expect("it ends");
    for line in logged {
        assert!(line.starts_with(&format!("{client} by ")), "{line}");
    }
}

const X_FIELDS: [&str; 3] = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];
const X_LINE: &str = "X-Forwarded-For: 198.51.100.66, 203.0.113.7\r\n";

#[test]
fn a_refused_request_has_the_client_that_its_proxy_names() {
    expect_client("127.0.0.1", &X_FIELDS, X_LINE, &READABLE, "203.0.113.7");
    // Here the other fields are not believed.
    let is_standard = |refused: &&Refused| !refused.0.contains("X-Forwarded");
    let standard: Vec<_> = READABLE.iter().filter(is_standard).copied().collect();
    expect_client("127.0.0.1", &["Forwarded"], "Forwarded: for=203.0.113.7\r\n", &standard, "203.0.113.7");
    let wrong: [Refused; 2] = [("GET / HTTP/1.1\r\nHost: a\r\n", "\r\n", 400), ("GET /%zz HTTP/1.1\r\n", "\r\n", 400)];
    for (element, client) in
        [("for=203.0.113.7;proto=ftp", "203.0.113.7"), ("host=\"a b\"", "-"), ("for=a;for=b", "127.0.0.1")]
    {
        expect_client("127.0.0.1", &["Forwarded"], &format!("Forwarded: {element}\r\n"), &wrong, client);
    }
}

#[test]
fn a_log_that_blocks_knows_the_client_as_well() {
    // The server learns that the log blocks, and has the refusal waited for on another thread.
    let (server, logged) = start("127.0.0.1", &X_FIELDS, Duration::from_millis(5));
    let handle = server.server_handle().clone();
    send_each(server, &logged, X_LINE, &READABLE, "203.0.113.7");
    assert!(handle.stats().pooled > 0);
}

#[test]
fn a_refused_request_whose_fields_cannot_be_read_has_the_peer() {
    expect_client("127.0.0.1", &X_FIELDS, X_LINE, &UNREADABLE, "127.0.0.1");
}

#[test]
fn a_stranger_names_no_client_in_a_refused_request() {
    expect_client("192.0.2.1", &X_FIELDS, X_LINE, &UNREADABLE, "127.0.0.1");
    // What these two say is not read, so there is nothing to refuse.
    let is_refused = |refused: &&Refused| !refused.0.contains("X-Forwarded");
    let refused: Vec<_> = READABLE.iter().filter(is_refused).copied().collect();
    expect_client("192.0.2.1", &X_FIELDS, X_LINE, &refused, "127.0.0.1");
}
