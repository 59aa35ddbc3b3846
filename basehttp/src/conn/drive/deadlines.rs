//! Deadlines: how long a state may last, and what is done when it has lasted too long.

use std::time::{Duration, Instant};

use super::Drive;
use crate::conn::connection::State;
use crate::conn::saved::PartialRequest;
use crate::exchange::HTTPError;
use crate::proto::BODY_TOO_SLOW;
use crate::sys::{Fault, Settings};

/// See [`patience`].
pub(super) enum Deadline {
    FromNow(Duration),
    Until(Instant),
    /// As it was set when the state began, or when it last got on.
    Unchanged,
}

impl Drive<'_> {
    /// How many bytes have moved, both ways; for comparing.
    pub(super) fn moved(&mut self) -> u64 {
        let counts = self.buffers.counts();
        counts.bytes_received + counts.bytes_sent
    }

    /// How long the state may last from now on. Empty lines do not make an idle connection any younger.
    pub(super) fn next_deadline(&self) -> Deadline {
        if self.rests && matches!(self.conn.state, State::Reading) && self.buffers.pending.partial.began.is_none() {
            return Deadline::Unchanged;
        }
        next_deadline(&self.conn.state, &self.buffers.pending.partial, self.conn.has_served, &self.context.settings)
    }

    /// Whether a deadline that has passed holds, although the connection was driven since: it got nowhere, or its time was
    /// not to be prolonged.
    pub(super) fn is_late(&mut self, moved_before: u64) -> bool {
        let now = self.scheduler.now();
        let got_on = self.moved() != moved_before;
        match self.next_deadline() {
            // Its own timeout has passed, which no clock here knows.
            _ if !self.io().socket.tells_readiness() => !got_on,
            Deadline::FromNow(_) => !got_on,
            Deadline::Until(deadline) => deadline <= now,
            Deadline::Unchanged => self.conn.deadline <= now,
        }
    }

    /// The deadline has passed.
    pub(super) fn expire(&mut self) {
        // An idle one is also closed because the server ends.
        if self.conn.deadline <= self.scheduler.now()
            && let Some(fault) = self.lateness()
        {
            self.note(fault);
        }
        let late = match &self.conn.state {
            State::Reading if self.buffers.pending.partial.body.is_some() => BODY_TOO_SLOW.reason,
            State::Reading if self.buffers.pending.partial.began.is_some() => "the request's head came too slowly",
            State::Writing(_) => {
                self.abort();
                return;
            }
            State::Reading | State::Lingering(..) | State::Closed => {
                self.close();
                return;
            }
        };
        self.refuse(HTTPError::from(408).with_explain(late));
    }

    /// What a client did too slowly.
    fn lateness(&self) -> Option<Fault> {
        match &self.conn.state {
            State::Reading if self.buffers.pending.partial.body.is_some() => Some(Fault::SlowBody),
            State::Reading if self.buffers.pending.partial.began.is_none() && self.conn.has_served => Some(Fault::Idle),
            State::Reading => Some(Fault::SlowHead),
            State::Writing(_) => Some(Fault::SlowReader),
            State::Lingering(..) | State::Closed => None,
        }
    }
}

/// How long from now the state may last, for a connection that has just been driven.
fn next_deadline(state: &State, partial: &PartialRequest, has_served: bool, settings: &Settings) -> Deadline {
    match state {
        State::Reading if partial.body.is_some() => Deadline::FromNow(settings.body_stall_timeout),
        State::Reading => match partial.began {
            Some(began) => Deadline::Until(began + settings.head_timeout),
            None if has_served => Deadline::FromNow(settings.idle_timeout),
            None => Deadline::Unchanged,
        },
        State::Writing(_) | State::Lingering(..) | State::Closed => Deadline::Unchanged,
    }
}
