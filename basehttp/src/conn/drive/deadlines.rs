//! Deadlines: how long a state may last, and what is done when it has lasted too long.

use std::time::{Duration, Instant};

use super::{Buffers, Host, close};
use crate::conn::connection::{Conn, State};
use crate::conn::saved::PartialRequest;
use crate::conn::scheduler::Scheduler;
use crate::exchange::{Context, HTTPError};
use crate::proto::BODY_TOO_SLOW;
use crate::sys::{Fault, Settings};

/// See [`patience`].
pub(super) enum Deadline {
    FromNow(Duration),
    Until(Instant),
    /// As it was set when the state began, or when it last got on.
    Unchanged,
}

impl Buffers {
    /// How many bytes have moved, both ways; for comparing.
    pub(super) fn moved(&mut self) -> u64 {
        let counts = self.counts();
        counts.bytes_received + counts.bytes_sent
    }

    /// How long the state may last from now on. Empty lines do not make an idle connection any younger.
    pub(super) fn next_deadline(&self, conn: &Conn, context: &Context) -> Deadline {
        if self.rests && matches!(conn.state, State::Reading) && self.pending.partial.began.is_none() {
            return Deadline::Unchanged;
        }
        next_deadline(&conn.state, &self.pending.partial, conn.has_served, &context.settings)
    }

    /// Whether a deadline that has passed holds, although the connection was driven since: it got nowhere, or its time was
    /// not to be prolonged.
    pub(super) fn is_late(&mut self, conn: &Conn, context: &Context, moved_before: u64, now: Instant) -> bool {
        let got_on = self.moved() != moved_before;
        match self.next_deadline(conn, context) {
            // Its own timeout has passed, which no clock here knows.
            _ if !self.io.get_mut().socket.tells_readiness() => !got_on,
            Deadline::FromNow(_) => !got_on,
            Deadline::Until(deadline) => deadline <= now,
            Deadline::Unchanged => conn.deadline <= now,
        }
    }

    /// The deadline has passed.
    pub(super) fn expire(&mut self, conn: &mut Conn, host: Host<'_>, scheduler: &mut dyn Scheduler) {
        // An idle one is also closed because the server ends.
        if conn.deadline <= scheduler.now()
            && let Some(fault) = self.lateness(conn)
        {
            self.note(fault);
        }
        let late = match &conn.state {
            State::Reading if self.pending.partial.body.is_some() => BODY_TOO_SLOW.reason,
            State::Reading if self.pending.partial.began.is_some() => "the request's head came too slowly",
            State::Writing(_) => {
                self.abort(conn);
                return;
            }
            State::Reading | State::Lingering(..) | State::Closed => {
                close(conn);
                return;
            }
        };
        self.refuse(conn, host, scheduler, HTTPError::from(408).with_explain(late));
    }

    /// What a client did too slowly.
    fn lateness(&self, conn: &Conn) -> Option<Fault> {
        match &conn.state {
            State::Reading if self.pending.partial.body.is_some() => Some(Fault::SlowBody),
            State::Reading if self.pending.partial.began.is_none() && conn.has_served => Some(Fault::Idle),
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
