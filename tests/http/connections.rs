//! One connection over time. The tests have replies that keep it open, pipelining, half-closed and vanished clients,
//! and hijack. RFC 9112, section 9.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::support::does::{Act, Does, GET, GET_10, HEAD, answer};
use crate::support::witness::Witness;
use crate::support::{Client, Reply};
use basehttp::testing::{self, Server};
use basehttp::{Exchange, HTTPError, HTTPServer, Result, http_handler};

/// The same handler twice. The path alone decides what it does.
fn serve(ex: &mut Exchange) -> Result {
    match ex.path {
        "/close" => ex.close_connection = true,
        "/open" => ex.close_connection = false,
        _ => {}
    }
    let mut body = ex.path.as_bytes().to_vec();
    ex.rfile.read_to_end(&mut body)?;
    Ok(ex.send_bytes(200, "text/plain", body)?)
}

struct Speaks10;

#[http_handler(protocol_version = "HTTP/1.0")]
impl Speaks10 {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        serve(ex)
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
}

#[test]
fn a_connection_is_kept_where_both_sides_want_it() {
    // Request, `Connection` of the reply of an HTTP/1.1 server, and whether it goes on. HTTP/1.0 servers never do.
    let table = [
        ("GET / HTTP/1.1\r\nHost: h", None, true, "the default of HTTP/1.1"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive", None, true, "needless"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close", Some("close"), false, "the client closes"),
        ("GET / HTTP/1.1\r\nHost: h\r\nconnection: CLOSE", Some("close"), false, "in any case"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close", Some("close"), false, "close wins"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: ,close", Some("close"), false, "two lines"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: closed", None, true, "another word"),
        ("GET / HTTP/1.9\r\nHost: h", None, true, "served as HTTP/1.1"),
        ("GET / HTTP/1.0", Some("close"), false, "the default of HTTP/1.0, and the reply says HTTP/1.1"),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive", Some("keep-alive"), true, "the client asks"),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close", Some("close"), false, "close wins"),
        ("GET / HTTP/1.0\r\nKeep-Alive: 5", Some("close"), false, "the field alone asks for nothing"),
        ("GET /close HTTP/1.1\r\nHost: h", Some("close"), false, "the handler closes"),
        ("GET /close HTTP/1.0\r\nConnection: keep-alive", Some("close"), false, "the handler closes"),
        (
            "GET /open HTTP/1.1\r\nHost: h\r\nConnection: close",
            Some("close"),
            false,
            "close_connection keeps nothing open",
        ),
        ("GET /open HTTP/1.0", Some("close"), false, "close_connection keeps nothing open"),
        ("PUT / HTTP/1.1\r\nHost: h", None, true, "an unknown method"),
    ];
    let servers = [Server::start(Does(serve)), Server::start(Speaks10)].map(|server| server.expect("a free port"));
    for (head, connection, goes_on, why) in table {
        let mut client = Client::sending(&servers[0], format!("{head}\r\n\r\n"));
        let reply = client.read_reply();
        assert_eq!((reply.version.as_str(), reply.field("Connection")), ("HTTP/1.1", connection), "{head:?}: {why}");
        if goes_on {
            client.send(GET);
            assert_eq!(client.read_reply().text(), "/", "{head:?}: {why}");
        } else {
            client.expect_end();
        }

        let mut client = Client::sending(&servers[1], format!("{head}\r\n\r\n{GET}"));
        let reply = client.read_reply();
        assert_eq!((reply.version.as_str(), reply.field("Connection")), ("HTTP/1.0", None), "{head:?}");
        client.expect_end();
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for number in 0..300 {
        let path = format!("/{number}");
        let body = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n".repeat(number % 3);
        let request = match number % 4 {
            0 => format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"),
            1 => format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            2 if body.is_empty() => format!("\r\nGET {path} HTTP/1.1\r\nHost: h\r\n\r\n"),
            _ if body.is_empty() => {
                format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            }
            _ => format!(
                "POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            ),
        };
        stream.extend_from_slice(request.as_bytes());
        let echoed = if request.contains("POST") { body } else { String::new() };
        expected.push(path + &echoed);
    }
    let server = Server::start(Does(serve)).expect("a free port");
    let mut client = Client::sending(&server, &stream);
    for text in &expected {
        assert_eq!(client.read_reply().text(), text);
    }
    for size in [1, 7, 1000] {
        let replies = Reply::all(&testing::respond_to_pieces(&Does(serve), stream.chunks(size)));
        assert_eq!(replies.iter().map(Reply::text).collect::<Vec<_>>(), expected, "in pieces of {size}");
    }
}

#[test]
fn nothing_is_answered_behind_the_last_reply() {
    for last in
        ["GET /close HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", GET_10]
    {
        let replies = Reply::all(&answer(serve, &format!("{GET}{last}{GET}")));
        assert_eq!(replies.len(), 2, "{last:?}");
    }
}

#[test]
fn a_half_closed_client_gets_the_whole_reply() {
    let act = |ex: &mut Exchange| -> Result {
        ex.send_response(200).end_headers()?;
        for _ in 0..5000 {
            ex.wfile.write_all(&[b'x'; 1000])?;
        }
        Ok(())
    };
    let server = Server::start(Does(act)).expect("a free port");
    for request in [GET, GET_10] {
        let mut client = Client::sending(&server, request);
        client.end_sending();
        assert_eq!(client.read_reply().body.len(), 5_000_000, "{request:?}");
        client.expect_end();
    }
    // The end of a request's bytes and of the client's side may come together, also behind several.
    let mut client = Client::sending(&server, GET.repeat(3));
    client.end_sending();
    assert!((0..3).all(|_| client.read_reply().body.len() == 5_000_000));
    client.expect_end();
}

#[test]
fn an_idle_connection_is_closed_without_a_word_and_a_slow_head_is_408() {
    let short = Duration::from_millis(300);
    let server = Server::start_with(HTTPServer::builder().idle_timeout(short), Does(serve)).expect("a free port");
    let mut client = Client::sending(&server, GET);
    assert_eq!(client.read_reply().status, 200);
    client.expect_end();

    let server = Server::start_with(HTTPServer::builder().head_timeout(short), Does(serve)).expect("a free port");
    for start in ["G", "GET / HTTP/1.1\r\nHost: h\r\n"] {
        let mut client = Client::sending(&server, start);
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (408, Some("close")), "{start:?}");
        client.expect_end();
    }
    Client::of(&server).expect_end();
}

/// Some clients send a CRLF behind a body (RFC 9112, section 2.2).
#[test]
fn empty_lines_behind_a_request_begin_no_other() {
    let builder = HTTPServer::builder().idle_timeout(Duration::from_millis(300));
    let server = Server::start_with(builder, Does(serve)).expect("a free port");
    for empty in ["\r", "\r\n", "\r\n\r\n"] {
        let mut client = Client::sending(&server, format!("{GET}{empty}"));
        assert_eq!(client.read_reply().status, 200);
        client.expect_end();
        let mut client = Client::sending(&server, GET);
        assert_eq!(client.read_reply().status, 200);
        client.send(empty);
        client.expect_end();
    }
    assert_eq!(server.server_handle().stats().errors.slow_heads, 0, "they were idle");
}

/// Greets, takes the connection, and says everything back in upper case until the client ends its side.
fn shout(ex: &mut Exchange) -> Result {
    ex.send_response_only(101).send_header("Upgrade", "shout").send_header("Connection", "Upgrade").end_headers()?;
    let mut line = ex.hijack()?;
    let mut heard = [0; 100];
    loop {
        match line.read(&mut heard)? {
            0 => return Ok(()),
            count => line.write_all(&heard[..count].to_ascii_uppercase())?,
        }
    }
}

#[test]
fn a_hijacked_connection_yields_what_was_read_first_and_nothing_more_is_parsed() {
    const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n";
    let server = Server::start(Does(shout)).expect("a free port");
    let mut client = Client::sending(&server, format!("{UPGRADE}get / http/1.1\r\n\r\n"));
    let reply = client.read_reply();
    assert_eq!((reply.status, reply.field("Upgrade")), (101, Some("shout")));
    assert_eq!(reply.field("Connection"), Some("Upgrade"));
    assert_eq!(client.read_exactly(18), b"GET / HTTP/1.1\r\n\r\n", "what was read with the head");
    client.send("then this");
    assert_eq!(client.read_exactly(9), b"THEN THIS", "what came later");
    client.end_sending();
    client.expect_end();

    let bytes = answer(shout, &format!("{UPGRADE}{}", GET.to_lowercase()));
    assert!(bytes.ends_with(&[b"\r\n\r\n", GET.to_uppercase().as_bytes()].concat()), "{}", bytes.escape_ascii());
}

#[test]
fn hijack_sends_earlier_replies_first_and_may_follow_a_begun_body() {
    let act = |ex: &mut Exchange| -> Result {
        if ex.path == "/hijack" {
            ex.send_response(200).end_headers()?;
            ex.wfile.write_all(b"buffered, ")?;
            ex.hijack()?.write_all(b"raw")?;
            return Err("what a handler returns after that reaches nobody".into());
        }
        serve(ex)
    };
    let server = Server::start(Does(act)).expect("a free port");
    let mut client = Client::sending(&server, GET.to_owned() + &GET.replace(" / ", " /hijack ") + GET);
    assert_eq!(client.read_reply().text(), "/");
    assert_eq!(client.read_reply().text(), "buffered, raw", "and the connection ends with the handle");
}

#[test]
fn hijack_inside_a_body_yields_the_rest_of_its_bytes() {
    let act = |ex: &mut Exchange| -> Result {
        let mut read = [0; 4];
        ex.rfile.read_exact(&mut read)?;
        let mut line = ex.hijack()?;
        let mut rest = Vec::new();
        line.read_to_end(&mut rest)?;
        Ok(line.write_all(&[&read, b"|".as_slice(), &rest].concat())?)
    };
    let chunks = "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    let request = format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{GET}");
    let expected = format!("abcd|ef\r\n0\r\n\r\n{GET}");
    for size in [1, 7, 1000] {
        let bytes = testing::respond_to_pieces(&Does(act), request.as_bytes().chunks(size));
        assert_eq!(bytes.escape_ascii().to_string(), expected.escape_default().to_string(), "in pieces of {size}");
    }
}

