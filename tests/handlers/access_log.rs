//! The access log. It has Python's lines on standard error, each request once, and survives a standard error that is
//! never read.
//!
//! The log belongs to the process, so this file runs itself again as a server whose standard error is a pipe.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::support::{Client, PATIENCE, Reply, child};
use basehttp::testing::{Server, respond};
use basehttp::{Address, Exchange, HTTPError, HandlerError, Result, http_handler};

/// Set for the process that is the server.
const IS_SERVER: &str = "BASEHTTP_TEST_ACCESS_LOG_SERVER";

/// Time that the server's last replies may take when it ends.
const DRAIN: Duration = Duration::from_secs(2);

/// More than the sockets of both sides take.
const QUEUED_BYTES: usize = 10 * 1024 * 1024;

/// Keeps the original's log.
struct Logging;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Logging {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/missing" => ex.send_error(404)?,
            "/login" => Err(HTTPError::from(303).with_header("Location", "/login"))?,
            "/returned" => Err(HTTPError::new(410, "Gone\r\nForged"))?,
            "/fail" => Err("first\nsecond \\ third")?,
            "/user" => Err(HTTPError::new(404, "no such user").with_source(io::Error::other("no row\nForged")))?,
            "/message" => {
                ex.log_message(format_args!("own\r\n{}\x1b[2J", "127.0.0.1 - - forged"));
                ex.send_text(200, "fine")?;
            }
            "/interim" => {
                ex.send_response_only(103).end_headers()?;
                ex.send_text(200, "fine")?;
            }
            "/queued" => ex.send_bytes(200, "text/plain", vec![b'q'; QUEUED_BYTES])?,
            "/stuck" => {
                while !ex.server.is_shutting_down() {
                    thread::sleep(Duration::from_millis(1));
                }
                ex.send_text(200, "at last")?;
            }
            "/told" => tell(ex)?,
            // Long enough for the leader to be replaced, or for the pool.
            path if path.starts_with("/slow") => {
                thread::sleep(Duration::from_millis(20));
                ex.send_text(200, "fine")?;
            }
            _ => ex.send_text(200, "fine")?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        io::copy(&mut ex.rfile, &mut io::sink())?;
        match ex.path {
            "/told" => tell(ex),
            _ => Ok(ex.send_text(200, "fine")?),
        }
    }
}

/// Logs at once, again after a time in which a leader is replaced, and then waits for the server's end.
fn tell(ex: &mut Exchange) -> Result {
    ex.log_message(format_args!("first"));
    thread::sleep(Duration::from_millis(50));
    ex.log_message(format_args!("second"));
    while !ex.server.is_shutting_down() {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(ex.send_text(200, "at last")?)
}

/// A server in a process of its own, until its standard input ends.
struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

impl ServerProcess {
    fn start() -> Self {
        let mut child = child::command(module_path!(), "the_server_process")
            .env(IS_SERVER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this file can run itself");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the server says where it listens");
            if let Some((_, address)) = line.trim_end().split_once("listening on ") {
                break address.parse().unwrap();
            }
        };
        // The last output of the test harness has to go somewhere.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        ServerProcess { child, address }
    }

    /// Sends `request` and reads until the server closes.
    fn ask(&self, request: impl AsRef<[u8]>) -> Vec<u8> {
        let mut client = Client::connect(self.address);
        client.send(request);
        client.end_sending();
        client.read_to_end()
    }

    /// The lines that it logs from now on.
    fn lines(&mut self) -> Receiver<String> {
        let stderr = self.child.stderr.take().expect("nobody reads it yet");
        let (sender, lines) = channel();
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(io::Result::ok).try_for_each(|line| sender.send(line))
        });
        lines
    }

    /// Ends the server, and returns what it logged.
    fn finish(mut self) -> Vec<String> {
        drop(self.child.stdin.take());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).expect("the log is UTF-8");
        assert!(self.child.wait().unwrap().success());
        log.lines().map(str::to_owned).collect()
    }
}

/// The process that [`ServerProcess::start`] runs. It is not a test by itself.
#[test]
fn the_server_process() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    let server = Server::start(Logging).unwrap();
    println!("listening on {}", server.address());
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
    server.server_handle().drain(DRAIN);
    server.stop().unwrap();
}

