//! Where to listen: the forms of an address that `bind` takes, and the listening socket made from it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};

use mio::net::TcpListener;
use socket2::{Domain, Protocol, Socket, Type};

/// An address to listen on: what [`HTTPServer::bind`](crate::HTTPServer::bind) takes.
///
/// Host and port as a pair (`("127.0.0.1", 8000)`), one text (`"localhost:8000"`), or any of the standard library's
/// addresses. An empty host, as in `("", 8000)`, is every interface, IPv6 and IPv4. Port 0 lets the system pick one.
///
/// ```
/// # use basehttp::ListenAddress;
/// assert_eq!(("", 8000).host(), "");
/// assert_eq!("[::1]:8000".candidates()?, [([0, 0, 0, 0, 0, 0, 0, 1], 8000).into()]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ListenAddress {
    /// The host as it was written.
    fn host(&self) -> String;

    /// The socket addresses to try, the first first. A name is resolved, which may block.
    fn candidates(&self) -> io::Result<Vec<SocketAddr>>;
}

impl ListenAddress for (&str, u16) {
    fn host(&self) -> String {
        self.0.to_owned()
    }

    fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
        if self.0.is_empty() {
            return Ok(every_interface(self.1));
        }
        Ok(self.to_socket_addrs()?.collect())
    }
}

impl ListenAddress for (String, u16) {
    fn host(&self) -> String {
        self.0.clone()
    }

    fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
        (self.0.as_str(), self.1).candidates()
    }
}

impl ListenAddress for &str {
    fn host(&self) -> String {
        self.rsplit_once(':').map_or(*self, |(host, _)| host).to_owned()
    }

    fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
        match self.strip_prefix(':').map(str::parse) {
            Some(Ok(port)) => Ok(every_interface(port)),
            _ => Ok(self.to_socket_addrs()?.collect()),
        }
    }
}

impl ListenAddress for String {
    fn host(&self) -> String {
        self.as_str().host()
    }

    fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
        self.as_str().candidates()
    }
}

macro_rules! listen_on_socket_address {
    ($($address:ty),+) => {$(
        impl ListenAddress for $address {
            fn host(&self) -> String {
                SocketAddr::from(*self).ip().to_string()
            }

            fn candidates(&self) -> io::Result<Vec<SocketAddr>> {
                Ok(vec![SocketAddr::from(*self)])
            }
        }
    )+};
}

listen_on_socket_address!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

/// IPv6 with IPv4 in it; IPv4 alone where the system has no IPv6.
fn every_interface(port: u16) -> Vec<SocketAddr> {
    vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()]
}

/// The IP version to listen with: the seed's `address_family`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4.
    Inet,
    /// IPv6; the wildcard address takes IPv4 clients too.
    Inet6,
}

impl AddressFamily {
    fn has(self, address: SocketAddr) -> bool {
        match self {
            AddressFamily::Inet => address.is_ipv4(),
            AddressFamily::Inet6 => address.is_ipv6(),
        }
    }
}

/// How to listen.
#[derive(Clone, Debug)]
pub(super) struct ListenOptions {
    pub request_queue_size: i32,
    pub allow_reuse_address: bool,
    pub allow_reuse_port: bool,
    pub address_family: Option<AddressFamily>,
}

/// Listens on the first candidate that lets us.
pub(super) fn listen(address: &impl ListenAddress, options: &ListenOptions) -> io::Result<TcpListener> {
    let mut last_error = io::Error::new(io::ErrorKind::InvalidInput, format!("{:?} has no address", address.host()));
    let candidates = address.candidates()?;
    let of_family =
        candidates.into_iter().filter(|&candidate| options.address_family.is_none_or(|family| family.has(candidate)));
    for candidate in of_family {
        match listen_on(candidate, options) {
            Ok(listener) => return Ok(listener),
            Err(error) => last_error = io::Error::new(error.kind(), format!("cannot listen on {candidate}: {error}")),
        }
    }
    Err(last_error)
}

fn listen_on(address: SocketAddr, options: &ListenOptions) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(options.allow_reuse_address)?;
    if options.allow_reuse_port {
        socket.set_reuse_port(true)?;
    }
    // Accepted sockets inherit it, which saves each a system call.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(options.request_queue_size)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// The seed's `server_name` without asking a resolver: the name that was bound, or the machine's for a wildcard.
pub(super) fn server_name(host: &str, bound: SocketAddr) -> String {
    if !bound.ip().is_unspecified() && !host.is_empty() {
        return host.to_owned();
    }
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
