//! Who speaks at the other end, and where we listen. No sockets here: only the names of their ends.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// The address of one end of a connection: IP and port, or a Unix socket's path.
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
    /// A Unix stream socket; `None` where that end has no name, as most clients have none.
    Unix(Option<PathBuf>),
    /// No socket at all: memory, a pipe.
    Unnamed,
}

impl Address {
    /// The IP address, unless this is no IP connection.
    pub fn ip(&self) -> Option<IpAddr> {
        self.socket_addr().map(|address| address.ip())
    }

    /// The port, unless this is no IP connection.
    pub fn port(&self) -> Option<u16> {
        self.socket_addr().map(|address| address.port())
    }

    /// Both together, unless this is no IP connection.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Address::Ip(address) => Some(*address),
            Address::Unix(_) | Address::Unnamed => None,
        }
    }

    /// The Unix socket's path, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Address::Unix(path) => path.as_deref(),
            Address::Ip(_) | Address::Unnamed => None,
        }
    }

    /// What the access log shows: the IP address without its port, as the original does.
    pub(crate) fn log_name(&self) -> String {
        self.ip().map_or_else(|| self.to_string(), |ip| ip.to_string())
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
            Address::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Address::Unix(None) => f.write_str("unix:"),
            Address::Unnamed => f.write_str("-"),
        }
    }
}
