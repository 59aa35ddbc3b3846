//! Waits for sockets by poll(2). Each has one deadline, which signals do not prolong.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;

use super::{Direction, Socket};

/// The event of a client that sends no more. Only Linux has it; on other systems [`is_at_end`] finds out.
#[cfg(target_os = "linux")]
pub(super) const SENDING_ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
pub(super) const SENDING_ENDED: PollFlags = PollFlags::empty();

/// Waits for `flags`. Returns no flags if the deadline has passed and none of them had come.
pub(super) fn poll_until(
    descriptor: BorrowedFd<'_>,
    flags: PollFlags,
    deadline: Option<Instant>,
) -> io::Result<PollFlags> {
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
pub(super) fn deadline_after(wait: Duration) -> Option<Instant> {
    Instant::now().checked_add(wait)
}

/// Returns whether a read would find the end. Linux tells by [`SENDING_ENDED`], also behind bytes that are not read.
pub(super) fn is_at_end(descriptor: BorrowedFd<'_>) -> bool {
    !cfg!(target_os = "linux")
        && rustix::net::recv(descriptor, &mut [0_u8; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT)
            .is_ok_and(|(count, _)| count == 0)
}

/// Converts a duration for system calls.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}
