//! Reading: finds the request that has arrived, or reads more.

use std::io;
use std::ops::{ControlFlow, Range};

use super::Drive;
use crate::conn::connection::Wait;
use crate::exchange::{ExchangeIo, HTTPError, Next};
use crate::proto::{BODY_ENDED_EARLY, BODY_TOO_SLOW, Refusal};
use crate::sys::{CountedError, Direction, Reservation};

/// Reason of a 503 when the quota for unfinished requests is used up.
const CROWDED: &str = "the server holds too many unfinished requests; try again";

impl Drive<'_> {
    /// Serves the request that has arrived. Without one it sends the responses so far, then reads, then waits.
    pub(super) fn read_request(&mut self) -> ControlFlow<Wait> {
        if let Some(error) = self.buffers.pending.partial.refusal.take() {
            return self.refuse(error);
        }
        // Most requests arrive whole in one read, and need no scanner.
        let is_new = !self.buffers.input.is_empty() && self.buffers.pending.partial.is_new();
        if is_new
            && !self.scheduler.is_turn_over()
            && let Some(step) = self.serve_whole()
        {
            return step;
        }
        match self.find_request() {
            Err(refusal) => {
                self.note(CountedError::BadHead);
                self.refuse(refusal.into())
            }
            Ok(Some(span)) if !self.scheduler.is_turn_over() => self.serve(&span),
            // All requests that have arrived are served: one write sends the responses.
            Ok(_) if self.has_unsent() => self.start_writing(Next::Keep),
            Ok(_) if self.scheduler.is_turn_over() => ControlFlow::Break(Wait::Turn),
            // A part of a request, or nothing.
            Ok(_) => {
                if self.buffers.pending.partial.scanner.has_begun(self.buffers.input.unread()) {
                    self.buffers.pending.partial.began.get_or_insert_with(|| self.scheduler.now());
                }
                match self.read_more() {
                    None if self.is_trickling() => {
                        self.note(CountedError::SlowBody);
                        self.refuse(BODY_TOO_SLOW.into())
                    }
                    None if !self.may_wait_for_more() => {
                        self.note(CountedError::ResourceLimit);
                        self.refuse(HTTPError::busy(CROWDED))
                    }
                    // The client has ended only its own side, and may still read the response.
                    Some(0) if self.buffers.pending.partial.body.is_some() => {
                        self.note(CountedError::BadBody);
                        self.refuse(BODY_ENDED_EARLY.into())
                    }
                    Some(0) => {
                        if !self.buffers.input.is_empty() {
                            self.note(CountedError::ClientGone);
                        }
                        self.close()
                    }
                    // No handler is charged with the time of the read.
                    Some(_) => {
                        self.scheduler.look_at_clock();
                        ControlFlow::Continue(())
                    }
                    None => ControlFlow::Break(Wait::For(Direction::Read)),
                }
            }
        }
    }

    /// Reserves memory for a partial request. Returns whether there is enough.
    #[inline]
    fn may_wait_for_more(&mut self) -> bool {
        let held = self.held_input();
        Reservation::resize(&mut self.buffers.pending.share, held, &self.context.unfinished)
    }

    /// Returns whether an awaited body comes too slowly.
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

    /// Returns the head of a request that can be served: its body has arrived or is not awaited.
    fn find_request(&mut self) -> Result<Option<Range<usize>>, Refusal> {
        let unread = self.buffers.input.unread();
        if let Some(body) = &mut self.buffers.pending.partial.body {
            return Ok(body.is_here(unread).then(|| body.span.clone()));
        }
        if unread.is_empty() {
            return Ok(None);
        }
        self.buffers.pending.partial.scanner.scan(unread, &self.context.settings.limits)
    }

    /// Reads once from the socket, if it may hold bytes. Returns their number, which is 0 if the client has ended its
    /// side or the socket is broken. `None`: nothing has arrived.
    pub(super) fn read_more(&mut self) -> Option<usize> {
        if !self.conn.may_read {
            return None;
        }
        let room = self.buffers.input.room();
        let asked = room.len();
        let ExchangeIo { socket, counts, .. } = self.buffers.io.get_mut();
        match socket.read(room) {
            Ok(0) => Some(0),
            Ok(count) => {
                self.buffers.input.fill(count);
                counts.bytes_received += count as u64;
                // The poller is edge-triggered, and a drained socket needs no second read, unless the client's end is
                // behind the bytes.
                self.conn.may_read = self.conn.may_have_ended || !socket.is_drained(count == asked);
                Some(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.conn.may_read = false;
                None
            }
            Err(_) => Some(0),
        }
    }
}
