//! A listening socket, and the connections that come from it. No waiting here: the poller's and `handle_request`'s.

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use mio::net::TcpListener;

use crate::conn::{Address, Socket};

/// One listening socket, which does not block.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
}

/// A connection nobody has looked at.
pub(crate) struct Newcomer {
    pub socket: Socket,
    pub address: Address,
}

impl Listener {
    /// The next connection that has come, [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none.
    pub fn accept(&self) -> io::Result<Newcomer> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                let socket = Socket::Tcp(TcpStream::from(OwnedFd::from(stream)));
                Ok(Newcomer { socket, address: address.into() })
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Listener::Tcp(listener) => Ok(listener.local_addr()?.into()),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Tcp(listener) => listener.as_fd(),
        }
    }
}

/// accept(2): what went wrong before the connection was ours.
pub(crate) fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown, NetworkUnreachable, TimedOut,
    };
    matches!(
        error.kind(),
        Interrupted
            | ConnectionAborted
            | ConnectionReset
            | TimedOut
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
    )
}
