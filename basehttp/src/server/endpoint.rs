//! The forms of an address that `bind` takes. Only names; the sockets are made in `listen`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpListener, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use socket2::SockRef;

use crate::exchange::sentence;
use crate::sys::{Listener, must_be_stream};

/// An address or a socket to listen on, as [`HTTPServer::bind`](crate::HTTPServer::bind) and
/// [`also_listen`](crate::HTTPServerBuilder::also_listen) take it.
///
/// | given | is |
/// |---|---|
/// | `("127.0.0.1", 8000)`, `"example.org:8000"`, the standard library's addresses | host and port; port 0 lets the system pick one |
/// | `("localhost", 8000)`, `"localhost:8000"` | 127.0.0.1 and `::1`, as far as the machine has them, with one port; two of the server's addresses |
/// | `("", 8000)`, `":8000"` | every interface, IPv6 and IPv4 |
/// | a [`Path`], `"unix:/run/app.sock"` | a Unix socket |
/// | a [`TcpListener`], a [`UnixListener`] | a socket that listens already, as a service manager hands it over; it is made non-blocking |
///
/// # After a shutdown
///
/// A server that is asked to end closes the sockets that it has bound, so that a successor can bind them, and binds
/// them again when it serves again. A socket that was handed over stays open until the server is dropped or closed:
/// others may have descriptors of it, and clients that come meanwhile wait for whichever server accepts them next. All
/// of them must leave it non-blocking, which they have in common: a server that waits in accept(2) does nothing else.
///
/// # Unix sockets
///
/// Binding makes the file, with the permissions of
/// [`unix_mode`](crate::HTTPServerBuilder::unix_mode), or those that the process's umask leaves. Every user who may
/// write to the file may connect, from the first moment on. When the server is asked to end, it removes the file that
/// it made, and no other, and then serves the clients that have connected.
///
/// A socket that a killed program has left is replaced. Binding fails with
/// [`AddrInUse`](io::ErrorKind::AddrInUse) where a server listens, and where the file is not a socket.
///
/// A reply that has to be cut off ends a TCP connection with a reset; Unix sockets have none, so that a client of
/// HTTP/1.0 may take a part for the whole. `Content-Length` and chunks let a client see the difference.
///
/// ```
/// # use basehttp::ListenAddress;
/// assert_eq!(("", 8000).into_endpoint()?.host(), "");
/// assert_eq!("[::1]:8000".into_endpoint()?.candidates(), [([0, 0, 0, 0, 0, 0, 0, 1], 8000).into()]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address to listen on",
    label = "not a host and a port, a path or a listening socket",
    note = "write `(\"127.0.0.1\", 8000)` for this computer alone, `(\"\", 8000)` for every interface, or `\"localhost:8000\"`"
)]
pub trait ListenAddress: Sized {
    /// Returns the endpoint that is meant. A name is resolved, which may block.
    ///
    /// # Errors
    /// A text that is not an address, or an unknown name.
    fn into_endpoint(self) -> io::Result<Endpoint>;
}

/// The host and the addresses or the socket that a [`ListenAddress`] stands for.
///
/// ```
/// # use basehttp::{Endpoint, ListenAddress};
/// /// The program's own default.
/// struct Admin;
///
/// impl ListenAddress for Admin {
///     fn into_endpoint(self) -> std::io::Result<Endpoint> {
///         Ok(Endpoint::new("localhost", [([127, 0, 0, 1], 9000).into()]))
///     }
/// }
/// # assert_eq!(Admin.into_endpoint()?.candidates().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Endpoint {
    host: String,
    place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The first one that can be bound.
    Addresses(Vec<SocketAddr>),
    /// Those of `localhost`: every one that the machine has, with one port.
    Loopbacks([SocketAddr; 2]),
    /// A Unix socket's.
    Path(PathBuf),
    /// A socket that was handed over, bound by another program or by the caller.
    Listening(Arc<Listener>),
}

impl Endpoint {
    /// Listens on the first of `candidates` that can be bound; `host` is their name, which may be empty.
    pub fn new(host: impl Into<String>, candidates: impl IntoIterator<Item = SocketAddr>) -> Self {
        Endpoint { host: host.into(), place: Place::Addresses(candidates.into_iter().map(canonical).collect()) }
    }

    fn listening(host: String, listener: Listener) -> Self {
        Endpoint { host, place: Place::Listening(Arc::new(listener)) }
    }

