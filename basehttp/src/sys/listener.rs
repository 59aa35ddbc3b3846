//! A listening socket, and the connections that come from it. It never waits: the poller and `handle_request` do that.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;

use mio::net::{TcpListener, UnixListener};

use super::address::Address;
use super::socket::Socket;
use super::socket_file::SocketFile;

/// A listening socket in non-blocking mode.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix {
        /// The socket's file, if this server made it. It is removed before the socket closes.
        file: Option<Arc<SocketFile>>,
        listener: UnixListener,
    },
}

/// A connection that was just accepted.
pub(crate) struct Accepted {
    pub socket: Socket,
    pub address: Address,
}

impl Listener {
    /// Accepts the next connection, or returns [`WouldBlock`](io::ErrorKind::WouldBlock) if none is waiting.
    pub(crate) fn accept(&self) -> io::Result<Accepted> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                Ok(Accepted { socket: Socket::raw(stream), address: address.into() })
            }
            Listener::Unix { listener, .. } => {
                let (stream, address) = listener.accept()?;
                let address = Address::Unix(address.as_pathname().map(Path::to_owned));
                Ok(Accepted { socket: Socket::raw(stream), address })
            }
        }
    }

    /// Returns the file of a Unix socket that this server made.
    pub(crate) fn file(&self) -> Option<&Arc<SocketFile>> {
        match self {
            Listener::Tcp(_) => None,
            Listener::Unix { file, .. } => file.as_ref(),
        }
    }

    /// Returns the address that it listens on.
    pub(crate) fn address(&self) -> io::Result<Address> {
        Address::of_socket(self)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Tcp(listener) => listener.as_fd(),
            Listener::Unix { listener, .. } => listener.as_fd(),
        }
    }
}

/// Returns whether an error of accept(2) concerns one client only, so that accepting goes on. Such a connection was
/// gone before it was ours, its network had an error that the system passes on here, or a firewall's rule forbids it.
pub(crate) fn is_transient_accept_error(error: &io::Error) -> bool {
    use rustix::io::Errno;
    const OF_ONE_CLIENT: [Errno; 12] = [
        Errno::INTR,
        Errno::CONNABORTED,
        Errno::CONNRESET,
        Errno::TIMEDOUT,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::PROTO,
        Errno::NOPROTOOPT,
        Errno::OPNOTSUPP,
        Errno::PERM,
    ];
    Errno::from_io_error(error).is_some_and(|errno| OF_ONE_CLIENT.contains(&errno))
}
