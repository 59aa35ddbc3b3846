//! Facts about a TLS session, for handlers.

use std::fmt;

use rustls::{CipherSuite, ProtocolVersion, ServerConnection};

/// A client's TLS session: its version and cipher suite, and the name and the protocol that the client asked for.
///
/// [`Exchange::tls`](crate::Exchange::tls) returns it. It is a copy, so a handler that needs it often keeps it. The
/// client's certificates are large, and have a method of their own,
/// [`Exchange::peer_certificates`](crate::Exchange::peer_certificates).
#[derive(Clone)]
pub struct TlsInfo {
    version: Option<ProtocolVersion>,
    cipher_suite: Option<CipherSuite>,
    server_name: Option<String>,
    alpn_protocol: Option<Vec<u8>>,
}

impl TlsInfo {
    pub(super) fn of(tls: &ServerConnection) -> Self {
        TlsInfo {
            version: tls.protocol_version(),
            cipher_suite: tls.negotiated_cipher_suite().map(|suite| suite.suite()),
            server_name: tls.server_name().map(str::to_owned),
            alpn_protocol: tls.alpn_protocol().map(<[u8]>::to_vec),
        }
    }

    /// Returns the version of TLS.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.version
    }

    /// Returns the cipher suite.
    pub fn cipher_suite(&self) -> Option<CipherSuite> {
        self.cipher_suite
    }

    /// Returns the name of the server that the client asked for (SNI), in lower case. `None` if it named none, as a
    /// client that connects to an IP address does.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// Returns the protocol that client and server agreed on by ALPN, such as `http/1.1`. `None` if the client offered
    /// none.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.alpn_protocol.as_deref()
    }
}

/// With the protocol as text.
impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("version", &self.version)
            .field("cipher_suite", &self.cipher_suite)
            .field("server_name", &self.server_name)
            .field("alpn_protocol", &self.alpn_protocol.as_deref().map(String::from_utf8_lossy))
            .finish()
    }
}
