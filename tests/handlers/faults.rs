//! Deliberate faults. A client sees on the wire the fault that the name says.

use std::fmt;
use std::io::ErrorKind;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::support::{Client, needs};
use basehttp::testing::{self, Fault, Response, Server};
use basehttp::{Address, ErrorCounts, Exchange, HTTPServer, HandlerError, Result, http_handler};

const BODY: &str = "hello, world";

/// A pause that is long enough to be told from none.
const PAUSE: Duration = Duration::from_millis(30);

/// The fault that a path names. `None` is a healthy response.
fn fault(path: &str) -> Option<Fault> {
    Some(match path {
        "/close" => Fault::close(),
        "/reset" => Fault::reset(),
        "/garbage" => Fault::garbage(),
        "/close-after" => Fault::close_after(5),
        "/reset-after" | "/long" => Fault::reset_after(if path == "/long" { LONG - 1 } else { 5 }),
        "/stall" => Fault::stall_after(5, PAUSE),
        "/stall-close" => Fault::stall_after(5, PAUSE).then_close(),
        "/stall-reset" => Fault::stall_after(5, PAUSE).then_reset(),
        "/stall-for-ever" => Fault::stall_after(5, Duration::MAX),
        "/drip" => Fault::drip(5, PAUSE),
        "/slow-head" => Fault::slow_head(50, PAUSE),
        "/longer" => Fault::wrong_length(100),
        "/shorter" => Fault::wrong_length(5),
        "/bad-chunk" => Fault::bad_chunk_after(5),
        _ => return None,
    })
}

/// More than the sockets of both sides take.
const LONG: usize = 12_000_000;

#[derive(Clone, Default)]
struct Faulty {
    log: Arc<Mutex<Vec<String>>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Faulty {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let body = if ex.path == "/long" { "l".repeat(LONG) } else { BODY.to_owned() };
        match fault(ex.path) {
            Some(fault) => fault.send_bytes(ex, 200, "text/plain", body)?,
            None => ex.send_bytes(200, "text/plain", body)?,
        }
        Ok(())
    }

    /// Leaves the request's body unread.
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.do_GET(ex)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/late" => {
                ex.send_response(200).end_headers()?;
                Fault::reset().send(ex)?;
            }
            "/begun" => {
                ex.send_response((200, "Begun")).send_header("X-Own", 1);
                Fault::close_after(0).send_body(ex, BODY)?;
            }
            "/begun-and-nothing" => {
                ex.send_response(200).send_header("X-Own", 1);
                Fault::close().send(ex)?;
            }
            "/nothing-to-cut" => {
                ex.send_response(204);
                Fault::close_after(3).send_body(ex, BODY)?;
            }
            _ => Fault::slow_head(1000, PAUSE).send(ex)?,
        }
        Ok(())
    }

    fn date_time_string(&self, _: SystemTime) -> String {
        "Sun, 06 Nov 1994 08:49:37 GMT".into()
    }

    fn log_message(&self, _: &Exchange, message: fmt::Arguments) {
        self.log.lock().unwrap().push(message.to_string());
    }

    fn handle_error(&self, _: &Address, error: &HandlerError) {
        self.log.lock().unwrap().push(format!("handle_error: {error}"));
    }
}

