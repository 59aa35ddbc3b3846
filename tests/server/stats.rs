//! The counts of a server, with bytes both ways, and each kind of failure once.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use crate::support::Client;
use crate::support::stage::{LARGE_BYTES, get, one_worker, wait_until};
use basehttp::testing::Server;
use basehttp::{Address, ErrorCounts, Exchange, HTTPServer, HTTPServerBuilder, HandlerError, Result, http_handler};

/// A real deadline, small enough to wait for. Deadlines are looked at once a second.
const SHORT: Duration = Duration::from_millis(200);

/// Does well or badly, as the path says.
struct Moody;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Moody {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/fails" => Err("as the test wants")?,
            "/panics" => panic!("as the test wants"),
            "/misused" => drop(ex.send_response(200)),
            "/large" => ex.send_bytes(200, "text/plain", Arc::<[u8]>::from(vec![b'l'; LARGE_BYTES]))?,
            "/file" => ex.send_response(200).send_file(std::fs::File::open(file!())?, ..)?,
            "/streams" => {
                ex.send_response(200).end_headers()?;
                for _ in 0..LARGE_BYTES / 1000 {
                    ex.wfile.write_all(&[b's'; 1000])?;
                }
            }
            _ => ex.send_text(200, ex.path)?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let mut body = Vec::new();
        ex.rfile.read_to_end(&mut body)?;
        Ok(ex.send_text(200, body.len().to_string())?)
    }

    fn log_request(&self, ex: &Exchange, _: u16, _: Option<u64>) {
        assert!(ex.path != "/log-panics", "as the test wants");
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}

fn start(builder: HTTPServerBuilder) -> Server {
    Server::start_with(builder, Moody).expect("a free port")
}

fn post(length: usize, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// One kind of failure, with the bytes that a client sends, its next act, and the counter.
struct Case {
    sent: String,
    then: fn(&mut Client),
    counted: fn(&mut ErrorCounts),
    why: &'static str,
}

fn cases() -> Vec<Case> {
    let stays: fn(&mut Client) = |_| {};
    let ends: fn(&mut Client) = Client::end_sending;
    let vanishes: fn(&mut Client) = |client| {
        // A close with unread bytes is a reset.
        client.wait_for_a_byte();
        let address = client.stream().peer_addr().expect("it is connected");
        *client = Client::connect(address);
    };
    let case = |sent: &str, then, counted, why| Case { sent: sent.to_owned(), then, counted, why };
    vec![
        case("nonsense\r\n\r\n", stays, |errors| errors.bad_heads = 1, "no request line"),
        case("GET / HTTP/1.1\r\n\r\n", stays, |errors| errors.bad_heads = 1, "no Host"),
        case(&get(&"a".repeat(20_000)), stays, |errors| errors.bad_heads = 1, "too long"),
        case(&post(9, "half"), ends, |errors| errors.bad_bodies = 1, "a small body that ends early"),
        case(&post(100_000, "half"), ends, |errors| errors.bad_bodies = 1, "a large body that ends early"),
        case(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
            stays,
            |errors| errors.bad_bodies = 1,
            "no chunk",
        ),
        case("GET / HT", stays, |errors| errors.slow_heads = 1, "a part of a head"),
        case("", stays, |errors| errors.slow_heads = 1, "no request at all"),
        case(&post(9, "half"), stays, |errors| errors.slow_bodies = 1, "a part of a small body"),
        case(&post(100_000, "half"), stays, |errors| errors.slow_bodies = 1, "a part of a large body"),
        case(&get("/large"), stays, |errors| errors.slow_readers = 1, "nobody reads a queued body"),
        case(&get("/streams"), stays, |errors| errors.slow_readers = 1, "nobody reads a streamed body"),
        case(&get("/"), stays, |errors| errors.idle = 1, "no second request"),
        case("GET / HT", ends, |errors| errors.clients_gone = 1, "half a head, and no more"),
        case(&get("/large"), vanishes, |errors| errors.clients_gone = 1, "a reset under a queued body"),
        case(&get("/streams"), vanishes, |errors| errors.clients_gone = 1, "a reset under a streamed body"),
        case(&(get("/fails") + &get("/last")), ends, |errors| errors.handler_errors = 1, "an error"),
        case(&(get("/misused") + &get("/last")), ends, |errors| errors.handler_errors = 1, "half a reply"),
        case(
            &(get("/panics") + &get("/last")),
            ends,
            |errors| (errors.panics, errors.handler_errors) = (1, 1),
            "a panic, which handle_error is told",
        ),
        case(&get("/log-panics"), ends, |errors| errors.panics = 1, "a hook's panic"),
    ]
}

#[test]
fn each_kind_of_trouble_is_counted_once_and_as_nothing_else() {
    for case in cases() {
        let mut expected = ErrorCounts::default();
        (case.counted)(&mut expected);
        let late = expected.slow_heads + expected.slow_bodies + expected.slow_readers + expected.idle;
        let mut builder = one_worker();
        if late > 0 {
            builder = builder.head_timeout(SHORT).body_stall_timeout(SHORT);
            builder = builder.write_stall_timeout(SHORT).idle_timeout(SHORT);
        }
        let server = start(builder);
        let mut client = Client::sending(&server, &case.sent);
        (case.then)(&mut client);
        wait_until(server.server_handle(), case.why, |stats| stats.errors == expected);
        assert_eq!(server.server_handle().stats().timeouts, late, "{}", case.why);
        drop(client);
        wait_until(server.server_handle(), case.why, |stats| stats.connections == 0);
        let stats = server.server_handle().stats();
        server.stop().expect("it serves to its end");
        assert_eq!(stats.errors, expected, "{}: and at the end", case.why);
    }
}

#[test]
fn a_server_that_ends_does_not_count_its_idle_connections_as_late() {
    let server = start(one_worker());
    let mut client = Client::sending(&server, get("/"));
    client.read_reply();
    wait_until(server.server_handle(), "it is parked", |stats| stats.parked == 1);
    let handle = server.server_handle().clone();
    server.stop().expect("it serves to its end");
    client.expect_end();
    assert_eq!(handle.stats().errors, ErrorCounts::default());
}

#[test]
fn every_byte_is_counted_both_ways() {
    let continued = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    let table = [
        (get("/"), "a small reply"),
        (get("/").repeat(100), "many"),
        (get("/large"), "a queued body"),
        (get("/file"), "a file"),
        (get("/streams"), "a streamed body"),
        (post(5, "hello"), "a small body"),
        (post(200_000, &"u".repeat(200_000)), "a large body"),
        (continued.to_owned() + "body", "a body that was asked for"),
        ("nonsense\r\n\r\n".to_owned(), "a refusal"),
    ];
    let server = start(HTTPServer::builder().workers(2));
    let (mut received, mut sent) = (0, 0);
    for (request, what) in table {
        let mut client = Client::sending(&server, &request);
        client.end_sending();
        received += request.len() as u64;
        sent += client.read_to_end().len() as u64;
        wait_until(server.server_handle(), what, |stats| {
            stats.connections == 0 && (stats.bytes_received, stats.bytes_sent) == (received, sent)
        });
    }
}
