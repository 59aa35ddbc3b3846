//! Request bodies, with their ends, and broken, oversized, slow and unread ones. Nothing inside a body is ever taken
//! for a request. RFC 9112, sections 6 and 7. `Expect` stands in `expect_continue.rs`, early replies in
//! `early_replies.rs`.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use crate::support::{Client, Reply, bit_by_bit};
use basehttp::testing::{self, Server};
use basehttp::{Exchange, HTTPServer, http_handler};

/// Treats its body as the path says, whatever the method.
struct Bodies;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Bodies {
    fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
        treat(ex)
    }

    fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
        treat(ex)
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> basehttp::Result {
        treat(ex)
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
}

/// Treats the body in the way that the path names.
fn treat(ex: &mut Exchange) -> basehttp::Result {
    let mut body = Vec::new();
    match ex.path {
        "/echo" => drop(ex.rfile.read_to_end(&mut body)?),
        "/ignore" => body = b"ignored".to_vec(),
        "/swallow" => body = format!("error: {}", ex.rfile.read_to_end(&mut body).is_err()).into_bytes(),
        "/first" => {
            body = vec![0; 4];
            ex.rfile.read_exact(&mut body)?;
        }
        "/ten" => body = ex.read_body(10)?,
        "/trailers" => {
            assert!(ex.rfile.trailers().is_empty(), "not before the end");
            ex.rfile.read_to_end(&mut body)?;
            body = format!("{:?}", ex.rfile.trailers()).into_bytes();
        }
        _ => body = b"next".to_vec(),
    }
    Ok(ex.send_bytes(200, "application/octet-stream", body)?)
}

/// The request that a smuggler puts into a body, or behind a broken one.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
pub(super) const NEXT: &str = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