/// Returns the bytes that come back to one request, and the error at their end.
fn exchange(server: &Server, request: &str) -> (String, Option<ErrorKind>) {
    let mut client = Client::sending(server, request);
    let mut bytes = Vec::new();
    let end = client.read_all_into(&mut bytes).err().map(|error| error.kind());
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

#[test]
fn a_client_sees_what_the_name_of_each_fault_says() {
    let handler = Faulty::default();
    let server = Server::start(handler.clone()).unwrap();
    let (healthy, _) = exchange(&server, &get("/healthy").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    let closing = healthy.strip_suffix(BODY).expect("a healthy response").to_owned();
    let open = closing.replace("Connection: close\r\n", "");
    assert!(open != closing && open.contains("\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n"), "{open}");
    let length = |head: &str, field: &str| head.replace("Content-Length: 12", field);
    let chunked =
        open.replace("Content-Length: 12\r\n", "").replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n");
    let reset = Some(ErrorKind::ConnectionReset);
    let table = [
        ("/close", String::new(), None),
        ("/reset", String::new(), reset),
        ("/garbage", "\0\u{1}garbage\u{fffd}\u{fffd}\r\n\r\n".to_owned(), None),
        ("/close-after", format!("{open}hello"), None),
        ("/reset-after", format!("{open}hello"), reset),
        ("/stall", format!("{closing}{BODY}"), None),
        ("/stall-close", format!("{open}hello"), None),
        ("/stall-reset", format!("{open}hello"), reset),
        ("/drip", format!("{closing}{BODY}"), None),
        ("/slow-head", format!("{closing}{BODY}"), None),
        ("/longer", format!("{}{BODY}", length(&open, "Content-Length: 100")), None),
        ("/shorter", format!("{}{BODY}", length(&open, "Content-Length: 5")), None),
        ("/bad-chunk", format!("{chunked}5\r\nhello\r\nnot a size\r\n, world"), None),
    ];
    for (path, expected, end) in table {
        let (came, ended) = exchange(&server, &get(path));
        assert_eq!(came, expected, "{path}");
        assert_eq!(ended, end, "{path}");
    }
    let log = handler.log.lock().unwrap().clone();
    let named = |line: &str| log.iter().any(|logged| logged == line);
    assert!(named("a fault on purpose: a reset after 5 bytes of the body"), "{log:?}");
    assert!(named("\"GET /reset-after HTTP/1.1\" 200 -"), "{log:?}");
    assert!(named("a fault on purpose: a close without a response"), "{log:?}");
    assert!(!log.iter().any(|line| line.starts_with("handle_error") || line.contains("hijack")), "{log:?}");
    assert_eq!(server.server_handle().stats().errors, ErrorCounts::default(), "none of it is an error");
}

#[test]
fn pauses_are_as_long_as_they_say() {
    let server = Server::start(Faulty::default()).unwrap();
    // Three pieces of the body, and a head of more than 150 bytes.
    for (path, pauses) in [("/stall", 1), ("/stall-close", 1), ("/drip", 2), ("/slow-head", 3)] {
        let began = Instant::now();
        exchange(&server, &get(path));
        assert!(began.elapsed() >= pauses * PAUSE, "{path}: {:?}", began.elapsed());
    }
}

#[test]
fn what_comes_before_a_pause_is_sent_before_it_and_a_shutdown_ends_it() {
    let server = Server::start(Faulty::default()).unwrap();
    let mut client = Client::sending(&server, get("/stall-for-ever"));
    let mut came = Vec::new();
    while !came.ends_with(b"\r\n\r\nhello") {
        came.extend(client.read_exactly(1));
    }
    server.stop().unwrap();
    client.expect_end();
}

#[test]
fn a_reset_does_not_overtake_the_bytes_before_it() {
    let server = Server::start(Faulty::default()).unwrap();
    let response = testing::get("/long").send_to(server.address()).unwrap();
    assert_eq!(response.body().len(), LONG - 1);
    let flaw = response.flaw().expect("a byte is missing");
    assert!(flaw.starts_with("the body ended after 11999999 of 12000000 bytes: Connection reset"), "{flaw}");
}

#[test]
fn a_close_is_not_a_reset_when_the_request_was_not_read() {
    let server = Server::start(Faulty::default()).unwrap();
    let mut client = Client::of(&server);
    client.send("POST /close-after HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
    client.send(vec![b'u'; 3_000_000]);
    client.end_sending();
    let response = Response::parse("POST", &client.read_to_end()).unwrap();
    assert_eq!((response.text(), response.is_complete()), ("hello", false));
}

#[test]
fn a_fault_keeps_the_handlers_own_head() {
    let server = Server::start(Faulty::default()).unwrap();
    let put = |path: &str| exchange(&server, &format!("PUT {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"));
    let (begun, end) = put("/begun");
    assert!(
        begun.starts_with("HTTP/1.1 200 Begun\r\n") && begun.ends_with("\r\nX-Own: 1\r\nContent-Length: 12\r\n\r\n")
    );
    assert_eq!(end, None);
    assert_eq!(put("/begun-and-nothing"), (String::new(), None));
    let (no_content, _) = put("/nothing-to-cut");
    assert!(no_content.starts_with("HTTP/1.1 204 ") && no_content.ends_with("GMT\r\n\r\n"), "{no_content}");
    let (plain, _) = put("/plain");
    assert!(
        plain.starts_with("HTTP/1.1 200 OK\r\n")
            && plain.ends_with("\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    );
    let (head, _) = exchange(&server, &get("/close-after").replace("GET", "HEAD"));
    assert!(head.ends_with("\r\nContent-Length: 12\r\n\r\n"), "{head}");
    let (pipelined, end) = exchange(&server, &[get("/healthy"), get("/reset-after")].concat());
    assert_eq!((pipelined.matches("HTTP/1.1 200 OK").count(), end), (2, Some(ErrorKind::ConnectionReset)));
}

#[test]
fn a_fault_in_the_wrong_place_is_a_mistake_of_the_handler() {
    struct Old;
    #[http_handler]
    impl Old {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            Ok(Fault::bad_chunk_after(1).send_bytes(ex, 200, "text/plain", BODY)?)
        }

        fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
        fn handle_error(&self, _: &Address, error: &HandlerError) {
            assert!(error.to_string().starts_with("bad_chunk_after needs protocol_version"), "{error}");
        }
    }
    let handler = Faulty::default();
    let late = testing::put("/late").send(&handler).expect_status(500);
    assert!(late.text().contains("500"));
    let log = handler.log.lock().unwrap();
    let told = "handle_error: a fault takes the place of end_headers() and of the response's body: send it instead";
    assert!(log.iter().any(|line| line == told), "{log:?}");
    testing::get("/").send(&Old).expect_status(500);
}

#[test]
fn a_fault_works_on_every_thread_with_one_request_at_a_time_and_without_a_server() {
    let one = Server::start_with(HTTPServer::builder().workers(1), Faulty::default()).unwrap();
    let mut stalled: Vec<_> = (0..3).map(|_| Client::sending(&one, get("/stall-for-ever"))).collect();
    assert_eq!(testing::get("/healthy").send_to(one.address()).unwrap().expect_status(200).text(), BODY);
    drop(one);
    for client in &mut stalled {
        // Its end may be a reset.
        let _ = client.try_read_to_end();
    }

    let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Faulty::default()).unwrap();
    let address = httpd.server_address().socket_addr().expect("TCP");
    let serving = thread::spawn(move || (0..3).try_for_each(|_| httpd.handle_request()));
    assert_eq!(testing::get("/drip").send_to(address).unwrap().expect_status(200).text(), BODY);
    assert_eq!(testing::get("/close-after").send_to(address).unwrap().text(), "hello");
    assert_eq!(testing::get("/reset").send_to(address).unwrap_err().kind(), ErrorKind::ConnectionReset);
    serving.join().unwrap().unwrap();

    let handler = Faulty::default();
    for path in ["/stall", "/drip", "/slow-head"] {
        assert_eq!(testing::get(path).send(&handler).expect_status(200).text(), BODY, "{path}");
    }
    for path in ["/close-after", "/reset-after", "/stall-close", "/longer", "/bad-chunk"] {
        assert!(!testing::get(path).send(&handler).is_complete(), "{path}");
    }
    assert_eq!(testing::get("/shorter").send(&handler).rest(), b", world");
}

#[test]
fn the_client_of_pythons_standard_library_meets_each_fault() {
    if !needs::program("python3") {
        return;
    }
    let server = Server::start(Faulty::default()).unwrap();
    let script = r#"
import http.client, sys
for path in sys.argv[2:]:
    client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=0.5 if "ever" in path else 30)
    try:
        client.request("GET", path)
        reply = client.getresponse()
        print(path, reply.status, reply.read().decode())
    except Exception as error:
        print(path, type(error).__name__, getattr(error, "partial", b"").decode())
    client.close()
"#;
    let table = [
        ("/healthy", "200 hello, world"),
        ("/close", "RemoteDisconnected "),
        ("/reset", "ConnectionResetError "),
        ("/garbage", "BadStatusLine "),
        ("/close-after", "IncompleteRead hello"),
        ("/reset-after", "ConnectionResetError "),
        ("/stall", "200 hello, world"),
        ("/stall-close", "IncompleteRead hello"),
        ("/stall-reset", "ConnectionResetError "),
        ("/stall-for-ever", "TimeoutError "),
        ("/drip", "200 hello, world"),
        ("/slow-head", "200 hello, world"),
        ("/longer", "IncompleteRead hello, world"),
        ("/shorter", "200 hello"),
        ("/bad-chunk", "IncompleteRead hello"),
    ];
    let mut command = Command::new("python3");
    command.args(["-c", script, &server.address().port().to_string()]).args(table.map(|(path, _)| path));
    let output = command.output().expect("it is there");
    let came = String::from_utf8_lossy(&output.stdout);
    let expected: Vec<_> = table.iter().map(|(path, seen)| format!("{path} {seen}")).collect();
    assert_eq!(came.lines().collect::<Vec<_>>(), expected, "{}", String::from_utf8_lossy(&output.stderr));
}
