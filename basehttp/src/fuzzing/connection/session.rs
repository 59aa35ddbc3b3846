//! The client's end of a TLS session. It knows how many bytes of requests each of its records completes.
//!
//! The client is rustls, too. The contents of its records differ from run to run, and their sizes do not.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, OnceLock};

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, SerialNumber};
use rustls::client::Resumption;
use rustls::crypto::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundOpaqueMessage, OutboundPlainMessage,
    Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CipherSuiteCommon, ClientConfig, ClientConnection, ConnectionTrafficSecrets, Error,
    ProtocolVersion, RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, Tls13CipherSuite,
};

use crate::server::checked_tls;
use crate::tls::config_with_provider;

/// Empty records in a row after which rustls gives up.
const MAX_EMPTY_RECORDS: usize = 32;

/// Updates of the keys between two requests after which rustls gives up.
const MAX_KEY_UPDATES: usize = 32;

/// Contents of a record that the client sends empty, which rustls does not do by itself.
const NOTHING: &[u8] = b"this becomes a record without contents";

pub(super) struct ClientSession {
    tls: ClientConnection,
    /// Bytes of requests that wait for the handshake.
    waiting: VecDeque<Vec<u8>>,
    /// Records that have not arrived at the server.
    under_way: VecDeque<u8>,
    /// Bytes of all records, and bytes of requests in them.
    made: (usize, usize),
    /// Both at the end of each record of requests.
    ends: Vec<(usize, usize)>,
    /// Bytes of the records of the handshake.
    handshake_end: Option<usize>,
    empty_in_a_row: usize,
    updates_in_a_row: usize,
    /// The server must end the session when it has read all records.
    is_doomed: bool,
    /// The server has said that nothing is missing.
    pub has_ended: bool,
    /// The server has said that the session has failed.
    pub alert: Option<AlertDescription>,
}

impl ClientSession {
    pub(super) fn new(version: &'static SupportedProtocolVersion) -> Self {
        let config =
            if version.version == ProtocolVersion::TLSv1_2 { &configs().client_1_2 } else { &configs().client };
        let name = ServerName::try_from("localhost").expect("a name");
        let mut tls = ClientConnection::new(Arc::clone(config), name).expect("a configuration");
        tls.set_buffer_limit(None);
        let mut session = ClientSession {
            tls,
            waiting: VecDeque::new(),
            under_way: VecDeque::new(),
            made: (0, 0),
            ends: Vec::new(),
            handshake_end: None,
            empty_in_a_row: 0,
            updates_in_a_row: 0,
            is_doomed: false,
            has_ended: false,
            alert: None,
        };
        session.make_records();
        session
    }

    /// Returns whether the handshake is over for the client.
    pub(super) fn is_made(&self) -> bool {
        !self.tls.is_handshaking()
    }

    /// Returns whether it is over for a server that has read so many bytes, too.
    pub(super) fn is_made_by_both(&self, read: usize) -> bool {
        self.handshake_end.is_some_and(|end| end <= read)
    }

    pub(super) fn is_doomed(&self) -> bool {
        self.is_doomed
    }

    /// Sends bytes of requests, in one record if they fit.
    pub(super) fn send(&mut self, bytes: Vec<u8>) {
        self.waiting.push_back(bytes);
        self.send_waiting();
    }

    fn send_waiting(&mut self) {
        const RECORD_BYTES: usize = 16 * 1024;
        self.make_records();
        if self.is_made() {
            self.handshake_end.get_or_insert(self.made.0);
        }
        while self.is_made()
            && let Some(bytes) = self.waiting.pop_front()
        {
            for piece in bytes.chunks(RECORD_BYTES) {
                self.tls.writer().write_all(piece).expect("memory takes everything");
                self.make_records();
                self.made.1 += piece.len();
                self.ends.push(self.made);
                (self.empty_in_a_row, self.updates_in_a_row) = (0, 0);
            }
        }
    }

    fn make_records(&mut self) {
        while self.tls.wants_write() {
            self.made.0 += self.tls.write_tls(&mut self.under_way).expect("memory takes everything");
        }
    }

    /// Sends records without contents. Only TLS 1.3 may have so many.
    pub(super) fn send_empty(&mut self, count: usize) {
        let is_new = self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        for _ in 0..if is_new && self.is_made() { count } else { 0 } {
            self.tls.writer().write_all(NOTHING).expect("memory takes everything");
            self.make_records();
            self.empty_in_a_row += 1;
            self.is_doomed |= self.empty_in_a_row > MAX_EMPTY_RECORDS;
        }
    }

    /// Has both sides change their keys.
    pub(super) fn update_keys(&mut self) {
        let is_new = self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        if is_new && self.is_made() {
            self.tls.refresh_traffic_keys().expect("of TLS 1.3");
            self.make_records();
            self.empty_in_a_row = 0;
            self.updates_in_a_row += 1;
            self.is_doomed |= self.updates_in_a_row > MAX_KEY_UPDATES;
        }
    }

    /// Says that no more will come.
    pub(super) fn end(&mut self) {
        self.tls.send_close_notify();
        self.make_records();
    }