fn sized(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The chunks are written out, the last one included.
fn chunked(path: &str, chunks: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
}

/// The body as two chunks and the last.
fn in_chunks(path: &str, body: &str) -> String {
    let (first, second) = body.split_at(body.len() / 2);
    let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
    chunked(path, &format!("{}{}0\r\n\r\n", chunk(first), chunk(second)))
}

pub(super) fn start() -> Server {
    Server::start(Bodies).expect("a free port")
}

#[test]
fn rfile_ends_where_the_body_ends_and_the_next_request_begins_there() {
    let quoted = format!("5;a=\"{}\"\r\nhello\r\n0\r\n\r\n", "x".repeat(16_000));
    let table: &[(String, &str, &str)] = &[
        (sized("/echo", "hello"), "hello", "as many bytes as Content-Length says"),
        (sized("/echo", ""), "", "none"),
        (NEXT.replace("next", "echo"), "", "neither Content-Length nor Transfer-Encoding"),
        (sized("/echo", SMUGGLED), SMUGGLED, "a request inside"),
        (in_chunks("/echo", SMUGGLED), SMUGGLED, "a request inside, chunked"),
        (chunked("/echo", "0\r\n\r\n"), "", "the last chunk alone"),
        (chunked("/echo", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), "hello!", "two chunks"),
        (chunked("/echo", "000000000000000A\r\n0123456789\r\n00\r\n\r\n"), "0123456789", "sixteen digits, upper case"),
        (chunked("/echo", "5\r\n\r\n0\r\n\r\n0\r\n\r\n"), "\r\n0\r\n", "what looks like the end inside a chunk"),
        (chunked("/echo", "5;a;b=c;d=\"e;\\\"\"\r\nhello\r\n0\r\n\r\n"), "hello", "extensions"),
        (chunked("/echo", "5 ; a = b\t;c\r\nhello\r\n0;last\r\n\r\n"), "hello", "blanks around ; and ="),
        (chunked("/echo", &quoted), "hello", "an extension just below the limit"),
        (chunked("/echo", "0\r\nX-Sum: 1\r\nY:\r\n\r\n"), "", "trailers"),
    ];
    let server = start();
    for (request, body, why) in table {
        let stream = format!("{request}{NEXT}");
        let mut client = Client::sending(&server, &stream);
        let replies = [client.read_reply(), client.read_reply()];
        assert_eq!(replies.each_ref().map(Reply::text), [body, "next"], "{why}");
        for split in 1..stream.len().min(400) {
            let (first, second) = stream.split_at(split);
            assert_bodies(&testing::respond_to_pieces(&Bodies, [first, second]), &[body, "next"], why);
        }
        assert_bodies(&testing::respond_to_pieces(&Bodies, bit_by_bit(stream.as_bytes())), &[body, "next"], why);
    }
}

#[test]
fn a_large_body_comes_whole_in_whatever_pieces() {
    let body = "0123456789abcdef".repeat(16 * 1024);
    for request in [sized("/echo", &body), in_chunks("/echo", &body)] {
        for size in [1 << 20, 16 * 1024, 4099] {
            let reply = testing::respond_to_pieces(&Bodies, request.as_bytes().chunks(size));
            assert!(Reply::all(&reply)[0].body == body.as_bytes(), "in pieces of {size}");
        }
    }
}

#[test]
fn get_head_and_delete_may_have_bodies() {
    let server = start();
    for method in ["GET", "HEAD", "DELETE"] {
        for request in [sized("/echo", SMUGGLED), in_chunks("/echo", SMUGGLED), sized("/ignore", SMUGGLED)] {
            let mut client = Client::sending(&server, request.replacen("POST", method, 1));
            let reply = client.try_read_reply(method).expect("a reply");
            assert_eq!(reply.status, 200, "{method}");
            client.send(NEXT);
            assert_eq!(client.read_reply().text(), "next", "{method}");
        }
    }
}

#[test]
fn trailers_are_there_after_the_body_and_only_those_that_may_be() {
    let table = [
        ("0\r\n\r\n", "[]", "none"),
        ("2\r\nhi\r\n0\r\nX-Sum: 1 \r\nx-sum:\t2\r\nY:\r\n\r\n", "[X-Sum: 1, x-sum: 2, Y: ]", "in order, trimmed"),
        ("0\r\nX: \u{e9}\r\n\r\n", "[X: \\xc3\\xa9]", "bytes"),
        ("0\r\nCookie: a\r\nAuthorization: b\r\nX: y\r\n\r\n", "[X: y]", "what would come too late is dropped"),
    ];
    for (chunks, trailers, why) in table {
        let request = chunked("/trailers", chunks);
        assert_bodies(&testing::respond(&Bodies, &request), &[trailers], why);
        assert_bodies(&testing::respond_to_pieces(&Bodies, bit_by_bit(request.as_bytes())), &[trailers], why);
    }
    assert_bodies(&testing::respond(&Bodies, sized("/trailers", "hi")), &["[]"], "a sized body has none");
}

#[test]
fn a_broken_chunk_is_400_and_the_end_of_the_connection() {
    let long_extension = format!("1;a={}\r\n", "x".repeat(16 * 1024));
    let many_extensions = "1;a=12345\r\nx\r\n".repeat(3000);
    let long_trailer = format!("0\r\nX: {}\r\n\r\n", "y".repeat(16 * 1024));
    let many_trailers = format!("0\r\n{}\r\n", "X: y\r\n".repeat(101));
    let table: &[(&str, &str)] = &[
        ("\r\n", "no size"),
        ("x\r\n", "no digit"),
        ("-5\r\nhello\r\n", "a sign"),
        ("+5\r\nhello\r\n", "a sign"),
        ("0x5\r\nhello\r\n", "a prefix"),
        (" 5\r\nhello\r\n", "a blank before"),
        ("5 \r\nhello\r\n", "a blank behind"),
        ("5,\r\nhello\r\n", "a comma"),
        ("5\nhello\r\n", "a bare LF"),
        ("5\rhello\r\n", "a bare CR"),
        ("00000000000000005\r\nhello\r\n", "seventeen digits"),
        ("10000000000000000\r\nhello\r\n", "beyond 64 bits"),
        ("5\r\nhello0\r\n\r\n", "no line end behind the content"),
        ("5\r\nhello\n0\r\n\r\n", "a bare LF behind the content"),
        ("4\r\nhello\r\n0\r\n\r\n", "more content than the size says"),
        ("6\r\nhello\r\n0\r\n\r\n", "less content than the size says"),
        ("5;\r\nhello\r\n", "an extension without a name"),
        ("5;a=\r\nhello\r\n", "an extension without its value"),
        ("5;a b\r\nhello\r\n", "a blank inside an extension"),
        ("5;a=\"b\r\nhello\r\n", "a quote that is not closed"),
        ("5;a=\"b\0\"\r\nhello\r\n", "NUL in an extension"),
        ("5;a\x01\r\nhello\r\n", "a control character in an extension"),
        ("5;a\nhello\r\n", "a bare LF in an extension"),
        ("0\r\nX\r\n\r\n", "a trailer without a colon"),
        ("0\r\nX : y\r\n\r\n", "a blank before a trailer's colon"),
        ("0\r\nX: a\r\n b\r\n\r\n", "a folded trailer"),
        ("0\r\nX: \0\r\n\r\n", "NUL in a trailer"),
        ("0\r\nX: y\n\r\n", "a bare LF in a trailer"),
        ("0\r\nContent-Length: 5\r\n\r\n", "framing in a trailer"),
        ("0\r\nTransfer-Encoding: chunked\r\n\r\n", "framing in a trailer"),
        ("0\r\nHost: h\r\n\r\n", "routing in a trailer"),
        ("0\r\n", "the last empty line is missing"),
        (&long_extension, "an extension beyond the limit"),
        (&many_extensions, "extensions beyond the limit in total"),
        (&long_trailer, "a trailer beyond the limit"),
        (&many_trailers, "more trailers than fields are allowed"),
    ];
    let server = start();
    for (chunks, why) in table {
        for (path, code, text) in [("/echo", 400, None), ("/ignore", 200, Some("ignored")), ("/swallow", 200, None)] {
            let about = format!("{:?} to {path}: {why}", &chunks[..chunks.len().min(60)]);
            let request = chunked(path, &format!("{chunks}{SMUGGLED}"));
            let mut client = Client::sending(&server, &request);
            let reply = client.read_reply();
            client.expect_end();
            assert_eq!(reply.status, code, "{about}");
            assert!(text.is_none_or(|text| reply.text() == text), "{about}");
            assert!(path == "/ignore" || reply.field("Connection") == Some("close"), "{about}");

            let replies = Reply::all(&testing::respond_to_pieces(&Bodies, bit_by_bit(request.as_bytes())));
            assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [code], "{about}");
        }
    }
}

