//! Listening sockets, made from the endpoints and options of a server.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mio::net::{TcpListener, UnixListener};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type};

use super::endpoint::{Endpoint, ListenAddress, Place};
use crate::exchange::sentence;
use crate::sys::{Address, Listener, SocketFile};

/// The IP version to listen with: `address_family` of Python's `http.server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

/// Options of the listening sockets.
#[derive(Clone, Debug)]
pub(super) struct ListenOptions {
    pub request_queue_size: i32,
    pub allow_reuse_address: bool,
    pub allow_reuse_port: bool,
    pub address_family: Option<AddressFamily>,
    /// Silence after which the system asks a client whether it is still there.
    pub tcp_keepalive: Option<Duration>,
}

/// The addresses of one server, and the sockets that listen there while it serves or may.
///
/// A server that ends closes the sockets that it has bound, and binds them again when it serves again. It never calls
/// shutdown(2) on a listening socket: the program may have passed a descriptor of it on to a successor, which would
/// then lose it. A socket that was handed over stays open for the same reason.
pub(super) struct Doors {
    endpoints: Vec<Endpoint>,
    options: ListenOptions,
    /// One for each endpoint; none while the server does not listen.
    open: Vec<Arc<Listener>>,
}

impl Doors {
    /// Listens at each of them.
    pub(super) fn open(endpoints: Vec<Endpoint>, options: ListenOptions) -> io::Result<Self> {
        let open = listen_at_each(&endpoints, &options)?;
        let endpoints = endpoints.into_iter().zip(&open).map(|(endpoint, listener)| bound(endpoint, listener));
        Ok(Doors { endpoints: endpoints.collect::<io::Result<_>>()?, options, open })
    }

    /// Returns the sockets that listen, bound again if the last loop has closed them.
    ///
    /// # Errors
    /// The system's: an address that another server has bound meanwhile. [`NotConnected`](io::ErrorKind::NotConnected)
    /// after [`close_for_good`](Self::close_for_good).
    pub(super) fn listening(&mut self) -> io::Result<&[Arc<Listener>]> {
        if self.endpoints.is_empty() {
            return Err(sentence(io::ErrorKind::NotConnected, "the server is closed: bind another"));
        }
        if self.open.is_empty() {
            self.open = listen_at_each(&self.endpoints, &self.options)?;
        }
        Ok(&self.open)
    }

    /// Leaves the sockets to a loop, which has them already and closes them when it is asked to end.
    pub(super) fn leave_to_loop(&mut self) {
        self.open.clear();
    }

    /// Closes them, and sockets that were handed over as well.
    pub(super) fn close_for_good(&mut self) {
        self.endpoints.clear();
        self.open.clear();
    }

    /// The first socket, if the server listens.
    pub(super) fn first(&self) -> Option<&Listener> {
        self.open.first().map(|listener| &**listener)
    }

    /// Returns the addresses that the server listens on, one for each endpoint.
    pub(super) fn addresses(&self) -> io::Result<Vec<Address>> {
        self.open.iter().map(|listener| listener.address()).collect()
    }
}

fn listen_at_each(endpoints: &[Endpoint], options: &ListenOptions) -> io::Result<Vec<Arc<Listener>>> {
    endpoints.iter().map(|endpoint| listen(endpoint, options)).collect()
}

/// The endpoint with the one address that was bound: a port that the system has picked stays the same.
fn bound(endpoint: Endpoint, listener: &Listener) -> io::Result<Endpoint> {
    match (endpoint.place(), listener) {
        (Place::Addresses(_), Listener::Tcp(listener)) => Ok(Endpoint::new(endpoint.host(), [listener.local_addr()?])),
        // The program may change its directory later.
        (Place::Path(path), Listener::Unix { file: Some(_), .. }) => std::path::absolute(path)?.into_endpoint(),
        _ => Ok(endpoint),
    }
}

/// Listens there: on the first candidate that lets us.
fn listen(endpoint: &Endpoint, options: &ListenOptions) -> io::Result<Arc<Listener>> {
    match endpoint.place() {
        Place::Addresses(candidates) => listen_on_first(endpoint.host(), candidates, options),
        Place::Path(path) => listen_at(path, options).map(Arc::new).map_err(|error| not_at(path, &error)),
        Place::Listening(listener) => {
            if let Listener::Tcp(listener) = &**listener {
                keep_alive(&SockRef::from(listener), options)?;
            }
            Ok(Arc::clone(listener))
        }
    }
}

fn listen_on_first(host: &str, candidates: &[SocketAddr], options: &ListenOptions) -> io::Result<Arc<Listener>> {
    let mut last_error = sentence(io::ErrorKind::InvalidInput, format!("{host:?} has no address"));
    let of_family =
        candidates.iter().filter(|&&candidate| options.address_family.is_none_or(|family| family.has(candidate)));
    for &candidate in of_family {
        match listen_on(candidate, options) {
            Ok(listener) => return Ok(Arc::new(Listener::Tcp(listener))),
            Err(error) => last_error = sentence(error.kind(), format!("cannot listen on {candidate}: {error}")),
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
    keep_alive(&SockRef::from(&socket), options)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(options.request_queue_size)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// Questions to a silent client before it counts as gone.
const KEEPALIVE_PROBES: u32 = 4;

/// The longest time that the system takes, in seconds: some nine hours.
const MAX_KEEPALIVE_SECONDS: u64 = 32_767;

/// Accepted sockets inherit it, which saves each three system calls.
fn keep_alive(socket: &SockRef<'_>, options: &ListenOptions) -> io::Result<()> {
    let Some(silence) = options.tcp_keepalive else { return socket.set_keepalive(false) };
    let seconds = silence.as_secs().clamp(1, MAX_KEEPALIVE_SECONDS);
    let between = Duration::from_secs((seconds / u64::from(KEEPALIVE_PROBES)).max(1));
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(seconds));
    socket.set_tcp_keepalive(&keepalive.with_interval(between).with_retries(KEEPALIVE_PROBES))
}

fn listen_at(path: &Path, options: &ListenOptions) -> io::Result<Listener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile::just_made(path);
    socket.listen(options.request_queue_size)?;
    Ok(Listener::Unix { listener: UnixListener::from_std(socket.into()), file })
}

fn not_at(path: &Path, error: &io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => ": a file is there already; remove it if no server uses it",
        _ => "",
    };
    sentence(error.kind(), format!("cannot listen on unix:{}: {error}{hint}", path.display()))
}

/// Returns `server_name` of Python's `http.server`, without asking a resolver: the name that was bound, or the
/// machine's for a wildcard address and for a Unix socket.
pub(super) fn server_name(host: &str, bound: &Address) -> String {
    if bound.ip().is_some_and(|ip| !ip.is_unspecified()) && !host.is_empty() {
        return host.to_owned();
    }
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