    /// Sends bytes that stand where a record should.
    pub(super) fn send_garbage(&mut self, garbage: &[u8]) {
        self.under_way.extend(garbage);
        self.made.0 += garbage.len();
    }

    /// Sends a record that was changed on its way.
    pub(super) fn send_changed(&mut self, contents: &[u8]) {
        if !self.is_made() {
            return self.send_garbage(contents);
        }
        self.tls.writer().write_all(contents).expect("memory takes everything");
        self.make_records();
        if let Some(last) = self.under_way.back_mut() {
            *last ^= 1;
        }
        self.is_doomed = true;
    }

    /// Gives the records that arrive: all but the last bytes of them.
    pub(super) fn arriving(&mut self, kept_back: usize) -> impl Iterator<Item = u8> {
        let count = self.under_way.len().saturating_sub(kept_back);
        self.under_way.drain(..count)
    }

    /// Forgets what has not arrived. Returns the bytes of requests that have.
    pub(super) fn lose_the_rest(&mut self) -> usize {
        self.waiting.clear();
        let arrived = self.made.0 - self.under_way.len();
        self.under_way.clear();
        self.decrypted(arrived)
    }

    /// Returns the bytes of requests in the first so many bytes of records.
    pub(super) fn decrypted(&self, bytes: usize) -> usize {
        let whole = self.ends.partition_point(|(end, _)| *end <= bytes);
        if whole == 0 { 0 } else { self.ends[whole - 1].1 }
    }

    /// Reads what the server sends, and adds the bytes of responses.
    pub(super) fn receive(&mut self, mut bytes: &[u8], responses: &mut Vec<u8>) {
        while !bytes.is_empty() {
            assert!(!self.has_ended && self.alert.is_none(), "records behind the end of the session");
            self.tls.read_tls(&mut bytes).expect("memory can be read");
            match self.tls.process_new_packets() {
                Ok(told) => self.has_ended = told.peer_has_closed(),
                Err(Error::AlertReceived(alert)) => self.alert = Some(alert),
                Err(error) => panic!("the server's records: {error}"),
            }
            match self.tls.reader().read_to_end(responses) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
                _ => {}
            }
        }
        self.send_waiting();
    }
}

/// Returns the server's configuration for both versions.
pub(super) fn server_config() -> Arc<ServerConfig> {
    Arc::clone(&configs().server)
}

struct Configs {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    client_1_2: Arc<ClientConfig>,
}

/// Both sides, made once.
fn configs() -> &'static Configs {
    static CONFIGS: OnceLock<Configs> = OnceLock::new();
    CONFIGS.get_or_init(|| {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        // Certificates and signatures of one size.
        params.serial_number = Some(SerialNumber::from(1));
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("ring makes them");
        let made = params.self_signed(&key).expect("a new key signs");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(default_provider());
        let certified = CertifiedKey::from_der(vec![made.der().clone()], key, &provider).expect("ring reads its keys");
        let server =
            config_with_provider(provider, Arc::new(SingleCertAndKey::from(certified))).expect("both versions");
        let mut roots = RootCertStore::empty();
        roots.add(made.der().clone()).expect("a certificate");
        let client = |version: &'static SupportedProtocolVersion| {
            let mut provider = default_provider();
            provider.cipher_suites = vec![
                SupportedCipherSuite::Tls13(emptying_suite()),
                cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            ];
            let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[version]);
            let builder = builder.expect("ring knows both").with_root_certificates(roots.clone());
            let mut config = builder.with_no_client_auth();
            // One run tells the next one nothing.
            config.resumption = Resumption::disabled();
            Arc::new(config)
        };
        Configs {
            server: checked_tls(Arc::new(server)).expect("a good configuration"),
            client: client(&TLS13),
            client_1_2: client(&TLS12),
        }
    })
}

/// Returns a suite whose records of [`NOTHING`] are empty.
fn emptying_suite() -> &'static Tls13CipherSuite {
    let SupportedCipherSuite::Tls13(suite) = cipher_suite::TLS13_CHACHA20_POLY1305_SHA256 else {
        unreachable!("the name says it")
    };
    let CipherSuiteCommon { suite: name, hash_provider, confidentiality_limit } = suite.common;
    Box::leak(Box::new(Tls13CipherSuite {
        common: CipherSuiteCommon { suite: name, hash_provider, confidentiality_limit },
        hkdf_provider: suite.hkdf_provider,
        aead_alg: Box::leak(Box::new(EmptyingAead(suite.aead_alg))),
        quic: None,
    }))
}

struct EmptyingAead(&'static dyn Tls13AeadAlgorithm);

impl Tls13AeadAlgorithm for EmptyingAead {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(EmptyingEncrypter(self.0.encrypter(key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }
}

struct EmptyingEncrypter(Box<dyn MessageEncrypter>);

impl MessageEncrypter for EmptyingEncrypter {
    fn encrypt(&mut self, mut message: OutboundPlainMessage<'_>, number: u64) -> Result<OutboundOpaqueMessage, Error> {
        if message.payload.len() == NOTHING.len() && message.payload.to_vec() == NOTHING {
            message.payload = OutboundChunks::new_empty();
        }
        self.0.encrypt(message, number)
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        self.0.encrypted_payload_len(length)
    }
}
