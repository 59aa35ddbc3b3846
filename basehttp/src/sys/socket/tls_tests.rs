//! A session with a client that takes its bytes slowly.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};

use super::*;

/// A socket whose session is made, its client, and the client's end. The request comes with the client's last message.
fn session(request: &[u8]) -> (Socket, ClientConnection, UnixStream) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (made.cert.der().clone(), PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()));
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let server = server.expect("versions").with_no_client_auth().with_single_cert(vec![certificate], key);
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(Arc::new(client), name).expect("a configuration");
    let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
    ours.set_nonblocking(true).expect("a socket");
    let socket = Socket::raw(ours).secured(&Arc::new(server.expect("they match"))).expect("a configuration");
    while client.is_handshaking() || client.wants_write() {
        if !client.is_handshaking() {
            client.writer().write_all(request).expect("room for it");
        }
        while client.wants_write() {
            client.write_tls(&mut theirs).expect("room for it");
        }
        socket.shake_hands().expect("a good client");
        if client.is_handshaking() {
            client.read_tls(&mut theirs).expect("an answer");
            client.process_new_packets().expect("a good one");
        }
    }
    assert!(matches!(socket.shake_hands(), Ok(Handshake::Complete)));
    (socket, client, theirs)
}

#[test]
fn what_a_slow_client_takes_counts_as_written_and_arrives_once() {
    let (socket, mut client, mut theirs) = session(b"");
    let bytes: Vec<u8> = (0..400_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    let (mut written, mut came, mut parts, mut blocked) = (0, Vec::new(), 0, 0);
    let mut piece = [0; 3_000];
    while came.len() < bytes.len() {
        while written < bytes.len() {
            match socket.write(&bytes[written..]) {
                Ok(count) => {
                    assert!(count > 0, "a write makes progress");
                    (written, parts) = (written + count, parts + 1);
                }
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    blocked += 1;
                    break;
                }
            }
        }
        let count = theirs.read(&mut piece).expect("there is more");
        let mut records = &piece[..count];
        while !records.is_empty() {
            client.read_tls(&mut records).expect("room for it");
            client.process_new_packets().expect("a good record");
            // Nothing more for now.
            let _ = client.reader().read_to_end(&mut came);
        }
    }
    assert!(came == bytes && written == bytes.len(), "{written} of {} bytes", bytes.len());
    assert!(blocked > 0 && parts > bytes.len() / (64 * 1024) + 1, "{parts} parts, blocked {blocked} times");
}

#[test]
fn a_session_with_unsent_bytes_ends_without_a_word() {
    let (socket, mut client, mut theirs) = session(b"");
    let bytes = vec![b'x'; 10_000_000];
    let mut written = 0;
    while let Ok(count) = socket.write(&bytes[written..]) {
        written += count;
    }
    drop(socket);
    let mut came = Vec::new();
    let ended = loop {
        client.read_tls(&mut theirs).expect("bytes, or the end");
        client.process_new_packets().expect("a good record");
        match client.reader().read_to_end(&mut came) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            ended => break ended,
        }
    };
    assert_eq!(ended.map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof), "{} bytes", came.len());
}

/// Receives what was sent, and returns the bytes for the caller. The end without a `close_notify` panics.
fn received(client: &mut ClientConnection, theirs: &mut UnixStream) -> Vec<u8> {
    client.read_tls(theirs).expect("something was sent");
    client.process_new_packets().expect("good records");
    let mut came = Vec::new();
    match client.reader().read_to_end(&mut came) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        ended => drop(ended.expect("a good end")),
    }
    came
}

#[test]
fn tickets_go_out_with_the_first_response_if_its_request_is_here() {
    let (socket, mut client, mut theirs) = session(b"request");
    assert!(socket.has_buffered());
    let mut buffer = [0; 100];
    assert_eq!(socket.read(&mut buffer).expect("the request"), 7);
    theirs.set_nonblocking(true).expect("a socket");
    let error = theirs.read(&mut [0]).expect_err("nothing is sent before the response");
    assert_eq!((error.kind(), client.tls13_tickets_received()), (io::ErrorKind::WouldBlock, 0));
    assert_eq!(socket.write(b"response").expect("room for it"), 8);
    let mut came = [0; 2_000];
    let count = theirs.read(&mut came).expect("all of it");
    let tickets = 5 + usize::from(u16::from_be_bytes([came[3], came[4]]));
    assert!(tickets < count, "no write of their own: {tickets} of {count} bytes");
    client.read_tls(&mut &came[..count]).expect("room for it");
    client.process_new_packets().expect("good records");
    assert!(client.tls13_tickets_received() > 0);
    assert_eq!(client.reader().read(&mut came).expect("the response"), 8);
}

#[test]
fn tickets_go_out_before_the_session_waits() {
    let (socket, mut client, mut theirs) = session(b"");
    assert!(socket.is_drained(true));
    assert_eq!(received(&mut client, &mut theirs), b"");
    assert!(client.tls13_tickets_received() > 0);
    assert_eq!(socket.wants(Direction::Read), PollFlags::IN, "nothing is left to send");
}

#[test]
fn the_last_bytes_bring_the_end_of_the_session() {
    let (socket, mut client, mut theirs) = session(b"");
    socket.end_with_next_write();
    assert_eq!(socket.write(b"last").expect("room for it"), 4);
    assert_eq!(received(&mut client, &mut theirs), b"last");
    assert_eq!(client.reader().read(&mut [0]).expect("the end, well before the socket's"), 0);
}

#[test]
fn a_slow_client_sees_the_end_behind_the_last_byte_alone() {
    let (socket, mut client, mut theirs) = session(b"");
    let bytes = vec![b'x'; 400_000];
    let (mut written, mut came, mut piece) = (0, Vec::new(), [0; 3_000]);
    socket.end_with_next_write();
    let ended = 'session: loop {
        while written < bytes.len()
            && let Ok(count) = socket.write(&bytes[written..])
        {
            written += count;
        }
        let count = theirs.read(&mut piece).expect("there is more");
        let mut records = &piece[..count];
        while !records.is_empty() {
            client.read_tls(&mut records).expect("room for it");
            client.process_new_packets().expect("a good record");
            match client.reader().read_to_end(&mut came) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                ended => break 'session ended,
            }
        }
    };
    assert!(ended.is_ok() && came == bytes && written == bytes.len(), "{ended:?} after {}", came.len());
}
