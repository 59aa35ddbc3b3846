//! Conditions under which a connection is kept or ends, and the last reply, which always arrives. RFC 9112, section 9.

use std::fmt;

use crate::support::does::Does;
use crate::support::witness::{GOOD, SMUGGLED, Witness, check_last_reply};
use crate::support::{Client, Reply};
use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};

/// Requests for many reads of a server, yet few enough for the system to take them without one. So the client has sent
/// all of them before it looks for a reply, however busy the machine is.
fn many_requests() -> Vec<u8> {
    SMUGGLED.repeat(100 * 1024 / SMUGGLED.len()).into_bytes()
}

/// An HTTP/1.0 server, as it is by default.
struct Old;

#[http_handler]
impl Old {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, ex.path)?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// The last reply is not lost to a reset, whatever the client has sent behind its last request (section 9.6).
#[test]
fn the_reply_to_the_last_request_arrives_whatever_the_client_has_sent_behind_it() {
    let witness = Witness::default();
    let (new, old) = (witness.serve(), Server::start(Old).expect("a free port"));
    let table = [
        (&new, "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200, "the client's close"),
        (&new, "GET /last HTTP/1.0\r\n\r\n", 200, "HTTP/1.0"),
        (&old, "GET /last HTTP/1.1\r\nHost: h\r\n\r\n", 200, "a server that never keeps a connection"),
        (&new, "GET / HTTP/1.1\r\n\r\n", 400, "a refused head"),
        (&new, "POST /last HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400, "a refused body"),
        (&new, "GET /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n", 200, "a body nobody reads"),
    ];
    for (server, request, code, why) in table {
        for _ in 0..5 {
            let mut client = Client::of(server);
            client.send([request.as_bytes(), &many_requests()].concat());
            client.end_sending();
            let reply = client.try_read_reply("GET").unwrap_or_else(|error| panic!("{why}: {error}"));
            assert_eq!(reply.status, code, "{why}");
            let rest = client.try_read_to_end().unwrap_or_else(|error| panic!("{why}: {error}"));
            assert!(rest.is_empty(), "{why}: {}", rest.escape_ascii());
        }
    }
    let seen = witness.take_seen();
    assert!(!seen.iter().any(|asked| asked.contains("smuggled")), "{seen:?}");
}

/// The connection is kept or closed as the reply says (sections 9.3 and 9.6).
#[test]
fn a_reply_says_close_where_the_connection_ends_and_the_client_may_think_otherwise() {
    let witness = Witness::default();
    let server = witness.serve();
    for (request, code, why) in [
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 200, "the client's close"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE ,y\r\n\r\n", 200, "in a list"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: close\r\n\r\n", 200, "on a second line"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n", 200, "close wins"),
        ("GET / HTTP/1.0\r\n\r\n", 200, "HTTP/1.0, which the reply does not show"),
        ("GET / HTTP/1.0\r\nConnection: close\r\n\r\n", 200, "HTTP/1.0 that says so"),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", 200, "close wins"),
        ("PUT / HTTP/1.0\r\n\r\n", 501, "an error to HTTP/1.0"),
        ("PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 501, "an error"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "a refused head"),
        ("GET /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n", 200, "a body nobody reads: 9.3"),
    ] {
        check_last_reply(&server, &witness, request.as_bytes(), &[code], why);
    }
    for (request, expected, why) in [
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", None, "HTTP/1.1 goes on by itself"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade, x\r\n\r\n", None, "other options"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: \"close\"\r\n\r\n", None, "another word"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nClose: close\r\nProxy-Connection: close\r\n\r\n", None, "other fields"),
        ("GET /a HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n", Some("keep-alive"), "HTTP/1.0 that asks"),
        ("PUT /a HTTP/1.1\r\nHost: h\r\n\r\n", None, "an unknown method"),
    ] {
        let mut client = Client::sending(&server, format!("{request}{GOOD}"));
        assert_eq!(client.read_reply().field("Connection"), expected, "{why}");
        assert_eq!(client.read_reply().text(), "GET /good h ", "{why}");
    }
}

/// Replies come in the order of the requests, among them refused ones and those with bodies (section 9.3.2).
#[test]
fn pipelined_requests_of_every_kind_are_answered_in_their_order() {
    let witness = Witness::default();
    let kinds = [
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", 200, "GET /a h "),
        ("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", 200, "POST /b h hi"),
        ("\r\nGET http://h/c HTTP/1.1\r\nHost: h\r\n\r\n", 200, "GET /c h "),
        ("POST /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "POST /d h hi"),
        ("PUT /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", 501, ""),
        ("GET /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", 200, "GET /unread h "),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 200, "OPTIONS * h "),
    ];
    let stream: String = kinds.iter().cycle().take(700).map(|(request, ..)| *request).collect();
    let server = witness.serve();
    let mut client = Client::sending(&server, stream + "GET / HTTP/2.0\r\n\r\n" + SMUGGLED);
    for (request, code, text) in kinds.iter().cycle().take(700) {
        let reply = client.read_reply();
        assert_eq!(reply.status, *code, "{request:?}");
        assert!(text.is_empty() || reply.text() == *text, "{request:?}: {reply:?}");
    }
    assert_eq!(client.read_reply().status, 505);
    client.expect_end();
}

/// The end of a client's side delimits no request, and the client still wants its reply (section 9.6).
#[test]
fn a_half_closed_client_gets_every_reply_it_has_asked_for_and_no_other() {
    let large = |ex: &mut Exchange| -> Result {
        if ex.path == "/large" {
            ex.send_response(200).end_headers()?;
            return Ok((0..3000).try_for_each(|_| ex.wfile.write_all(&[b'x'; 1000]))?);
        }
        Ok(ex.send_text(200, ex.path)?)
    };
    let server = Server::start(Does(large)).expect("a free port");
    let large = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
    let posted = "POST /posted HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
    for unfinished in ["", "\r\n", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n"] {
        let mut client = Client::sending(&server, format!("{large}{posted}{large}{unfinished}"));
        client.end_sending();
        let bodies: Vec<usize> = (0..3).map(|_| client.read_reply().body.len()).collect();
        assert_eq!(bodies, [3_000_000, "/posted".len(), 3_000_000], "{unfinished:?}");
        client.expect_end();
    }
}

/// An upgrade that no handler makes is ignored, and so are the fields of proxies (RFC 9110, sections 7.6.1 and 7.8).
#[test]
fn fields_for_others_change_nothing() {
    let witness = Witness::default();
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x",
        "Upgrade: TLS/1.0",
        "Max-Forwards: 0\r\nVia: 1.0 fred, 1.1 p.example",
        "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic x",
        "TE: gzip, trailers;q=0.5\r\nConnection: TE",
        "Trailer: X",
        "Content-Location: /other\r\nContent-Type: x/y",
        "If-Match: \"x\"\r\nIf-Modified-Since: yesterday\r\nRange: bytes=0-0",
        "X-Forwarded-Host: other\r\nForwarded: host=other",
        "X-HTTP-Method-Override: DELETE",
        "Expect: \r\nX: \u{e9}",
    ] {
        let replies = witness.ask(format!("GET /a HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n{GOOD}"));
        let texts: Vec<_> = replies.iter().map(Reply::text).collect();
        assert_eq!(texts, ["GET /a h ", "GET /good h "], "{fields:?}");
    }
}
