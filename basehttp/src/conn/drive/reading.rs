//! Reading: finds the request that is here, or reads more.

use std::io;
use std::time::Instant;

use super::{Buffers, Host, READ_BYTES, Step, close};
use crate::conn::connection::{Conn, Wait};
use crate::conn::scheduler::Scheduler;
use crate::exchange::{Context, ExchangeIo, HTTPError, Next};
use crate::proto::{BODY_ENDED_EARLY, BODY_TOO_SLOW, HeadSpan, Refusal};
use crate::sys::{Direction, Fault, Reservation};

/// Why a 503.
const CROWDED: &str = "too much of unfinished requests waits already";

/// What reading came to.
#[derive(Clone, Copy)]
pub(super) enum Input {
    More,
    /// Nothing more is here.
    NotYet,
    /// Nothing more will come.
    End,
}

impl Buffers {
    /// Serves the request that is here; or writes what waits to be written, then reads, then waits.
    pub(super) fn read_request(&mut self, conn: &mut Conn, host: Host<'_>, scheduler: &mut dyn Scheduler) -> Step {
        if let Some(error) = self.pending.partial.refusal.take() {
            return self.refuse(conn, host, scheduler, error);
        }
        let is_new = self.start < self.end && self.pending.partial.is_new();
        if is_new
            && !scheduler.is_turn_over()
            && let Some(step) = self.serve_whole(conn, host, scheduler)
        {
            return step;
        }
        match self.find_request(host.context) {
            Err(refusal) => {
                self.note(Fault::BadHead);
                self.refuse(conn, host, scheduler, refusal.into())
            }
            Ok(Some(span)) if !scheduler.is_turn_over() => self.serve(conn, host, scheduler, span),
            Ok(_) if self.has_unsent() => self.start_writing(conn, Next::Keep, scheduler.now()),
            Ok(_) if scheduler.is_turn_over() => Step::Wait(Wait::Turn),
            Ok(_) => {
                if self.pending.partial.scanner.has_begun(&self.input[self.start..self.end]) {
                    self.pending.partial.began.get_or_insert_with(|| scheduler.now());
                }
                match self.read_more(conn) {
                    Input::NotYet if self.is_trickling(host.context, scheduler.now()) => {
                        self.note(Fault::SlowBody);
                        self.refuse(conn, host, scheduler, BODY_TOO_SLOW.into())
                    }
                    Input::NotYet if !self.may_wait_for_more(host.context) => {
                        self.note(Fault::ResourceLimit);
                        self.refuse(conn, host, scheduler, HTTPError::busy(CROWDED))
                    }
                    // The client may still read what was wrong.
                    Input::End if self.pending.partial.body.is_some() => {
                        self.note(Fault::BadBody);
                        self.refuse(conn, host, scheduler, BODY_ENDED_EARLY.into())
                    }
                    Input::More => {
                        scheduler.look_at_clock();
                        Step::Again
                    }
                    input => {
                        if matches!(input, Input::End) && self.start < self.end {
                            self.note(Fault::ClientGone);
                        }
                        go_on(conn, input)
                    }
                }
            }
        }
    }

    /// Whether there is memory for what is here of a request while the rest is waited for.
    fn may_wait_for_more(&mut self, context: &Context) -> bool {
        Reservation::resize(&mut self.pending.share, self.end - self.start, &context.unfinished)
    }

    /// Whether a body that is waited for comes too slowly.
    fn is_trickling(&self, context: &Context, now: Instant) -> bool {
        let (Some(body), Some(began)) = (&self.pending.partial.body, self.pending.partial.began) else { return false };
        let received = self.end - self.start - body.span.end;
        let settings = &context.settings;
        settings.is_trickle(now.saturating_duration_since(began), received as u64, settings.body_stall_timeout)
    }

    /// The head of a request that can be served: its body is here, or will not be waited for.
    fn find_request(&mut self, context: &Context) -> Result<Option<HeadSpan>, Refusal> {
        let unread = &self.input[self.start..self.end];
        if let Some(body) = &mut self.pending.partial.body {
            return Ok(body.is_here(unread).then_some(body.span));
        }
        if unread.is_empty() {
            return Ok(None);
        }
        self.pending.partial.scanner.scan(unread, &context.settings.limits)
    }

    pub(super) fn read_more(&mut self, conn: &mut Conn) -> Input {
        if !conn.may_read {
            return Input::NotYet;
        }
        self.make_room();
        let room = self.input.len() - self.end;
        let ExchangeIo { socket, counts, .. } = self.io.get_mut();
        match socket.read(&mut self.input[self.end..]) {
            Ok(0) => Input::End,
            Ok(count) => {
                self.end += count;
                counts.bytes_received += count as u64;
                // Edge-triggered: fewer bytes than asked for were all there were, unless the end is behind them.
                conn.may_read = count == room || conn.may_have_ended || !socket.tells_readiness();
                Input::More
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                conn.may_read = false;
                Input::NotYet
            }
            Err(_) => Input::End,
        }
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.input.len() - self.end >= READ_BYTES / 2 {
            return;
        }
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.input.len() - self.end < READ_BYTES / 2 {
            self.input.resize((self.input.len() * 2).max(READ_BYTES), 0);
        }
    }
}

fn go_on(conn: &mut Conn, input: Input) -> Step {
    match input {
        Input::More => Step::Again,
        Input::NotYet => Step::Wait(Wait::For(Direction::Read)),
        Input::End => close(conn),
    }
}
