//! The bytes' way in and out: a TCP or Unix socket, or anything that reads and writes.
//!
//! A socket never blocks by itself: `read`, `write` and `send_file` say [`io::ErrorKind::WouldBlock`]. The `*_waiting`
//! methods are for a handler's thread, which may wait, for a bounded time. Any other stream blocks as it likes: where it says
//! `WouldBlock` or `TimedOut`, it has waited by itself for as long as it wanted to, and its time is up.
//!
//! A wait has one deadline, made when it begins. Signals interrupt it and do not prolong it, and the socket is looked at once
//! more after the deadline: a process that was stopped finds what came meanwhile.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags};
use socket2::SockRef;

use super::lock::lock;
use super::sigpipe;
use super::unwatched::assert_may_wait;
use crate::proto::Scheme;

/// What a connection can be held over: whatever reads, writes and may move to another thread.
pub trait Stream: Read + Write + Send + 'static {}

impl<S: Read + Write + Send + 'static> Stream for S {}

/// A connection's own end of the line.
pub(crate) enum Socket {
    /// Not blocking.
    Tcp(TcpStream),
    /// Not blocking.
    Unix(UnixStream),
    /// Memory, a pipe, standard input and output: no timeouts, no half-close. The lock lets two halves share it.
    Other(Mutex<Box<dyn Stream>>),
    /// A handler has taken it, or it is closed.
    Taken,
}

/// Which way a socket is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// The client's end, as a socket tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndSeen {
    None,
    /// The client sends no more. It may be gone, or wait for its answer: what is sent to it tells.
    Sending,
    /// The connection is broken.
    Both,
}

/// The event of a client that sends no more. Only Linux has it; other systems are asked by [`is_at_end`].
#[cfg(target_os = "linux")]
const SENDING_ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const SENDING_ENDED: PollFlags = PollFlags::empty();

impl Socket {
    /// Over a stream that is no socket.
    pub fn other(stream: impl Stream) -> Self {
        Socket::Other(Mutex::new(Box::new(stream)))
    }

    /// Reads what there is.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Tcp(stream) => receive(stream, buffer, RecvFlags::empty()),
                Socket::Unix(stream) => receive(stream, buffer, RecvFlags::empty()),
                Socket::Other(stream) => lock(stream).read(buffer).map_err(with_one_name),
                Socket::Taken => return Err(taken()),
            };
            match result {
                // A socket is interrupted only where its read waits by itself, and would wait for all of its time again.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    if self.tells_readiness() {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                }
                other => return other,
            }
        }
    }

    /// Reads what there is, and never waits, not even where patience is set. A stream that would block has nothing.
    pub fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let now = RecvFlags::DONTWAIT;
        match self {
            Socket::Tcp(stream) => receive(stream, buffer, now),
            Socket::Unix(stream) => receive(stream, buffer, now),
            Socket::Other(_) => Err(io::ErrorKind::WouldBlock.into()),
            Socket::Taken => Err(taken()),
        }
    }

    /// Reads what there is, waiting for the first byte for at most `wait` (`None`: for ever): then `TimedOut`.
    pub fn read_waiting(&self, buffer: &mut [u8], wait: Option<Duration>) -> io::Result<usize> {
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

    /// Writes as much as is taken.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
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

    /// Writes all of it; each part may wait for at most `stall`: then `TimedOut`.
    pub fn write_all_waiting(&self, mut bytes: &[u8], stall: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(Direction::Write, Some(stall))?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends up to `count` bytes of `file` from `offset` on, by sendfile(2) where there is one. A file that has become
    /// shorter is [`io::ErrorKind::UnexpectedEof`].
    pub fn send_file(&self, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
        assert_may_wait("a file is read");
        let sent = match self {
            Socket::Tcp(stream) => send_file(stream, file, offset, count)?,
            Socket::Unix(stream) => send_file(stream, file, offset, count)?,
            Socket::Other(stream) => copy_part(&mut *lock(stream), file, offset, count)?,
            Socket::Taken => return Err(taken()),
        };
        if sent == 0 && count > 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(sent) }
    }

    /// Waits until it is worth trying again, for at most `wait` (`None`: for ever): then `TimedOut`. At once where nothing
    /// tells: such a stream has waited by itself.
    pub fn wait(&self, direction: Direction, wait: Option<Duration>) -> io::Result<()> {
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

    /// Waits until the socket tells of the client's end, or `deadline` has passed. `None`: nothing tells.
    ///
    /// With [`EndSeen::Sending`] an end that the client has put to its own side is not waited for any more.
    pub fn wait_for_end(&self, seen: EndSeen, deadline: Instant) -> io::Result<Option<EndSeen>> {
        let Some(descriptor) = self.descriptor() else { return Ok(None) };
        let flags = if seen == EndSeen::None { SENDING_ENDED } else { PollFlags::empty() };
        let events = poll_until(descriptor, flags, Some(deadline))?;
        if events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Ok(Some(EndSeen::Both));
        }
        let has_ended_sending = seen == EndSeen::Sending || events.intersects(SENDING_ENDED) || is_at_end(descriptor);
        Ok(Some(if has_ended_sending { EndSeen::Sending } else { EndSeen::None }))
    }

    /// Makes reads wait by themselves, for at most so long, before they say `WouldBlock`; `None`: not at all, as at first.
    /// `write` never waits; `send_file` would, and must not be called meanwhile.
    pub fn set_blocking_reads(&self, wait: Option<Duration>) -> io::Result<()> {
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

    /// What the connection may be asked for: `https` once something here ends TLS. A Unix socket's client is no more
    /// trusted than any other, whoever it speaks for.
    pub fn served_scheme(&self) -> Scheme {
        match self {
            Socket::Tcp(_) | Socket::Unix(_) | Socket::Other(_) | Socket::Taken => Scheme::Http,
        }
    }

    /// Whether a read that finds nothing says so, and readiness can be waited for.
    pub fn tells_readiness(&self) -> bool {
        matches!(self, Socket::Tcp(_) | Socket::Unix(_))
    }

    /// What a poller waits for, where it can.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Socket::Tcp(stream) => Some(stream.as_fd()),
            Socket::Unix(stream) => Some(stream.as_fd()),
            Socket::Other(_) | Socket::Taken => None,
        }
    }

    /// Another descriptor of the same socket, to be waited for; `None` where there is none that tells.
    pub fn duplicate(&self) -> io::Result<Option<OwnedFd>> {
        self.descriptor().map(|descriptor| descriptor.try_clone_to_owned()).transpose()
    }

    /// Tells the client that nothing more comes, while it may still send.
    pub fn finish_writing(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    /// Ends one direction or both. What is no socket has no such end.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.shutdown(how),
            Socket::Unix(stream) => stream.shutdown(how),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Makes the coming close a reset: the client must not take what it has for a whole reply. A Unix socket knows no
    /// resets: there only the reply's framing tells.
    pub fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            Socket::Unix(_) | Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }
}

