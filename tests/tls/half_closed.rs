//! Sessions that a handler has taken over, and of which the server's side has ended. The client may still send, and
//! whatever it sends costs its own connection at most.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::{Receiver, Sender, channel};

use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};
use rustls::ContentType;

use crate::records::RecordClient;
use crate::secured::{TlsClient, VERSIONS, client_config, read_to_any_end, secured};
use crate::support::PATIENCE;
use crate::support::stage::wait_until;

/// What a client has said after the server's end, and the ends of two reads in a row.
#[derive(Debug, PartialEq)]
struct Heard {
    bytes: Vec<u8>,
    errors: [Option<ErrorKind>; 2],
}

/// Ends its side of the connection, and tells the test what the client says after that.
struct Listening(Sender<Heard>);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Listening {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(101).send_header("Upgrade", "x").send_header("Connection", "Upgrade").end_headers()?;
        let (mut reader, mut writer) = ex.hijack()?.into_split();
        if ex.path == "/drop" {
            drop(writer);
        } else {
            writer.shutdown(Shutdown::Write)?;
            assert_eq!(writer.write(b"late").expect_err("it has ended").kind(), ErrorKind::BrokenPipe);
        }
        let mut bytes = Vec::new();
        let mut read = || reader.read_to_end(&mut bytes).err().map(|error: io::Error| error.kind());
        let errors = [read(), read()];
        self.0.send(Heard { bytes, errors })?;
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

fn start() -> (Server, Receiver<Heard>) {
    let (tell, heard) = channel();
    (Server::start_with(secured(), Listening(tell)).expect("a free port"), heard)
}

#[test]
fn a_client_may_send_on_after_the_server_has_ended_its_side() {
    let (server, heard) = start();
    for (name, version) in VERSIONS {
        for path in ["/shutdown", "/drop"] {
            let mut client = TlsClient::with(&server, client_config(&[version]));
            assert_eq!(client.ask(path).status, 101, "{name}");
            client.expect_end();
            client.send("still here");
            client.tls().send_close_notify();
            client.send("");
            let expected = Heard { bytes: b"still here".to_vec(), errors: [None; 2] };
            assert_eq!(heard.recv_timeout(PATIENCE), Ok(expected), "{name} {path}");
        }
    }
}

#[test]
fn nothing_is_read_after_the_clients_own_end() {
    let (server, heard) = start();
    for (name, version) in VERSIONS {
        for (what, make) in WRONG {
            let mut client = RecordClient::of(&server, version);
            let mut records = client.request("/shutdown");
            records.extend(client.record(ContentType::ApplicationData, b"the last"));
            records.extend(client.record(ContentType::Alert, &[1, 0]));
            records.extend(make(&mut client));
            client.send(&records).expect("the server takes it");
            let expected = Heard { bytes: b"the last".to_vec(), errors: [None; 2] };
            assert_eq!(heard.recv_timeout(PATIENCE), Ok(expected), "{name}, {what}");
        }
    }
}

#[test]
fn a_clients_end_without_a_word_is_told_from_one_with_it() {
    let (server, heard) = start();
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        assert_eq!(client.ask("/shutdown").status, 101, "{name}");
        client.send("cut");
        client.stream().shutdown(Shutdown::Write).expect("the connection is open");
        let expected = Heard { bytes: b"cut".to_vec(), errors: [Some(ErrorKind::UnexpectedEof); 2] };
        assert_eq!(heard.recv_timeout(PATIENCE), Ok(expected), "{name}");
    }
}

/// Makes records that a session must not have.
type Wrong = fn(&mut RecordClient) -> Vec<u8>;

const WRONG: [(&str, Wrong); 8] = [
    ("forged", |client| {
        let mut record = client.record(ContentType::ApplicationData, b"forged");
        *record.last_mut().expect("there is one") ^= 1;
        record
    }),
    ("not encrypted", |_| vec![22, 3, 3, 0, 4, 0, 0, 0, 0]),
    ("not a record", |_| vec![0xff; 100]),
    ("too long", |_| vec![23, 3, 3, 0xff, 0xff]),
    ("without a type", |client| client.record(ContentType::Unknown(0), b"")),
    ("an alert of no level", |client| client.record(ContentType::Alert, &[9, 9])),
    ("a fatal alert", |client| client.record(ContentType::Alert, &[2, 80])),
    ("many hellos", |client| (0..10).flat_map(|_| client.record(ContentType::Handshake, &[1, 0, 0, 1, 0])).collect()),
];

#[test]
fn a_wrong_record_after_the_server_has_ended_its_side_is_an_error_of_the_read() {
    let (server, heard) = start();
    for (name, version) in VERSIONS {
        for (what, make) in WRONG {
            let mut client = RecordClient::of(&server, version);
            let mut records = client.request("/shutdown");
            records.extend(client.record(ContentType::ApplicationData, b"still here"));
            client.send(&records).expect("the server takes it");
            read_to_any_end(&mut client.stream);
            let records = make(&mut client);
            client.send(&records).expect("the server takes it");
            let expected = Heard { bytes: b"still here".to_vec(), errors: [Some(ErrorKind::InvalidData); 2] };
            assert_eq!(heard.recv_timeout(PATIENCE), Ok(expected), "{name}, {what}");
        }
    }
    wait_until(server.server_handle(), "all have ended", |stats| stats.connections == 0);
    assert_eq!(server.server_handle().stats().errors.panics, 0);
    assert_eq!(TlsClient::of(&server).ask("/drop").status, 101);
}
