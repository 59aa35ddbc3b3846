//! A connection's socket: TCP, Unix, or any other stream that reads and writes.
//!
//! A socket never blocks by itself. `read`, `write` and `send_file` return [`io::ErrorKind::WouldBlock`]. The
//! `*_waiting` methods are for a handler's thread, which may wait for a bounded time. Any other stream blocks as it
//! likes. When it returns `WouldBlock` or `TimedOut`, it has waited as long as it wanted to, and its time is up.
//!
//! A wait has one deadline, which is fixed when it begins. Signals interrupt it and do not prolong it. The socket is
//! looked at once more after the deadline, so that a process which was stopped finds the bytes that came meanwhile.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags};
use socket2::SockRef;

use super::address::Address;
use super::lock::lock;
use super::sigpipe;
use super::unwatched::assert_may_wait;
use crate::proto::Scheme;

/// A stream to hold a connection over. Every type that reads, writes and may move to another thread is one.
pub trait Stream: Read + Write + Send + 'static {}

impl<S: Read + Write + Send + 'static> Stream for S {}

/// Our end of a connection.
pub(crate) enum Socket {
    /// Not blocking.
    Tcp(TcpStream),
    /// Not blocking.
    Unix(UnixStream),
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

/// The event of a client that sends no more. Only Linux has it; on other systems [`is_at_end`] finds out.
#[cfg(target_os = "linux")]
const SENDING_ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const SENDING_ENDED: PollFlags = PollFlags::empty();

impl Socket {
    /// Wraps a stream that is not a socket.
    pub(crate) fn other(stream: impl Stream) -> Self {
        Socket::Other(Mutex::new(Box::new(stream)))
    }

    /// Reads the bytes that are there.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Tcp(stream) => receive(stream, buffer, RecvFlags::empty()),
                Socket::Unix(stream) => receive(stream, buffer, RecvFlags::empty()),
                Socket::Other(stream) => lock(stream).read(buffer).map_err(with_one_name),
                Socket::Taken => return Err(taken()),
            };
            match result {
                // A socket is interrupted where its read waits by itself. Repeated as it was, it would wait for all of
                // its time again. Bytes that are there are read all the same, since the poller has told of them
                // already.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    if self.tells_readiness() {
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
        let now = RecvFlags::DONTWAIT;
        match self {
            Socket::Tcp(stream) => receive(stream, buffer, now),
            Socket::Unix(stream) => receive(stream, buffer, now),
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

    /// Writes as many bytes as the client takes.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Tcp(stream) => send(stream, bytes),
                Socket::Unix(stream) => send(stream, bytes),
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

    /// Sends up to `count` bytes of `file` from `offset` on, by sendfile(2) where the system has it. A file that has
    /// become shorter is an [`io::ErrorKind::UnexpectedEof`].
    pub(crate) fn send_file(&self, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
        assert_may_wait("a file is read");
        let sent = match self {
            Socket::Tcp(stream) => send_file(stream, file, offset, count)?,
            Socket::Unix(stream) => send_file(stream, file, offset, count)?,
            Socket::Other(stream) => copy_part(&mut *lock(stream), file, offset, count)?,
            Socket::Taken => return Err(taken()),
        };
        if sent == 0 && count > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(sent) }
    }

    /// Waits until another attempt is worth it, for at most `wait` (`None`: for ever). Then it returns `TimedOut`. It
    /// does so at once for a stream without readiness, which has waited by itself.
    pub(crate) fn wait(&self, direction: Direction, wait: Option<Duration>) -> io::Result<()> {
        self.wait_until(direction, wait.and_then(deadline_after))
    }

    fn wait_until(&self, direction: Direction, deadline: Option<Instant>) -> io::Result<()> {
        assert_may_wait("a single client is waited for");
        let Some(descriptor) = self.descriptor() else { return Err(io::ErrorKind::TimedOut.into()) };
        let flags = match direction {
            Direction::Read => PollFlags::IN,
            Direction::Write => PollFlags::OUT,
        };
        let seen = poll_until(descriptor, flags, deadline)?;
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
        let stream = match self {
            Socket::Tcp(stream) => SockRef::from(stream),
            Socket::Unix(stream) => SockRef::from(stream),
            Socket::Other(_) | Socket::Taken => return Err(io::ErrorKind::Unsupported.into()),
        };
        if wait.is_some() {
            stream.set_read_timeout(wait)?;
        }
        stream.set_nonblocking(wait.is_none())
    }

    /// Returns the scheme that requests on this connection may name. It will be `https` for a socket that ends TLS. The
    /// client of a Unix socket is trusted no more than any other.
    pub(crate) fn served_scheme(&self) -> Scheme {
        match self {
            Socket::Tcp(_) | Socket::Unix(_) | Socket::Other(_) | Socket::Taken => Scheme::Http,
        }
    }

    /// Returns whether an empty read says so, and the poller can wait for readiness.
    pub(crate) fn tells_readiness(&self) -> bool {
        matches!(self, Socket::Tcp(_) | Socket::Unix(_))
    }

    /// Returns the descriptor for a poller, if there is one.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Socket::Tcp(stream) => Some(stream.as_fd()),
            Socket::Unix(stream) => Some(stream.as_fd()),
            Socket::Other(_) | Socket::Taken => None,
        }
    }

    /// Returns the address of our end. It is unnamed for a stream that is not a socket.
    pub(crate) fn local_address(&self) -> io::Result<Address> {
        match self {
            Socket::Tcp(stream) => Ok(stream.local_addr()?.into()),
            Socket::Unix(stream) => Ok(Address::Unix(stream.local_addr()?.as_pathname().map(Path::to_owned))),
            Socket::Other(_) => Ok(Address::Unnamed),
            Socket::Taken => Err(taken()),
        }
    }

    /// Duplicates the descriptor for a poller, if there is one.
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
            Socket::Tcp(stream) => stream.shutdown(how),
            Socket::Unix(stream) => stream.shutdown(how),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Makes the coming close a reset, so that the client does not take its part of a response for the whole. A Unix
    /// socket has no resets, so that only the framing of the response tells.
    pub(crate) fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            Socket::Unix(_) | Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }
}

