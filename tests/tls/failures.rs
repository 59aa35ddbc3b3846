//! Sessions that fail, as the handler's log learns of them.

use std::fmt;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServerBuilder, http_handler};

use crate::secured::{SHORT, TlsClient, VERSIONS, client_config, connect, first_flight, read_to_any_end, secured};
use crate::support::PATIENCE;
use crate::support::stage::wait_until;

/// Not a record of TLS.
const GARBAGE: &[u8] = &[0xff; 100];

/// Gives the lines of its log to a test.
struct Logging<F> {
    log: F,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl<F: Fn(String) + Send + Sync + 'static> Logging<F> {
    fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
        ex.send_text(200, ex.path)
    }

    fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
        ex.send_text(200, "all of it has come")
    }

    fn log_error(&self, ex: &Exchange, message: fmt::Arguments) {
        // There is nothing that it could be sent to.
        let _ = ex.send_text(200, "never sent");
        let request = [ex.command, ex.path, ex.requestline].concat();
        (self.log)(format!("{} {request:?} {} {message}", ex.client_address.ip().expect("over TCP"), ex.scheme()));
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// Starts a server with one leader, so that a log that holds it up holds up everything.
fn start(log: impl Fn(String) + Send + Sync + 'static) -> Server {
    start_with(secured().workers(1), log)
}

pub(crate) fn start_with(builder: HTTPServerBuilder, log: impl Fn(String) + Send + Sync + 'static) -> Server {
    Server::start_with(builder, Logging { log }).expect("a free port")
}

#[test]
fn the_log_of_the_handler_has_one_line_for_each_of_them() {
    let (lines, logged) = channel();
    let server = start(move |line| lines.send(line).expect("the test reads them"));
    let next = |why: &str| {
        let line = logged.recv_timeout(PATIENCE).expect("a line");
        assert!(line.starts_with("127.0.0.1 \"\" https TLS failed: "), "{why}: {line}");
    };
    let mut stream = connect(&server);
    stream.write_all(GARBAGE).expect("the server takes it");
    let answer = read_to_any_end(&mut stream);
    assert!(answer.is_empty() || answer[0] == 0x15 && answer.len() < 20, "an alert or nothing: {answer:?}");
    next("no handshake");
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        assert_eq!(client.ask("/before").text(), "/before");
        let mut records = client.encrypt(TlsClient::get("/broken").as_bytes());
        *records.last_mut().expect("there is one") ^= 1;
        client.stream().write_all(&records).expect("the server takes it");
        client.try_read_to_end().expect_err("an alert");
        next(name);
    }
    // A client that only looks whether the port is open is no failure.
    drop(connect(&server));
    assert_eq!(TlsClient::of(&server).ask("/well").text(), "/well");
    wait_until(server.server_handle(), "all of them have ended", |stats| stats.connections == 0);
    server.stop().expect("it ends");
    assert_eq!(logged.try_iter().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_handshake_that_ends_before_it_is_complete_has_a_line() {
    let (lines, logged) = channel();
    // Longer than the client waits for the end.
    let server = start_with(secured().head_timeout(PATIENCE * 6), move |line| {
        lines.send(line).expect("the test reads them");
    });
    let hello = first_flight();
    let warning = |description: u8| [21, 3, 3, 0, 2, 1, description];
    let (gone, alerted) = ("the client went away in its handshake", "the client has sent an alert before its hello");
    // The bytes, whether the client stays, and the line.
    let table: [(&[u8], bool, &str); 8] = [
        (&hello[..1], false, gone),
        (&hello[..hello.len() / 2], false, gone),
        (&hello, false, gone),
        (&warning(90), true, alerted),
        (&warning(90)[..1], true, alerted),
        (&warning(100), true, alerted),
        (&warning(0), true, alerted),
        (&[&hello[..], &warning(0)].concat(), true, gone),
    ];
    for (bytes, stays, expected) in table {
        let mut stream = connect(&server);
        stream.write_all(bytes).expect("the server takes it");
        if stays {
            read_to_any_end(&mut stream);
        } else {
            stream.shutdown(Shutdown::Write).expect("it is open");
        }
        let line = logged.recv_timeout(PATIENCE).expect("a line");
        assert_eq!(line, format!("127.0.0.1 \"\" https TLS failed: {expected}"), "{bytes:?}");
    }
    let are_counted = |stats: &basehttp::Stats| (stats.errors.clients_gone, stats.errors.tls) == (4, 4);
    wait_until(server.server_handle(), "each is counted", are_counted);
    // Without a byte there is nothing to tell, and the server's own end is no fault of the client's.
    drop(connect(&server));
    let mut waiting = connect(&server);
    waiting.write_all(&hello).expect("the server takes it");
    assert_eq!(waiting.read(&mut [0]).expect("an answer"), 1);
    server.stop().expect("it ends");
    assert_eq!(logged.iter().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_handshake_that_is_too_slow_has_a_line_and_a_silent_client_has_none() {
    let (lines, logged) = channel();
    let slow = secured().head_timeout(4 * SHORT);
    let server = start_with(slow, move |line| lines.send(line).expect("the test reads them"));
    let hello = first_flight();
    let begun = [0, 1, hello.len()].map(|part| {
        let mut stream = connect(&server);
        stream.write_all(&hello[..part]).expect("the server takes it");
        stream
    });
    for mut stream in begun {
        read_to_any_end(&mut stream);
    }
    wait_until(server.server_handle(), "each is counted", |stats| stats.errors.slow_heads == 3);
    server.stop().expect("it ends");
    let line = "127.0.0.1 \"\" https TLS failed: the handshake came too slowly";
    assert_eq!(logged.iter().collect::<Vec<_>>(), [line; 2]);
}

#[test]
fn a_log_that_blocks_at_one_of_them_holds_up_no_other_client() {
    let ((entered, has_entered), (go, go_on)) = (channel(), channel());
    let go_on: Mutex<Receiver<()>> = Mutex::new(go_on);
    let server = start(move |line| {
        entered.send(line).expect("the test waits");
        // A test that has failed says nothing any more.
        let _ = go_on.lock().expect("no panic with it").recv_timeout(PATIENCE);
    });
    let mut other = TlsClient::of(&server);
    assert_eq!(other.ask("/before").text(), "/before");
    // More than prove it blocking, so that the last ones go to the pool.
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut stream = connect(&server);
        stream.write_all(GARBAGE).expect("the server takes it");
        has_entered.recv_timeout(PATIENCE).expect("the log is asked");
        waiting.push(stream);
        assert_eq!(other.ask("/meanwhile").text(), "/meanwhile");
        if waiting.len() > 1 {
            go.send(()).expect("a log waits");
        }
    }
    assert_eq!(TlsClient::of(&server).ask("/another").text(), "/another");
    go.send(()).expect("the log waits");
    for stream in &mut waiting {
        read_to_any_end(stream);
    }
    wait_until(server.server_handle(), "each is counted", |stats| stats.errors.tls == 6);
}

#[test]
fn a_log_that_panics_at_one_of_them_costs_nothing_else() {
    let server = start(|_| panic!("as the test wants"));
    let mut stream = connect(&server);
    stream.write_all(GARBAGE).expect("the server takes it");
    read_to_any_end(&mut stream);
    let handle = server.server_handle();
    wait_until(handle, "it is counted", |stats| stats.errors.panics == 1 && stats.connections == 0);
    assert_eq!(TlsClient::of(&server).ask("/well").text(), "/well");
}
