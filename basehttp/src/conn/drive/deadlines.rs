//! Deadlines: limits the time of each state, and acts when it has passed.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::Drive;
use crate::conn::connection::{Failure, State, Wait};
use crate::exchange::HTTPError;
use crate::proto::BODY_TOO_SLOW;
use crate::sys::CountedError;

impl Drive<'_> {
    /// Returns a number that changes whenever bytes are sent or received.
    pub(super) fn moved(&mut self) -> u64 {
        let counts = self.buffers.counts();
        counts.bytes_received + counts.bytes_sent
    }

    /// Sets the deadline of a connection that was driven until `now`.
    pub(super) fn set_deadline(&mut self, now: Instant) {
        self.conn.deadline = match self.time_from_progress() {
            Some(time) => now + time,
            None => self.fixed_deadline(),
        };
        if let Some(body) = &mut self.buffers.pending.partial.body {
            body.timed = self.buffers.input.len();
        }
    }

    /// Returns whether a deadline that has passed still counts, although the connection was driven since. It does if no
    /// bytes moved, or if progress does not prolong the state.
    pub(super) fn is_late(&mut self, moved_before: u64) -> bool {
        // A stream's own timeout may have passed, which no clock here measures.
        if self.time_from_progress().is_some() || !self.io().socket.is_nonblocking() {
            self.moved() == moved_before
        } else {
            self.fixed_deadline() <= self.scheduler.now()
        }
    }

    /// Returns the time that the state may last after each progress. `None` if its end is fixed, or nothing has come.
    fn time_from_progress(&self) -> Option<Duration> {
        let (partial, settings) = (&self.buffers.pending.partial, &self.context.settings);
        match self.conn.state {
            // A visit may be for a record of TLS without content.
            State::Reading if partial.body.as_ref().is_some_and(|body| body.timed == self.buffers.input.len()) => None,
            State::Reading if partial.body.is_some() => Some(settings.body_stall_timeout),
            // Empty lines do not prolong the time of an idle connection.
            State::Reading if partial.began.is_none() && self.conn.has_served && !self.rests => {
                Some(settings.idle_timeout)
            }
            State::AwaitingProxy | State::Verifying | State::Reading => None,
            #[cfg(feature = "tls")]
            State::Handshaking => None,
            State::Writing { .. } | State::Failed(_) | State::Lingering(..) | State::Closed => None,
        }
    }

    /// Returns the end of a state that progress does not prolong.
    fn fixed_deadline(&self) -> Instant {
        let partial = &self.buffers.pending.partial;
        match (&self.conn.state, partial.began) {
            (State::Reading, Some(began)) if partial.body.is_none() => began + self.context.settings.head_timeout,
            // It was set when the state began. The first head has what is left of its time.
            _ => self.conn.deadline,
        }
    }

    /// Ends a state whose deadline has passed. A partial request gets 408; otherwise the connection is closed.
    pub(super) fn expire(&mut self) -> ControlFlow<Wait> {
        // The server also expires idle connections when it ends. Those are not late, and not counted.
        if self.conn.deadline <= self.scheduler.now() {
            if let Some(fault) = self.lateness() {
                self.note(fault);
            }
            if let Some(reason) = self.slow_beginning() {
                return self.fail(Failure::of_connection(reason));
            }
        }
        let late = match &self.conn.state {
            State::Reading if self.buffers.pending.partial.body.is_some() => BODY_TOO_SLOW.reason,
            State::Reading if self.buffers.pending.partial.began.is_some() => "the request's head came too slowly",
            State::Writing { .. } => return self.abort(),
            #[cfg(feature = "tls")]
            State::Handshaking => return self.close(),
            State::AwaitingProxy
            | State::Verifying
            | State::Reading
            | State::Failed(_)
            | State::Lingering(..)
            | State::Closed => return self.close(),
        };
        self.refuse(HTTPError::from(408).with_explain(late))
    }

    /// Returns the line in the log about a client that has sent a part of what comes before the first request. A silent
    /// one has no line.
    fn slow_beginning(&mut self) -> Option<&'static str> {
        match self.conn.state {
            State::AwaitingProxy => {
                (!self.buffers.input.is_empty()).then_some("refused: the PROXY header came too slowly")
            }
            #[cfg(feature = "tls")]
            State::Handshaking => (self.held_input() > 0).then_some("TLS failed: the handshake came too slowly"),
            _ => None,
        }
    }

    /// Returns the fault of a client that was too slow.
    fn lateness(&self) -> Option<CountedError> {
        match &self.conn.state {
            State::Reading if self.buffers.pending.partial.body.is_some() => Some(CountedError::SlowBody),
            State::Reading if self.buffers.pending.partial.began.is_none() && self.conn.has_served => {
                Some(CountedError::Idle)
            }
            State::AwaitingProxy | State::Verifying | State::Reading => Some(CountedError::SlowHead),
            #[cfg(feature = "tls")]
            State::Handshaking => Some(CountedError::SlowHead),
            State::Writing { .. } => Some(CountedError::SlowReader),
            State::Failed(_) | State::Lingering(..) | State::Closed => None,
        }
    }
}
