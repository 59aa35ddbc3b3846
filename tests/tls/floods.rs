//! Records that a session allows and that mean nothing, one after the other without end. Each flood has to end, with a
//! line in the log, and others are served meanwhile.

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServerBuilder, http_handler};
use rustls::ContentType;
use rustls::version::{TLS12, TLS13};

use crate::records::{HEADER_BYTES, RecordClient};
use crate::secured::{SHORT, TlsClient, VERSIONS, client_config, connect, read_to_any_end, secured, session};
use crate::support::PATIENCE;
use crate::support::stage::wait_until;

/// Bytes of a flood: 4 MiB. A server that reads all of them would read on for ever.
const FLOOD_BYTES: usize = 4 * 1024 * 1024;

/// Tells a test of its requests, and of errors.
struct Telling(Sender<String>);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Telling {
    fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
        self.0.send(ex.path.to_owned()).expect("the test hears it");
        ex.send_text(200, ex.path)
    }

    fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
        std::io::copy(&mut ex.rfile, &mut std::io::sink())?;
        ex.send_text(200, "all of it")
    }

    fn log_error(&self, _: &Exchange, message: fmt::Arguments) {
        // A test that has ended listens no more.
        let _ = self.0.send(message.to_string());
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// Starts a server with one leader, so that a flood that keeps it busy keeps everything waiting.
fn start(builder: HTTPServerBuilder) -> (Server, Receiver<String>) {
    let (tell, told) = channel();
    (Server::start_with(builder.workers(1), Telling(tell)).expect("a free port"), told)
}

/// Sends the same piece again and again, as `more` makes it, until the server closes or has taken the whole flood.
fn flood(client: &mut RecordClient, mut more: impl FnMut(&mut RecordClient) -> Vec<u8>) {
    let mut sent = 0;
    while sent < FLOOD_BYTES {
        let mut records = Vec::new();
        while records.len() < 16 * 1024 {
            records.extend(more(client));
        }
        if client.send(&records).is_err() {
            return;
        }
        sent += records.len();
    }
}

/// The flood has ended its session for this reason, and the server serves on.
#[track_caller]
fn expect_failure(server: &Server, told: &Receiver<String>, client: &mut RecordClient, reason: &str) {
    read_to_any_end(&mut client.stream);
    let line = told.recv_timeout(PATIENCE).expect("a line in the log");
    assert!(line.starts_with("TLS failed: ") && line.contains(reason), "expected {reason}: {line}");
    wait_until(server.server_handle(), "the session has ended", |stats| stats.connections == 0);
    assert_eq!(TlsClient::of(server).ask("/well").text(), "/well");
    assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok("/well"), "one line is enough");
}

const EMPTY: (ContentType, &[u8]) = (ContentType::ApplicationData, b"");

#[test]
fn empty_records_end_the_session_when_there_are_many() {
    let (server, told) = start(secured());
    for (_, version) in VERSIONS {
        let mut client = RecordClient::of(&server, version);
        let mut few: Vec<u8> = (0..20).flat_map(|_| client.record(EMPTY.0, EMPTY.1)).collect();
        few.extend(client.request("/few"));
        client.send(&few).expect("the server takes them");
        assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok("/few"));
        flood(&mut client, |client| client.record(EMPTY.0, EMPTY.1));
        expect_failure(&server, &told, &mut client, "TooManyEmptyFragments");
    }
}

#[test]
fn new_keys_end_the_session_when_there_are_many() {
    let (server, told) = start(secured());
    for wants_answer in [true, false] {
        let mut client = RecordClient::of(&server, &TLS13);
        let mut few: Vec<u8> = (0..20).flat_map(|_| client.key_update(wants_answer)).collect();
        few.extend(client.request("/few"));
        client.send(&few).expect("the server takes them");
        assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok("/few"));
        flood(&mut client, |client| client.key_update(wants_answer));
        expect_failure(&server, &told, &mut client, "TooManyKeyUpdateRequests");
    }
}

/// rustls counts either of them in a row.
#[test]
fn empty_records_and_new_keys_in_turns_end_the_session_as_well() {
    let (server, told) = start(secured());
    for wants_answer in [true, false] {
        let mut client = RecordClient::of(&server, &TLS13);
        let pair =
            |client: &mut RecordClient| [client.record(EMPTY.0, EMPTY.1), client.key_update(wants_answer)].concat();
        let mut few: Vec<u8> = (0..100).flat_map(|_| pair(&mut client)).collect();
        few.extend(client.request("/few"));
        client.send(&few).expect("the server takes them");
        assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok("/few"));
        flood(&mut client, pair);
        expect_failure(&server, &told, &mut client, "without content");
    }
}

#[test]
fn warnings_end_the_session_when_there_are_many() {
    let (server, told) = start(secured());
    for (_, version) in VERSIONS {
        let mut client = RecordClient::of(&server, version);
        // `user_canceled`, the only warning in TLS 1.3.
        flood(&mut client, |client| client.record(ContentType::Alert, &[1, 90]));
        expect_failure(&server, &told, &mut client, "TooManyWarningAlertsReceived");
    }
}

