//! The way from the clients to the server, in the clear or over TLS. [`use_tls`] decides it once, for all of a process.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, OnceLock};

use basehttp::HTTPServerBuilder;
use basehttp::rustls::client::Resumption;
use basehttp::rustls::crypto::ring;
use basehttp::rustls::pki_types::pem::PemObject;
use basehttp::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use basehttp::rustls::version::TLS12;
use basehttp::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};
use basehttp::testing::Certificate;

/// The environment variable by which the server gets its certificate and its key, as PEM.
const VARIABLE: &str = "BASEHTTP_SIEGE_CERTIFICATE";

/// Encrypted bytes that wait for the socket (64 KiB). A client that cannot send more waits, as it does without TLS.
const BUFFER_BYTES: usize = 64 * 1024;

static TLS: OnceLock<Tls> = OnceLock::new();

struct Tls {
    certificate: Certificate,
    newest: Arc<ClientConfig>,
    /// It resumes no session, so that each handshake has all its messages.
    tls_12: Arc<ClientConfig>,
}

/// Makes a certificate for the servers that this process starts. All its clients speak TLS from now on.
pub fn use_tls() {
    let certificate = Certificate::new();
    let tls = Tls { newest: certificate.client_config(), tls_12: Arc::new(tls_12_config(&certificate)), certificate };
    assert!(TLS.set(tls).is_ok(), "it is called once");
}

fn tls_12_config(certificate: &Certificate) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let der = CertificateDer::from_pem_slice(certificate.pem().as_bytes()).expect("it was just made");
    roots.add(der).expect("it was just made");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&[&TLS12]).expect("ring knows it");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    config
}

/// Returns whether the clients of this process speak TLS.
pub fn uses_tls() -> bool {
    TLS.get().is_some()
}

/// The environment of the server, if it has a certificate.
pub fn environment() -> Option<(&'static str, String)> {
    TLS.get().map(|tls| (VARIABLE, tls.certificate.pem().to_owned() + tls.certificate.key_pem()))
}

/// Gives the server the certificate of its environment, if there is one.
pub fn secured(builder: HTTPServerBuilder) -> io::Result<HTTPServerBuilder> {
    let Ok(pem) = std::env::var(VARIABLE) else { return Ok(builder) };
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>();
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(io::Error::other)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(certificates.map_err(io::Error::other)?, key);
    Ok(builder.tls(Arc::new(config.map_err(io::Error::other)?)))
}

/// A client's stream over its socket, which may block or not.
pub struct Stream<S> {
    pub socket: S,
    session: Option<Box<ClientConnection>>,
    /// Its records are sent by [`Stream::send_flight`] and [`Stream::trickle`] alone.
    sends_slowly: bool,
}

impl<S: Read + Write> Stream<S> {
    /// Begins a session if this process uses TLS. The handshake is made by the first reads and writes.
    pub fn new(socket: S) -> io::Result<Self> {
        let session = TLS.get().map(|tls| new_session(&tls.newest)).transpose()?;
        Ok(Stream { socket, session, sends_slowly: false })
    }

    /// Begins the session again, with TLS 1.2. Only before anything was sent.
    pub fn use_tls_12(&mut self) -> io::Result<()> {
        self.session = TLS.get().map(|tls| new_session(&tls.tls_12)).transpose()?;
        Ok(())
    }

    /// Goes on with the handshake, as far as our next messages, and sends so many bytes of them at most. From now on
    /// nothing is sent that the caller does not ask for.
    ///
    /// # Errors
    /// [`WouldBlock`](ErrorKind::WouldBlock) if the server's messages are not here.
    pub fn send_flight(&mut self, most: usize) -> io::Result<()> {
        self.sends_slowly = true;
        let Some(session) = &mut self.session else { return Ok(()) };
        while session.is_handshaking() && !session.wants_write() {
            receive(session, &mut self.socket)?;
        }
        send(session, &mut Limited { socket: &mut self.socket, left: most })
    }

    /// Sends the next bytes of the session's records: those of the handshake, or ones with `bytes` after it.
    pub fn trickle(&mut self, bytes: &[u8], most: usize) -> io::Result<()> {
        self.sends_slowly = true;
        let Some(session) = &mut self.session else { return Ok(()) };
        if !session.wants_write() && !session.is_handshaking() {
            session.writer().write_all(bytes)?;
        }
        send(session, &mut Limited { socket: &mut self.socket, left: most })
    }

    /// Tells the server that no more will come. The socket's own end is left to the caller.
    pub fn end_sending(&mut self) -> io::Result<()> {
        let Some(session) = &mut self.session else { return Ok(()) };
        session.send_close_notify();
        send(session, &mut self.socket)
    }
}

fn new_session(config: &Arc<ClientConfig>) -> io::Result<Box<ClientConnection>> {
    let name = ServerName::try_from("localhost").expect("it is a name");
    let mut session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    session.set_buffer_limit(Some(BUFFER_BYTES));
    Ok(Box::new(session))
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.read(buffer) };
        loop {
            match session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if !self.sends_slowly {
                match send(session, &mut self.socket) {
                    // What the server sends may be a reason to read on.
                    Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                    _ => {}
                }
            }
            receive(session, &mut self.socket)?;
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.write(bytes) };
        send(session, &mut self.socket)?;
        while session.is_handshaking() {
            receive(session, &mut self.socket)?;
            send(session, &mut self.socket)?;
        }
        let count = session.writer().write(bytes)?;
        match send(session, &mut self.socket) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            // The rest goes with the next call.
            _ => Ok(count),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// Sends the records that wait, or as many bytes of them as the socket takes at all.
fn send(session: &mut ClientConnection, socket: &mut impl Write) -> io::Result<()> {
    while session.wants_write() && session.write_tls(socket)? > 0 {}
    Ok(())
}

/// Takes so many bytes and no more.
struct Limited<'s, S> {
    socket: &'s mut S,
    left: usize,
}

impl<S: Write> Write for Limited<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let count = self.socket.write(&bytes[..bytes.len().min(self.left)])?;
        self.left -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

fn receive(session: &mut ClientConnection, socket: &mut impl Read) -> io::Result<()> {
    let count = session.read_tls(socket)?;
    session.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    if count == 0 && session.is_handshaking() { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
