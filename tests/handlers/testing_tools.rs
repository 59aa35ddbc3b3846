//! `basehttp::testing`, and a `Connection` over any reader and writer, as handlers without a socket.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::support::{Client, Reply, expect_refused, when_free};
use basehttp::testing::{Server, respond, respond_to_pieces};
use basehttp::{Address, Connection, Exchange, HTTPServer, HandlerError, Result, http_handler};

/// Echoes; every reply has the same date.
#[derive(Default)]
struct Echo {
    log: Mutex<Vec<String>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Echo {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/server" => {
                assert_eq!(ex.client_address, Address::Unnamed, "memory has no address");
                let server = ex.server;
                ex.send_text(200, format!("{:?} {}", server.server_name(), server.server_port()))?;
            }
            "/stop" => {
                ex.server.shutdown();
                ex.send_text(200, "returned")?;
            }
            "/hijack" => {
                ex.send_response(101).send_header("Connection", "Upgrade").send_header("Upgrade", "x").end_headers()?;
                let mut line = ex.hijack()?;
                line.set_read_timeout(Some(Duration::from_secs(1)))?;
                let refused = line.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::InvalidInput, "no time at all is no timeout");
                let mut heard = String::new();
                line.read_to_string(&mut heard)?;
                line.write_all(heard.to_uppercase().as_bytes())?;
            }
            path => ex.send_text(200, path)?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1000)?;
        Ok(ex.send_bytes(200, "text/plain", body)?)
    }

    fn date_time_string(&self, _: SystemTime) -> String {
        "Sun, 06 Nov 1994 08:49:37 GMT".into()
    }

    fn log_message(&self, _: &Exchange, message: fmt::Arguments<'_>) {
        self.log.lock().unwrap().push(message.to_string());
    }

    fn handle_error(&self, _: &Address, error: &HandlerError) {
        self.log.lock().unwrap().push(format!("handle_error: {error}"));
    }
}

const GET: &str = "GET /there HTTP/1.1\r\nHost: x\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n";

/// The bodies of the replies to `request`.
fn texts(request: impl AsRef<[u8]>) -> Vec<String> {
    Reply::all(&respond(&Echo::default(), request)).iter().map(|reply| reply.text().to_owned()).collect()
}

#[test]
fn respond_serves_one_connection_to_its_end() {
    assert_eq!(texts(GET), ["/there"]);
    assert_eq!(texts([GET, POST, CHUNKED].concat()), ["/there", "hello", "hello"], "pipelined");
    assert_eq!(texts("GET /old HTTP/1.0\r\n\r\n"), ["/old"]);
    assert!(texts("").is_empty(), "nothing for nothing");
    assert!(texts("GET / HT").is_empty(), "a head that never ends");
}

#[test]
fn a_handler_without_a_server_has_a_nameless_one_and_may_stop_it() {
    assert_eq!(texts("GET /server HTTP/1.0\r\n\r\n"), ["\"\" 0"]);
    assert_eq!(texts("GET /stop HTTP/1.0\r\n\r\n"), ["returned"]);
}

#[test]
fn a_connection_without_a_socket_can_be_hijacked() {
    let bytes = respond_to_pieces(&Echo::default(), ["GET /hijack HTTP/1.1\r\nHost: x\r\n\r\nhe", "ll", "o"]);
    assert!(bytes.starts_with(b"HTTP/1.1 101 ") && bytes.ends_with(b"\r\n\r\nHELLO"));
}