#[test]
fn hijack_can_wait_for_a_bounded_time() {
    let act = |ex: &mut Exchange| -> Result {
        let mut line = ex.hijack()?;
        line.set_read_timeout(Some(Duration::from_millis(100)))?;
        let kind = line.read(&mut [0]).expect_err("the client says nothing").kind();
        Ok(line.write_all(format!("{kind:?}").as_bytes())?)
    };
    let server = Server::start(Does(act)).expect("a free port");
    assert_eq!(Client::sending(&server, GET).read_to_end(), b"TimedOut");
}

#[test]
fn a_tunnel_or_another_protocol_that_nobody_takes_over_ends_the_connection() {
    // The bytes behind it are not HTTP (RFC 9110, sections 7.8 and 9.3.6).
    let table: [(Act, &str, u16); 2] = [
        (
            |ex| {
                Ok(ex
                    .send_response(101)
                    .send_header("Upgrade", "x")
                    .send_header("Connection", "Upgrade")
                    .end_headers()?)
            },
            GET,
            101,
        ),
        (|ex| Ok(ex.send_response(200).end_headers()?), "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", 200),
    ];
    for (act, request, code) in table {
        let server = Server::start(Does(act)).expect("a free port");
        let mut client = Client::sending(&server, format!("{request}{GET}"));
        let reply = client.try_read_reply("HEAD").expect("a head");
        assert_eq!(reply.status, code);
        assert_eq!((reply.field("Content-Length"), reply.field("Transfer-Encoding")), (None, None), "{code}");
        client.expect_end();
    }
}

