//! Writing: sends responses as far as the socket takes them, and then keeps, lingers or closes.

use std::ops::ControlFlow;
use std::time::Instant;
use std::{io, mem};

use super::Drive;
use crate::conn::connection::{State, Wait};
use crate::conn::scheduler::{RunOn, Scheduler};
use crate::exchange::{Next, OutgoingBody, QueuedBody};
#[cfg(feature = "tls")]
use crate::sys::OwnEnd;
use crate::sys::{CountedError, Direction, Reservation, Socket};

impl Drive<'_> {
    /// Returns the number of bytes in the output that the socket has not taken.
    pub(super) fn unsent_len(&mut self) -> usize {
        self.io().out.len() - self.buffers.sent
    }

    /// Returns whether bytes or a body are left to send.
    pub(super) fn has_unsent(&mut self) -> bool {
        self.unsent_len() > 0 || self.buffers.pending.queued.is_some()
    }

    /// Begins to send the responses; `next` follows when they are sent.
    pub(super) fn start_writing(&mut self, next: Next) -> ControlFlow<Wait> {
        if matches!(next, Next::Close | Next::Linger) && self.buffers.pending.queued.is_none() {
            self.io().socket.end_with_next_write();
        }
        let now = self.scheduler.now();
        self.conn.state = State::Writing { next, slow: None };
        self.conn.deadline = now + self.context.settings.patience_with_readers();
        ControlFlow::Continue(())
    }

    /// Sends what the socket takes, and decides what follows.
    pub(super) fn write(&mut self) -> ControlFlow<Wait> {
        if self.buffers.pending.queued.is_some() && self.unblock_reads().is_err() {
            return self.abort();
        }
        let counted = self.buffers.counts().bytes_sent;
        let sent = self.send();
        let now_taken = self.buffers.counts().bytes_sent - counted;
        if let State::Writing { slow: Some((_, taken)), .. } = &mut self.conn.state {
            *taken += now_taken;
        }
        let now = self.scheduler.now();
        match sent {
            Ok(None) => {
                let State::Writing { next, .. } = mem::replace(&mut self.conn.state, State::Reading) else {
                    return ControlFlow::Continue(());
                };
                self.finish(next)
            }
            // No thread can read the rest.
            Ok(Some(Wait::Closed)) => {
                self.note(CountedError::ResourceLimit);
                self.abort()
            }
            // The client has taken all that it was given, so its time begins anew.
            Ok(Some(wait)) => {
                self.conn.deadline = now + self.context.settings.patience_with_readers();
                ControlFlow::Break(wait)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // A client gains time by what it takes, not by what it sends.
                if now_taken > 0 {
                    self.conn.deadline = now + self.context.settings.patience_with_readers();
                }
                if self.is_taken_too_slowly(now) {
                    self.note(CountedError::SlowReader);
                    return self.abort();
                }
                // A slow client is dropped when it holds what others need: a descriptor, or memory.
                if self.lacks_descriptors() || !self.may_hold_unsent() {
                    self.note(CountedError::ResourceLimit);
                    return self.abort();
                }
                ControlFlow::Break(Wait::For(Direction::Write))
            }
            Err(error) => {
                // A file that has become shorter is the server's fault.
                let of_a_file = error.kind() == io::ErrorKind::UnexpectedEof;
                self.note(if of_a_file { CountedError::HandlerError } else { CountedError::ClientGone });
                self.abort()
            }
        }
    }

    /// Returns whether the client takes some bytes now and then, but not enough, and measures from its first pause on.
    /// Bytes that have filled the system's buffers before say nothing about the client.
    fn is_taken_too_slowly(&mut self, now: Instant) -> bool {
        let State::Writing { slow, .. } = &mut self.conn.state else { return false };
        let (since, taken) = *slow.get_or_insert((now, 0));
        let settings = &self.context.settings;
        settings.is_trickle(now.saturating_duration_since(since), taken, settings.patience_with_readers())
    }

    /// Returns whether the unsent body is a file and too few descriptors are left for it.
    fn lacks_descriptors(&self) -> bool {
        self.buffers.pending.queued.as_ref().is_some_and(OutgoingBody::is_file) && self.context.quota.is_exceeded()
    }

    /// Reserves memory for unsent responses. Returns whether there is enough. A response larger than the whole quota
    /// may have all of it.
    fn may_hold_unsent(&mut self) -> bool {
        let held = self.unsent_len()
            + self.buffers.pending.queued.as_ref().map_or(0, OutgoingBody::own_bytes)
            + self.io().socket.held_output();
        Reservation::resize_up_to_all(&mut self.buffers.pending.unsent_share, held, &self.context.unsent)
    }

    /// Ends waiting in the kernel, which a queued body must not do.
    fn unblock_reads(&mut self) -> io::Result<()> {
        self.conn.unblock_reads_of(&self.buffers.io.get_mut().socket)
    }

    /// Sends the output and then the queued body, as far as the turn and this thread allow. Returns what the rest waits
    /// for, or `None` if everything is sent. The rest of a file that no thread can read waits for nothing.
    fn send(&mut self) -> io::Result<Option<Wait>> {
        let io = self.buffers.io.get_mut();
        while self.buffers.sent < io.out.len() {
            let count = io.socket.write(&io.out[self.buffers.sent..])?;
            self.buffers.sent += count;
            io.counts.bytes_sent += count as u64;
        }
        io.out.clear();
        self.buffers.sent = 0;
        if let Some(queued) = &mut self.buffers.pending.queued {
            let place = if queued.is_file() { self.scheduler.send_file_on(queued.is_slow) } else { RunOn::ThisThread };
            match place {
                RunOn::ThisThread | RunOn::ThisThreadOnceSent => {}
                RunOn::Pool => return Ok(Some(Wait::Thread)),
                RunOn::Refused => return Ok(Some(Wait::Closed)),
            }
            let before = queued.sent;
            let sent = send_body(queued, &mut io.socket, self.turn_left, self.scheduler);
            self.turn_left = self.turn_left.saturating_sub(queued.sent - before);
            io.counts.bytes_sent += queued.sent - before;
            if !sent? {
                return Ok(Some(Wait::Turn));
            }
        }
        self.drop_tail();
        self.buffers.pending.unsent_share = None;
        Ok(None)
    }

    /// Does what was decided for the time after the last byte.
    pub(super) fn finish(&mut self, next: Next) -> ControlFlow<Wait> {
        match next {
            Next::Keep => ControlFlow::Continue(()),
            Next::Linger => self.linger(),
            Next::Close if self.has_more() => self.linger(),
            Next::Abort => self.abort(),
            Next::Close => match self.io().socket.end_session() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.end_later(next),
                _ => self.close(),
            },
            Next::Hijacked => self.close(),
        }
    }

    /// Waits until the client takes the message that its response was whole. It has what is left of the time for the
    /// response.
    pub(super) fn end_later(&mut self, next: Next) -> ControlFlow<Wait> {
        self.conn.state = State::Writing { next, slow: None };
        ControlFlow::Break(Wait::For(Direction::Write))
    }

    /// Returns whether the client has sent bytes that were not read. The system resets a socket that is closed with
    /// unread bytes, and the response may be lost. Reads only a socket that may hold some, and does not wait.
    fn has_more(&mut self) -> bool {
        // A client that has nothing to say may have said so.
        self.conn.may_read |= self.io().socket.has_messages();
        #[cfg(feature = "tls")]
        match self.io().socket.own_end() {
            OwnEnd::Open => {}
            // Nothing is decrypted behind our end.
            OwnEnd::Queued => return !self.buffers.input.is_empty(),
            OwnEnd::Sent => self.leave_session(),
        }
        let may_look = self.conn.may_read && self.io().socket.is_nonblocking();
        !self.buffers.input.is_empty()
            || may_look && self.unblock_reads().is_ok() && self.read_more().is_some_and(|bytes| bytes > 0)
    }
}

/// Writes a body to the socket until it ends, or about `most` bytes are sent. Returns whether all of it is sent.
fn send_body(
    body: &mut OutgoingBody,
    socket: &mut Socket,
    most: u64,
    scheduler: &mut dyn Scheduler,
) -> io::Result<bool> {
    let turn_ends = body.sent.saturating_add(most);
    while body.sent < body.queued.len() {
        if body.sent >= turn_ends {
            return Ok(false);
        }
        body.sent += match &mut body.queued {
            QueuedBody::Bytes(payload) => {
                let start = usize::try_from(body.sent).expect("a part of what is in memory");
                socket.write(&payload.as_slice()[start..])? as u64
            }
            QueuedBody::File { file, offset, length } => {
                scheduler.begin_blocking();
                let sent = socket.send_file(&mut file.file, *offset + body.sent, *length - body.sent);
                body.is_slow = scheduler.end_blocking();
                sent?
            }
        };
    }
    Ok(true)
}
