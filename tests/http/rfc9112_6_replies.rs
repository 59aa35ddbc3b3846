//! Replies from a client's side, for any status, method, version and kind of body. One reply comes and ends where it
//! says, and the next reply or the connection's end is right behind it. RFC 9112, section 6, and RFC 9110, sections
//! 6.6.1, 8.6 and 15. `support/strict.rs` defines a reply.

use std::fmt;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::support::PATIENCE;
use crate::support::strict::{Framing, Strict};
use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};

/// A body that looks like another reply.
const BODY: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

/// One that fits no buffer.
const LONG_BYTES: usize = 100_000;

/// The body of the reply to the second request.
const NEXT: &[u8] = b"the next reply";

/// Sends the status that the target names, with a body as `X-How` says. An interim one is followed by a 200.
fn answer(ex: &mut Exchange) -> Result {
    let Ok(code) = ex.path.trim_start_matches(['/', 'h', ':']).parse::<u16>() else {
        return Ok(ex.send_bytes(200, "text/plain", NEXT)?);
    };
    let is_interim = (100..200).contains(&code) && code != 101;
    if is_interim {
        ex.send_response_only(code).end_headers()?;
    }
    ex.send_response(if is_interim { 200 } else { code });
    match ex.headers.get("X-How") {
        Some("nothing") => ex.end_headers()?,
        Some("short") => {
            ex.end_headers()?;
            ex.wfile.write_all(BODY)?;
        }
        Some("streamed") => {
            ex.end_headers()?;
            ex.wfile.write_all(&BODY[..5])?;
            ex.wfile.flush()?;
            ex.wfile.write_all(&BODY[5..])?;
        }
        Some("long") => {
            ex.end_headers()?;
            vec![b'x'; LONG_BYTES].chunks(999).try_for_each(|piece| ex.wfile.write_all(piece))?;
        }
        Some("chunked") => {
            ex.send_header("Transfer-Encoding", "chunked").end_headers()?;
            ex.wfile.write_all(BODY)?;
        }
        Some("declared") => {
            ex.send_header("Content-Length", BODY.len()).end_headers()?;
            ex.wfile.write_all(BODY)?;
        }
        Some("given") => ex.send_body(BODY)?,
        Some("less") => {
            ex.send_header("Content-Length", BODY.len() + 1).end_headers()?;
            ex.wfile.write_all(BODY)?;
        }
        Some("more") => {
            ex.send_header("Content-Length", BODY.len() - 1).end_headers()?;
            // The result is the same if the handler ignores the error.
            let _ = ex.wfile.write_all(BODY);
        }
        Some("cut") => {
            ex.send_header("Content-Length", BODY.len() + 1).end_headers()?;
            ex.wfile.write_all(BODY)?;
            ex.wfile.flush()?;
        }
        how => panic!("{how:?}"),
    }
    Ok(())
}

macro_rules! speaks {
    ($name:ident, $version:literal) => {
        struct $name;

        #[http_handler(protocol_version = $version)]
        impl $name {
            fn do_GET(&self, ex: &mut Exchange) -> Result {
                answer(ex)
            }

            fn do_POST(&self, ex: &mut Exchange) -> Result {
                answer(ex)
            }

            fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
                answer(ex)
            }

            fn do_CONNECT(&self, ex: &mut Exchange) -> Result {
                answer(ex)
            }

            fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
            fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}
        }
    };
}

speaks!(Speaks10, "HTTP/1.0");
speaks!(Speaks11, "HTTP/1.1");

/// One exchange, with the client, the server and the request.
#[derive(Clone, Copy, Debug)]
struct Case {
    server: &'static str,
    client: &'static str,
    /// The client says `keep-alive`.
    asks: bool,
    method: &'static str,
    code: u16,
    how: &'static str,
}

impl Case {
    fn request(self) -> String {
        let Case { client, method, code, how, .. } = self;
        let (target, host) = match method {
            "CONNECT" => (format!("h:{code}"), format!("h:{code}")),
            _ => (format!("/{code}"), "h".into()),
        };
        let asks = if self.asks { "Connection: keep-alive\r\n" } else { "" };
        let (length, body) = if method == "POST" { ("Content-Length: 4\r\n", "body") } else { ("", "") };
        let head = format!("{method} {target} {client}\r\nHost: {host}\r\nX-How: {how}\r\n{asks}{length}\r\n{body}");
        head + &format!("GET /next {client}\r\nHost: h\r\n{asks}\r\n")
    }

    fn is_new(self) -> bool {
        self.server == "HTTP/1.1" && self.client == "HTTP/1.1"
    }

    fn is_interim(self) -> bool {
        (100..200).contains(&self.code) && self.code != 101
    }

    /// The bytes behind the head are not HTTP.
    fn is_tunnel(self) -> bool {
        let status = if self.is_interim() { 200 } else { self.code };
        status == 101 && self.is_new() || self.method == "CONNECT" && (200..300).contains(&status)
    }

