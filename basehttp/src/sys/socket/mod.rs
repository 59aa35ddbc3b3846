//! A connection's socket: TCP, Unix, or any other stream that reads and writes.
//!
//! A socket never blocks by itself. `read`, `write` and `send_file` return [`io::ErrorKind::WouldBlock`]. The
//! `*_waiting` methods are for a handler's thread, which may wait for a bounded time. Any other stream blocks as it
//! likes. When it returns `WouldBlock` or `TimedOut`, it has waited as long as it wanted to, and its time is up.
//!
//! A wait has one deadline, which is fixed when it begins. Signals interrupt it and do not prolong it. The socket is
//! looked at once more after the deadline, so that a process which was stopped finds the bytes that came meanwhile.

mod file;
mod raw;
mod wait;

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::net::RecvFlags;

use self::raw::{RawSocket, retried};
use self::wait::{SENDING_ENDED, deadline_after, is_at_end, poll_until};
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
/// | question                                                                     | system's socket | other stream |
/// |------------------------------------------------------------------------------|-----------------|--------------|
/// | [`has_buffered`](Self::has_buffered): does a read find bytes that no poller reports? | never   | unknown: no  |
/// | [`wants`](Self::wants): which events make another read or write worth it?     | of its direction | none        |
/// | [`descriptor`](Self::descriptor): what does a poller watch?                   | its own         | nothing      |
/// | [`is_nonblocking`](Self::is_nonblocking): does an empty read return at once?  | yes             | no           |
/// | [`is_drained`](Self::is_drained): would another read find nothing?            | after a short read | unknown: no |
///
/// The poller reports each change of a descriptor once. So a connection may be parked only when its socket is drained,
/// or when a read has returned `WouldBlock`, and neither happens while bytes are buffered.
pub(crate) enum Socket {
    /// Not blocking.
    Raw(RawSocket),
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

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Socket::Raw(RawSocket::Tcp(stream))
    }
}

impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Socket::Raw(RawSocket::Unix(stream))
    }
}

impl Socket {
    /// Wraps a stream that is not a socket.
    pub(crate) fn other(stream: impl Stream) -> Self {
        Socket::Other(Mutex::new(Box::new(stream)))
    }

    // The questions.

    /// Returns whether a read finds bytes although the descriptor may not become readable.
    pub(crate) fn has_buffered(&self) -> bool {
        match self {
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => false,
        }
    }

    /// Returns the events of the descriptor after which another attempt in this direction is worth it.
    pub(crate) fn wants(&self, direction: Direction) -> PollFlags {
        match (self, direction) {
            (Socket::Raw(_), Direction::Read) => PollFlags::IN,
            (Socket::Raw(_), Direction::Write) => PollFlags::OUT,
            (Socket::Other(_) | Socket::Taken, _) => PollFlags::empty(),
        }
    }