/// A client that believes in its tunnel has sent another party's bytes already, and they are not requests (RFC 9931,
/// section 7).
#[test]
fn nothing_behind_a_refused_connect_is_run() {
    let table: [(Act, u16); 6] = [
        (|ex| Ok(ex.send_error(403)?), 403),
        (|ex| Ok(ex.send_error(HTTPError::from(407).with_header("Proxy-Authenticate", "Basic"))?), 407),
        (|ex| Ok(ex.send_response(302).send_header("Location", "/").end_headers()?), 302),
        (|ex| Ok(ex.send_response(403).send_header("Connection", "keep-alive").end_headers()?), 403),
        (|_| Err("no such host".into()), 500),
        (
            |ex| {
                ex.send_response(502).end_headers()?;
                ex.wfile.flush()?;
                Ok(ex.wfile.write_all(b"no such host")?)
            },
            502,
        ),
    ];
    for (act, code) in table {
        let server = Server::start(Does(act)).expect("a free port");
        for behind in [GET, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "\x16\x03\x01"] {
            let mut client = Client::sending(&server, format!("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n{behind}"));
            let reply = client.read_reply();
            assert_eq!((reply.status, reply.field("Connection")), (code, Some("close")));
            client.expect_end();
        }
    }
    let server = Server::start(Endless { stopped: Mutex::new(mpsc::channel().0) }).expect("a free port");
    let mut client = Client::sending(&server, format!("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n{GET}"));
    let reply = client.read_reply();
    assert_eq!((reply.status, reply.field("Connection")), (501, Some("close")), "there is no such method");
    client.expect_end();
}