/// The message of a line `127.0.0.1 - - [14/Nov/2023 22:13:20] MESSAGE`.
fn message(line: &str) -> &str {
    let rest = line.strip_prefix("127.0.0.1 - - [").unwrap_or_else(|| panic!("no address: {line:?}"));
    let (date, message) = rest.split_once("] ").unwrap_or_else(|| panic!("no date: {line:?}"));
    let shape: String = date
        .chars()
        .map(|character| match character {
            '0'..='9' => '9',
            'A'..='Z' => 'A',
            'a'..='z' => 'a',
            other => other,
        })
        .collect();
    assert_eq!(shape, "99/Aaa/9999 99:99:99", "{line:?}");
    match message.strip_suffix(')').and_then(|message| message.split_once(" (")) {
        // Why a request was refused, in the error page's words.
        Some((error, reason)) if error.starts_with("code ") && !reason.starts_with('\'') => error,
        _ => message,
    }
}

fn assert_same_lines(mut logged: Vec<&str>, mut expected: Vec<&str>) {
    logged.sort_unstable();
    expected.sort_unstable();
    assert_eq!(logged, expected);
}

#[test]
fn each_request_is_logged_once_in_pythons_format() {
    let server = ServerProcess::start();
    let table: [(&str, &[&str], &str); 11] = [
        ("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n", &[r#""GET /plain HTTP/1.1" 200 -"#], "a reply"),
        ("HEAD /head HTTP/1.1\r\nHost: x\r\n\r\n", &[r#""HEAD /head HTTP/1.1" 200 -"#], "no body"),
        ("GET //twice HTTP/1.0\r\n\r\n", &[r#""GET //twice HTTP/1.0" 200 -"#], "the line as sent"),
        ("GET /interim HTTP/1.1\r\nHost: x\r\n\r\n", &[r#""GET /interim HTTP/1.1" 200 -"#], "the final response only"),
        (
            "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
            &[r#""GET /1 HTTP/1.1" 200 -"#, r#""GET /2 HTTP/1.1" 200 -"#],
            "two on one connection",
        ),
        (
            "GET /missing HTTP/1.1\r\nHost: x\r\n\r\n",
            &["code 404, message Not Found", r#""GET /missing HTTP/1.1" 404 -"#],
            "an error is told first",
        ),
        (
            "SPAM /spam HTTP/1.1\r\nHost: x\r\n\r\n",
            &["code 501, message Unsupported method ('SPAM')", r#""SPAM /spam HTTP/1.1" 501 -"#],
            "no such method",
        ),
        (
            "GET /no-host HTTP/1.1\r\n\r\n",
            &["code 400, message Bad Request", r#""GET /no-host HTTP/1.1" 400 -"#],
            "refused for a field",
        ),
        (
            "GET /version HTTP/3.0\r\nHost: x\r\n\r\n",
            &["code 505, message HTTP Version Not Supported", r#""GET /version HTTP/3.0" 505 -"#],
            "refused for its line",
        ),
        ("", &[], "nobody asked anything"),
        ("\r\n\r\n", &[], "nobody asked anything"),
    ];
    for (request, _, _) in &table {
        server.ask(request);
    }
    let lines = server.finish();
    let logged = lines.iter().map(|line| message(line)).collect();
    assert_same_lines(logged, table.iter().flat_map(|(_, lines, _)| lines.iter().copied()).collect());
}

#[test]
fn nothing_that_a_client_or_handler_says_can_forge_a_line() {
    let server = ServerProcess::start();
    let table: [(&[u8], &[&str], &str); 7] = [
        (
            b"GET /\x1b[2J\x07 HTTP/1.1\r\nHost: x\r\n\r\n",
            &["code 400, message Bad Request", r#""GET /\x1b[2J\x07 HTTP/1.1" 400 -"#],
            "controls that move a terminal's cursor",
        ),
        (
            b"GET /\x9b\x7f HTTP/1.1\r\nHost: x\r\n\r\n",
            &["code 400, message Bad Request", r#""GET /\x9b\x7f HTTP/1.1" 400 -"#],
            "C1 controls and DEL",
        ),
        (
            b"GET /tab\there HTTP/1.1\r\nHost: x\r\n\r\n",
            &["code 400, message Bad Request", r#""GET /tab\x09here HTTP/1.1" 400 -"#],
            "a tab is a control too",
        ),
        (
            b"GET \\x0a HTTP/1.1\r\nHost: x\r\n\r\n",
            &["code 400, message Bad Request", r#""GET \\x0a HTTP/1.1" 400 -"#],
            "a backslash is doubled, so that it cannot look like an escape",
        ),
        (
            b"GET /returned HTTP/1.1\r\nHost: x\r\n\r\n",
            &[r"code 410, message Gone\x0d\x0aForged", r#""GET /returned HTTP/1.1" 410 -"#],
            "the message of an error",
        ),
        (
            b"GET /message HTTP/1.1\r\nHost: x\r\n\r\n",
            &[r"own\x0d\x0a127.0.0.1 - - forged\x1b[2J", r#""GET /message HTTP/1.1" 200 -"#],
            "the handler's own message",
        ),
        (
            b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n",
            &[r#""GET /fail HTTP/1.1" 500 -"#],
            "what failed is on a line of its own, below",
        ),
    ];
    for (request, _, _) in &table {
        server.ask(request);
    }
    let lines = server.finish();
    let (failures, lines): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.starts_with("Exception occurred"));
    let logged = lines.iter().map(|line| message(line)).collect();
    assert_same_lines(logged, table.iter().flat_map(|(_, lines, _)| lines.iter().copied()).collect());
    assert_eq!(failures.len(), 1, "{failures:?}");
    let failure = failures[0];
    assert!(failure.starts_with("Exception occurred during processing of request from 127.0.0.1:"), "{failure}");
    assert!(failure.ends_with(r" (GET /fail HTTP/1.1): first\x0asecond \\ third"), "{failure}");
}

#[test]
fn a_known_error_has_one_line_and_its_request_another() {
    let server = ServerProcess::start();
    server.ask("GET /user HTTP/1.1\r\nHost: x\r\n\r\n");
    let lines = server.finish();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].ends_with(r"] code 404, message no such user (no row\x0aForged)"), "{}", lines[0]);
    assert_eq!(message(&lines[1]), r#""GET /user HTTP/1.1" 404 -"#);
}

#[test]
fn a_redirect_by_an_error_is_logged_as_a_request_alone() {
    let server = ServerProcess::start();
    let reply = server.ask("GET /login HTTP/1.1\r\nHost: x\r\n\r\n");
    let reply = String::from_utf8(reply).expect("the page is UTF-8");
    assert!(reply.starts_with("HTTP/1.1 303 ") && reply.contains("\r\nLocation: /login\r\n"), "{reply}");
    let lines = server.finish();
    assert_eq!(lines.iter().map(|line| message(line)).collect::<Vec<_>>(), [r#""GET /login HTTP/1.1" 303 -"#]);
}

#[test]
fn a_client_that_speaks_tls_makes_one_line_that_says_so() {
    let server = ServerProcess::start();
    let hello = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[0xaa; 500]].concat();
    let reply = server.ask(hello);
    assert!(reply.starts_with(b"HTTP/1.1 400 "), "what it makes of it is its own");
    let lines = server.finish();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let wanted = "] code 400, message Bad Request (the client speaks TLS; this port serves plain http)";
    assert!(lines[0].ends_with(wanted), "{}", lines[0]);
}

/// Input of strangers that reaches the log.
#[test]
fn a_line_that_is_no_http_is_logged_by_its_beginning() {
    let lines: [&[u8]; 5] = [b"\x1b", b"SSH-2.0-OpenSSH_9.6 ", b"EHLO \x1b[2J", b"GET /\x1b", b"GET /\xff\xff"];
    for beginning in lines {
        let server = ServerProcess::start();
        let filler = beginning.last().copied().unwrap_or_default();
        let reply = server.ask([beginning, &vec![filler; 16_000], b"\r\n\r\n"].concat());
        assert!(reply.starts_with(b"HTTP/1."), "{}", beginning.escape_ascii());
        let lines = server.finish();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].len() < 500, "{} bytes", lines[1].len());
    }
}

#[test]
fn a_refused_line_is_logged_no_longer_than_the_limit() {
    let server = ServerProcess::start();
    let target = "a".repeat(100_000);
    let reply = server.ask(format!("GET /{target} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert!(reply.starts_with(b"HTTP/1.1 414 "));
    let lines = server.finish();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("] code 414, message URI Too Long (the request line is too long)"), "{}", lines[0]);
    assert!(message(&lines[1]).starts_with("\"GET /aaaaaaaa") && message(&lines[1]).ends_with("a\" 414 -"));
    assert!(lines[1].len() < 200, "{} bytes: nobody knows how it goes on", lines[1].len());
}

#[test]
fn the_lines_of_one_connection_come_in_the_order_of_its_requests_whatever_thread_serves_them() {
    const CONNECTIONS: usize = 4;
    const ROUNDS: usize = 12;
    let server = ServerProcess::start();
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let address = server.address;
            scope.spawn(move || {
                let mut client = Client::connect(address);
                let body = "x".repeat(100_000);
                for round in 0..ROUNDS {
                    let kind = ["plain", "slow", "plain"][round % 3];
                    // Two of one turn, then one for the pool, and one more behind it.
                    client.send(format!("GET /{kind}/{connection}/{round}/0 HTTP/1.1\r\nHost: x\r\n\r\n"));
                    client.send(format!("GET /plain/{connection}/{round}/1 HTTP/1.1\r\nHost: x\r\n\r\n"));
                    client.send(format!(
                        "POST /upload/{connection}/{round}/2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{body}"
                    ));
                    client.send(format!("GET /plain/{connection}/{round}/3 HTTP/1.1\r\nHost: x\r\n\r\n"));
                    (0..4).for_each(|_| assert_eq!(client.read_reply().status, 200));
                }
            });
        }
    });
    let lines = server.finish();
    for connection in 0..CONNECTIONS {
        let numbers: Vec<(usize, usize)> = lines
            .iter()
            .filter_map(|line| {
                let path = message(line).split(' ').nth(1).expect("a path");
                let mut numbers = path.split('/').skip(2).map(|number| number.parse().expect("a number"));
                let (of, round, request) = (numbers.next()?, numbers.next()?, numbers.next()?);
                (of == connection).then_some((round, request))
            })
            .collect();
        let expected: Vec<_> = (0..ROUNDS).flat_map(|round| (0..4).map(move |request| (round, request))).collect();
        assert_eq!(numbers, expected, "connection {connection}");
    }
}

#[test]
fn what_a_stuck_thread_has_logged_does_not_wait_for_it() {
    let mut server = ServerProcess::start();
    let mut client = Client::connect(server.address);
    client.send("GET /before HTTP/1.1\r\nHost: x\r\n\r\nGET /stuck HTTP/1.1\r\nHost: x\r\n\r\n");
    let lines = server.lines();
    let line = lines.recv_timeout(PATIENCE).expect("the line of the first, while the second is stuck");
    assert_eq!(message(&line), r#""GET /before HTTP/1.1" 200 -"#);
    drop(server.child.stdin.take());
    let line = lines.recv_timeout(PATIENCE).expect("and at the end the other");
    assert_eq!(message(&line), r#""GET /stuck HTTP/1.1" 200 -"#);
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn a_handler_that_blocks_is_heard_at_once_wherever_it_runs() {
    let body = "x".repeat(100_000);
    let upload = format!("POST /told HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for request in ["GET /told HTTP/1.1\r\nHost: h\r\n\r\n", &upload] {
        let mut server = ServerProcess::start();
        let lines = server.lines();
        let mut client = Client::connect(server.address);
        client.send(request);
        for expected in ["first", "second"] {
            let line = lines.recv_timeout(PATIENCE).expect("it does not wait for the handler's end");
            assert_eq!(message(&line), expected);
        }
        drop(server.child.stdin.take());
        assert_eq!(client.read_reply().text(), "at last");
        assert!(server.child.wait().unwrap().success());
    }
}

#[test]
fn a_request_with_a_queued_body_is_logged_when_that_is_sent_or_cut_off() {
    const REQUEST: &str = "GET /queued HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut server = ServerProcess::start();
    let lines = server.lines();
    let next = || lines.recv_timeout(PATIENCE).expect("a line");
    let logs_another = |server: &ServerProcess, path: &str| {
        server.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(message(&next()), format!(r#""GET {path} HTTP/1.1" 200 -"#));
    };

    // The line comes when the body is sent, not when the handler has returned.
    let mut reading = Client::connect(server.address);
    reading.send(REQUEST);
    reading.wait_for_a_byte();
    logs_another(&server, "/1");
    assert_eq!(reading.read_reply().body.len(), QUEUED_BYTES);
    assert_eq!(message(&next()), r#""GET /queued HTTP/1.1" 200 -"#);

    // Cut off by the client, and by the server's end.
    for is_cut_by_the_client in [true, false] {
        let mut client = Client::connect(server.address);
        client.send(REQUEST);
        client.wait_for_a_byte();
        logs_another(&server, "/2");
        if is_cut_by_the_client {
            drop(client);
        } else {
            drop(server.child.stdin.take());
        }
        assert_eq!(message(&next()), r#""GET /queued HTTP/1.1" 200 -"#);
        let line = next();
        let (sent, length) = message(&line)
            .strip_prefix("the response was cut off: ")
            .and_then(|rest| rest.strip_suffix(" bytes of body"))
            .and_then(|rest| rest.split_once(" of "))
            .unwrap_or_else(|| panic!("how much was sent: {line}"));
        assert_eq!(length.parse(), Ok(QUEUED_BYTES));
        assert!(sent.parse::<usize>().expect("a number") < QUEUED_BYTES);
    }
    assert!(server.child.wait().unwrap().success());
}

/// Reads lines until `expected` requests were logged or counted as dropped, and returns how many were dropped.
fn read_lines(stderr: ChildStderr, expected: u64) -> u64 {
    let (mut logged, mut dropped) = (0, 0);
    for line in BufReader::new(stderr).lines() {
        let line = line.unwrap();
        match line.strip_prefix("basehttp: ").and_then(|rest| rest.strip_suffix(" log lines dropped")) {
            Some(count) => dropped += count.parse::<u64>().unwrap(),
            None if message(&line).ends_with(" 200 -") => logged += 1,
            None => panic!("no such request: {line:?}"),
        }
        if logged + dropped >= expected {
            break;
        }
    }
    assert_eq!(logged + dropped, expected, "every request is logged, or counted");
    dropped
}

#[test]
fn a_log_that_nobody_reads_stops_nobody() {
    const REQUESTS: u64 = 2000;
    let mut server = ServerProcess::start();
    let request = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "long/".repeat(800));
    let mut client = Client::connect(server.address);
    for _ in 0..REQUESTS {
        client.send(&request);
        assert_eq!(client.read_reply().status, 200);
    }
    // 8 MB of lines went to a pipe that holds 64 KiB, and to a buffer that holds 1 MiB.
    let stderr = server.child.stderr.take().unwrap();
    let (sender, result) = channel();
    thread::spawn(move || sender.send(read_lines(stderr, REQUESTS)));
    let dropped = result.recv_timeout(PATIENCE).expect("all lines are accounted for");
    assert!((1000..REQUESTS).contains(&dropped), "{dropped} lines dropped");
    drop(server.child.stdin.take());
    assert!(server.child.wait().unwrap().success());
}

/// Notes what `log_request` is told.
#[derive(Default)]
struct Noting {
    requests: Mutex<Vec<(u16, Option<u64>)>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Noting {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/error" => ex.send_error(404)?,
            "/fail" => Err("as the test wants")?,
            "/panic" => panic!("as the test wants"),
            "/empty" => ex.send_response(204).end_headers()?,
            "/unchanged" => ex.send_text(304, "not sent")?,
            "/interim" => {
                ex.send_response_only(103).end_headers()?;
                ex.send_text(200, "fine")?;
            }
            "/long" => {
                ex.send_response(200).end_headers()?;
                ex.wfile.write_all(&vec![b'x'; 100_000])?;
            }
            "/queued" => ex.send_bytes(200, "text/plain", vec![b'x'; 100_000])?,
            _ => ex.send_text(200, "fine")?,
        }
        Ok(())
    }

    fn log_request(&self, _: &Exchange, code: u16, size: Option<u64>) {
        self.requests.lock().unwrap().push((code, size));
    }

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
    fn log_error(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn log_request_is_called_once_with_the_code_and_the_bodys_size() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "a text"),
        ("GET /long HTTP/1.1\r\nHost: x\r\n\r\n", 200, "chunked: without the chunks' own bytes"),
        ("GET /long HTTP/1.0\r\n\r\n", 200, "ended by closing"),
        ("GET /queued HTTP/1.1\r\nHost: x\r\n\r\n", 200, "queued"),
        ("GET /empty HTTP/1.1\r\nHost: x\r\n\r\n", 204, "no body"),
        ("GET /unchanged HTTP/1.1\r\nHost: x\r\n\r\n", 304, "a body that is dropped"),
        ("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 200, "a body of which the head tells the length alone"),
        ("HEAD /long HTTP/1.1\r\nHost: x\r\n\r\n", 200, "the same, written in pieces"),
        ("HEAD /queued HTTP/1.1\r\nHost: x\r\n\r\n", 200, "the same, given as a whole"),
        ("HEAD /error HTTP/1.1\r\nHost: x\r\n\r\n", 404, "an error page that is not sent"),
        ("GET /interim HTTP/1.1\r\nHost: x\r\n\r\n", 200, "behind an interim response"),
        ("GET /error HTTP/1.1\r\nHost: x\r\n\r\n", 404, "an error page"),
        ("GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", 500, "a failure"),
        ("GET /panic HTTP/1.1\r\nHost: x\r\n\r\n", 500, "a panic"),
        ("SPAM / HTTP/1.1\r\nHost: x\r\n\r\n", 501, "no such method"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "refused"),
        ("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n", 204, "derived"),
    ];
    for (request, code, why) in table {
        let handler = Noting::default();
        let method = if request.starts_with("HEAD") { "HEAD" } else { "GET" };
        let replies = Reply::all_to(&respond(&handler, request), |_| method);
        let body = &replies.last().expect("a reply").body;
        assert_eq!(handler.requests.into_inner().unwrap(), [(code, Some(body.len() as u64))], "{request:?}: {why}");
    }
}