#[test]
fn pieces_are_answered_as_the_whole_is() {
    let requests = [
        GET.to_owned(),
        [GET, POST, CHUNKED, GET].concat(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("{POST}nonsense\r\n\r\n"),
        CHUNKED.replace("3;a=b", "x"),
    ];
    for request in requests {
        let whole = respond(&Echo::default(), &request);
        assert!(!whole.is_empty());
        let by_byte = respond_to_pieces(&Echo::default(), request.as_bytes().chunks(1));
        assert_eq!(String::from_utf8_lossy(&by_byte), String::from_utf8_lossy(&whole), "byte by byte");
        for split in 0..=request.len() {
            let (first, second) = request.split_at(split);
            assert_eq!(respond_to_pieces(&Echo::default(), [first, second]), whole, "split at {split}: {request:?}");
        }
    }
}

#[test]
fn a_server_of_the_tests_has_an_address_and_stops() {
    let server = Server::start(Echo::default()).unwrap();
    assert!(server.address().ip().is_loopback());
    assert_eq!(server.url("/a?b"), format!("http://{}/a?b", server.address()));
    assert_eq!(server.server_handle().server_port(), server.address().port());
    assert_eq!(Client::sending(&server, GET).read_reply().text(), "/there");
    server.stop().unwrap();
}

#[test]
fn dropping_a_server_of_the_tests_frees_its_port() {
    let server = Server::start(Echo::default()).unwrap();
    let address = server.address();
    let mut idle = Client::sending(&server, GET);
    idle.read_reply();
    drop(server);
    idle.expect_end();
    expect_refused(address, "it does not listen");
    when_free(|| TcpListener::bind(address)).expect("no one listens there");
    drop(Server::start(Echo::default()).unwrap());
}

#[test]
fn a_server_of_the_tests_takes_a_builder_and_says_what_is_wrong_with_it() {
    let server = Server::start_with(HTTPServer::builder().max_request_line_bytes(20), Echo::default()).unwrap();
    let request = "GET /longer/than/that HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(Client::sending(&server, request).read_reply().status, 414);
    let error = Server::start_with(HTTPServer::builder().max_connections(0), Echo::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

/// A stream whose reads are given, and whose writes are kept.
#[derive(Clone, Default)]
struct Stream {
    reads: Arc<Mutex<VecDeque<io::Result<&'static str>>>>,
    written: Arc<Mutex<Vec<u8>>>,
    is_broken: bool,
    /// Every other write is not possible yet.
    is_hesitant: bool,
    hesitates: bool,
}

impl Stream {
    fn of(reads: impl IntoIterator<Item = io::Result<&'static str>>) -> Self {
        Stream { reads: Arc::new(Mutex::new(reads.into_iter().collect())), ..Stream::default() }
    }

    /// The bodies of the replies so far.
    fn replies(&self) -> Vec<String> {
        Reply::all(&self.written.lock().unwrap()).iter().map(|reply| reply.text().to_owned()).collect()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(next) = self.reads.lock().unwrap().pop_front() else { return Ok(0) };
        let text = next?;
        buffer[..text.len()].copy_from_slice(text.as_bytes());
        Ok(text.len())
    }
}

impl Write for Stream {
    /// Takes a few bytes at a time.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.hesitates = self.is_hesitant && !self.hesitates;
        if self.hesitates {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(7);
        self.written.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn handle_serves_all_requests_of_a_stream() {
    let stream = Stream::of([Ok(GET), Err(ErrorKind::Interrupted.into()), Ok(POST), Ok(CHUNKED)]);
    Connection::new(stream.clone(), &Echo::default()).handle();
    assert_eq!(stream.replies(), ["/there", "hello", "hello"], "an interrupted read is none");
}

#[test]
fn a_stream_that_takes_a_part_now_and_the_rest_later_gets_all_of_it_once() {
    let stream = Stream { is_hesitant: true, ..Stream::of([Ok(GET), Ok(POST)]) };
    Connection::new(stream.clone(), &Echo::default()).handle();
    assert_eq!(stream.replies(), ["/there", "hello"]);
}

#[test]
fn handle_one_request_serves_one_and_says_whether_another_may_come() {
    let stream = Stream::of([Ok(GET), Ok(POST), Ok("GET /last HTTP/1.0\r\n\r\n"), Ok(GET)]);
    let handler = Echo::default();
    let mut connection = Connection::new(stream.clone(), &handler);
    assert!(connection.handle_one_request());
    assert!(connection.handle_one_request());
    assert_eq!(stream.replies()[0], "/there", "the first reply was sent before the second request was waited for");
    assert!(!connection.handle_one_request(), "HTTP/1.0 closes");
    assert_eq!(stream.replies(), ["/there", "hello", "/last"]);
    assert!(!connection.handle_one_request(), "it stays closed");
    assert_eq!(stream.reads.lock().unwrap().len(), 1, "what came after the end is not read");
}

#[test]
fn close_sends_what_is_buffered() {
    let stream = Stream::of([Ok(GET), Ok(POST)]);
    let handler = Echo::default();
    let mut connection = Connection::new(stream.clone(), &handler);
    assert!(connection.handle_one_request());
    connection.close();
    assert_eq!(stream.replies(), ["/there"]);
    assert!(!connection.handle_one_request(), "it is closed");
    connection.close();
    assert_eq!(stream.replies(), ["/there"], "closing twice says nothing twice");
}

#[test]
fn a_stream_that_fails_ends_the_connection_and_nothing_else() {
    let handler = Echo::default();
    let stream = Stream::of([Ok(GET), Err(ErrorKind::ConnectionReset.into()), Ok(GET)]);
    Connection::new(stream.clone(), &handler).handle();
    assert_eq!(stream.replies(), ["/there"]);

    let stream = Stream { is_broken: true, ..Stream::of([Ok(GET), Ok(GET)]) };
    Connection::new(stream.clone(), &handler).handle();
    assert!(stream.replies().is_empty());

    let stream = Stream::of([Ok(&POST[..POST.len() - 2]), Err(ErrorKind::ConnectionReset.into())]);
    Connection::new(stream, &handler).handle();
    let log = handler.log.lock().unwrap();
    assert!(!log.iter().any(|line| line.starts_with("handle_error")), "a lost client is no failure: {log:?}");
}

#[test]
fn a_stream_that_stops_waiting_by_itself_ends_the_connection() {
    let table = [
        ("nothing", "", None),
        ("half a head", "GET / HTTP/1.1\r\n", Some(408)),
        ("half a body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf", Some(408)),
        ("a request", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", Some(200)),
        ("a reply that is not taken", "GET /large HTTP/1.1\r\nHost: h\r\n\r\n", None),
    ];
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    for is_blocking in [true, false] {
        for (what, sent, status) in table {
            let mut client = Client::connect(listener.local_addr().expect("it listens"));
            client.send(sent);
            let (ours, _) = listener.accept().expect("the client has connected");
            // Interrupted where the process was stopped.
            while !sent.is_empty() && ours.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::Interrupted) {}
            if is_blocking {
                ours.set_read_timeout(Some(Duration::from_millis(100))).expect("a tenth of a second");
                ours.set_write_timeout(Some(Duration::from_millis(100))).expect("a tenth of a second");
            } else {
                ours.set_nonblocking(true).expect("a socket");
            }
            // Returns, instead of trying for ever.
            Connection::new(ours, &Large).handle();
            if what == "a reply that is not taken" {
                let end = client.try_read_reply("GET").expect_err("a part of it");
                assert!(matches!(end.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{end}");
                continue;
            }
            if let Some(status) = status {
                assert_eq!(client.read_reply().status, status, "{what}, blocking: {is_blocking}");
            }
            client.expect_end();
        }
    }
}

/// Has more to say than the sockets of both sides take.
struct Large;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Large {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let length = if ex.path == "/large" { 20_000_000 } else { 2 };
        Ok(ex.send_bytes(200, "text/plain", vec![b'l'; length])?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1000)?;
        Ok(ex.send_bytes(200, "text/plain", body)?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}