    fn has_body(self) -> bool {
        self.method != "HEAD" && !self.is_tunnel() && !matches!(self.code, 204 | 205 | 304)
    }

    /// The handler gave another body than it had declared, and that can be seen.
    fn is_faulty(self) -> bool {
        matches!(self.how, "less" | "more" | "cut") && self.has_body() || self.code == 101 && !self.is_new()
    }

    /// The status that a client gets in the end.
    fn status(self) -> u16 {
        match self.code {
            _ if self.is_faulty() => 500,
            _ if self.is_interim() => 200,
            code => code,
        }
    }

    fn body(self) -> Vec<u8> {
        match self.how {
            "nothing" => Vec::new(),
            "long" => vec![b'x'; LONG_BYTES],
            _ => BODY.to_vec(),
        }
    }

    /// Returns whether another reply follows on this connection.
    fn goes_on(self, reply: &Strict) -> bool {
        self.server == "HTTP/1.1"
            && (self.client == "HTTP/1.1" || self.asks)
            && !self.is_tunnel()
            && self.method != "CONNECT"
            && reply.framing != Framing::UntilClose
    }

    /// Sends the request, and compares the reply with the rules. Returns whether the connection goes on.
    fn check(self, stream: &mut BufReader<TcpStream>) -> bool {
        stream.get_mut().write_all(self.request().as_bytes()).expect("the server takes it");
        let came = Strict::read_all(stream, self.method, self.client);
        if self.how == "cut" && self.is_faulty() && self.code != 101 {
            // Sent bytes can be neither taken back nor completed, and no client takes the reply for whole.
            let kind = came.map_err(|error| error.kind()).expect_err("a reply that is cut off");
            assert!(matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{self:?}: {kind}");
            return false;
        }
        let (interim, reply) = came.unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let expected: &[u16] = if self.is_interim() && self.is_new() { &[self.code] } else { &[] };
        assert_eq!(interim, expected, "{self:?}");
        assert_eq!((&*reply.version, reply.status), (self.server, self.status()), "{self:?}");
        match self.is_faulty() {
            true => assert!(self.method == "HEAD" || reply.body != BODY, "{self:?}: {reply:?}"),
            false if self.has_body() => assert!(reply.body == self.body(), "{self:?}: {reply:?}"),
            false => assert!(reply.body.is_empty(), "{self:?}: {reply:?}"),
        }
        assert_eq!(reply.values("Server").len(), 1, "{self:?}: {reply:?}");
        assert_eq!(reply.values("Allow").len(), usize::from(reply.status == 405), "{self:?}: {reply:?}");
        let goes_on = self.goes_on(&reply);
        if !self.is_tunnel() {
            assert_eq!(reply.persists(self.asks), goes_on, "{self:?}: what the reply says: {reply:?}");
        }
        if goes_on {
            let (interim, next) = Strict::read_all(stream, "GET", self.client).expect("the next reply");
            assert!(interim.is_empty() && next.body == NEXT, "{self:?}: {next:?}");
        } else {
            let mut rest = Vec::new();
            // There is no other word behind the last one; a socket that is closed with something unread may say so.
            let end = stream.read_to_end(&mut rest).map_err(|error| error.kind());
            assert!(matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)), "{self:?}: {end:?}");
            assert!(rest.is_empty(), "{self:?}: {}", rest.escape_ascii());
        }
        goes_on
    }
}

fn connect(server: &Server) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
    stream.set_nodelay(true).expect("a fresh socket takes options");
    BufReader::new(stream)
}

const METHODS: [&str; 5] = ["GET", "HEAD", "OPTIONS", "CONNECT", "POST"];

/// Statuses with rules of their own, and neighbours of theirs.
const SPECIAL: [u16; 24] = [
    100, 101, 102, 103, 199, 200, 201, 203, 204, 205, 206, 299, 300, 303, 304, 305, 400, 404, 405, 407, 500, 599, 600,
    999,
];

/// Every status and method in turn, on as few connections as may be.
fn check_all(server: &Server, speaks: &'static str, client: &'static str, asks: bool) {
    let mut stream = connect(server);
    let every =
        ["nothing", "short", "streamed", "declared", "less"].map(|how| (how, (100..=999).collect::<Vec<u16>>()));
    let some = ["long", "chunked", "given", "more", "cut"].map(|how| (how, SPECIAL.to_vec()));
    for (how, codes) in every.into_iter().chain(some) {
        for method in METHODS {
            for &code in &codes {
                let case = Case { server: speaks, client, asks, method, code, how };
                if !case.check(&mut stream) {
                    stream = connect(server);
                }
            }
        }
    }
}

#[test]
fn every_reply_of_http_1_1_to_http_1_1_ends_where_it_says() {
    let server = Server::start(Speaks11).expect("a free port");
    check_all(&server, "HTTP/1.1", "HTTP/1.1", false);
}

