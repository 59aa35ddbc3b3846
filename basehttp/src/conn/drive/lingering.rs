//! Lingering: our side is done, and what the client still sends is read and thrown away, so that it can read the reply.

use std::time::Duration;

use super::reading::Input;
use super::{Drive, Step};
use crate::conn::connection::{State, Wait};
use crate::sys::Direction;

/// How long a connection that is closed under a client is kept, so that the client can read the reply; and how long one
/// that still sends may pause: 2 s.
const MIN_LINGER: Duration = Duration::from_secs(2);

/// And at most: 30 s. Many clients read nothing before they have sent everything.
const MAX_LINGER: Duration = Duration::from_secs(30);

/// How many bytes buy a second between the two: 16 KiB. Who trickles is not waited for.
const LINGER_BYTES_PER_SECOND: u64 = 16 * 1024;

/// How much of what is sent in vain is read in one turn: 1 MiB, a quarter of a millisecond.
const MAX_THROWN_AWAY_A_TURN: u64 = 1024 * 1024;

impl Drive<'_> {
    /// Ends our side and lets the client finish its sentence, so that its kernel does not throw the reply away.
    ///
    /// RFC 9112, section 9.6.
    pub(super) fn linger(&mut self) -> Step {
        if self.io().socket.finish_writing().is_err() {
            return self.close();
        }
        let now = self.scheduler.now();
        self.conn.state = State::Lingering(now, 0);
        self.conn.deadline = now + MIN_LINGER;
        self.conn.may_read = true;
        Step::Again
    }

    /// Reads what a client sends in vain.
    pub(super) fn throw_away(&mut self) -> Step {
        self.buffers.input.consume_all();
        let mut count = 0;
        while count < MAX_THROWN_AWAY_A_TURN {
            match self.read_more() {
                Input::More => count += (self.buffers.input.len()) as u64,
                Input::NotYet => break,
                Input::End => return self.close(),
            }
            self.buffers.input.consume_all();
        }
        self.scheduler.look_at_clock();
        let now = self.scheduler.now();
        // A server that ends does not wait for more.
        if let State::Lingering(since, thrown_away) = &mut self.conn.state
            && count > 0
            && !self.context.handle.is_shutting_down()
        {
            *thrown_away += count;
            let bought = Duration::from_secs(*thrown_away / LINGER_BYTES_PER_SECOND);
            self.conn.deadline = (*since + (MIN_LINGER + bought).min(MAX_LINGER)).min(now + MIN_LINGER);
        }
        // Who drives it turn by turn need not look at its deadline.
        if now >= self.conn.deadline {
            return self.close();
        }
        Step::Wait(if self.conn.may_read { Wait::Turn } else { Wait::For(Direction::Read) })
    }
}
