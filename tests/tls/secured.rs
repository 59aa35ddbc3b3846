//! A certificate, configurations for both sides, a handler, and a client that speaks TLS.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServer, HTTPServerBuilder, Result, http_handler};
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, ServerConfig, StreamOwned, SupportedProtocolVersion,
};

use crate::support::{PATIENCE, Reply};

/// Both versions, each with its name.
pub(crate) const VERSIONS: [(&str, &SupportedProtocolVersion); 2] = [("TLS 1.2", &TLS12), ("TLS 1.3", &TLS13)];

/// Size of a large body, more than the sockets of both sides take.
pub(crate) const LARGE_BYTES: usize = 10 * 1024 * 1024;

pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(ring::default_provider())))
}

/// A certificate of one's own and its key, the same for all tests.
pub(crate) fn certified_key() -> Arc<CertifiedKey> {
    static PAIR: OnceLock<Arc<CertifiedKey>> = OnceLock::new();
    Arc::clone(PAIR.get_or_init(|| {
        let names = ["localhost", "127.0.0.1", "blocks"].map(str::to_owned).to_vec();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let key = CertifiedKey::from_der(vec![made.cert.der().clone()], key, &provider()).expect("they match");
        Arc::new(key)
    }))
}

/// Gives every client the same certificate.
#[derive(Debug)]
struct Always;

impl ResolvesServerCert for Always {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(certified_key())
    }
}

/// A configuration with that resolver.
pub(crate) fn config_with(resolver: impl ResolvesServerCert + 'static) -> ServerConfig {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    builder.expect("both versions").with_no_client_auth().with_cert_resolver(Arc::new(resolver))
}

pub(crate) fn config() -> ServerConfig {
    // Made here, and not in the first handshake.
    certified_key();
    config_with(Always)
}

/// Options of a server with TLS.
pub(crate) fn secured() -> HTTPServerBuilder {
    HTTPServer::builder().tls(Arc::new(config()))
}

/// Starts a server with TLS.
pub(crate) fn server() -> Server {
    Server::start_with(secured(), Secured).expect("a free port")
}