#[test]
fn a_body_that_ends_early_is_400_and_the_end_of_the_connection() {
    let server = start();
    let [sized, chunk] = [sized("/echo", "hello"), chunked("/echo", "5\r\nhello\r\n0\r\n\r\n")];
    let huge = chunked("/echo", "FFFFFFFFFFFFFFFF\r\nhello, for now");
    let requests = [&sized[..sized.len() - 1], &chunk[..chunk.len() - 1], &chunk[..chunk.len() - 9], &huge];
    for request in requests {
        let mut client = Client::sending(&server, request);
        client.end_sending();
        assert_eq!(client.read_reply().status, 400, "{request:?}");
        client.expect_end();
    }
}

#[test]
fn read_body_refuses_what_is_beyond_its_maximum_with_413() {
    let server = start();
    let table = [
        (sized("/ten", "0123456789"), 200, "exactly the maximum"),
        (in_chunks("/ten", "0123456789"), 200, "exactly the maximum, chunked"),
        (sized("/ten", "0123456789a"), 413, "one more"),
        (in_chunks("/ten", "0123456789a"), 413, "one more, chunked"),
    ];
    for (request, code, why) in table {
        let mut client = Client::sending(&server, request);
        assert_eq!(client.read_reply().status, code, "{why}");
        client.send(NEXT);
        assert_eq!(client.read_reply().text(), "next", "{why}: the little that is left is drained");
    }
    // A client that goes on sending can still read the answer.
    let mut client = Client::sending(&server, "POST /ten HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000000\r\n\r\n");
    client.send(vec![b'x'; 700_000]);
    let reply = client.read_reply();
    assert_eq!((reply.status, reply.field("Connection")), (413, Some("close")));
    client.expect_end();
}

