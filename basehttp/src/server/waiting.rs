//! Waiting in `handle_request`: for new connections, and for the first bytes of those that it has accepted.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::conn::Conn;
use crate::sys::{Accepted, Listener, Socket, is_transient_accept_error, wait_for_any};

/// Silent connections that `handle_request` keeps beside the one it serves: 64, enough for some browsers.
const MAX_WAITING: usize = 64;

/// Looks at the sockets once the time is over: 64. Clients that have come in time are found, as far as the process was
/// not late itself, and clients that come and go without end do not prolong it.
const MAX_LATE_LOOKS: usize = 64;

/// Time in which `handle_request` looks for a request.
pub(super) struct SearchTime {
    deadline: Option<Instant>,
    late_looks: usize,
}

impl SearchTime {
    /// Begins now. `None` is without an end.
    pub(super) fn begin(timeout: Option<Duration>) -> Self {
        SearchTime { deadline: timeout.map(|timeout| Instant::now() + timeout), late_looks: 0 }
    }

    /// Returns the time that the next look may wait, `None` without an end. Counts the looks that may not wait.
    fn next_wait(&mut self) -> Option<Duration> {
        let wait = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        self.late_looks += usize::from(wait.is_some_and(|wait| wait.is_zero()));
        wait
    }
}

/// One new connection, if there is one. A failure that concerns a single client is not an error.
fn accept(listener: &Listener) -> io::Result<Option<Accepted>> {
    match listener.accept() {
        Ok(accepted) => Ok(Some(accepted)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock || is_transient_accept_error(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A connection whose request has not been read.
pub(super) enum SilentConn {
    New(Accepted),
    /// Its proxy has named the client, or its TLS session is made, and nothing more has come. Browsers open spare ones.
    Begun(Box<Conn>),
}

impl SilentConn {
    fn socket(&self) -> &Socket {
        match self {
            SilentConn::New(accepted) => &accepted.socket,
            SilentConn::Begun(conn) => &conn.socket,
        }
    }
}

/// Connections whose requests have not been read: a silent one must not keep the next one waiting.
#[derive(Default)]
pub(super) struct SilentConns {
    silent: Vec<SilentConn>,
}

impl SilentConns {
    /// Waits for a connection that has something to say, accepting new ones meanwhile; `None` when the time is over.
    pub(super) fn next_to_speak(
        &mut self,
        listeners: &[Arc<Listener>],
        time: &mut SearchTime,
    ) -> io::Result<Option<SilentConn>> {
        loop {
            let wait = time.next_wait();
            if time.late_looks > MAX_LATE_LOOKS {
                return Ok(None);
            }
            let descriptors: Vec<_> = listeners.iter().map(AsFd::as_fd).collect();
            let sockets: Vec<_> = self.silent.iter().map(SilentConn::socket).collect();
            let (doors, speakers) = wait_for_any(&descriptors, &sockets, wait)?;
            if let Some(speaker) = speakers.iter().position(|&can_be_read| can_be_read) {
                return Ok(Some(self.silent.remove(speaker)));
            }
            let mut called_at = listeners.iter().zip(doors).filter(|(_, can_be_read)| *can_be_read).peekable();
            if called_at.peek().is_none() && wait.is_some_and(|wait| wait.is_zero()) {
                return Ok(None);
            }
            called_at.try_for_each(|(listener, _)| self.adopt(listener))?;
        }
    }

    fn adopt(&mut self, listener: &Listener) -> io::Result<()> {
        if let Some(accepted) = accept(listener)? {
            self.add(SilentConn::New(accepted));
        }
        Ok(())
    }

    /// Keeps a connection until it has something to say. The oldest one has to go for it if there are many.
    pub(super) fn add(&mut self, conn: SilentConn) {
        if self.silent.len() == MAX_WAITING {
            self.silent.remove(0);
        }
        self.silent.push(conn);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// A flood of clients would prolong it without end.
    #[test]
    fn newcomers_do_not_prolong_the_time() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("IP");
        // The system keeps up to 128 that are not accepted.
        let connect = |_| TcpStream::connect(address).expect("it listens");
        let clients: Vec<_> = (0..MAX_LATE_LOOKS + 30).map(connect).collect();
        let listener = Arc::new(Listener::new(listener, None));
        let mut lobby = SilentConns::default();
        let mut time = SearchTime::begin(Some(Duration::ZERO));
        let speaker = lobby.next_to_speak(std::slice::from_ref(&listener), &mut time).expect("sockets");
        assert!(speaker.is_none());
        assert!(accept(&listener).expect("a socket").is_some(), "the others wait for another time");
        drop(clients);
        // As a caller looks again whose clients go without a request.
        let speaker = lobby.next_to_speak(&[listener], &mut time).expect("sockets");
        assert!(speaker.is_none(), "the time is over");
    }
}
