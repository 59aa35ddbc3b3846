//! Whether the client is still there, for handlers that only send, sleep or ask.

use std::time::{Duration, Instant};
use std::{io, thread};

use super::ExchangeIo;
use crate::exchange::client_end::ClientEnd;
use crate::sys::{CountedError, EndSeen};

/// Time between two checks for the client, of a handler that has nothing to send: 0.1 s.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

impl ExchangeIo {
    /// Asks the socket, without waiting, whether the client is believed to be gone by the rule of `client_end`.
    pub(crate) fn is_client_gone(&mut self) -> bool {
        let now = Instant::now();
        // A socket that cannot tell counts as one whose client is there.
        let seen = self.socket.wait_for_end(self.client_end.seen(), now).unwrap_or_default();
        self.note_end(seen.unwrap_or(EndSeen::None), now);
        self.is_gone() || self.client_end.is_gone(now)
    }

    fn note_end(&mut self, seen: EndSeen, now: Instant) {
        self.client_end.note_seen(seen, now);
        if self.client_end == ClientEnd::Broken {
            self.note_gone(io::ErrorKind::ConnectionReset);
        }
    }

    /// Sleeps until that time, or until the client is believed to be gone.
    pub(crate) fn sleep_until(&mut self, until: Instant) -> io::Result<()> {
        loop {
            self.check_gone()?;
            let next = self.client_end.gone_at().map_or(until, |gone_at| until.min(gone_at));
            let next = if cfg!(target_os = "linux") { next } else { next.min(Instant::now() + LOOK_INTERVAL) };
            let seen = self.socket.wait_for_end(self.client_end.seen(), next)?;
            let now = Instant::now();
            match seen {
                Some(seen) => self.note_end(seen, now),
                // The socket cannot tell.
                None => thread::sleep(until.saturating_duration_since(now)),
            }
            self.expect_client(now)?;
            if now >= until || seen.is_none() {
                return Ok(());
            }
        }
    }

    /// Checks now and then whether the client is there, for a handler that has nothing to send and so would never know.
    pub(super) fn look_for_client(&mut self) -> io::Result<()> {
        self.check_gone()?;
        let now = Instant::now();
        if self.looked_at.is_some_and(|looked_at| now < looked_at + LOOK_INTERVAL) {
            return Ok(());
        }
        self.looked_at = Some(now);
        self.is_client_gone();
        self.expect_client(now)
    }

    /// Fails if the client is believed to be gone. From then on it counts as gone.
    fn expect_client(&mut self, now: Instant) -> io::Result<()> {
        if self.client_end.is_gone(now) {
            self.note_gone(io::ErrorKind::ConnectionAborted);
        }
        self.check_gone()
    }

    fn note_gone(&mut self, kind: io::ErrorKind) {
        if self.gone.is_none() {
            self.gone = Some(kind);
            self.counts.note(CountedError::ClientGone);
        }
    }

    pub(super) fn check_gone(&self) -> io::Result<()> {
        self.gone.map_or(Ok(()), |kind| Err(kind.into()))
    }

    pub(super) fn noting_loss<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let (Err(error), None) = (&result, self.gone) {
            self.gone = Some(error.kind());
            self.counts.note(match error.kind() {
                io::ErrorKind::TimedOut => CountedError::SlowReader,
                // There was no permit to wait for it.
                io::ErrorKind::Other => CountedError::ResourceLimit,
                _ => CountedError::ClientGone,
            });
        }
        result
    }
}