#[test]
fn every_reply_of_http_1_1_to_http_1_0_ends_where_it_says() {
    let server = Server::start(Speaks11).expect("a free port");
    check_all(&server, "HTTP/1.1", "HTTP/1.0", false);
}

#[test]
fn every_reply_of_http_1_1_to_http_1_0_that_asks_for_more_ends_where_it_says() {
    let server = Server::start(Speaks11).expect("a free port");
    check_all(&server, "HTTP/1.1", "HTTP/1.0", true);
}

#[test]
fn every_reply_of_http_1_0_to_http_1_1_ends_where_it_says() {
    let server = Server::start(Speaks10).expect("a free port");
    check_all(&server, "HTTP/1.0", "HTTP/1.1", false);
}

#[test]
fn every_reply_of_http_1_0_to_http_1_0_ends_where_it_says() {
    let server = Server::start(Speaks10).expect("a free port");
    check_all(&server, "HTTP/1.0", "HTTP/1.0", true);
}

#[test]
fn the_reader_sees_what_is_wrong() {
    const DATE: &str = "Date: x\r\n";
    let fine = [
        ("GET", format!("HTTP/1.1 200 OK\r\n{DATE}Content-Length: 2\r\n\r\nhi")),
        ("GET", format!("HTTP/1.1 200 \r\n{DATE}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")),
        ("HEAD", format!("HTTP/1.1 200 OK\r\n{DATE}Content-Length: 2\r\n\r\n")),
        ("GET", format!("HTTP/1.1 204 No Content\r\n{DATE}\r\n")),
    ];
    for (method, reply) in fine {
        Strict::read(&mut reply.as_bytes(), method, "HTTP/1.1").expect(&reply);
    }
    let table = [
        ("HTTP/1.1 200\r\nDATE\r\n", "no blank before the reason"),
        ("HTTP/1.2 200 OK\r\nDATE\r\n", "no version of ours"),
        ("HTTP/1.1 20 OK\r\nDATE\r\n", "two digits"),
        ("HTTP/1.1 099 OK\r\nDATE\r\n", "no status"),
        ("HTTP/1.1  200 OK\r\nDATE\r\n", "two blanks"),
        ("HTTP/1.1 200 O\rK\r\nDATE\r\n", "a bare CR"),
        ("HTTP/1.1 200 OK\nDATE\r\n", "a bare LF"),
        ("HTTP/1.1 200 OK\r\n\r\n", "no date"),
        ("HTTP/1.1 200 OK\r\nDATEDATE\r\n", "two dates"),
        ("HTTP/1.1 200 OK\r\nDATE X: y\r\n\r\n", "a folded line"),
        ("HTTP/1.1 200 OK\r\nDATEX : y\r\n\r\n", "a blank before the colon"),
        ("HTTP/1.1 200 OK\r\nDATEX: \0\r\n\r\n", "a control"),
        ("HTTP/1.1 200 OK\r\nDATEContent-Length: 0\r\nContent-Length: 0\r\n\r\n", "two lengths"),
        ("HTTP/1.1 200 OK\r\nDATEContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "both"),
        ("HTTP/1.1 200 OK\r\nDATEContent-Length: +0\r\n\r\n", "no number"),
        ("HTTP/1.1 200 OK\r\nDATETransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "another coding"),
        ("HTTP/1.0 200 OK\r\nDATETransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "a coding in HTTP/1.0"),
        ("HTTP/1.1 204 No Content\r\nDATEContent-Length: 0\r\n\r\n", "a length with 204"),
        ("HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", "a coding with 100"),
        ("HTTP/1.1 200 OK\r\nDATEConnection: close,\r\n\r\n", "an empty member"),
        ("HTTP/1.1 200 OK\r\nDATEContent-Length: 3\r\n\r\nhi", "too little"),
        ("HTTP/1.1 200 OK\r\nDATETransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\n\r\n", "an extension"),
        ("HTTP/1.1 200 OK\r\nDATETransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "no last chunk"),
        ("HTTP/1.1 200 OK\r\nDATETransfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n", "a longer chunk"),
        ("HTTP/1.1 200 OK\r\nDATETransfer-Encoding: chunked\r\n\r\n\r\n", "no size"),
    ];
    for (reply, why) in table {
        let reply = reply.replace("DATE", DATE);
        assert!(Strict::read(&mut reply.as_bytes(), "GET", "HTTP/1.1").is_err(), "{reply:?}: {why}");
    }
    let tunnel = format!("HTTP/1.1 200 OK\r\n{DATE}Content-Length: 0\r\n\r\n");
    assert!(Strict::read(&mut tunnel.as_bytes(), "CONNECT", "HTTP/1.1").is_err(), "a length before a tunnel");
    let early = "HTTP/1.1 103 Early Hints\r\n\r\n";
    assert!(Strict::read(&mut early.as_bytes(), "GET", "HTTP/1.0").is_err(), "an interim reply to HTTP/1.0");
}