/// A handler for all that differs with TLS.
pub(crate) struct Secured;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Secured {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/large" => ex.send_bytes(200, "application/octet-stream", large_body())?,
            "/stream" => {
                ex.send_response(200).end_headers()?;
                ex.wfile.write_all(&large_body())?;
            }
            "/file" => {
                let path = std::env::temp_dir().join(format!(
                    "basehttp-secured-{}-{:?}",
                    std::process::id(),
                    thread::current().id()
                ));
                std::fs::write(&path, large_body())?;
                let file = std::fs::File::open(&path)?;
                std::fs::remove_file(&path)?;
                ex.send_response(200).send_file(file, ..)?;
            }
            "/early" => {
                ex.send_response(103).send_header("Link", "</style.css>; rel=preload").end_headers()?;
                ex.send_text(200, "after a hint")?;
            }
            "/session" => {
                let session = ex.tls().expect("there is one");
                let name = session.server_name().unwrap_or("-").to_owned();
                let protocol = session.alpn_protocol().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
                let (version, certificates) = (session.version(), ex.peer_certificates().len());
                ex.send_text(200, format!("{} {version:?} {name} {protocol} {certificates}", ex.scheme()))?;
            }
            "/client" => ex.send_text(200, format!("{} by {}", ex.client_address, ex.scheme()))?,
            "/panic" => panic!("as the test wants"),
            "/cut" => {
                ex.send_response(200).send_header("Content-Length", "1000000").end_headers()?;
                ex.wfile.write_all(&vec![b'x'; 100_000])?;
            }
            "/until-close" => {
                ex.close_connection = true;
                ex.send_text(200, "to the end")?;
            }
            path => ex.send_text(200, path)?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let mut body = Vec::new();
        ex.rfile.read_to_end(&mut body)?;
        let sum = body.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        ex.send_text(200, format!("{} {sum}", body.len()))?;
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

pub(crate) fn large_body() -> Vec<u8> {
    (0..LARGE_BYTES).map(|number| number.to_le_bytes()[1]).collect()
}

/// The client's side, with the versions that it knows, and without its own certificate.
pub(crate) fn client_config(versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    trust_the_server(versions).with_no_client_auth()
}

pub(crate) fn trust_the_server(
    versions: &[&'static SupportedProtocolVersion],
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    trust_the_server_with(provider(), versions)
}

pub(crate) fn trust_the_server_with(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(certified_key().cert[0].clone()).expect("it is well-formed");
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
    builder.expect("known versions").with_root_certificates(roots)
}

/// The client's side of a session that has not begun.
pub(crate) fn session(config: ClientConfig) -> ClientConnection {
    let name = ServerName::try_from("localhost").expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("a configuration that works")
}

/// The bytes of a client's first message.
pub(crate) fn first_flight() -> Vec<u8> {
    let mut tls = session(client_config(&[&TLS13]));
    let mut bytes = Vec::new();
    tls.write_tls(&mut bytes).expect("memory takes everything");
    bytes
}

/// A stream whose ends are seen, since a test's client must not wait for ever.
pub(crate) fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_nodelay(true).expect("a fresh socket takes options");
    // Long, since many large transfers at once share the memory that the system has for sockets.
    stream.set_read_timeout(Some(3 * PATIENCE)).expect("a time");
    stream.set_write_timeout(Some(3 * PATIENCE)).expect("a time");
    stream
}

/// A client that speaks TLS.
pub(crate) struct TlsClient {
    reader: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl TlsClient {
    /// Connects with the newest version.
    pub(crate) fn of(server: &Server) -> Self {
        TlsClient::with(server, client_config(&[&TLS13]))
    }

    /// Connects, and finishes the handshake.
    pub(crate) fn with(server: &Server, config: ClientConfig) -> Self {
        TlsClient::try_with(server, config).expect("the handshake succeeds")
    }

    pub(crate) fn try_with(server: &Server, config: ClientConfig) -> io::Result<Self> {
        TlsClient::try_over(connect(server), config)
    }

    /// Makes a session over a stream on which bytes may have been sent already.
    pub(crate) fn try_over(stream: TcpStream, config: ClientConfig) -> io::Result<Self> {
        let mut stream = StreamOwned::new(session(config), stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(TlsClient { reader: BufReader::new(stream) })
    }

    pub(crate) fn get(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes it");
    }

    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes.as_ref())?;
        self.reader.get_mut().flush()
    }

    #[track_caller]
    pub(crate) fn read_reply(&mut self) -> Reply {
        self.try_read_reply("GET").expect("a whole reply")
    }

    pub(crate) fn try_read_reply(&mut self, method: &str) -> io::Result<Reply> {
        Reply::read(&mut self.reader, method)
    }

    /// Asks for a path, and returns the reply.
    #[track_caller]
    pub(crate) fn ask(&mut self, path: &str) -> Reply {
        self.send(TlsClient::get(path));
        self.read_reply()
    }

    /// Reads to the end. The end without `close_notify` is an `UnexpectedEof`.
    pub(crate) fn try_read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The server ends the session with a `close_notify`, and nothing before it.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        let rest = self.try_read_to_end().expect("the session ends with a close_notify");
        assert!(rest.is_empty(), "nothing but the end was to come: {:?}", String::from_utf8_lossy(&rest));
    }

    /// The session, for what the methods do not offer.
    pub(crate) fn tls(&mut self) -> &mut ClientConnection {
        &mut self.reader.get_mut().conn
    }

    /// The stream below the session.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.reader.get_mut().sock
    }

    /// Sends a request as records that the caller then sends as it likes.
    pub(crate) fn encrypt(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut records = Vec::new();
        self.tls().writer().write_all(bytes).expect("room for it");
        while self.tls().wants_write() {
            self.tls().write_tls(&mut records).expect("memory takes everything");
        }
        records
    }
}

/// Reads until the connection ends, by whatever. Fails if it does not end in time.
#[track_caller]
pub(crate) fn read_to_any_end(stream: &mut TcpStream) -> Vec<u8> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    stream.set_read_timeout(Some(3 * PATIENCE)).expect("a time");
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return bytes,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("the server was to end the connection: {error}"),
        }
    }
}

/// A time that is short for a server's deadline, and long for its work.
pub(crate) const SHORT: Duration = Duration::from_millis(500);
