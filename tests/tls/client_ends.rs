//! Ends of the client's side, of every kind in every state of a session. Each one ends the connection at once, although
//! the server's deadlines are far away, and each has the line in the log that it should have.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use basehttp::testing::Server;
use rustls::version::TLS12;
use rustls::{ClientConnection, ContentType, SupportedProtocolVersion};

use crate::failures::start_with;
use crate::records::{HEADER_BYTES, RecordClient};
use crate::secured::{TlsClient, VERSIONS, client_config, connect, read_to_any_end, secured, session};
use crate::support::PATIENCE;
use crate::support::stage::wait_until;

const GONE: &str = "127.0.0.1 \"\" https TLS failed: the client went away in its handshake";

const CLOSE_NOTIFY: u8 = 0;
const USER_CANCELED: u8 = 90;

/// The record of a warning that is not encrypted.
fn warning(alert: u8) -> [u8; HEADER_BYTES + 2] {
    [21, 3, 3, 0, 2, 1, alert]
}

/// Starts a server whose deadlines are longer than the tests wait. Returns the lines of its log, too.
fn start() -> (Server, Receiver<String>) {
    let (lines, logged) = channel();
    let long = PATIENCE * 6;
    let builder = secured().head_timeout(long).idle_timeout(long).body_stall_timeout(long);
    (start_with(builder, move |line| lines.send(line).expect("the test reads them")), logged)
}

/// No connection is left, and no line that the test has not read.
#[track_caller]
fn expect_quiet(server: &Server, logged: &Receiver<String>, why: &str) {
    wait_until(server.server_handle(), why, |stats| stats.connections == 0);
    assert_eq!(logged.try_recv().ok(), None, "{why}");
}

/// How a client ends its side.
#[derive(Debug)]
enum End {
    /// It sends no more, and reads.
    Sending,
    Reset,
    /// It sends these records, and waits for the server to close.
    Records(Vec<u8>),
}

impl End {
    /// Ends the client's side. Returns the bytes that it gets until the server ends its own.
    fn act(&self, mut stream: TcpStream) -> Vec<u8> {
        match self {
            End::Sending => stream.shutdown(Shutdown::Write).expect("the connection is open"),
            End::Reset => {
                let linger = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
                linger.expect("the connection is open");
                return Vec::new();
            }
            End::Records(records) => stream.write_all(records).expect("the server takes it"),
        }
        read_to_any_end(&mut stream)
    }
}

/// State in which a client ends its handshake.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reached {
    HalfHello,
    Hello,
    /// The client has read the server's flight.
    Answer,
    /// The first record of its second flight is sent. With TLS 1.2, it is the key exchange.
    SecondFlight,
}

impl Reached {
    fn client(self, server: &Server, version: &'static SupportedProtocolVersion) -> TcpStream {
        let (mut tls, mut stream) = (session(client_config(&[version])), connect(server));
        let hello = take_flight(&mut tls);
        let count = if self == Reached::HalfHello { hello.len() / 2 } else { hello.len() };
        stream.write_all(&hello[..count]).expect("the server takes it");
        if matches!(self, Reached::Answer | Reached::SecondFlight) {
            while !tls.wants_write() {
                tls.read_tls(&mut stream).expect("an answer");
                tls.process_new_packets().expect("a good one");
            }
        }
        if self == Reached::SecondFlight {
            let flight = take_flight(&mut tls);
            let length = HEADER_BYTES + usize::from(u16::from_be_bytes([flight[3], flight[4]]));
            stream.write_all(&flight[..length]).expect("the server takes it");
        }
        stream
    }
}

fn take_flight(tls: &mut ClientConnection) -> Vec<u8> {
    let mut records = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut records).expect("memory takes everything");
    }
    records
}

