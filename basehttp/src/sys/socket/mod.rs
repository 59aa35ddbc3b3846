//! A connection's socket: TCP, Unix, TLS over one of them, or any other stream that reads and writes.
//!
//! A socket never blocks by itself. `read`, `write` and `send_file` return [`io::ErrorKind::WouldBlock`]. The
//! `*_waiting` methods, in `wait`, are for a handler's thread, which may wait for a bounded time. Any other stream
//! blocks as it likes. When it returns `WouldBlock` or `TimedOut`, it has waited as long as it wanted to, and its time
//! is up.
//!
//! A wait has one deadline, which is fixed when it begins. Signals interrupt it and do not prolong it. The socket is
//! looked at once more after the deadline, so that a process which was stopped finds the bytes that came meanwhile.

mod end;
mod file;
#[cfg(feature = "tls")]
mod handshake_records;
#[cfg(any(test, fuzzing))]
mod memory;
mod other;
mod raw;
#[cfg(feature = "tls")]
mod secured;
#[cfg(feature = "tls")]
mod session;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_info;
mod wait;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::net::RecvFlags;

#[cfg(any(test, fuzzing))]
pub(crate) use self::memory::MemorySocket;
use self::other::{copy_part, with_one_name, write_through};
pub(crate) use self::raw::must_be_stream;
use self::raw::{RawSocket, retried};
#[cfg(feature = "tls")]
use self::tls::TlsSocket;
#[cfg(feature = "tls")]
pub(crate) use self::tls::{Handshake, OwnEnd};
#[cfg(feature = "tls")]
pub use self::tls_info::TlsInfo;
pub(crate) use self::wait::{timespec, wait_for_any};
use super::address::Address;
use super::lock::lock;
use super::unwatched::assert_may_wait;
use crate::proto::Scheme;

/// A stream to hold a connection over. Every type that reads, writes and may move to another thread is one.
pub trait Stream: Read + Write + Send + 'static {}

impl<S: Read + Write + Send + 'static> Stream for S {}

/// Our end of a connection.
///
/// Its kinds differ in five answers. The other floors ask these questions, and never look at the kind or wait for the
/// descriptor themselves.
///
/// | question                                                                | system's socket  | TLS                   | other stream |
/// |-------------------------------------------------------------------------|------------------|-----------------------|--------------|
/// | [`has_buffered`](Self::has_buffered): does a read find bytes that no poller reports? | never | decrypted ones     | unknown: no  |
/// | [`wants`](Self::wants): which events make another read or write worth it? | its direction's | the other's, too      | none         |
/// | [`descriptor`](Self::descriptor): what does a poller watch?             | its own          | the socket's below    | nothing      |
/// | [`is_nonblocking`](Self::is_nonblocking): does an empty read return at once? | yes         | yes                   | no           |
/// | [`is_drained`](Self::is_drained): would another read find nothing?      | after a short read | both layers are empty | unknown: no |
///
/// The poller reports each change of a descriptor once. So a connection may be parked only when its socket is drained,
/// or when a read has returned `WouldBlock`, and neither happens while bytes are buffered.
pub(crate) enum Socket {
    /// Not blocking.
    Raw(RawSocket),
    /// Not blocking. Boxed, so that other connections stay small.
    #[cfg(feature = "tls")]
    Tls(Box<TlsSocket>),
    /// Memory, a pipe, or standard input and output. It has no timeouts and no half-close. The lock lets two halves
    /// share it.
    Other(Mutex<Box<dyn Stream>>),
    /// A handler has taken the socket, or it is closed.
    Taken,
}

/// A direction to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// How much of the connection the client has ended, as the socket tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndSeen {
    None,
    /// The client sends no more. It may be gone, or wait for its response; sending to it will show which.
    Sending,
    /// The connection is broken.
    Both,
}

impl Socket {
    /// Wraps a connected socket of the system, which does not block.
    pub(crate) fn raw(socket: impl Into<OwnedFd>) -> Self {
        Socket::Raw(RawSocket::Descriptor(socket.into()))
    }

    /// Wraps a stream that is not a socket.
    pub(crate) fn other(stream: impl Stream) -> Self {
        Socket::Other(Mutex::new(Box::new(stream)))
    }

    // The questions.

    /// Returns whether a read finds bytes although the descriptor may not become readable.
    pub(crate) fn has_buffered(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.has_buffered(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => false,
        }
    }

    /// Returns the events of the descriptor after which another attempt in this direction is worth it.
    pub(crate) fn wants(&self, direction: Direction) -> PollFlags {
        match (self, direction) {
            (Socket::Raw(_), Direction::Read) => PollFlags::IN,
            (Socket::Raw(_), Direction::Write) => PollFlags::OUT,
            #[cfg(feature = "tls")]
            (Socket::Tls(socket), _) => socket.wants(direction),
            (Socket::Other(_) | Socket::Taken, _) => PollFlags::empty(),
        }
    }