#[test]
fn an_unread_body_is_drained_up_to_the_limit_and_beyond_it_the_connection_closes() {
    let server = Server::start_with(HTTPServer::builder().max_drained_bytes(1000), Bodies).expect("a free port");
    let drained = SMUGGLED.repeat(10);
    let beyond = SMUGGLED.repeat(20_000);
    for path in ["/ignore", "/first"] {
        for request in [sized(path, &drained), in_chunks(path, &drained)] {
            let mut client = Client::sending(&server, request + NEXT);
            assert_eq!(client.read_reply().status, 200);
            assert_eq!(client.read_reply().text(), "next");
        }
        for request in [sized(path, &beyond), in_chunks(path, &beyond)] {
            let mut client = Client::sending(&server, request + NEXT);
            assert_eq!(client.read_reply().status, 200);
            client.expect_end();
        }
    }
    let mut client = Client::sending(&server, sized("/ignore", &beyond));
    assert_eq!(client.read_reply().field("Connection"), Some("close"), "told when it is known");
}

#[test]
fn a_body_that_stalls_is_408_and_the_end_of_the_connection() {
    let builder = HTTPServer::builder().body_stall_timeout(Duration::from_millis(100));
    let server = Server::start_with(builder, Bodies).expect("a free port");
    let [sized, chunk] = [sized("/echo", "hello"), chunked("/echo", "5\r\nhello\r\n0\r\n\r\n")];
    for request in [&sized[..sized.len() - 5], &sized[..sized.len() - 1], &chunk[..chunk.len() - 7]] {
        let mut client = Client::sending(&server, request);
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (408, Some("close")), "{request:?}");
        client.expect_end();
    }
    let streamed = "POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\nhello";
    let mut client = Client::sending(&server, streamed);
    assert_eq!(client.read_reply().text(), "ignored", "the answer does not wait for a body beyond the buffer");
    client.expect_end();
}

#[test]
fn a_body_that_trickles_is_408() {
    let builder =
        HTTPServer::builder().body_stall_timeout(Duration::from_millis(300)).min_body_bytes_per_second(1_000_000);
    let server = Server::start_with(builder, Bodies).expect("a free port");
    let mut client = Client::sending(&server, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n");
    client.stream().set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
    let mut first = [0; 12];
    // Far beyond the second after which the rate is looked at.
    let answer = (0..500).find_map(|_| {
        client.send("x");
        match client.stream().peek(&mut first) {
            // Nothing yet, or the process was stopped.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => None,
            answer => Some(answer.expect("an answer")),
        }
    });
    assert_eq!((answer, &first[..]), (Some(first.len()), &b"HTTP/1.1 408"[..]));
}

#[track_caller]
fn assert_bodies(replies: &[u8], bodies: &[&str], why: &str) {
    let replies = Reply::all(replies);
    assert_eq!(replies.iter().map(Reply::text).collect::<Vec<_>>(), bodies, "{why}");
}

/// Thinks for a while in the middle of a body.
struct Thinks;

const PATIENCE_FOR_BODIES: Duration = Duration::from_millis(100);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Thinks {
    fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
        let mut first = [0; 1000];
        ex.rfile.read_exact(&mut first)?;
        // Seconds count; so there is more than one.
        std::thread::sleep(PATIENCE_FOR_BODIES + Duration::from_secs(1));
        let rest = io::copy(&mut ex.rfile, &mut io::sink())?;
        Ok(ex.send_text(200, (1000 + rest).to_string())?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_handlers_own_pause_is_not_blamed_on_the_client() {
    let patience = HTTPServer::builder().body_stall_timeout(PATIENCE_FOR_BODIES).min_body_bytes_per_second(u64::MAX);
    let server = Server::start_with(patience, Thinks).expect("a free port");
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n".to_owned();
    let mut client = Client::sending(&server, head + &"b".repeat(100_000));
    let reply = client.read_reply();
    assert_eq!((reply.status, reply.text()), (200, "100000"));
}
