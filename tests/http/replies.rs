//! The bodies of replies, with the marks of their end, replies without one, and handlers that misuse their calls. The
//! fields stand in `reply_heads.rs`, bodies given whole in `given_bodies.rs`. RFC 9112, section 6.

use std::io::Read;

use crate::support::does::{Act, Does, GET, GET_10, HEAD, answer, reply};
use crate::support::{Client, Reply};
use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServer, Result, http_handler};

/// Bytes that the runtime buffers to find a body's length.
const BUFFER: usize = 64 * 1024;

const KEEP_ALIVE_10: &str = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

/// Writes as many bytes as the query says, in pieces.
fn write_count(ex: &mut Exchange) -> Result {
    let count: usize = ex.path.trim_start_matches("/?").parse()?;
    ex.send_response(200).end_headers()?;
    for piece in vec![b'x'; count].chunks(1000) {
        ex.wfile.write_all(piece)?;
    }
    Ok(())
}

type Framing<'a> = (Option<&'a str>, Option<&'a str>);

/// The fields that mark the end of a reply's body, `Content-Length` and `Transfer-Encoding`.
fn framing(reply: &Reply) -> Framing<'_> {
    (reply.field("Content-Length"), reply.field("Transfer-Encoding"))
}

#[test]
fn a_body_that_fits_the_buffer_gets_its_length_and_a_longer_one_is_chunked_or_ends_with_the_connection() {
    let [chunked, none] = [(None, Some("chunked")), (None, None)];
    let table = [
        (GET, 0, (Some("0"), None), None, "nothing written"),
        (GET, 1, (Some("1"), None), None, "it fits"),
        (GET, BUFFER, (Some("65536"), None), None, "it just fits"),
        (GET, BUFFER + 1, chunked, None, "it does not fit"),
        (GET, 3_000_000, chunked, None, "many buffers"),
        (GET_10, BUFFER, (Some("65536"), None), Some("close"), "it just fits"),
        (GET_10, BUFFER + 1, none, Some("close"), "HTTP/1.0 knows no chunks"),
        (KEEP_ALIVE_10, BUFFER, (Some("65536"), None), Some("keep-alive"), "the length lets the connection live"),
        (KEEP_ALIVE_10, 3_000_000, none, Some("close"), "the end must be seen"),
    ];
    for (request, count, expected, connection, why) in table {
        let about = format!("{count} bytes for {request:?}: {why}");
        let request = request.replacen(" / ", &format!(" /?{count} "), 1);
        let reply = reply(write_count, &request);
        assert_eq!((reply.status, reply.body.len()), (200, count), "{about}");
        assert_eq!(framing(&reply), expected, "{about}");
        assert_eq!(reply.field("Connection"), connection, "{about}");
    }
}

#[test]
fn flush_puts_on_the_wire_what_there_is() {
    // Each event waits until the client has seen the one before it. The server reads a body that fits the buffer before
    // the handler is called, so this one does not fit.
    let events = |ex: &mut Exchange| -> Result {
        ex.send_response(200).send_header("Content-Type", "text/event-stream").end_headers()?;
        for event in 0..3 {
            write!(ex.wfile, "data: ")?;
            write!(ex.wfile, "{event}\n\n")?;
            ex.wfile.flush()?;
            ex.rfile.read_exact(&mut [0])?;
        }
        Ok(())
    };
    let server = Server::start(Does(events)).expect("a free port");
    // In HTTP/1.1 each is a chunk, and an empty one is the last.
    for (version, before, behind, last) in
        [("HTTP/1.1\r\nHost: h", "9\r\n", "\r\n", "0\r\n\r\n"), ("HTTP/1.0", "", "", "")]
    {
        let mut client = Client::sending(&server, format!("POST / {version}\r\nContent-Length: 70000\r\n\r\n"));
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(client.read_exactly(1));
        }
        for number in 0..3 {
            let expected = format!("{before}data: {number}\n\n{behind}");
            assert_eq!(client.read_exactly(expected.len()), expected.as_bytes(), "{version}");
            client.send("x");
        }
        client.end_sending();
        assert_eq!(client.read_to_end(), last.as_bytes(), "{version}");
    }
}