/// Receives without the standard library, whose `read` goes through the C library. There every call is a point where a
/// thread may be cancelled, at the price of two locked instructions.
fn receive(stream: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
    let (count, _) = rustix::net::recv(stream, buffer, flags)?;
    Ok(count)
}

/// Sends without the standard library, for the reason of [`receive`]. A client that is gone is an error, not a signal.
fn send(stream: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(stream, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?)
}

/// Waits for `flags`. Returns no flags if the deadline has passed and none of them had come.
fn poll_until(descriptor: BorrowedFd<'_>, flags: PollFlags, deadline: Option<Instant>) -> io::Result<PollFlags> {
    let mut watched = [PollFd::from_borrowed_fd(descriptor, flags)];
    loop {
        let left = deadline.map(|deadline| timespec(deadline.saturating_duration_since(Instant::now())));
        match poll(&mut watched, left.as_ref()) {
            Ok(_) => return Ok(watched[0].revents()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the time after `wait`, or `None` for ever.
fn deadline_after(wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(wait)
}

/// Returns whether a read would find the end. Linux tells by [`SENDING_ENDED`], also behind bytes that are not read.
fn is_at_end(descriptor: BorrowedFd<'_>) -> bool {
    !cfg!(target_os = "linux")
        && rustix::net::recv(descriptor, &mut [0_u8; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT)
            .is_ok_and(|(count, _)| count == 0)
}

/// Gives a stream's timeout one name. Systems have two.
fn with_one_name(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::TimedOut { io::ErrorKind::WouldBlock.into() } else { error }
}

/// Converts a duration for system calls.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}

/// Bytes of one sendfile(2): 1 MiB, so that a fast reader does not keep the others waiting.
#[cfg(target_os = "linux")]
const MAX_SENDFILE_BYTES: u64 = 1024 * 1024;

/// Sends by sendfile(2). Copies from a file system that cannot do that, and copies every file while SIGPIPE could end
/// the process.
#[cfg(target_os = "linux")]
fn send_file(stream: &impl AsFd, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    use rustix::io::Errno;
    if sigpipe::is_deadly() {
        return send_copy(stream, file, offset, count);
    }
    let (mut position, most) = (offset, usize::try_from(count.min(MAX_SENDFILE_BYTES)).unwrap_or(usize::MAX));
    match rustix::io::retry_on_intr(|| rustix::fs::sendfile(stream, &*file, Some(&mut position), most)) {
        Ok(sent) => Ok(sent as u64),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => send_copy(stream, file, offset, count),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn send_file(stream: &impl AsFd, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    send_copy(stream, file, offset, count)
}

/// Copies one buffer of a file to a socket.
fn send_copy(stream: &impl AsFd, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = read_part(file, offset, count)?;
    Ok(retried(|| send(stream, &part))? as u64)
}

/// Copies one buffer of a file to any stream.
fn copy_part(stream: &mut impl Write, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = read_part(file, offset, count)?;
    Ok(write_through(stream, &part)? as u64)
}

/// Reads one buffer of a file: 64 KiB. Bytes that the stream does not take are read again at the next call.
fn read_part(file: &mut File, offset: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(64 * 1024);
    file.seek(SeekFrom::Start(offset))?;
    file.take(count.min(64 * 1024)).read_to_end(&mut part)?;
    Ok(part)
}

/// Writes as many bytes as the stream takes, and flushes it. Each step is repeated by itself when a signal interrupts
/// it. Bytes that the stream has taken must not be written again because the flush after them was interrupted.
fn write_through(stream: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    let count = retried(|| stream.write(bytes)).map_err(with_one_name)?;
    retried(|| stream.flush()).map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))?;
    Ok(count)
}

fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection was hijacked")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_the_system_cannot_send_by_itself_is_copied() {
        let path = std::env::temp_dir().join(format!("basehttp-socket-{}", std::process::id()));
        let mut file = File::options().read(true).write(true).create_new(true).open(&path).expect("a temporary file");
        std::fs::remove_file(&path).expect("it was just made");
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[1]).collect();
        file.write_all(&bytes).expect("room for it");
        let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
        // Like a file system without the operation, such a target makes sendfile(2) return EINVAL.
        rustix::fs::fcntl_setfl(&ours, rustix::fs::OFlags::APPEND | rustix::fs::OFlags::NONBLOCK).expect("a socket");
        let refused = rustix::fs::sendfile(&ours, &file, None, 10);
        assert_eq!(refused, Err(rustix::io::Errno::INVAL));
        let (socket, reading) = (
            Socket::Unix(ours),
            thread::spawn(move || {
                let mut read = Vec::new();
                theirs.read_to_end(&mut read).map(|_| read)
            }),
        );
        let mut sent = 5;
        while sent < bytes.len() as u64 {
            match socket.send_file(&mut file, sent, bytes.len() as u64 - sent) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    socket.wait(Direction::Write, None).expect("it reads");
                }
                Err(error) => panic!("{error}"),
            }
        }
        drop(socket);
        assert!(reading.join().unwrap().expect("it reads to the end") == bytes[5..]);
    }

    #[test]
    fn signals_do_not_prolong_a_wait() {
        const WAIT: Duration = Duration::from_millis(300);
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::default()).expect("a handler that does nothing");
        let (ours, theirs) = UnixStream::pair().expect("two sockets");
        ours.set_nonblocking(true).expect("a socket");
        let (tell, told) = channel();
        let waiting = thread::spawn(move || {
            let thread = std::fs::read_link("/proc/thread-self").expect("Linux tells it");
            let id = thread.file_name().and_then(|id| id.to_str()?.parse().ok());
            tell.send(id.and_then(Pid::from_raw).expect("a number")).expect("the test waits for it");
            let socket = Socket::Unix(ours);
            let reading = socket.read_waiting(&mut [0], Some(WAIT)).map_err(|error| error.kind());
            let waiting = socket.wait(Direction::Read, Some(WAIT)).map_err(|error| error.kind());
            socket.set_blocking_reads(Some(WAIT)).expect("a socket");
            (reading, waiting, socket.read(&mut [0]).map_err(|error| error.kind()))
        });
        let thread = told.recv().expect("it says who it is");
        let began = Instant::now();
        while !waiting.is_finished() {
            assert!(began.elapsed() < 50 * WAIT, "it waits as long as signals come");
            kill_process(thread, Signal::USR1).expect("a signal");
            thread::sleep(WAIT / 20);
        }
        let (timed_out, nothing) = (Err(io::ErrorKind::TimedOut), Err(io::ErrorKind::WouldBlock));
        assert_eq!(waiting.join().expect("no panic"), (timed_out, timed_out.map(drop), nothing));
        drop(theirs);
    }

    #[test]
    fn a_file_that_the_system_cannot_send_is_copied() {
        let path = "/proc/self/stat";
        let (ours, theirs) = UnixStream::pair().expect("two sockets");
        let refused = rustix::fs::sendfile(&ours, File::open(path).expect("of Linux"), Some(&mut 0), 4);
        assert_eq!(refused, Err(rustix::io::Errno::INVAL), "the test needs a file that sendfile does not take");
        let mut file = File::open(path).expect("of Linux");
        let sent = Socket::Unix(ours).send_file(&mut file, 0, 4).expect("all the same");
        let (mut came, mut expected) = (vec![0; 4], std::fs::read(path).expect("of Linux"));
        (&theirs).read_exact(&mut came).expect("four bytes");
        expected.truncate(4);
        assert_eq!((sent, came), (4, expected));
    }
}
