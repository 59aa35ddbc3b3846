//! A session with a client that takes its bytes slowly.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};

use super::*;

/// A socket whose session is made, its client, and the client's end.
fn session() -> (Socket, ClientConnection, UnixStream) {
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
    let socket = Socket::from(ours).secured(&Arc::new(server.expect("they match"))).expect("a configuration");
    while client.is_handshaking() || client.wants_write() {
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
    let (socket, mut client, mut theirs) = session();
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
    let (socket, mut client, mut theirs) = session();
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