    /// The host as it was written; of a socket that listens already, its address; empty for Unix sockets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The socket addresses to try, the first first; none for a Unix socket, and for one that listens already. Those of
    /// `localhost` are all used.
    pub fn candidates(&self) -> &[SocketAddr] {
        match &self.place {
            Place::Addresses(candidates) => candidates,
            Place::Loopbacks(addresses) => addresses,
            Place::Path(_) | Place::Listening(_) => &[],
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}

/// Listens on the endpoint as it is.
impl ListenAddress for Endpoint {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        Ok(self)
    }
}

impl ListenAddress for (&str, u16) {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        let (host, port) = self;
        if host.is_empty() {
            return Ok(every_interface(port));
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // An IPv6 address has more than one colon, and perhaps the name of an interface (`fe80::1%eth0`).
        let has_port = host_and_port(host).is_ok();
        if has_port || host.contains('/') {
            let text = format!("{host:?} is more than a host: write it alone, as in (\"127.0.0.1\", {port})");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        if is_localhost(bare) {
            return Ok(localhost(host, port));
        }
        Ok(Endpoint::new(host, (bare, port).to_socket_addrs().map_err(|error| unknown(host, port, &error))?))
    }
}

impl ListenAddress for (String, u16) {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        (self.0.as_str(), self.1).into_endpoint()
    }
}

impl ListenAddress for &str {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        if let Some(Ok(port)) = self.strip_prefix(':').map(str::parse) {
            return Ok(every_interface(port));
        }
        if let Some(path) = self.strip_prefix("unix:").filter(|path| path.starts_with('/')) {
            return Path::new(path).into_endpoint();
        }
        let (host, port) = host_and_port(self).map_err(|text| io::Error::new(io::ErrorKind::InvalidInput, text))?;
        if is_localhost(host) {
            return Ok(localhost(host, port));
        }
        Ok(Endpoint::new(host, self.to_socket_addrs().map_err(|error| unknown(host, port, &error))?))
    }
}

impl ListenAddress for String {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        self.as_str().into_endpoint()
    }
}

macro_rules! listen_on_socket_address {
    ($($address:ty),+) => {$(
        impl ListenAddress for $address {
            fn into_endpoint(self) -> io::Result<Endpoint> {
                let address = SocketAddr::from(self);
                Ok(Endpoint::new(address.ip().to_string(), [address]))
            }
        }
    )+};
}

listen_on_socket_address!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

/// A Unix socket.
impl ListenAddress for &Path {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        self.to_owned().into_endpoint()
    }
}

/// A Unix socket.
impl ListenAddress for PathBuf {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        Ok(Endpoint { host: String::new(), place: Place::Path(self) })
    }
}

/// A socket that listens already.
impl ListenAddress for TcpListener {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        must_listen(&self)?;
        let host = self.local_addr()?.ip().to_string();
        self.set_nonblocking(true)?;
        // As for those that are bound here: accepted sockets inherit it.
        SockRef::from(&self).set_tcp_nodelay(true)?;
        Ok(Endpoint::listening(host, Listener::new(self, None)))
    }
}

/// A socket that listens already. Its file is not ours to remove.
impl ListenAddress for UnixListener {
    fn into_endpoint(self) -> io::Result<Endpoint> {
        must_listen(&self)?;
        self.set_nonblocking(true)?;
        Ok(Endpoint::listening(String::new(), Listener::new(self, None)))
    }
}

/// Refuses a descriptor at which no client could connect, such as a socket that was bound and no more.
fn must_listen(descriptor: impl AsFd) -> io::Result<()> {
    must_be_stream(&descriptor, " that was handed over")?;
    // Other systems do not say it.
    #[cfg(target_os = "linux")]
    if !rustix::net::sockopt::socket_acceptconn(&descriptor)? {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the socket that was handed over does not listen"));
    }
    Ok(())
}

/// Parts `localhost:8000` and `[::1]:8000`.
///
/// # Errors
/// A text that says what to write instead.
fn host_and_port(text: &str) -> Result<(&str, u16), String> {
    if let Some((_, authority)) = text.split_once("://") {
        let authority = authority.split('/').next().unwrap_or_default();
        return Err(format!("{text:?} is a URL: write host and port alone, as in \"{}\"", with_port(authority)));
    }
    if let Some(path) = text.strip_prefix("unix:") {
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("app.sock");
        return Err(format!(
            "{text:?} has no whole path: write one, as in \"unix:/run/{name}\", or give it as a `Path`"
        ));
    }
    match text.rsplit_once(':') {
        // `::1` is an address, of which the last colon is a part.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port_number = port.parse().map_err(|_| {
                format!(
                    "{text:?} has no port: {port:?} is not a number from 0 to 65535; write one, as in \"{host}:8000\""
                )
            })?;
            Ok((host, port_number))
        }
        _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Err(format!(
            "{text:?} has no host: write one, as in \"127.0.0.1:{text}\", or \":{text}\" for every interface"
        )),
        _ => Err(format!("{text:?} has no port: write one, as in \"{}\", or 0 for any that is free", with_port(text))),
    }
}

