//! What blocks until something happens: the listener and its waker, and the connections that `handle_request` has
//! accepted and nobody has heard of yet.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How many silent connections `handle_request` keeps beside the one it serves: 64, some browsers' worth.
const MAX_WAITING: usize = 64;

/// Ends another thread's wait.
pub(super) struct Waker {
    sender: UnixStream,
    receiver: UnixStream,
}

impl Waker {
    pub fn new() -> io::Result<Self> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Waker { sender, receiver })
    }

    pub fn wake(&self) {
        // A full pipe wakes as well.
        let _ = (&self.sender).write(&[1]);
    }

    /// Forgets the wakes so far.
    pub fn clear(&self) {
        let mut wakes = [0; 64];
        while (&self.receiver).read(&mut wakes).is_ok_and(|count| count > 0) {}
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

/// Waits until one of `descriptors` can be read, and says which ones can. None can when `wait` is over.
pub(super) fn wait_readable(descriptors: &[BorrowedFd<'_>], wait: Option<Duration>) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> =
        descriptors.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    let wait = wait.map(|wait| Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() });
    match poll(&mut polled, wait.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(polled.iter().map(|fd| !fd.revents().is_empty()).collect())
}

/// One new connection, if there is one. What is wrong with a single client is no error.
pub(super) fn accept(listener: &TcpListener) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    match listener.accept() {
        Ok((stream, peer)) => {
            // Some systems hand the listener's mode on.
            stream.set_nonblocking(false)?;
            Ok(Some((stream, peer)))
        }
        Err(error) if is_of_one_client(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | ConnectionAborted | ConnectionReset)
}

/// Connections that have not said anything: a silent one must not keep the next one waiting.
#[derive(Default)]
pub(super) struct Lobby {
    silent: Vec<(TcpStream, SocketAddr)>,
}

impl Lobby {
    /// Waits for a connection that has something to say, accepting new ones meanwhile; `None` at the deadline.
    pub fn next_to_speak(
        &mut self,
        listener: &TcpListener,
        deadline: Option<Instant>,
    ) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        loop {
            let wait = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let mut descriptors = vec![listener.as_fd()];
            descriptors.extend(self.silent.iter().map(|(stream, _)| stream.as_fd()));
            let readable = wait_readable(&descriptors, wait)?;
            if let Some(speaker) = readable[1..].iter().position(|&can_be_read| can_be_read) {
                return Ok(Some(self.silent.remove(speaker)));
            }
            if readable[0] {
                self.welcome(listener)?;
            } else if wait.is_some_and(|wait| wait.is_zero()) {
                return Ok(None);
            }
        }
    }

    fn welcome(&mut self, listener: &TcpListener) -> io::Result<()> {
        if self.silent.len() == MAX_WAITING {
            self.silent.remove(0);
        }
        self.silent.extend(accept(listener)?);
        Ok(())
    }
}
