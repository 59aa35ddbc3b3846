//! A socket of the system, of whatever kind, and the calls that it knows. None of them waits, except a `receive` after
//! `set_blocking_reads`. None is repeated when a signal interrupts it; that is the caller's decision.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketType};
use socket2::SockRef;

#[cfg(any(test, fuzzing))]
use super::memory::{MemorySocket, stand_in};

/// A send to a client that is gone fails, and raises no signal. Apple's systems have no such flag. There the standard
/// library sets `SO_NOSIGPIPE` when it makes a socket, and an accepted socket inherits it from its listener.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT;

/// A socket of the system, in non-blocking mode.
pub(crate) enum RawSocket {
    Descriptor(OwnedFd),
    #[cfg(any(test, fuzzing))]
    Memory(Box<dyn MemorySocket>),
}

impl RawSocket {
    /// Receives without the standard library, whose `read` goes through the C library. There every call is a point
    /// where a thread may be cancelled, at the price of two locked instructions.
    pub(super) fn receive(&self, buffer: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        #[cfg(any(test, fuzzing))]
        if let RawSocket::Memory(socket) = self {
            return socket.receive(buffer);
        }
        let (count, _) = rustix::net::recv(self, buffer, flags)?;
        Ok(count)
    }

    /// Sends without the standard library, for the reason of [`receive`](Self::receive).
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(any(test, fuzzing))]
        if let RawSocket::Memory(socket) = self {
            return socket.send(bytes);
        }
        Ok(rustix::net::send(self, bytes, SEND_FLAGS)?)
    }

    /// Sends several parts by one call.
    #[cfg(feature = "tls")]
    pub(super) fn send_parts(&self, parts: &[std::io::IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(any(test, fuzzing))]
        if let RawSocket::Memory(socket) = self {
            return socket.send(parts.first().map_or(&[], |part| part));
        }
        Ok(rustix::net::sendmsg(self, parts, &mut rustix::net::SendAncillaryBuffer::default(), SEND_FLAGS)?)
    }

    /// Makes `receive` wait for up to `wait`, or no more.
    pub(super) fn set_blocking_reads(&self, wait: Option<Duration>) -> io::Result<()> {
        let socket = SockRef::from(self);
        if wait.is_some() {
            socket.set_read_timeout(wait)?;
        }
        socket.set_nonblocking(wait.is_none())
    }

    /// Waits for these events if the socket is in memory.
    #[cfg(any(test, fuzzing))]
    pub(super) fn wait_in_memory(&self, flags: rustix::event::PollFlags) -> Option<rustix::event::PollFlags> {
        if let RawSocket::Memory(socket) = self { Some(socket.wait(flags)) } else { None }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            RawSocket::Descriptor(socket) => SockRef::from(socket).shutdown(how),
            #[cfg(any(test, fuzzing))]
            RawSocket::Memory(socket) => {
                socket.shutdown(how);
                Ok(())
            }
        }
    }

    /// Makes the coming close a reset. A Unix socket has no resets, and ignores it.
    pub(super) fn reset_on_close(&self) -> io::Result<()> {
        match self {
            RawSocket::Descriptor(socket) => SockRef::from(socket).set_linger(Some(Duration::ZERO)),
            #[cfg(any(test, fuzzing))]
            RawSocket::Memory(socket) => {
                socket.reset_on_close();
                Ok(())
            }
        }
    }
}

impl AsFd for RawSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            RawSocket::Descriptor(socket) => socket.as_fd(),
            #[cfg(any(test, fuzzing))]
            RawSocket::Memory(_) => stand_in(),
        }
    }
}

/// Refuses a descriptor that is not a socket of streams, with [`InvalidInput`](io::ErrorKind::InvalidInput). `origin`
/// stands behind the word for it in the text.
pub(crate) fn must_be_stream(descriptor: impl AsFd, origin: &str) -> io::Result<()> {
    let refused = |reason| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    match rustix::net::sockopt::socket_type(descriptor) {
        Ok(SocketType::STREAM) => Ok(()),
        Ok(_) => refused(format!("the socket{origin} is not a stream")),
        Err(Errno::NOTSOCK) => refused(format!("the descriptor{origin} is not a socket")),
        Err(error) => Err(error.into()),
    }
}

/// Repeats a call that a signal interrupts.
pub(super) fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
