//! Waiting in `handle_request`: for new connections, and for the first bytes of those that it has accepted.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use crate::conn::Conn;
use crate::sys::{Accepted, Listener, Socket, is_transient_accept_error, wait_for_any};

/// Silent connections that `handle_request` keeps beside the one it serves: 64, enough for some browsers.
const MAX_WAITING: usize = 64;

/// One new connection, if there is one. A failure that concerns a single client is not an error.
fn accept(listener: &Listener) -> io::Result<Option<Accepted>> {
    match listener.accept() {
        Ok(accepted) => Ok(Some(accepted)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock || is_transient_accept_error(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A connection that has not said anything.
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

/// Connections that have not said anything: a silent one must not keep the next one waiting.
#[derive(Default)]
pub(super) struct SilentConns {
    silent: Vec<SilentConn>,
}

impl SilentConns {
    /// Waits for a connection that has something to say, accepting new ones meanwhile; `None` at the deadline.
    pub(super) fn next_to_speak(
        &mut self,
        listeners: &[Arc<Listener>],
        deadline: Option<Instant>,
    ) -> io::Result<Option<SilentConn>> {
        loop {
            let wait = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
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