#[test]
fn every_end_in_a_handshake_closes_at_once_with_one_line() {
    let (server, logged) = start();
    let (closed, canceled) = (warning(CLOSE_NOTIFY), warning(USER_CANCELED));
    let records = || [closed.to_vec(), canceled.to_vec(), [canceled, closed].concat()].map(End::Records);
    let mut gone = 0;
    for (name, version) in VERSIONS {
        for reached in [Reached::HalfHello, Reached::Hello, Reached::Answer, Reached::SecondFlight] {
            let mut ends = vec![End::Sending, End::Reset];
            // Within a record they would be a part of it.
            if reached != Reached::HalfHello {
                ends.extend(records());
            }
            for end in ends {
                let why = format!("{name}, {reached:?}, {end:?}");
                let answer = end.act(reached.client(&server, version));
                assert_eq!(logged.recv_timeout(PATIENCE).as_deref(), Ok(GONE), "{why}");
                // With TLS 1.3 it is encrypted.
                if name == "TLS 1.2" && matches!(end, End::Records(_)) {
                    assert!(answer.ends_with(&closed), "{why}, and a close_notify in return: {answer:?}");
                }
                gone += 1;
                expect_quiet(&server, &logged, &why);
            }
        }
    }
    let errors = server.server_handle().stats().errors;
    assert_eq!((errors.clients_gone, errors.tls), (gone, 0));
}

/// A client of TLS 1.3 that has the server's answer encrypts its alerts.
#[test]
fn an_encrypted_end_in_a_handshake_closes_at_once_as_well() {
    let (server, logged) = start();
    for alerts in [&[CLOSE_NOTIFY][..], &[USER_CANCELED, CLOSE_NOTIFY]] {
        let mut client = RecordClient::before_finished(&server);
        for alert in alerts {
            let record = client.record(ContentType::Alert, &[1, *alert]);
            client.send(&record).expect("the server takes it");
        }
        read_to_any_end(&mut client.stream);
        assert_eq!(logged.recv_timeout(PATIENCE).as_deref(), Ok(GONE), "{alerts:?}");
        expect_quiet(&server, &logged, "the handshake has ended");
    }
}

/// Other warnings end no handshake, and neither does a cancellation that comes when there is nothing to cancel. Java's
/// clients send one before they end a session.
#[test]
fn warnings_that_are_no_end_are_passed_over() {
    let (server, logged) = start();
    let (mut tls, mut stream) = (session(client_config(&[&TLS12])), connect(&server));
    tls.write_tls(&mut stream).expect("the server takes it");
    // `no_renegotiation`, and it means nothing here.
    stream.write_all(&warning(100)).expect("the server takes it");
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).expect("the handshake goes on");
    }
    drop(stream);
    for (_, version) in VERSIONS {
        let mut client = RecordClient::of(&server, version);
        let canceled = client.record(ContentType::Alert, &[1, USER_CANCELED]);
        let request = client.request("/after");
        client.send(&[canceled, request].concat()).expect("the server takes it");
        assert_eq!(client.stream.read(&mut [0]).expect("a response"), 1);
        drop(client);
        expect_quiet(&server, &logged, "the client has gone");
    }
}

#[test]
fn every_end_of_a_session_closes_it_at_once() {
    let (server, logged) = start();
    // Whether a request was served before, the bytes before the end, and the status of the response to them.
    let table = [
        (false, String::new(), None),
        (true, String::new(), None),
        (false, "GET / HT".to_owned(), None),
        (true, "GET / HT".to_owned(), None),
        (true, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf".to_owned(), Some(400)),
        (false, TlsClient::get("/last"), Some(200)),
        (true, TlsClient::get("/last"), Some(200)),
    ];
    for (name, version) in VERSIONS {
        for (is_served, part, status) in &table {
            for end in ["of the socket", "by a reset", "by a message", "by a message, and of the socket"] {
                let why = format!("{name}, {part:?}, {end}");
                let mut client = TlsClient::with(&server, client_config(&[version]));
                if *is_served {
                    assert_eq!(client.ask("/once").text(), "/once", "{why}");
                }
                let mut records = client.encrypt(part.as_bytes());
                if end.contains("message") {
                    client.tls().send_close_notify();
                    records.extend(take_flight(client.tls()));
                }
                client.stream().write_all(&records).expect("the server takes it");
                if end == "by a reset" {
                    End::Reset.act(client.stream().try_clone().expect("a descriptor"));
                } else {
                    if end.contains("socket") {
                        client.stream().shutdown(Shutdown::Write).expect("the connection is open");
                    }
                    if let Some(status) = status {
                        assert_eq!(client.read_reply().status, *status, "{why}");
                    }
                    client.expect_end();
                }
                drop(client);
                if *status == Some(400) {
                    let line = logged.recv_timeout(PATIENCE).expect("a line");
                    assert!(line.contains("the request's body ended early"), "{why}: {line}");
                }
                expect_quiet(&server, &logged, &why);
            }
        }
    }
    assert_eq!(server.server_handle().stats().errors.tls, 0);
}
