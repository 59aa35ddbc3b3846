//! Lingering: our side has ended. Bytes that the client still sends are read and thrown away, so that it can read the
//! response.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use super::Drive;
use crate::conn::connection::{State, Wait};
use crate::exchange::Next;
use crate::sys::Direction;

/// Shortest lingering, in which the client can read the response, and longest pause of a client that still sends: 2 s.
const MIN_LINGER: Duration = Duration::from_secs(2);

/// Longest lingering: 30 s. Many clients read nothing before they have sent everything.
const MAX_LINGER: Duration = Duration::from_secs(30);

/// Bytes that extend lingering by one second: 16 KiB. Slower clients get the minimum.
const LINGER_BYTES_PER_SECOND: u64 = 16 * 1024;

/// Bytes that are thrown away in one turn: 1 MiB, a quarter of a millisecond.
const MAX_THROWN_AWAY_A_TURN: u64 = 1024 * 1024;

impl Drive<'_> {
    /// Ends our side and lets the client finish sending, so that its kernel does not throw the response away.
    ///
    /// RFC 9112, section 9.6.
    pub(super) fn linger(&mut self) -> ControlFlow<Wait> {
        match self.io().socket.finish_writing() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.end_later(Next::Linger),
            Err(_) => return self.close(),
            Ok(()) => {}
        }
        #[cfg(feature = "tls")]
        self.leave_session();
        let now = self.scheduler.now();
        self.conn.state = State::Lingering(now, 0);
        self.conn.deadline = now + MIN_LINGER;
        self.conn.may_read = true;
        ControlFlow::Continue(())
    }

    /// Reads and throws away what the client still sends.
    pub(super) fn throw_away(&mut self) -> ControlFlow<Wait> {
        self.buffers.input.consume_all();
        let mut count = 0;
        while count < MAX_THROWN_AWAY_A_TURN {
            match self.read_more() {
                Some(0) => return self.close(),
                Some(bytes) => count += bytes as u64,
                None => break,
            }
            self.buffers.input.consume_all();
        }
        // Reading so much takes time, and the deadline below is compared with the clock.
        self.scheduler.look_at_clock();
        let now = self.scheduler.now();
        // A client that sends fast enough gets more time. A server that ends gives none.
        if let State::Lingering(since, thrown_away) = &mut self.conn.state
            && count > 0
            && !self.context.handle.is_shutting_down()
        {
            *thrown_away += count;
            let bought = Duration::from_secs(*thrown_away / LINGER_BYTES_PER_SECOND);
            self.conn.deadline = (*since + (MIN_LINGER + bought).min(MAX_LINGER)).min(now + MIN_LINGER);
        }
        // Checked here, so that a thread that drives the connection turn by turn need not.
        if now >= self.conn.deadline {
            return self.close();
        }
        ControlFlow::Break(if self.conn.may_read { Wait::Turn } else { Wait::For(Direction::Read) })
    }
}
