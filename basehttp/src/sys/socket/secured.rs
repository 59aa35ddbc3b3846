//! The methods of a socket that only TLS has.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;

use super::super::address::Address;
use super::super::unwatched::assert_may_wait;
use super::tls::{Handshake, OwnEnd, TlsSocket};
use super::tls_info::TlsInfo;
use super::{Socket, must_be_stream};

impl Socket {
    /// Takes a connected socket of the system, which does not block from now on.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is neither a TCP nor a Unix stream socket, or a listening
    /// one.
    pub(crate) fn of_descriptor(descriptor: OwnedFd) -> io::Result<Self> {
        must_be_stream(&descriptor, "")?;
        // Other systems do not say it. There its peer is not connected.
        #[cfg(target_os = "linux")]
        if rustix::net::sockopt::socket_acceptconn(&descriptor)? {
            let text = "the socket listens, and is not a connection";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        // It refuses all other kinds.
        Address::of_socket(&descriptor)?;
        let socket = Socket::raw(descriptor);
        socket.set_blocking_reads(None)?;
        Ok(socket)
    }

    /// Returns the address of the client.
    pub(crate) fn peer_address(&self) -> io::Result<Address> {
        match self {
            Socket::Raw(socket) => Address::of_peer(socket),
            Socket::Tls(_) | Socket::Other(_) | Socket::Taken => Ok(Address::Unnamed),
        }
    }

    /// Has a socket of the system end TLS. Others stay as they are.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub(crate) fn secured(self, config: &Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        match self {
            Socket::Raw(raw) => Ok(Socket::Tls(Box::new(TlsSocket::new(raw, config)?))),
            other => Ok(other),
        }
    }

    /// Returns the socket without TLS, for a client that does not know it.
    pub(crate) fn unsecured(self) -> Self {
        match self {
            Socket::Tls(socket) => Socket::Raw(socket.into_raw()),
            other => other,
        }
    }

    /// Returns whether nothing can be read or written before a handshake.
    pub(crate) fn is_handshaking(&self) -> bool {
        matches!(self, Socket::Tls(socket) if socket.is_handshaking())
    }

    /// Goes on with the handshake. It runs code of the user's, which may block or panic.
    ///
    /// # Errors
    /// It has failed, and the client was told why.
    pub(crate) fn shake_hands(&self) -> io::Result<Handshake> {
        assert_may_wait("the user's certificates are asked");
        match self {
            Socket::Tls(socket) => socket.shake_hands(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => Ok(Handshake::Complete),
        }
    }

    /// Returns whether we have ended our side of the session.
    pub(crate) fn own_end(&self) -> OwnEnd {
        if let Socket::Tls(socket) = self { socket.own_end() } else { OwnEnd::Open }
    }

    /// Returns whether the session has failed, and the reason was not taken.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self, Socket::Tls(socket) if socket.has_failed())
    }

    /// Takes the reason why a session has failed, if it has.
    pub(crate) fn take_fault(&self) -> Option<String> {
        if let Socket::Tls(socket) = self { socket.take_fault() } else { None }
    }

    /// Returns the facts about the TLS session, if there is one.
    pub(crate) fn tls_info(&self) -> Option<TlsInfo> {
        if let Socket::Tls(socket) = self { Some(socket.info()) } else { None }
    }

    /// Returns the certificates of the client, if it has shown any.
    pub(crate) fn peer_certificates(&self) -> Vec<CertificateDer<'static>> {
        if let Socket::Tls(socket) = self { socket.peer_certificates() } else { Vec::new() }
    }
}