/// The resolver's error, which does not say for which name.
fn unknown(host: &str, port: u16, error: &io::Error) -> io::Error {
    if host == "*" {
        let text = format!("\"*\" is not a host: write \":{port}\" for every interface");
        return io::Error::new(io::ErrorKind::InvalidInput, text);
    }
    sentence(error.kind(), format!("cannot look up {host:?}: {error}"))
}

/// An example of `host` with a port.
fn with_port(host: &str) -> String {
    match host.rsplit_once(':') {
        // `::1:8000` is an address, too, but hardly the one that is meant.
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() && is_usual(port) => format!("[{address}]:{port}"),
        Some((before, port)) if !before.contains(':') && port.parse::<u16>().is_ok() => host.to_owned(),
        Some(_) if !host.contains('[') => format!("[{host}]:8000"),
        _ if host.is_empty() => "127.0.0.1:8000".to_owned(),
        _ => format!("{host}:8000"),
    }
}

/// A port of servers, rather than the end of an IPv6 address.
fn is_usual(port: &str) -> bool {
    matches!(port.parse(), Ok(80_u16 | 443 | 1024..))
}

/// An IPv4 address that is written as an IPv6 one (`::ffff:127.0.0.1`) is an IPv4 address: no IPv6 socket can be bound
/// to it alone.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => (ip, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}

/// IPv6 with IPv4 in it; IPv4 alone where the system has no IPv6.
fn every_interface(port: u16) -> Endpoint {
    Endpoint::new("", [(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()])
}

fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

/// This computer by its name, in IPv4 and IPv6. No resolver is asked (RFC 6761, section 6.3). A client may try either
/// address first, and would otherwise find another program at the one that was left.
fn localhost(host: &str, port: u16) -> Endpoint {
    let addresses = [(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()];
    Endpoint { host: host.to_owned(), place: Place::Loopbacks(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_says_what_to_write() {
        let table = [
            ("127.0.0.1", "\"127.0.0.1\" has no port: write one, as in \"127.0.0.1:8000\""),
            ("localhost", "as in \"localhost:8000\""),
            ("::1", "as in \"[::1]:8000\""),
            ("[::1]", "as in \"[::1]:8000\""),
            ("::1:8080", "as in \"[::1]:8080\""),
            (":::80", "as in \"[::]:80\""),
            ("2001:db8::1:2", "as in \"[2001:db8::1:2]:8000\""),
            ("*:8000", "write \":8000\" for every interface"),
            ("", "as in \"127.0.0.1:8000\""),
            ("localhost:http", "\"http\" is not a number from 0 to 65535; write one, as in \"localhost:8000\""),
            ("localhost:", "as in \"localhost:8000\""),
            ("localhost:65536", "as in \"localhost:8000\""),
            ("8000", "has no host: write one, as in \"127.0.0.1:8000\""),
            ("http://localhost:8000/", "is a URL: write host and port alone, as in \"localhost:8000\""),
            ("unix:a.sock", "has no whole path: write one, as in \"unix:/run/a.sock\""),
            ("unix:", "as in \"unix:/run/app.sock\""),
            ("https://localhost", "as in \"localhost:8000\""),
        ];
        for (text, expected) in table {
            let error = text.into_endpoint().expect_err(text);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{text}");
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_host_beside_a_port_stands_alone() {
        for host in ["localhost:8000", "http://localhost", "127.0.0.1:80", "[::1]:80", "a/b"] {
            let error = (host, 8000).into_endpoint().expect_err(host);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{host}");
            assert!(error.to_string().contains("as in (\"127.0.0.1\", 8000)"), "{host}: {error}");
        }
        for host in ["::1", "[::1]"] {
            let expected: [SocketAddr; 1] = [([0, 0, 0, 0, 0, 0, 0, 1], 8000).into()];
            assert_eq!((host, 8000).into_endpoint().expect(host).candidates(), expected, "{host}");
        }
    }

    #[test]
    fn an_unknown_name_is_in_its_error() {
        // No name has an empty label, so that the resolver asks no server.
        for address in ["no..such..host:8000".into_endpoint(), ("no..such..host", 8000).into_endpoint()] {
            let error = address.expect_err("there is no such name");
            assert!(error.to_string().starts_with("cannot look up \"no..such..host\": "), "{error}");
            assert_eq!(format!("{error:?}").matches(&error.to_string()).count(), 1, "{error:?}");
        }
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_an_ipv4_address() {
        let expected: [SocketAddr; 1] = [([127, 0, 0, 1], 0).into()];
        for endpoint in ["[::ffff:127.0.0.1]:0".into_endpoint(), ("::ffff:127.0.0.1", 0).into_endpoint()] {
            assert_eq!(endpoint.expect("an address").candidates(), expected);
        }
        assert_eq!("[::1]:0".into_endpoint().expect("an address").candidates(), [([0, 0, 0, 0, 0, 0, 0, 1], 0).into()]);
    }
}
