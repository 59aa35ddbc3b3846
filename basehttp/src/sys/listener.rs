//! A listening socket, and the connections that come from it. It never waits: the poller and `handle_request` do that.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::net::SocketAddrAny;

use super::address::Address;
use super::socket::Socket;
use super::socket_file::SocketFile;

/// A listening socket in non-blocking mode, of whatever kind.
#[derive(Debug)]
pub(crate) struct Listener {
    /// The file of a Unix socket, if this server made it. It is removed before the socket closes.
    file: Option<Arc<SocketFile>>,
    socket: OwnedFd,
}

/// A connection that was just accepted.
pub(crate) struct Accepted {
    pub socket: Socket,
    pub address: Address,
}

impl Listener {
    /// Wraps a socket that listens and does not block.
    pub(crate) fn new(socket: impl Into<OwnedFd>, file: Option<SocketFile>) -> Self {
        Listener { file: file.map(Arc::new), socket: socket.into() }
    }

    /// Accepts the next connection, or returns [`WouldBlock`](io::ErrorKind::WouldBlock) if none is waiting.
    pub(crate) fn accept(&self) -> io::Result<Accepted> {
        let (socket, told) = accept_from(&self.socket)?;
        let address = Address::of_client(&socket, told);
        Ok(Accepted { socket: Socket::raw(socket), address })
    }

    /// Returns the file of a Unix socket that this server made.
    pub(crate) fn file(&self) -> Option<&Arc<SocketFile>> {
        self.file.as_ref()
    }

    /// Returns the address that it listens on.
    pub(crate) fn address(&self) -> io::Result<Address> {
        Address::of_socket(self)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Accepts a connection that does not block and is closed on exec, with the client's address as the system tells it.
#[cfg(not(target_vendor = "apple"))]
fn accept_from(listener: &OwnedFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    use rustix::net::SocketFlags;
    Ok(rustix::net::acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?)
}

/// Apple's systems take no flags with the call.
#[cfg(target_vendor = "apple")]
fn accept_from(listener: &OwnedFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    let (socket, told) = rustix::net::acceptfrom(listener)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok((socket, told))
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