/// Not the standard library's read: the C library below it makes every one a point where a thread may be cancelled, at
/// the price of two locked instructions.
fn receive(stream: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> io::Result<usize> {
    let (count, _) = rustix::net::recv(stream, buffer, flags)?;
    Ok(count)
}

/// See [`receive`]. A client that is gone is an error, not a signal.
fn send(stream: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(stream, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?)
}

/// Waits for `flags`. Nothing: the deadline has passed, and even then there was none of them.
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

/// So long from now; `None`: for ever.
fn deadline_after(wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(wait)
}

/// Returns whether a read would find the end. Linux tells by [`SENDING_ENDED`], also behind bytes that are not read.
fn is_at_end(descriptor: BorrowedFd<'_>) -> bool {
    !cfg!(target_os = "linux")
        && rustix::net::recv(descriptor, &mut [0_u8; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT)
            .is_ok_and(|(count, _)| count == 0)
}

/// A stream's own timeout has two names, by the system: here it has one.
fn with_one_name(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::TimedOut { io::ErrorKind::WouldBlock.into() } else { error }
}

/// A duration as the system's calls take it.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}

/// How much one sendfile(2) is asked for: 1 MiB, so that one fast reader does not keep the others waiting.
#[cfg(target_os = "linux")]
const MAX_SENDFILE_BYTES: u64 = 1024 * 1024;

/// By sendfile(2). A file system that cannot do that is copied from, and so is every file while SIGPIPE could end the
/// process.
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

/// One buffer's worth of the file, to a socket.
fn send_copy(stream: &impl AsFd, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = read_part(file, offset, count)?;
    Ok(retried(|| send(stream, &part))? as u64)
}

/// The same to any stream.
fn copy_part(stream: &mut impl Write, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = read_part(file, offset, count)?;
    Ok(write_through(stream, &part)? as u64)
}

/// One buffer's worth of a file: 64 KiB. What the stream does not take is read again at the next call.
fn read_part(file: &mut File, offset: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(64 * 1024);
    file.seek(SeekFrom::Start(offset))?;
    file.take(count.min(64 * 1024)).read_to_end(&mut part)?;
    Ok(part)
}

/// Writes as much as the stream takes, and sees to it that it leaves. Each step is repeated by itself when a signal
/// interrupts it: bytes that the stream has taken must not be written again because of the flush behind them.
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
        // As a file system does that lacks the operation, sendfile(2) says EINVAL for such a target.
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