/// A client may ask for another handshake in a session of TLS 1.2. It is refused by a warning, and may go on without.
#[test]
fn renegotiation_is_refused_and_the_session_goes_on() {
    let (server, told) = start(secured());
    let mut client = RecordClient::of(&server, &TLS12);
    let mut hello = Vec::new();
    session(client_config(&[&TLS12])).write_tls(&mut hello).expect("memory takes everything");
    let mut asked = client.record(ContentType::Handshake, &hello[HEADER_BYTES..]);
    asked.extend(client.request("/after"));
    client.send(&asked).expect("the server takes it");
    assert_eq!(told.recv_timeout(PATIENCE).as_deref(), Ok("/after"));
    flood(&mut client, |client| client.record(ContentType::Handshake, &hello[HEADER_BYTES..]));
    expect_failure(&server, &told, &mut client, "TooManyRenegotiationRequests");
    // TLS 1.3 has no such thing.
    let mut client = RecordClient::of(&server, &TLS13);
    let asked = client.record(ContentType::Handshake, &hello[HEADER_BYTES..]);
    client.send(&asked).expect("the server takes it");
    expect_failure(&server, &told, &mut client, "unexpected handshake message");
}

#[test]
fn a_record_with_more_than_it_may_have_ends_the_session() {
    let (server, told) = start(secured());
    for (_, version) in VERSIONS {
        let mut client = RecordClient::of(&server, version);
        let record = client.record(ContentType::ApplicationData, &vec![b'x'; 16 * 1024 + 1]);
        // The server may close before it has read all of it.
        let _ = client.send(&record);
        expect_failure(&server, &told, &mut client, "excess record size");
    }
}

/// Such records come often enough that the connection is never silent, or one long record comes byte by byte. `part` is
/// sent before.
#[test]
fn records_without_content_prolong_no_deadline() {
    let table = [
        ("", "an idle connection"),
        ("GET / HT", "a head"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc", "a short body"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc", "a long body"),
    ];
    let trickle = |part: &str, why: &str, min_rate: u64, is_one: bool| {
        let builder = secured().head_timeout(SHORT).idle_timeout(SHORT).body_stall_timeout(SHORT);
        let builder = builder.min_body_bytes_per_second(min_rate);
        let (server, _told) = start(builder);
        let mut client = RecordClient::of(&server, &TLS13);
        let part = client.record(ContentType::ApplicationData, part.as_bytes());
        client.send(&part).expect("the server takes it");
        // The head of a record that would take five minutes.
        let mut one = vec![0x17, 3, 3, 0x40, 0];
        let is_told = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_told.load(Ordering::Relaxed) {
                    let pair = |client: &mut RecordClient| [client.record(EMPTY.0, EMPTY.1), client.key_update(false)];
                    let more = if is_one { std::mem::replace(&mut one, vec![0]) } else { pair(&mut client).concat() };
                    // The server may be closing.
                    let _ = client.send(&more);
                    thread::sleep(Duration::from_millis(20));
                }
            });
            let _stop = OnDrop(&is_told);
            wait_until(server.server_handle(), why, |stats| {
                stats.errors.slow_heads + stats.errors.slow_bodies + stats.errors.idle == 1
            });
        });
    };
    thread::scope(|scope| {
        for (part, why) in table {
            // A server without the least rate has the other deadlines all the same.
            for (min_rate, is_one) in [(0, false), (100, false), (0, true), (100, true)] {
                scope.spawn(move || trickle(part, why, min_rate, is_one));
            }
        }
    });
}

/// Sets a flag when the test goes on, or fails.
struct OnDrop<'f>(&'f AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A first message in as many records as it has bytes.
fn in_small_records(message: &[u8]) -> Vec<u8> {
    message.iter().flat_map(|byte| [0x16, 3, 1, 0, 1, *byte]).collect()
}

#[test]
fn a_first_message_may_come_in_records_of_a_byte() {
    let (server, _told) = start(secured());
    for (name, version) in VERSIONS {
        let (mut tls, mut stream) = (session(client_config(&[version])), connect(&server));
        let mut hello = Vec::new();
        tls.write_tls(&mut hello).expect("memory takes everything");
        stream.write_all(&in_small_records(&hello[HEADER_BYTES..])).expect("the server takes it");
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

/// The longest message that rustls reads, in as many records as it has bytes.
#[test]
fn a_first_message_that_is_long_and_in_pieces_ends_in_its_time() {
    let (server, told) = start(secured());
    let mut stream = connect(&server);
    let mut hello = vec![1, 0, 0xff, 0xfb];
    hello.resize(0xffff, 0);
    // The server may close before it has read all of it.
    let _ = stream.write_all(&in_small_records(&hello));
    assert_eq!(TlsClient::of(&server).ask("/meanwhile").text(), "/meanwhile");
    read_to_any_end(&mut stream);
    let mut lines = [told.recv_timeout(PATIENCE), told.recv_timeout(PATIENCE)].map(|line| line.expect("a line"));
    lines.sort();
    assert!(lines[0] == "/meanwhile" && lines[1].starts_with("TLS failed: "), "{lines:?}");
    wait_until(server.server_handle(), "it is counted", |stats| stats.errors.tls == 1);
}