#[test]
fn flush_headers_alone_sends_the_head() {
    let act = |ex: &mut Exchange| -> Result {
        ex.send_response(200).end_headers()?;
        ex.flush_headers()?;
        ex.rfile.read_exact(&mut [0])?;
        Ok(())
    };
    let server = Server::start(Does(act)).expect("a free port");
    let mut client = Client::sending(&server, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n");
    let status_line = client.read_exactly(17);
    assert_eq!(status_line, b"HTTP/1.1 200 OK\r\n");
    client.send("x");
    client.end_sending();
    let rest = client.read_to_end();
    assert!(rest.ends_with(b"\r\n\r\n0\r\n\r\n"), "an empty body, in chunks: {}", rest.escape_ascii());
}

#[test]
fn head_and_some_statuses_never_carry_a_body_whatever_the_handler_writes() {
    fn with_status(code: u16, ex: &mut Exchange) -> Result {
        ex.send_response(code).end_headers()?;
        ex.wfile.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        Ok(())
    }
    fn with_length(code: u16, ex: &mut Exchange) -> Result {
        ex.send_response(code).send_header("Content-Length", 19).end_headers()?;
        ex.wfile.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        ex.wfile.flush()?;
        Ok(())
    }
    let chunked = (None, Some("chunked"));
    let table: &[(&str, Act, Framing<'_>, &str)] = &[
        (HEAD, |ex| with_status(200, ex), (Some("19"), None), "HEAD: the length that GET would have"),
        (HEAD, |ex| with_status(404, ex), (Some("19"), None), "HEAD, an error"),
        (HEAD, |ex| with_length(200, ex), (Some("19"), None), "HEAD, the handler's length"),
        (HEAD, |ex| with_status(204, ex), (None, None), "HEAD of what has no body"),
        (GET, |ex| with_status(204, ex), (None, None), "204"),
        (GET, |ex| with_length(204, ex), (None, None), "204: no length either (RFC 9110, section 8.6)"),
        (GET, |ex| with_status(205, ex), (Some("0"), None), "205 says that there is nothing"),
        (GET, |ex| with_length(205, ex), (Some("0"), None), "205, whatever the handler says"),
        (GET, |ex| with_status(304, ex), (None, None), "304"),
        (GET, |ex| with_length(304, ex), (Some("19"), None), "304 may tell the length of the 200"),
        (HEAD, |ex| ex.send_response(200).end_headers().map_err(Into::into), (None, None), "HEAD of what is not told"),
        (
            HEAD,
            |ex| {
                ex.send_response(200).end_headers()?;
                Ok(ex.wfile.write_all(&vec![b'x'; 100_000])?)
            },
            chunked,
            "HEAD of a long body, as GET would be",
        ),
    ];
    for (request, act, expected, why) in table {
        let twice = answer(*act, &format!("{request}{request}"));
        let mut rest = &twice[..];
        let method = request.split(' ').next().expect("a method");
        let [first, second] = [(); 2].map(|()| Reply::read(&mut rest, method).expect("a whole reply"));
        assert_eq!(framing(&first), *expected, "{why}");
        assert_eq!((framing(&second), first.status), (*expected, second.status), "{why}: nothing stands between");
        assert!(rest.is_empty(), "{why}: {:?}", rest.escape_ascii().to_string());
    }
}

#[test]
fn a_declared_length_is_kept_or_the_reply_is_none() {
    fn declared(length: &str, body: &[u8], ex: &mut Exchange) -> Result {
        ex.send_response(200).send_header("Content-Length", length).end_headers()?;
        Ok(ex.wfile.write_all(body)?)
    }
    let table: &[(Act, u16, &str)] = &[
        (|ex| declared("5", b"hello", ex), 200, "as many bytes as it says"),
        (|ex| declared("005", b"hello", ex), 200, "leading zeros"),
        (|ex| declared("5", b"hello!", ex), 500, "one more"),
        (|ex| declared("5", b"hell", ex), 500, "one less"),
        (|ex| declared("0", b"h", ex), 500, "none was to come"),
        (|ex| declared("+5", b"hello", ex), 500, "a sign"),
        (|ex| declared("5, 5", b"hello", ex), 500, "a list"),
        (|ex| declared("", b"", ex), 500, "no number"),
        (|ex| declared("18446744073709551616", b"", ex), 500, "beyond 64 bits"),
    ];
    for (act, code, why) in table {
        let reply = reply(*act, GET);
        assert_eq!(reply.status, *code, "{why}");
        assert!(*code == 500 || reply.text() == "hello", "{why}");
    }
}

#[test]
fn a_body_of_another_length_than_the_head_on_the_wire_says_is_cut_off() {
    let table: &[(Act, &[u8], &str)] = &[
        (
            |ex| {
                ex.send_response(200).send_header("Content-Length", 5).end_headers()?;
                ex.wfile.write_all(b"hell")?;
                Ok(ex.wfile.flush()?)
            },
            b"hell",
            "too little",
        ),
        (
            |ex| {
                ex.send_response(200).send_header("Content-Length", 5).end_headers()?;
                ex.wfile.write_all(b"hell")?;
                ex.wfile.flush()?;
                assert!(ex.wfile.write_all(b"ooo").is_err(), "more than was said");
                Ok(())
            },
            b"hell",
            "too much",
        ),
    ];
    for (act, body, why) in table {
        let server = Server::start(Does(*act)).expect("a free port");
        let mut client = Client::sending(&server, format!("{GET}{GET}"));
        let mut came = Vec::new();
        let end = client.stream().read_to_end(&mut came);
        // A reset may take with it what the client has not read yet.
        assert!(end.is_err() || came.ends_with(&[b"\r\n\r\n", *body].concat()), "{why}: {}", came.escape_ascii());
        assert!(Reply::read(&mut &came[..], "GET").is_err(), "{why}: no client takes it for a whole reply");
    }
}

#[test]
fn a_misused_call_makes_the_reply_a_500_that_is_the_only_one() {
    let table: &[(Act, &str)] = &[
        (|_| Ok(()), "no response"),
        (|ex| drop_result(ex.send_response(200)), "the head was not ended"),
        (|ex| drop_result(ex.end_headers()), "no head was begun"),
        (|ex| drop_result(ex.send_header("X", "y")), "a field without a head"),
        (|ex| drop_result(ex.wfile.write_all(b"x")), "a body without a head"),
        (
            |ex| {
                ex.send_response(200);
                drop_result((ex.wfile.write_all(b"x"), ex.end_headers()))
            },
            "a body before the head",
        ),
        (|ex| drop_result(ex.send_response(200).send_response(201).end_headers()), "two responses in one head"),
        (|ex| drop_result((ex.send_text(200, "x"), ex.send_text(200, "y"))), "two responses"),
        (|ex| drop_result((ex.send_text(200, "x"), ex.end_headers())), "two ends"),
        (|ex| drop_result((ex.send_text(200, "x"), drop_result(ex.send_header("X", "y")))), "a field too late"),
        (|ex| drop_result((ex.send_response(200).end_headers(), ex.send_text(200, "y"))), "a body after end_headers"),
        (|ex| Ok(ex.send_response(200).end_headers().and_then(|()| ex.end_headers())?), "end_headers twice"),
        (|ex| drop_result(ex.send_response(200)).and_then(|()| drop_result(ex.hijack()?)), "hijack inside the head"),
    ];
    for (act, why) in table {
        for request in [GET, GET_10] {
            let first = reply(*act, request);
            assert_eq!((first.status, framing(&first).1), (500, None), "{why}");
        }
        let replies = Reply::all(&answer(*act, &format!("{GET}{GET}")));
        assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [500, 500], "{why}: it goes on");
    }
}

/// For handlers that do not look at what they get.
#[allow(clippy::unnecessary_wraps)] // What a handler returns.
fn drop_result<T>(result: T) -> Result {
    drop(result);
    Ok(())
}

/// Takes more than a second before its reply, and tells when it began.
struct Late;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Late {
    #[pace("inline")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let began = basehttp::defaults::date_time_string(self, std::time::SystemTime::now());
        std::thread::sleep(std::time::Duration::from_millis(1100));
        Ok(ex.send_text(200, began)?)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[test]
fn the_date_is_that_of_the_reply_and_not_of_the_request() {
    let server = Server::start_with(HTTPServer::builder().workers(1), Late).unwrap();
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let reply = client.read_reply();
    assert_ne!(reply.field("Date").expect("there is one"), reply.text(), "it is of another second");
}
