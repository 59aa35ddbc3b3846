//! The way from the tests' clients to their servers: in the clear, or over TLS. [`is_tls`] decides it for a whole
//! process.

use std::env;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, LazyLock};

use basehttp::HTTPServerBuilder;
use basehttp::testing::Certificate;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, ServerConfig, SignatureScheme};

/// The variable that makes the tests of a process speak TLS, and those of the servers that it starts.
pub(crate) const VARIABLE: &str = "BASEHTTP_TEST_TLS";

/// Returns whether this process tests over TLS.
pub(crate) fn is_tls() -> bool {
    static IS_TLS: LazyLock<bool> = LazyLock::new(|| env::var_os(VARIABLE).is_some());
    *IS_TLS
}

/// Gives a server TLS if the clients speak it.
pub(crate) fn secured(builder: HTTPServerBuilder) -> HTTPServerBuilder {
    static CONFIG: LazyLock<Arc<ServerConfig>> = LazyLock::new(|| {
        let mut config = ServerConfig::clone(&Certificate::new().server_config());
        // Nothing comes before the first response, so that a test can wait for its first byte.
        config.send_tls13_tickets = 0;
        Arc::new(config)
    });
    if is_tls() { builder.tls(Arc::clone(&CONFIG)) } else { builder }
}

/// A client's stream.
pub(crate) struct ClientStream {
    pub socket: TcpStream,
    session: Option<Box<ClientConnection>>,
}

impl ClientStream {
    /// Makes the session, if there is to be one. The first write or read makes the handshake.
    pub(crate) fn new(socket: TcpStream) -> Self {
        let session = is_tls().then(|| {
            let name = ServerName::try_from("localhost").expect("a name");
            Box::new(ClientConnection::new(Arc::clone(&CLIENT), name).expect("a configuration"))
        });
        ClientStream { socket, session }
    }

    /// Sends bytes; over TLS makes the handshake, even if there are none.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        while let Some(session) = &mut self.session
            && session.is_handshaking()
        {
            session.complete_io(&mut self.socket)?;
        }
        self.write_all(bytes)
    }

    /// Sends bytes without waiting for the server, which may have no place yet. Over TLS they go out while an answer is
    /// read, once the handshake is made.
    pub(crate) fn send_ahead(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    /// Ends the client's side.
    pub(crate) fn end_sending(&mut self) -> io::Result<()> {
        if let Some(session) = &mut self.session {
            session.send_close_notify();
            self.flush()?;
        }
        self.socket.shutdown(Shutdown::Write)
    }
}

impl Read for ClientStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.session.is_none() {
            return self.socket.read(buffer);
        }
        loop {
            self.flush()?;
            let session = self.session.as_mut().expect("it is there");
            match session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            let count = session.read_tls(&mut self.socket)?;
            session.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if count == 0 && session.is_handshaking() {
                return Ok(0);
            }
        }
    }
}

impl Write for ClientStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.socket.write(bytes) };
        let count = session.writer().write(bytes)?;
        self.flush()?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(session) = &mut self.session else { return self.socket.flush() };
        while session.wants_write() {
            session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

static CLIENT: LazyLock<Arc<ClientConfig>> = LazyLock::new(trusting_any);

/// Returns the configuration of a client that takes any certificate, since some servers are processes of their own. The
/// server must have its key.
pub(crate) fn trusting_any() -> Arc<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder =
        builder.expect("ring knows them").dangerous().with_custom_certificate_verifier(Arc::new(TakesAny(provider)));
    Arc::new(builder.with_no_client_auth())
}

/// Takes any certificate, and checks the signatures that are made by its key.
#[derive(Debug)]
struct TakesAny(Arc<CryptoProvider>);

impl ServerCertVerifier for TakesAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
