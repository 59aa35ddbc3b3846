//! The methods of a socket that wait, and waits for many sockets, by poll(2). Each wait has one deadline, which signals
//! do not prolong.

use std::io;
use std::net::Shutdown;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;

use super::super::unwatched::assert_may_wait;
use super::{Direction, EndSeen, Socket};

/// The event of a client that sends no more. Only Linux has it; on other systems [`is_at_end`] finds out.
#[cfg(target_os = "linux")]
const SENDING_ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const SENDING_ENDED: PollFlags = PollFlags::empty();

impl Socket {
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

    /// Writes all bytes. Each part may wait for at most `stall`. Then it returns `TimedOut`.
    pub(crate) fn write_all_waiting(&self, mut bytes: &[u8], stall: Duration) -> io::Result<()> {
        let mut waited = Ok(());
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(count) => (bytes, waited) = (&bytes[count..], Ok(())),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Err(_) => {
                    // The next write may be of other bytes.
                    waited.inspect_err(|_| self.give_up_write())?;
                    // The system reports room only when a third of its buffer is free. A slow client may have freed
                    // less, so that only another write tells whether its time is over.
                    waited = self.wait(Direction::Write, Some(stall));
                }
            }
        }
        Ok(())
    }

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
        #[cfg(any(test, fuzzing))]
        if let Some(seen) = self.wait_in_memory(direction) {
            return if seen.is_empty() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) };
        }
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

    /// Ends one direction or both, and waits for at most `stall` until the client takes the message that says so.
    pub(crate) fn shutdown_waiting(&self, how: Shutdown, stall: Duration) -> io::Result<()> {
        let (deadline, mut waited) = (deadline_after(stall), Ok(()));
        while how != Shutdown::Read
            && self.end_session().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            && waited.is_ok()
        {
            waited = self.wait_until(Direction::Write, deadline);
        }
        self.shutdown(how)
    }
}

#[cfg(any(test, fuzzing))]
impl Socket {
    /// Wraps a socket that a test plays.
    #[cfg_attr(not(feature = "tls-testing"), allow(dead_code))]
    pub(crate) fn in_memory(socket: impl super::MemorySocket) -> Self {
        Socket::Raw(super::RawSocket::Memory(Box::new(socket)))
    }

    fn wait_in_memory(&self, direction: Direction) -> Option<PollFlags> {
        match self {
            Socket::Raw(socket) => socket.wait_in_memory(self.wants(direction)),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.raw().wait_in_memory(self.wants(direction)),
            Socket::Other(_) | Socket::Taken => None,
        }
    }
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

/// Waits until a listener or a client's socket can be read, for at most `wait` (`None`: for ever), and says which ones
/// can. None can when the wait is over, or a signal has interrupted it.
pub(crate) fn wait_for_any(
    listeners: &[BorrowedFd<'_>],
    sockets: &[&Socket],
    wait: Option<Duration>,
) -> io::Result<(Vec<bool>, Vec<bool>)> {
    let buffered = sockets.iter().any(|socket| socket.has_buffered());
    let wait = if buffered { Some(Duration::ZERO) } else { wait };
    let mut watched: Vec<_> =
        listeners.iter().map(|listener| PollFd::from_borrowed_fd(*listener, PollFlags::IN)).collect();
    let clients = sockets.iter().filter_map(|socket| Some((socket.descriptor()?, socket.wants(Direction::Read))));
    watched.extend(clients.map(|(descriptor, flags)| PollFd::from_borrowed_fd(descriptor, flags)));
    match poll(&mut watched, wait.map(timespec).as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let mut seen = watched.iter().map(|watched| !watched.revents().is_empty());
    let doors = seen.by_ref().take(listeners.len()).collect();
    let mut has_event = |socket: &Socket| socket.descriptor().is_some() && seen.next().unwrap_or_default();
    Ok((doors, sockets.iter().map(|socket| has_event(socket) || socket.has_buffered()).collect()))
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

/// Converts a duration for system calls.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}