    /// Returns the descriptor for a poller, if there is one.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Socket::Raw(socket) => Some(socket.as_fd()),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => Some(socket.as_fd()),
            Socket::Other(_) | Socket::Taken => None,
        }
    }

    /// Returns whether an empty read returns at once and says so. The time of any other stream is measured by itself.
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.descriptor().is_some()
    }

    /// Returns whether the last read has left nothing behind. `was_full` says that it has filled its buffer. The
    /// client's end may be behind the bytes all the same.
    pub(crate) fn is_drained(&self, was_full: bool) -> bool {
        match self {
            Socket::Raw(_) => !was_full,
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.is_drained(),
            Socket::Other(_) | Socket::Taken => false,
        }
    }

    /// Returns the scheme that requests on this connection may name. The client of a Unix socket is trusted no more
    /// than any other.
    pub(crate) fn served_scheme(&self) -> Scheme {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(_) => Scheme::Https,
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => Scheme::Http,
        }
    }

    /// Returns whether a read failed with this error because the connection ended without the client's word for it. TLS
    /// alone has a message that says so.
    pub(crate) fn was_cut(&self, error: &io::Error) -> bool {
        self.has_messages() && error.kind() == io::ErrorKind::UnexpectedEof
    }

    /// Returns whether the client's end may send messages of its own accord, which are not the client's bytes.
    pub(crate) fn has_messages(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(_) => true,
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => false,
        }
    }

    /// Returns the bytes that the socket holds for the reader and cannot give yet: parts of records.
    pub(crate) fn held_input(&self) -> usize {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.held_input(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => 0,
        }
    }

    /// Returns the bytes that the socket has taken and not sent: records under way.
    pub(crate) fn held_output(&self) -> usize {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.held_output(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => 0,
        }
    }

    // Bytes.

    /// Reads the bytes that are there.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Raw(socket) => socket.receive(buffer, RecvFlags::empty()),
                #[cfg(feature = "tls")]
                Socket::Tls(socket) => socket.read(buffer, RecvFlags::empty()),
                Socket::Other(stream) => lock(stream).read(buffer).map_err(with_one_name),
                Socket::Taken => return Err(taken()),
            };
            match result {
                // A socket is interrupted where its read waits by itself. Repeated as it was, it would wait for all of
                // its time again. Bytes that are there are read all the same, since the poller has told of them
                // already.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    if self.is_nonblocking() {
                        return retried(|| self.read_now(buffer));
                    }
                }
                other => return other,
            }
        }
    }

    /// Reads the bytes that are there, and never waits, even after [`set_blocking_reads`](Self::set_blocking_reads). A
    /// stream that would block has nothing.
    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Raw(socket) => socket.receive(buffer, RecvFlags::DONTWAIT),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.read(buffer, RecvFlags::DONTWAIT),
            Socket::Other(_) => Err(io::ErrorKind::WouldBlock.into()),
            Socket::Taken => Err(taken()),
        }
    }

    /// Looks at the next bytes of the connection, below TLS, and leaves them there. A stream without readiness cannot.
    pub(crate) fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive_below_tls(buffer, RecvFlags::PEEK)
    }

    /// Takes bytes away that [`peek`](Self::peek) has shown. Returns their number, which is not 0.
    pub(crate) fn take_peeked(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.receive_below_tls(buffer, RecvFlags::empty())? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    fn receive_below_tls(&self, buffer: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
        let flags = flags | RecvFlags::DONTWAIT;
        match self {
            Socket::Raw(socket) => retried(|| socket.receive(buffer, flags)),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => retried(|| socket.raw().receive(buffer, flags)),
            Socket::Other(_) => Err(io::ErrorKind::Unsupported.into()),
            Socket::Taken => Err(taken()),
        }
    }

    /// Writes as many bytes as the client takes. After `WouldBlock` the next write must begin with the same bytes,
    /// because a part of them may be on its way already.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Raw(socket) => socket.send(bytes),
                #[cfg(feature = "tls")]
                Socket::Tls(socket) => socket.write(bytes),
                Socket::Other(stream) => write_through(&mut *lock(stream), bytes),
                Socket::Taken => return Err(taken()),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) if !bytes.is_empty() => return Err(io::ErrorKind::WriteZero.into()),
                other => return other,
            }
        }
    }

    /// Frees the next write from beginning with the same bytes. A part of them may arrive all the same.
    pub(crate) fn give_up_write(&self) {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.give_up_write(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => {}
        }
    }

    /// Sends up to `count` bytes of `file` from `offset` on, by sendfile(2) where the socket and the system can, or a
    /// copy. A file that has become shorter is an [`io::ErrorKind::UnexpectedEof`]. After `WouldBlock` the next write
    /// must be that of the same part.
    pub(crate) fn send_file(&self, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
        assert_may_wait("a file is read");
        let sent = match self {
            Socket::Raw(socket) => file::send_file(socket, file, offset, count)?,
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => match socket.finish_claim()? {
                Some(count) => count as u64,
                None => socket.write(&file::read_part(file, offset, count)?)? as u64,
            },
            Socket::Other(stream) => copy_part(&mut *lock(stream), file, offset, count)?,
            Socket::Taken => return Err(taken()),
        };
        if sent == 0 && count > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(sent) }
    }

    /// Makes reads wait by themselves for up to `wait` before they return `WouldBlock`. `None` restores reads that do
    /// not wait. `write` never waits; `send_file` would, and must not be called meanwhile.
    pub(crate) fn set_blocking_reads(&self, wait: Option<Duration>) -> io::Result<()> {
        match self {
            Socket::Raw(socket) => socket.set_blocking_reads(wait),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.set_blocking_reads(wait),
            Socket::Other(_) | Socket::Taken => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    // The rest.

    /// Returns the address of our end. It is unnamed for a stream that is not a socket.
    pub(crate) fn local_address(&self) -> io::Result<Address> {
        match self {
            Socket::Raw(socket) => Address::of_socket(socket),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => Address::of_socket(socket),
            Socket::Other(_) => Ok(Address::Unnamed),
            Socket::Taken => Err(taken()),
        }
    }

    /// Duplicates the descriptor for a user's poller, if there is one.
    pub(crate) fn duplicate(&self) -> io::Result<Option<OwnedFd>> {
        self.descriptor().map(|descriptor| descriptor.try_clone_to_owned()).transpose()
    }
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection was hijacked")
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
#[cfg(all(test, feature = "tls"))]
mod tls_tests;
