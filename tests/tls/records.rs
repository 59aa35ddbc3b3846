//! A client that writes its records itself, so that it can send what rustls' own client never would.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use basehttp::testing::Server;
use rustls::crypto::cipher::{AeadKey, Iv, MessageEncrypter, OutboundChunks, OutboundPlainMessage};
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::crypto::tls13::OkmBlock;
use rustls::version::TLS13;
use rustls::{
    ClientConnection, ConnectionTrafficSecrets, ContentType, KeyLog, ProtocolVersion, SupportedCipherSuite,
    SupportedProtocolVersion, Tls13CipherSuite,
};

use crate::secured::{connect, provider, session, trust_the_server_with};

/// Bytes before the payload of a record.
pub(crate) const HEADER_BYTES: usize = 5;

/// The session of a client, of which only the writing side is used.
pub(crate) struct RecordClient {
    pub(crate) stream: TcpStream,
    encrypter: Box<dyn MessageEncrypter>,
    version: ProtocolVersion,
    /// Number of the next record.
    sequence: u64,
    /// Of TLS 1.3, where the next keys come from it.
    secret: Vec<u8>,
}

/// Keeps the secrets of a client of TLS 1.3.
#[derive(Debug, Default)]
struct Secrets {
    handshake: Mutex<Vec<u8>>,
    traffic: Mutex<Vec<u8>>,
}

impl KeyLog for Secrets {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        match label {
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => *self.handshake.lock().expect("no panic with it") = secret.to_vec(),
            "CLIENT_TRAFFIC_SECRET_0" => *self.traffic.lock().expect("no panic with it") = secret.to_vec(),
            _ => {}
        }
    }
}

/// Returns a session that has not begun, and the place for its secrets.
fn logged_session(version: &'static SupportedProtocolVersion) -> (ClientConnection, Arc<Secrets>) {
    let secrets = Arc::<Secrets>::default();
    let mut provider = provider().as_ref().clone();
    // Their keys have the length that an `AeadKey` can be made of.
    provider.cipher_suites = vec![TLS13_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256];
    let mut config = trust_the_server_with(provider.into(), &[version]).with_no_client_auth();
    config.enable_secret_extraction = true;
    config.key_log = Arc::clone(&secrets) as _;
    (session(config), secrets)
}

impl RecordClient {
    /// Connects, and finishes the handshake.
    pub(crate) fn of(server: &Server, version: &'static SupportedProtocolVersion) -> Self {
        let ((mut tls, secrets), mut stream) = (logged_session(version), connect(server));
        while tls.is_handshaking() || tls.wants_write() {
            tls.complete_io(&mut stream).expect("the handshake succeeds");
        }
        let secret = secrets.traffic.lock().expect("no panic with it").clone();
        let extracted = tls.dangerous_extract_secrets().expect("the handshake has ended");
        let (sequence, ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = extracted.tx else {
            panic!("another suite")
        };
        let (encrypter, version) = match TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 {
            SupportedCipherSuite::Tls12(suite) if secret.is_empty() => {
                (suite.aead_alg.encrypter(key, iv.as_ref(), &[]), ProtocolVersion::TLSv1_2)
            }
            _ => (suite().aead_alg.encrypter(key, iv), ProtocolVersion::TLSv1_3),
        };
        RecordClient { stream, encrypter, version, sequence, secret }
    }

    /// Connects with TLS 1.3, and reads the server's answer. `Finished` is still to come.
    pub(crate) fn before_finished(server: &Server) -> Self {
        let ((mut tls, secrets), mut stream) = (logged_session(&TLS13), connect(server));
        tls.write_tls(&mut stream).expect("the server takes it");
        while tls.is_handshaking() {
            tls.read_tls(&mut stream).expect("an answer");
            tls.process_new_packets().expect("a good one");
        }
        let secret = secrets.handshake.lock().expect("no panic with it").clone();
        let (key, iv) = (AeadKey::from(expand(&secret, "key")), Iv::from(expand(&secret, "iv")));
        let encrypter = suite().aead_alg.encrypter(key, iv);
        RecordClient { stream, encrypter, version: ProtocolVersion::TLSv1_3, sequence: 0, secret }
    }

    /// Returns a record with this content.
    pub(crate) fn record(&mut self, typ: ContentType, content: &[u8]) -> Vec<u8> {
        let payload = OutboundChunks::Single(content);
        let message = OutboundPlainMessage { typ, version: self.version, payload };
        let record = self.encrypter.encrypt(message, self.sequence).expect("it has a key").encode();
        self.sequence += 1;
        record
    }

    /// Returns a record with a request.
    pub(crate) fn request(&mut self, path: &str) -> Vec<u8> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.record(ContentType::ApplicationData, request.as_bytes())
    }

    /// Returns a record of TLS 1.3 that says that the client has new keys, and wants the server to have them as well or
    /// not (RFC 8446, section 4.6.3). The next record has them.
    pub(crate) fn key_update(&mut self, wants_answer: bool) -> Vec<u8> {
        let record = self.record(ContentType::Handshake, &[24, 0, 0, 1, u8::from(wants_answer)]);
        self.secret = expand::<32>(&self.secret, "traffic upd").to_vec();
        let (key, iv) = (AeadKey::from(expand(&self.secret, "key")), Iv::from(expand(&self.secret, "iv")));
        (self.encrypter, self.sequence) = (suite().aead_alg.encrypter(key, iv), 0);
        record
    }

    /// Sends records.
    ///
    /// # Errors
    /// The server has closed the connection.
    pub(crate) fn send(&mut self, records: &[u8]) -> io::Result<()> {
        self.stream.write_all(records)
    }
}

fn suite() -> &'static Tls13CipherSuite {
    match TLS13_CHACHA20_POLY1305_SHA256 {
        SupportedCipherSuite::Tls13(suite) => suite,
        SupportedCipherSuite::Tls12(_) => unreachable!("as its name says"),
    }
}

/// HKDF-Expand-Label without a context (RFC 8446, section 7.1).
fn expand<const LENGTH: usize>(secret: &[u8], label: &str) -> [u8; LENGTH] {
    let byte = |length: usize| u8::try_from(length).expect("all of them are short");
    let label = format!("tls13 {label}");
    let mut output = [0; LENGTH];
    let expander = suite().hkdf_provider.expander_for_okm(&OkmBlock::new(secret));
    let info = [&[0, byte(LENGTH), byte(label.len())], label.as_bytes(), &[0]];
    expander.expand_slice(&info, &mut output).expect("it is short");
    output
}