/// Writes without end, and tells when it was stopped.
struct Endless {
    stopped: Mutex<Sender<io::ErrorKind>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Endless {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if ex.path == "/short" {
            return Ok(ex.send_text(200, "short")?);
        }
        ex.send_response(200).end_headers()?;
        loop {
            if let Err(error) = ex.wfile.write_all(&[b'x'; 10_000]) {
                let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                stopped.send(error.kind()).expect("the test waits");
                return Err(error.into());
            }
        }
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
}

#[test]
fn clients_that_vanish_inside_a_reply_stop_its_handler_and_nobody_else() {
    let (stopped, stops): (_, Receiver<io::ErrorKind>) = mpsc::channel();
    let server = Server::start(Endless { stopped: Mutex::new(stopped) }).expect("a free port");
    for _ in 0..20 {
        let mut client = Client::sending(&server, GET);
        // Closing with bytes unread is a reset.
        client.read_exactly(1000);
        drop(client);
        let kind = stops.recv_timeout(crate::support::PATIENCE).expect("the handler hears of it");
        assert!(matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{kind:?}");
        let mut other = Client::sending(&server, GET.replace(" / ", " /short "));
        assert_eq!(other.read_reply().text(), "short");
    }
}

#[test]
fn clients_that_vanish_at_any_point_of_a_request_leave_the_server_serving() {
    let server = Server::start(Does(serve)).expect("a free port");
    let request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
    for length in 0..=request.len() {
        drop(Client::sending(&server, &request[..length]));
        let mut client = Client::sending(&server, &request[..length]);
        client.end_sending();
    }
    assert_eq!(Client::sending(&server, request).read_reply().text(), "/hello");
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let (stopped, stops) = mpsc::channel();
    let builder = HTTPServer::builder().write_stall_timeout(Duration::from_millis(200));
    let server = Server::start_with(builder, Endless { stopped: Mutex::new(stopped) }).expect("a free port");
    let _client = Client::sending(&server, GET);
    assert_eq!(stops.recv_timeout(crate::support::PATIENCE), Ok(io::ErrorKind::TimedOut));
    assert_eq!(
        Client::sending(&server, HEAD.replace(" / ", " /short ")).try_read_reply("HEAD").expect("a head").status,
        200
    );
}

#[test]
fn a_client_that_sends_all_of_a_long_body_first_gets_the_answer_that_refused_it() {
    const LENGTH: usize = 30_000_000;
    let witness = Witness::default();
    let server = witness.serve();
    for (method, status) in [("PUT", 501), ("POST", 200)] {
        let mut client = Client::of(&server);
        client.send(format!("{method} /unread HTTP/1.1\r\nHost: h\r\nContent-Length: {LENGTH}\r\n\r\n"));
        for _ in 0..LENGTH / 100_000 {
            client.send("l".repeat(100_000));
        }
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (status, Some("close")), "{method}");
        client.expect_end();
    }
}
