//! Handshakes that fail, stall, or are none.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use basehttp::testing::Server;
use rustls::SupportedProtocolVersion;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;

use crate::secured::{
    SHORT, Secured, TlsClient, VERSIONS, certified_key, client_config, config, config_with, connect, first_flight,
    read_to_any_end, secured, server, session,
};
use crate::support::stage::wait_until;
use crate::support::{PATIENCE, Reply};

#[test]
fn plain_http_gets_a_400_that_says_so_in_the_clear() {
    let server = server();
    for request in ["GET /plain HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\n", "\r\nGET / HTTP/1.0\r\n\r\n", "h"]
    {
        let mut stream = connect(&server);
        stream.write_all(request.as_bytes()).expect("the server takes it");
        stream.shutdown(Shutdown::Write).expect("the connection is open");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the server closes cleanly");
        let replies = Reply::all(&bytes);
        assert_eq!(replies.len(), 1, "{request:?}");
        assert_eq!((replies[0].status, replies[0].field("Connection")), (400, Some("close")), "{request:?}");
        assert!(replies[0].text().contains("this port speaks https"), "{request:?}: {:?}", replies[0]);
    }
    assert_eq!(TlsClient::of(&server).ask("/well").text(), "/well");
}

#[test]
fn bytes_that_are_neither_get_an_alert_and_the_end() {
    let server = server();
    let garbage: [&[u8]; 7] = [
        &[0; 100],
        &[0xff; 100],
        // Less than a record's header.
        &[0],
        &[0xff; 4],
        // Records of a handshake: empty, without a message, and of a message that is too long.
        &[0x16, 3, 1, 0, 0],
        &[0x16, 3, 1, 0, 4, 99, 0, 0, 0],
        &[0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff],
    ];
    for bytes in garbage {
        let mut stream = connect(&server);
        stream.write_all(bytes).expect("the server takes it");
        let answer = read_to_any_end(&mut stream);
        assert!(
            answer.is_empty() || answer[0] == 0x15,
            "an alert or nothing: {answer:?} for {:?}",
            &bytes[..bytes.len().min(5)]
        );
    }
    wait_until(server.server_handle(), "each of them is counted", |stats| stats.errors.tls == garbage.len() as u64);
}

#[test]
fn a_handshake_has_the_time_of_a_head() {
    let server = Server::start_with(secured().head_timeout(SHORT), Secured).expect("a free port");
    let hello = first_flight();
    for (part, why) in [(0, "silent"), (1, "one byte"), (hello.len() / 2, "a half"), (hello.len(), "no second flight")]
    {
        let mut stream = connect(&server);
        stream.write_all(&hello[..part]).expect("the server takes it");
        read_to_any_end(&mut stream);
        wait_until(server.server_handle(), why, |stats| stats.connections == 0);
    }
    assert_eq!(server.server_handle().stats().errors.slow_heads, 4);
}

#[test]
fn a_handshake_that_comes_byte_by_byte_succeeds() {
    let server = server();
    for (name, version) in VERSIONS {
        let (mut tls, mut stream) = (session(client_config(&[version])), connect(&server));
        while tls.is_handshaking() || tls.wants_write() {
            let mut records = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut records).expect("memory takes everything");
            }
            for byte in records {
                stream.write_all(&[byte]).expect("the server takes it");
            }
            if tls.is_handshaking() {
                tls.read_tls(&mut stream).expect("an answer");
                tls.process_new_packets().expect("a good one");
            }
        }
        let mut client = rustls::StreamOwned::new(tls, stream);
        client.write_all(b"GET /slow HTTP/1.0\r\n\r\n").expect("the server takes it");
        let mut reply = String::new();
        client.read_to_string(&mut reply).expect("the session ends with a close_notify");
        assert!(reply.ends_with("/slow"), "{name}: {reply}");
    }
}

/// Sends the client's flights up to the first half of one of them, or to its end, and then ends the connection.
fn vanish(server: &Server, version: &'static SupportedProtocolVersion, flight: usize, is_half: bool, how: Shutdown) {
    let (mut tls, mut stream) = (session(client_config(&[version])), connect(server));
    for number in 0..=flight {
        let mut records = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut records).expect("memory takes everything");
        }
        let is_last = number == flight;
        let count = if is_last && is_half { records.len() / 2 } else { records.len() };
        assert!(count > 0, "the client has another flight");
        stream.write_all(&records[..count]).expect("the server takes it");
        while !is_last && !tls.wants_write() {
            tls.read_tls(&mut stream).expect("an answer");
            tls.process_new_packets().expect("a good one");
        }
    }
    stream.shutdown(how).expect("the connection is open");
}