    /// Returns the descriptor for a poller, if there is one.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Socket::Raw(socket) => Some(socket.as_fd()),
            Socket::Other(_) | Socket::Taken => None,
        }
    }

    /// Returns whether an empty read returns at once and says so. The time of any other stream is measured by itself.
    pub(crate) fn is_nonblocking(&self) -> bool {
        matches!(self, Socket::Raw(_))
    }

    /// Returns whether the last read has left nothing behind. `was_full` says that it has filled its buffer. The
    /// client's end may be behind the bytes all the same.
    pub(crate) fn is_drained(&self, was_full: bool) -> bool {
        match self {
            Socket::Raw(_) => !was_full,
            Socket::Other(_) | Socket::Taken => false,
        }
    }

    /// Returns the scheme that requests on this connection may name. It will be `https` for a socket that ends TLS. The
    /// client of a Unix socket is trusted no more than any other.
    pub(crate) fn served_scheme(&self) -> Scheme {
        match self {
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => Scheme::Http,
        }
    }

    // Bytes.

    /// Reads the bytes that are there.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Raw(socket) => socket.receive(buffer, RecvFlags::empty()),
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
            Socket::Other(_) => Err(io::ErrorKind::WouldBlock.into()),
            Socket::Taken => Err(taken()),
        }
    }

    /// Reads the bytes that are there, and waits for the first one for at most `wait` (`None`: for ever). Then it
    /// returns `TimedOut`.
    pub(crate) fn read_waiting(&self, buffer: &mut [u8], wait: Option<Duration>) -> io::Result<usize> {
        let deadline = wait.and_then(deadline_after);
        loop {
            match self.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait_until(Direction::Read, deadline)?;
                }
                other => return other,
            }
        }
    }

    /// Writes as many bytes as the client takes. After `WouldBlock` the next write must begin with the same bytes,
    /// because a part of them may be on its way already.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Raw(socket) => socket.send(bytes),
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

    /// Writes all bytes. Each part may wait for at most `stall`. Then it returns `TimedOut`.
    pub(crate) fn write_all_waiting(&self, mut bytes: &[u8], stall: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(Direction::Write, Some(stall))?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends up to `count` bytes of `file` from `offset` on, by sendfile(2) where the socket and the system can, or a
    /// copy. A file that has become shorter is an [`io::ErrorKind::UnexpectedEof`]. After `WouldBlock` the next write
    /// must be that of the same part.
    pub(crate) fn send_file(&self, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
        assert_may_wait("a file is read");
        let sent = match self {
            Socket::Raw(socket) => file::send_file(socket, file, offset, count)?,
            Socket::Other(stream) => copy_part(&mut *lock(stream), file, offset, count)?,
            Socket::Taken => return Err(taken()),
        };
        if sent == 0 && count > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(sent) }
    }

    // Waiting.

    /// Waits until another attempt is worth it, for at most `wait` (`None`: for ever). Then it returns `TimedOut`. It
    /// does so at once for a stream without readiness, which has waited by itself.
    pub(crate) fn wait(&self, direction: Direction, wait: Option<Duration>) -> io::Result<()> {
        self.wait_until(direction, wait.and_then(deadline_after))
    }

    fn wait_until(&self, direction: Direction, deadline: Option<Instant>) -> io::Result<()> {
        assert_may_wait("a single client is waited for");
        if direction == Direction::Read && self.has_buffered() {
            return Ok(());
        }
        let Some(descriptor) = self.descriptor() else { return Err(io::ErrorKind::TimedOut.into()) };
        let seen = poll_until(descriptor, self.wants(direction), deadline)?;
        if seen.is_empty() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    /// Waits until the socket tells of the client's end, or until `deadline`. Returns `None` for a stream without
    /// readiness.
    ///
    /// After [`EndSeen::Sending`] only the end of both directions is waited for.
    pub(crate) fn wait_for_end(&self, seen: EndSeen, deadline: Instant) -> io::Result<Option<EndSeen>> {
        let Some(descriptor) = self.descriptor() else { return Ok(None) };
        let flags = if seen == EndSeen::None { SENDING_ENDED } else { PollFlags::empty() };
        let events = poll_until(descriptor, flags, Some(deadline))?;
        if events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Ok(Some(EndSeen::Both));
        }
        let has_ended_sending = seen == EndSeen::Sending || events.intersects(SENDING_ENDED) || is_at_end(descriptor);
        Ok(Some(if has_ended_sending { EndSeen::Sending } else { EndSeen::None }))
    }

    /// Makes reads wait by themselves for up to `wait` before they return `WouldBlock`. `None` restores reads that do
    /// not wait. `write` never waits; `send_file` would, and must not be called meanwhile.
    pub(crate) fn set_blocking_reads(&self, wait: Option<Duration>) -> io::Result<()> {
        match self {
            Socket::Raw(socket) => socket.set_blocking_reads(wait),
            Socket::Other(_) | Socket::Taken => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    // The rest.

    /// Returns the address of our end. It is unnamed for a stream that is not a socket.
    pub(crate) fn local_address(&self) -> io::Result<Address> {
        match self {
            Socket::Raw(socket) => socket.local_address(),
            Socket::Other(_) => Ok(Address::Unnamed),
            Socket::Taken => Err(taken()),
        }
    }

    /// Duplicates the descriptor for a user's poller, if there is one.
    pub(crate) fn duplicate(&self) -> io::Result<Option<OwnedFd>> {
        self.descriptor().map(|descriptor| descriptor.try_clone_to_owned()).transpose()
    }

    /// Tells the client that no more bytes come. It may still send.
    pub(crate) fn finish_writing(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    /// Ends one direction or both. Other streams have no such end.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Raw(socket) => socket.shutdown(how),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Makes the coming close a reset, so that the client does not take its part of a response for the whole. A Unix
    /// socket has no resets, so that only the framing of the response tells.
    pub(crate) fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Socket::Raw(socket) => socket.reset_on_close(),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }
}

/// Gives a stream's timeout one name. Systems have two.
fn with_one_name(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::TimedOut { io::ErrorKind::WouldBlock.into() } else { error }
}

/// Copies one buffer of a file to any stream.
fn copy_part(stream: &mut impl Write, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = file::read_part(file, offset, count)?;
    Ok(write_through(stream, &part)? as u64)
}

/// Writes as many bytes as the stream takes, and flushes it. Each step is repeated by itself when a signal interrupts
/// it. Bytes that the stream has taken must not be written again because the flush after them was interrupted.
fn write_through(stream: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    let count = retried(|| stream.write(bytes)).map_err(with_one_name)?;
    retried(|| stream.flush()).map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))?;
    Ok(count)
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection was hijacked")
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
