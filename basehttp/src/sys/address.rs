//! Who speaks at the other end, and where we listen. No sockets here: only the names of their ends.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::proto::log_line;

/// The address of one end of a connection: IP and port, or a Unix socket's path.
///
/// As text it is one line: a client may bind its own end to a path with line breaks in it, which are escaped like anything
/// else in a log.
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
            Address::Unix(Some(path)) => write!(f, "unix:{}", log_line(path.as_os_str().as_bytes())),
            Address::Unix(None) => f.write_str("unix:"),
            Address::Unnamed => f.write_str("-"),
        }
    }
}

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
