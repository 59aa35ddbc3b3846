//! Names of the two ends of a connection, and of the addresses that a server listens on. Not the sockets themselves.
//!
//! Kinds of sockets differ here, and in how `server/listen` makes them. All other code takes a descriptor of any kind.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use rustix::net::{AddressFamily, SocketAddrAny};
use socket2::{SockAddr, SockRef};

use crate::proto::{ClientAddress, NetworkNode, log_line};

/// The address of one end of a connection: IP and port, or a Unix socket's path.
///
/// As text it is one line. A client may bind its own end to a path with line breaks in it, and these are escaped like
/// anything else in a log.
///
/// ```
/// let address = basehttp::Address::from(std::net::SocketAddr::from(([127, 0, 0, 1], 8000)));
/// assert_eq!(address.to_string(), "127.0.0.1:8000");
/// assert_eq!(address.port(), Some(8000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// TCP over IPv4 or IPv6. An IPv4 client of a dual-stack listener appears as IPv4.
    Ip(SocketAddr),
    /// A Unix stream socket. `None` where that end has no name, as is usual for clients.
    Unix(Option<PathBuf>),
    /// Not a socket but memory or a pipe. Also a client whose proxy does not tell its address.
    Unnamed,
}

impl Address {
    /// Returns the IP address, or `None` for a connection without IP.
    pub fn ip(&self) -> Option<IpAddr> {
        self.socket_addr().map(|address| address.ip())
    }

    /// Returns the port, or `None` for a connection without IP.
    pub fn port(&self) -> Option<u16> {
        self.socket_addr().map(|address| address.port())
    }

    /// Returns IP address and port together, or `None` for a connection without IP.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Address::Ip(address) => Some(*address),
            Address::Unix(_) | Address::Unnamed => None,
        }
    }

    /// Returns the path of a Unix socket that has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Address::Unix(path) => path.as_deref(),
            Address::Ip(_) | Address::Unnamed => None,
        }
    }

    /// Returns the address of our end of a socket.
    ///
    /// # Errors
    /// The system's, and [`InvalidInput`](io::ErrorKind::InvalidInput) for a socket of another kind.
    pub(crate) fn of_socket(socket: &impl AsFd) -> io::Result<Self> {
        Address::of_system(&SockRef::from(socket).local_addr()?)
    }

    /// Returns the address of the other end of a connected socket. The errors are those of
    /// [`of_socket`](Self::of_socket).
    pub(crate) fn of_peer(socket: &impl AsFd) -> io::Result<Self> {
        Address::of_system(&SockRef::from(socket).peer_addr()?)
    }

    /// Returns the address of a client that was just accepted, from what accept(2) has told of it.
    pub(crate) fn of_client(client: &impl AsFd, told: Option<SocketAddrAny>) -> Self {
        // Most clients of a Unix socket have no name.
        let is_unnamed =
            |told: &SocketAddrAny| told.address_family() == AddressFamily::UNIX && told.addr_len() <= FAMILY_BYTES;
        if told.as_ref().is_some_and(is_unnamed) {
            return Address::Unix(None);
        }
        match told.map(SocketAddr::try_from) {
            Some(Ok(address)) => address.into(),
            // The system is asked again for the name of a Unix socket. Clients choose their names, and rustix panics
            // at a path of 108 bytes.
            _ => Address::of_peer(client).unwrap_or(Address::Unnamed),
        }
    }

    fn of_system(address: &SockAddr) -> io::Result<Self> {
        match address.as_socket() {
            Some(address) => Ok(address.into()),
            None if address.is_unix() => Ok(Address::Unix(address.as_pathname().map(Path::to_owned))),
            None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket is neither a TCP nor a Unix one")),
        }
    }

    /// Returns what networks can tell of it.
    pub(crate) fn node(&self) -> NetworkNode {
        match self {
            Address::Ip(address) => NetworkNode::Ip(address.ip()),
            Address::Unix(_) => NetworkNode::Unix,
            Address::Unnamed => NetworkNode::Unknown,
        }
    }

    /// Returns the name for the access log, an IP address without its port, as Python's `http.server` shows it.
    pub(crate) fn log_name(&self) -> String {
        self.ip().map_or_else(|| self.to_string(), |ip| ip.to_string())
    }
}

impl From<ClientAddress> for Address {
    fn from(client: ClientAddress) -> Self {
        match client {
            // In canonical form already.
            ClientAddress::Known(address) => Address::Ip(address),
            ClientAddress::Hidden => Address::Unnamed,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Address::Ip(SocketAddr::new(address.ip().to_canonical(), address.port()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(address) => address.fmt(f),
            Address::Unix(Some(path)) => write!(f, "unix:{}", log_line(path.as_os_str().as_bytes())),
            Address::Unix(None) => f.write_str("unix:"),
            Address::Unnamed => f.write_str("-"),
        }
    }
}

/// Length of an address that names its family alone: 2 bytes.
const FAMILY_BYTES: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_line_whatever_a_client_calls_its_end() {
        let table = [
            ("/run/app.sock", "unix:/run/app.sock"),
            ("/tmp/a\n127.0.0.1 - - forged", r"unix:/tmp/a\x0a127.0.0.1 - - forged"),
            ("/tmp/\u{1b}[2J\r", r"unix:/tmp/\x1b[2J\x0d"),
            (r"/tmp/a\b", r"unix:/tmp/a\\b"),
        ];
        for (path, shown) in table {
            let address = Address::Unix(Some(path.into()));
            assert_eq!((address.to_string(), address.log_name()), (shown.to_owned(), shown.to_owned()));
            assert_eq!(address.path(), Some(Path::new(path)), "as it is");
        }
    }
}