#[test]
fn a_client_that_vanishes_in_a_flight_is_forgotten() {
    let (server, mut connected) = (server(), 0);
    for how in [Shutdown::Write, Shutdown::Both] {
        connect(&server).shutdown(how).expect("the connection is open");
        connected += 1;
        for (name, version) in VERSIONS {
            for (flight, is_half) in [(0, true), (0, false), (1, true), (1, false)] {
                vanish(&server, version, flight, is_half, how);
                connected += 1;
                let why = format!("{name}, flight {flight}, {how:?}");
                let has_ended = |stats: &basehttp::Stats| stats.accepted == connected && stats.connections == 0;
                wait_until(server.server_handle(), &why, has_ended);
            }
        }
    }
    assert_eq!(server.server_handle().stats().errors.tls, 0, "nothing was wrong with what came");
}

#[test]
fn a_client_that_offers_other_protocols_alone_is_refused_by_an_alert() {
    let server = server();
    let mut config = client_config(&[&TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let error = TlsClient::try_with(&server, config).err().expect("it is refused");
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
}

#[test]
fn a_configuration_that_cannot_work_is_refused_when_the_server_is_bound() {
    let mut early = config();
    early.max_early_data_size = 1000;
    let mut h2 = config();
    h2.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut fragments = config();
    fragments.max_fragment_size = Some(3);
    for (config, expected) in [(early, "max_early_data_size"), (h2, "alpn_protocols"), (fragments, "cannot be used")] {
        let bound = basehttp::HTTPServer::builder().tls(Arc::new(config)).bind(("127.0.0.1", 0), Secured);
        let error = bound.expect_err("it cannot work");
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains(expected), "{error}");
    }
}

/// A resolver that panics, or waits for the test, by the name that the client asks for.
#[derive(Debug)]
struct Trying {
    entered: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl ResolvesServerCert for Trying {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match hello.server_name() {
            Some("panics") => panic!("as the test wants"),
            Some("blocks") => {
                self.entered.send(()).expect("the test waits");
                // A test that has failed says nothing any more.
                let _ = self.go_on.lock().expect("no panic with it").recv_timeout(PATIENCE);
                Some(certified_key())
            }
            Some("refuses") => None,
            _ => Some(certified_key()),
        }
    }
}

fn session_for(name: &'static str) -> rustls::ClientConnection {
    let name = rustls::pki_types::ServerName::try_from(name).expect("a name");
    rustls::ClientConnection::new(Arc::new(client_config(&[&TLS13])), name).expect("a configuration that works")
}

/// Serves with the resolver. There is one leader, so that a handshake that holds it up holds up everything.
fn trying() -> (Server, Receiver<()>, Sender<()>) {
    let ((entered, has_entered), (go, go_on)) = (channel(), channel());
    let config = config_with(Trying { entered, go_on: Mutex::new(go_on) });
    let builder = basehttp::HTTPServer::builder().workers(1).tls(Arc::new(config));
    (Server::start_with(builder, Secured).expect("a free port"), has_entered, go)
}

#[test]
fn a_resolver_that_panics_costs_one_connection() {
    let (server, ..) = trying();
    let (mut tls, mut stream) = (session_for("panics"), connect(&server));
    tls.write_tls(&mut stream).expect("the server takes it");
    read_to_any_end(&mut stream);
    assert_eq!(TlsClient::of(&server).ask("/well").text(), "/well");
    assert_eq!(server.server_handle().stats().errors.panics, 1);
}

#[test]
fn a_resolver_that_has_no_certificate_refuses_the_client() {
    let (server, ..) = trying();
    let mut stream = rustls::StreamOwned::new(session_for("refuses"), connect(&server));
    let error = stream.write_all(b"GET / HTTP/1.0\r\n\r\n").and_then(|()| stream.flush()).expect_err("it is refused");
    assert!(error.to_string().contains("AccessDenied"), "{error}");
}

#[test]
fn a_resolver_that_blocks_holds_up_no_other_client() {
    let (server, has_entered, go) = trying();
    let mut other = TlsClient::of(&server);
    assert_eq!(other.ask("/before").text(), "/before");
    // More than prove it blocking, so that the last ones go to the pool.
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut stream = rustls::StreamOwned::new(session_for("blocks"), connect(&server));
        stream.conn.write_tls(&mut stream.sock).expect("the server takes it");
        has_entered.recv_timeout(PATIENCE).expect("the resolver is asked");
        waiting.push(stream);
        assert_eq!(other.ask("/meanwhile").text(), "/meanwhile");
        // The receiver has a lock, so that the one that has waited longest goes on.
        if waiting.len() > 1 {
            go.send(()).expect("a resolver waits");
        }
    }
    assert_eq!(TlsClient::of(&server).ask("/another").text(), "/another");
    go.send(()).expect("the resolver waits");
    for mut stream in waiting {
        stream.write_all(b"GET /late HTTP/1.0\r\n\r\n").expect("the server takes it");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("the session ends with a close_notify");
        assert!(reply.ends_with("/late"), "{reply}");
    }
}
