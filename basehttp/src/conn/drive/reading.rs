//! Reading: finds the request that is here, or reads more.

use std::io;

use super::{Drive, Step};
use crate::conn::connection::Wait;
use crate::exchange::{ExchangeIo, HTTPError, Next};
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

impl Drive<'_> {
    /// Serves the request that is here; or writes what waits to be written, then reads, then waits.
    pub(super) fn read_request(&mut self) -> Step {
        if let Some(error) = self.buffers.pending.partial.refusal.take() {
            return self.refuse(error);
        }
        let is_new = !self.buffers.input.is_empty() && self.buffers.pending.partial.is_new();
        if is_new
            && !self.scheduler.is_turn_over()
            && let Some(step) = self.serve_whole()
        {
            return step;
        }
        match self.find_request() {
            Err(refusal) => {
                self.note(Fault::BadHead);
                self.refuse(refusal.into())
            }
            Ok(Some(span)) if !self.scheduler.is_turn_over() => self.serve(span),
            Ok(_) if self.has_unsent() => self.start_writing(Next::Keep),
            Ok(_) if self.scheduler.is_turn_over() => Step::Wait(Wait::Turn),
            Ok(_) => {
                if self.buffers.pending.partial.scanner.has_begun(self.buffers.input.unread()) {
                    self.buffers.pending.partial.began.get_or_insert_with(|| self.scheduler.now());
                }
                match self.read_more() {
                    Input::NotYet if self.is_trickling() => {
                        self.note(Fault::SlowBody);
                        self.refuse(BODY_TOO_SLOW.into())
                    }
                    Input::NotYet if !self.may_wait_for_more() => {
                        self.note(Fault::ResourceLimit);
                        self.refuse(HTTPError::busy(CROWDED))
                    }
                    // The client may still read what was wrong.
                    Input::End if self.buffers.pending.partial.body.is_some() => {
                        self.note(Fault::BadBody);
                        self.refuse(BODY_ENDED_EARLY.into())
                    }
                    Input::More => {
                        self.scheduler.look_at_clock();
                        Step::Again
                    }
                    input => {
                        if matches!(input, Input::End) && !self.buffers.input.is_empty() {
                            self.note(Fault::ClientGone);
                        }
                        self.go_on(input)
                    }
                }
            }
        }
    }

    /// Whether there is memory for what is here of a request while the rest is waited for.
    fn may_wait_for_more(&mut self) -> bool {
        Reservation::resize(&mut self.buffers.pending.share, self.buffers.input.len(), &self.context.unfinished)
    }

    /// Whether a body that is waited for comes too slowly.
    fn is_trickling(&self) -> bool {
        let (Some(body), Some(began)) = (&self.buffers.pending.partial.body, self.buffers.pending.partial.began) else {
            return false;
        };
        let received = self.buffers.input.len() - body.span.end;
        let settings = &self.context.settings;
        settings.is_trickle(
            self.scheduler.now().saturating_duration_since(began),
            received as u64,
            settings.body_stall_timeout,
        )
    }

    /// The head of a request that can be served: its body is here, or will not be waited for.
    fn find_request(&mut self) -> Result<Option<HeadSpan>, Refusal> {
        let unread = self.buffers.input.unread();
        if let Some(body) = &mut self.buffers.pending.partial.body {
            return Ok(body.is_here(unread).then_some(body.span));
        }
        if unread.is_empty() {
            return Ok(None);
        }
        self.buffers.pending.partial.scanner.scan(unread, &self.context.settings.limits)
    }

    pub(super) fn read_more(&mut self) -> Input {
        if !self.conn.may_read {
            return Input::NotYet;
        }
        let room = self.buffers.input.room();
        let asked = room.len();
        let ExchangeIo { socket, counts, .. } = self.buffers.io.get_mut();
        match socket.read(room) {
            Ok(0) => Input::End,
            Ok(count) => {
                self.buffers.input.fill(count);
                counts.bytes_received += count as u64;
                // Edge-triggered: fewer bytes than asked for were all there were, unless the end is behind them.
                self.conn.may_read = count == asked || self.conn.may_have_ended || !socket.tells_readiness();
                Input::More
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.conn.may_read = false;
                Input::NotYet
            }
            Err(_) => Input::End,
        }
    }

    fn go_on(&mut self, input: Input) -> Step {
        match input {
            Input::More => Step::Again,
            Input::NotYet => Step::Wait(Wait::For(Direction::Read)),
            Input::End => self.close(),
        }
    }
}
