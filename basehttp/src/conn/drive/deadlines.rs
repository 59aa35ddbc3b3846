//! Deadlines: limits the time of each state, and acts when it has passed.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::Drive;
use crate::conn::connection::{State, Wait};
use crate::conn::saved::PartialRequest;
use crate::exchange::HTTPError;
use crate::proto::BODY_TOO_SLOW;
use crate::sys::{CountedError, Settings};

/// New deadline of a connection that was driven.
pub(super) enum Deadline {
    /// Counted from the last progress.
    FromNow(Duration),
    /// Fixed, whatever the client sends.
    Until(Instant),
    /// As it was set when the state began, or at its last progress.
    Unchanged,
}

impl Drive<'_> {
    /// Returns a number that changes whenever bytes are sent or received.
    pub(super) fn moved(&mut self) -> u64 {
        let counts = self.buffers.counts();
        counts.bytes_received + counts.bytes_sent
    }

    /// Returns the time that the state may last from now on. Empty lines do not prolong the time of an idle connection.
    pub(super) fn next_deadline(&self) -> Deadline {
        if self.rests && matches!(self.conn.state, State::Reading) && self.buffers.pending.partial.began.is_none() {
            return Deadline::Unchanged;
        }
        next_deadline(&self.conn.state, &self.buffers.pending.partial, self.conn.has_served, &self.context.settings)
    }

    /// Returns whether a deadline that has passed still counts, although the connection was driven since. It does if no
    /// bytes moved, or if progress does not prolong the state.
    pub(super) fn is_late(&mut self, moved_before: u64) -> bool {
        let now = self.scheduler.now();
        let got_on = self.moved() != moved_before;
        match self.next_deadline() {
            // The stream's own timeout has passed, which no clock here measures.
            _ if !self.io().socket.is_nonblocking() => !got_on,
            Deadline::FromNow(_) => !got_on,
            Deadline::Until(deadline) => deadline <= now,
            Deadline::Unchanged => self.conn.deadline <= now,
        }
    }

    /// Ends a state whose deadline has passed. A partial request gets 408; otherwise the connection is closed.
    pub(super) fn expire(&mut self) -> ControlFlow<Wait> {
        // The server also expires idle connections when it ends. Those are not late, and not counted.
        if self.conn.deadline <= self.scheduler.now()
            && let Some(fault) = self.lateness()
        {
            self.note(fault);
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

/// Returns the time that a state may last, for a connection that has just been driven.
fn next_deadline(state: &State, partial: &PartialRequest, has_served: bool, settings: &Settings) -> Deadline {
    match state {
        State::Reading if partial.body.is_some() => Deadline::FromNow(settings.body_stall_timeout),
        State::Reading => match partial.began {
            Some(began) => Deadline::Until(began + settings.head_timeout),
            None if has_served => Deadline::FromNow(settings.idle_timeout),
            None => Deadline::Unchanged,
        },
        // The first head has what is left of its time.
        #[cfg(feature = "tls")]
        State::Handshaking => Deadline::Unchanged,
        State::AwaitingProxy
        | State::Verifying
        | State::Writing { .. }
        | State::Failed(_)
        | State::Lingering(..)
        | State::Closed => Deadline::Unchanged,
    }
}
