//! `Expect: 100-continue`. The 100 goes out when the handler first reads, never otherwise, and the server does not wait
//! for a client that was not told to go on. RFC 9110, section 10.1.1.

use std::fmt;
use std::io;

use crate::support::{Client, Reply};
use basehttp::testing::{self, Server};
use basehttp::{Exchange, HTTPError, http_handler};

/// Reads its body, or does not.
struct Reader;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Reader {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "next")
    }

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        match ex.path {
            "/ignore" => ex.send_text(403, "no"),
            "/too-large" => ex.read_body(1).map(drop),
            "/echo" => {
                ex.send_response(200).send_header("Content-Length", "5").end_headers()?;
                io::copy(&mut ex.rfile, &mut ex.wfile).map(drop)
            }
            "/late" => {
                ex.send_response(200).end_headers()?;
                ex.wfile.write_all(b"begun, ")?;
                ex.wfile.flush()?;
                io::copy(&mut ex.rfile, &mut ex.wfile).map(drop)
            }
            _ => {
                let body = ex.read_body(100)?;
                ex.send_bytes(200, "text/plain", body)
            }
        }
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
}

/// Decides by the path before the method is called.
struct Guard;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Guard {
    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        let body = ex.read_body(100)?;
        ex.send_bytes(200, "text/plain", body)
    }

    fn handle_expect_100(&self, ex: &Exchange) -> basehttp::Result<bool> {
        match ex.path {
            "/refused" => ex.send_error((417, "not today"))?,
            "/failed" => return Err(HTTPError::new(401, "who are you?").into()),
            "/silent" => {}
            "/at-once" => {
                ex.send_response_only(100).end_headers()?;
                return Ok(true);
            }
            _ => return basehttp::defaults::handle_expect_100(self, ex),
        }
        Ok(false)
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
}

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
const NEXT: &str = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

/// A head that announces so many bytes, and waits.
fn waiting(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n")
}

fn codes(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

#[test]
fn the_100_comes_when_the_handler_first_reads() {
    let server = Server::start(Reader).expect("a free port");
    let chunked = "POST /read HTTP/1.1\r\nHost: h\r\nexpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (head, body) in [(waiting("/read", 5).as_str(), "hello"), (chunked, "5\r\nhello\r\n0\r\n\r\n")] {
        let mut client = Client::sending(&server, head);
        let interim = client.read_reply();
        assert_eq!((interim.status, interim.version.as_str(), interim.fields), (100, "HTTP/1.1", Vec::new()));
        client.send(body);
        assert_eq!(client.read_reply().text(), "hello");
        client.send(NEXT);
        assert_eq!(client.read_reply().text(), "next", "the connection goes on");
    }
}

#[test]
fn a_head_that_is_ended_but_not_sent_does_not_stand_in_the_way_of_the_100() {
    let server = Server::start(Reader).expect("a free port");
    let mut client = Client::sending(&server, waiting("/echo", 5));
    assert_eq!(String::from_utf8_lossy(&client.read_exactly(25)), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    assert_eq!(client.read_reply().text(), "hello");
}

#[test]
fn earlier_replies_go_out_before_the_100() {
    let server = Server::start(Reader).expect("a free port");
    let mut client = Client::sending(&server, NEXT.repeat(3) + &waiting("/read", 5));
    let replies: Vec<Reply> = (0..4).map(|_| client.read_reply()).collect();
    assert_eq!(codes(&replies), [200, 200, 200, 100]);
    client.send("hello");
    assert_eq!(client.read_reply().text(), "hello");
}

#[test]
fn a_handler_that_does_not_read_sends_no_100_and_the_connection_closes() {
    let server = Server::start(Reader).expect("a free port");
    for (path, code) in [("/ignore", 403), ("/too-large", 413)] {
        // The client gets one answer and no more, even if it sends its body without waiting.
        for body in ["", SMUGGLED] {
            let mut client = Client::sending(&server, waiting(path, SMUGGLED.len()) + body);
            let reply = client.read_reply();
            assert_eq!((reply.status, reply.field("Connection")), (code, Some("close")), "{path} {body:?}");
            client.expect_end();
        }
    }
    for chunks in ["", "5\r\nhello\r\n0\r\n\r\n"] {
        let head = waiting("/ignore", 5).replace("Content-Length: 5", "Transfer-Encoding: chunked");
        let mut client = Client::sending(&server, head + chunks);
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (403, Some("close")), "in chunks: {chunks:?}");
        client.expect_end();
    }
}

#[test]
fn nobody_is_told_to_go_on_who_does_not_wait() {
    let table = [
        (waiting("/read", 0), vec![200], "there is no body"),
        (waiting("/read", 5) + "hello", vec![200], "the body is there already"),
        (waiting("/read", 5).replace("HTTP/1.1", "HTTP/1.0") + "hello", vec![200], "HTTP/1.0 knows no 100"),
        (waiting("/read", 5).replace("100-continue", "") + "hello", vec![200], "an empty list of expectations"),
    ];
    for (request, expected, why) in table {
        assert_eq!(codes(&Reply::all(&testing::respond(&Reader, request))), expected, "{why}");
    }
}

#[test]
fn no_100_follows_a_reply_that_has_begun() {
    let server = Server::start(Reader).expect("a free port");
    let mut client = Client::sending(&server, waiting("/late", 5));
    let begun = b"HTTP/1.1 200 OK\r\n";
    let mut start = vec![0; begun.len()];
    // The body is owed until the reply has begun.
    io::Read::read_exact(client.stream(), &mut start).expect("a status line");
    assert_eq!(start, begun);
    client.send("hello");
    client.end_sending();
    let rest = String::from_utf8(client.read_to_end()).expect("text");
    assert!(rest.contains("begun, ") && rest.contains("hello") && !rest.contains("100 Continue"), "{rest:?}");
}

#[test]
fn an_override_of_handle_expect_100_decides_before_the_method_is_called() {
    let server = Server::start(Guard).expect("a free port");
    for (path, code) in [("/refused", 417), ("/failed", 401), ("/silent", 500)] {
        let mut client = Client::sending(&server, waiting(path, SMUGGLED.len()) + SMUGGLED);
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (code, Some("close")), "{path}");
        client.expect_end();
    }
    for path in ["/default", "/at-once"] {
        let mut client = Client::sending(&server, waiting(path, 5));
        assert_eq!(client.read_reply().status, 100, "{path}");
        client.send("hello");
        assert_eq!(client.read_reply().text(), "hello", "{path}: and one 100 only");
    }
    // Without an expectation it is not asked.
    let request = waiting("/refused", 5).replace("Expect: 100-continue\r\n", "");
    assert_eq!(codes(&Reply::all(&testing::respond(&Guard, request + "hello"))), [200]);
}
