//! Listening sockets, made from the endpoints and options of a server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::endpoint::{Endpoint, ListenAddress, Place};
use crate::engine::MAX_LISTENERS;
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
    /// Permissions of a Unix socket's file.
    pub unix_mode: Option<u32>,
    /// Silence after which the system asks a client whether it is still there.
    pub tcp_keepalive: Option<Duration>,
}

impl ListenOptions {
    fn may_use(&self, address: SocketAddr) -> bool {
        self.address_family.is_none_or(|family| family.has(address))
    }

    /// Refuses an option that applies to none of the endpoints, and so would have no effect. Options that are on by
    /// default are not looked at, and nor are sockets that listen already, which have their own.
    pub(super) fn check(&self, endpoints: &[Endpoint]) -> io::Result<()> {
        let binds_path = endpoints.iter().any(|endpoint| matches!(endpoint.place(), Place::Path(_)));
        let binds_tcp =
            endpoints.iter().any(|endpoint| matches!(endpoint.place(), Place::Addresses(_) | Place::Loopbacks(_)));
        let unused = match () {
            () if self.unix_mode.is_some() && !binds_path => {
                "unix_mode is for Unix sockets that the server makes: write the path of one, as in \"unix:/run/app.sock\""
            }
            () if self.address_family.is_some() && !binds_tcp => {
                "address_family is for hosts that the server binds: write one, as in \"localhost:8000\""
            }
            () if self.allow_reuse_port && !binds_tcp => {
                "allow_reuse_port is for ports that the server binds: write one, as in \"127.0.0.1:8000\""
            }
            () => return Ok(()),
        };
        Err(sentence(io::ErrorKind::InvalidInput, format!("{unused}, or leave it out")))
    }
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
    pub(super) fn open(endpoints: &[Endpoint], options: ListenOptions) -> io::Result<Self> {
        let open = listen_at_each(endpoints, &options)?;
        let count = open.len();
        if count > MAX_LISTENERS {
            let text = format!("these are {count} addresses: write {MAX_LISTENERS} at most");
            return Err(sentence(io::ErrorKind::InvalidInput, text));
        }
        let (endpoints, open) = open.into_iter().unzip();
        Ok(Doors { endpoints, options, open })
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
            let open = listen_at_each(&self.endpoints, &self.options)?;
            self.open = open.into_iter().map(|(_, listener)| listener).collect();
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

/// A socket that listens, and the endpoint that it is bound to: a port that the system has picked stays the same.
type Open = (Endpoint, Arc<Listener>);

fn listen_at_each(endpoints: &[Endpoint], options: &ListenOptions) -> io::Result<Vec<Open>> {
    let mut open = Vec::with_capacity(endpoints.len());
    for endpoint in endpoints {
        open.extend(listen(endpoint, options)?);
    }
    Ok(open)
}

/// Listens there: on the first candidate that lets us, or on each address of `localhost`.
fn listen(endpoint: &Endpoint, options: &ListenOptions) -> io::Result<Vec<Open>> {
    let host = endpoint.host();
    match endpoint.place() {
        Place::Addresses(candidates) => Ok(vec![open_at(host, listen_on_first(host, candidates, options)?)?]),
        Place::Loopbacks(addresses) => {
            let listeners = listen_on_all(host, addresses, options)?;
            listeners.into_iter().map(|listener| open_at(host, listener)).collect()
        }
        Place::Path(path) => {
            let listener = listen_at(path, options).map_err(|error| not_at(path, &error))?;
            let endpoint = if listener.file().is_some() {
                // The program may change its directory later.
                std::path::absolute(path)?.into_endpoint()?
            } else {
                endpoint.clone()
            };
            Ok(vec![(endpoint, Arc::new(listener))])
        }
        Place::Listening(listener) => {
            if listener.address()?.ip().is_some() {
                keep_alive(&SockRef::from(&**listener), options)?;
            }
            Ok(vec![(endpoint.clone(), Arc::clone(listener))])
        }
    }
}

fn open_at(host: &str, listener: TcpListener) -> io::Result<Open> {
    let endpoint = Endpoint::new(host, [listener.local_addr()?]);
    Ok((endpoint, Arc::new(Listener::new(listener, None))))
}

fn listen_on_first(host: &str, candidates: &[SocketAddr], options: &ListenOptions) -> io::Result<TcpListener> {
    let mut last_error = no_address(host, candidates, options);
    for &candidate in candidates.iter().filter(|candidate| options.may_use(**candidate)) {
        match listen_on(candidate, options) {
            Ok(listener) => return Ok(listener),
            Err(error) => last_error = not_on(candidate, &error),
        }
    }
    Err(last_error)
}

/// Ports that are tried before a port of the system's choice counts as free for one address alone: 16.
const PORT_TRIES: u32 = 16;

/// Listens on every address that this machine has, all with one port.
fn listen_on_all(host: &str, addresses: &[SocketAddr], options: &ListenOptions) -> io::Result<Vec<TcpListener>> {
    let has_choice = addresses.iter().all(|address| address.port() == 0);
    let mut tries = if has_choice { PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        match try_all(host, addresses, options) {
            // Another program has the port that the system picked, at the other address.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries > 0 => {}
            listeners => return listeners,
        }
    }
}

fn try_all(host: &str, addresses: &[SocketAddr], options: &ListenOptions) -> io::Result<Vec<TcpListener>> {
    let (mut listeners, mut missing): (Vec<TcpListener>, _) = (Vec::new(), None);
    for &address in addresses.iter().filter(|address| options.may_use(**address)) {
        let port = listeners.first().map_or(Ok(address.port()), |first| first.local_addr().map(|own| own.port()))?;
        let address = SocketAddr::new(address.ip(), port);
        match listen_on(address, options) {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_missing(&error) => missing = Some(not_on(address, &error)),
            Err(error) => return Err(not_on(address, &error)),
        }
    }
    if listeners.is_empty() {
        Err(missing.unwrap_or_else(|| no_address(host, addresses, options)))
    } else {
        Ok(listeners)
    }
}

/// Returns whether the machine does not have the address, as one without IPv6 does not have `::1`.
fn is_missing(error: &io::Error) -> bool {
    let is_unknown = rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::AFNOSUPPORT);
    is_unknown || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn no_address(host: &str, candidates: &[SocketAddr], options: &ListenOptions) -> io::Error {
    let text = match options.address_family {
        Some(family) if !candidates.is_empty() => {
            format!("{host:?} has no address of address_family {family:?}: write another host, or leave the option out")
        }
        _ => format!("{host:?} has no address"),
    };
    sentence(io::ErrorKind::InvalidInput, text)
}

fn not_on(address: SocketAddr, error: &io::Error) -> io::Error {
    sentence(error.kind(), format!("cannot listen on {address}: {error}"))
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
    Ok(socket.into())
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
    let file = SocketFile::listen(&socket, path, options.unix_mode, options.request_queue_size)?;
    Ok(Listener::new(socket, file))
}

fn not_at(path: &Path, error: &io::Error) -> io::Error {
    sentence(error.kind(), format!("cannot listen on unix:{}: {error}", path.display()))
}

/// Returns `server_name` of Python's `http.server`, without asking a resolver: the name that was bound, or the
/// machine's for a wildcard address and for a Unix socket.
pub(super) fn server_name(host: &str, bound: &Address) -> String {
    if bound.ip().is_some_and(|ip| !ip.is_unspecified()) && !host.is_empty() {
        return host.to_owned();
    }
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
