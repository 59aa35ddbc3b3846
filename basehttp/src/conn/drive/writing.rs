//! Writing: sends replies and tails as far as the socket takes them, and does what was decided for afterwards.

use std::time::Instant;
use std::{io, mem};

use super::reading::Input;
use super::{Drive, Step};
use crate::conn::connection::{State, Wait};
use crate::conn::outgoing::OutgoingBody;
use crate::conn::saved::SendProgress;
use crate::conn::scheduler::SendOn;
use crate::exchange::Next;
use crate::sys::{Direction, Fault, Reservation};

/// What sending came to, unless the socket takes no more.
enum Sent {
    All,
    /// What the rest of the tail waits for: another connection's turn, or a thread that may block.
    Part(Wait),
    /// The rest cannot be read anywhere.
    GivenUp,
}

impl Drive<'_> {
    pub(super) fn unsent_len(&mut self) -> usize {
        self.io().out.len() - self.buffers.sent
    }

    pub(super) fn has_unsent(&mut self) -> bool {
        self.unsent_len() > 0 || self.buffers.pending.queued.is_some()
    }

    /// From here on the replies are being written, and then comes `next`.
    pub(super) fn start_writing(&mut self, next: Next) -> Step {
        let now = self.scheduler.now();
        self.conn.state = State::Writing(next);
        self.buffers.pending.progress = Some(SendProgress { since: now, bytes: 0 });
        self.conn.deadline = now + self.context.settings.patience_with_readers();
        Step::Again
    }

    pub(super) fn write(&mut self) -> Step {
        if self.buffers.pending.queued.is_some() && self.unblock_reads().is_err() {
            return self.abort();
        }
        let before = self.buffers.pending.progress.map(|progress| progress.bytes);
        let sent = self.send();
        let now = self.scheduler.now();
        match sent {
            Ok(Sent::Part(wait)) => {
                self.conn.deadline = now + self.context.settings.patience_with_readers();
                Step::Wait(wait)
            }
            Ok(Sent::GivenUp) => {
                self.note(Fault::ResourceLimit);
                self.abort()
            }
            Ok(Sent::All) => {
                let State::Writing(next) = mem::replace(&mut self.conn.state, State::Reading) else {
                    return Step::Again;
                };
                self.finish(next)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Only what the client takes buys it time, not what it sends.
                if self.buffers.pending.progress.map(|progress| progress.bytes) > before {
                    self.conn.deadline = now + self.context.settings.patience_with_readers();
                }
                if self.is_taken_too_slowly(now) {
                    self.note(Fault::SlowReader);
                    return self.abort();
                }
                if self.lacks_descriptors() || !self.may_hold_unsent() {
                    self.note(Fault::ResourceLimit);
                    return self.abort();
                }
                Step::Wait(Wait::For(Direction::Write))
            }
            Err(error) => {
                let of_a_file = error.kind() == io::ErrorKind::UnexpectedEof;
                self.note(if of_a_file { Fault::HandlerError } else { Fault::ClientGone });
                self.abort()
            }
        }
    }

    /// Whether the reader takes something now and then, but not enough. What lies in the system's buffers counts as taken.
    fn is_taken_too_slowly(&self, now: Instant) -> bool {
        let settings = &self.context.settings;
        self.buffers.pending.progress.is_some_and(|SendProgress { since, bytes }| {
            settings.is_trickle(now.saturating_duration_since(since), bytes, settings.patience_with_readers())
        })
    }

    /// Whether what waits to be sent is a file, and there are too few descriptors for that.
    fn lacks_descriptors(&self) -> bool {
        self.buffers.pending.queued.as_ref().is_some_and(OutgoingBody::is_file) && self.context.quota.is_exceeded()
    }

    /// Whether there is memory for what the reader does not take. One reply larger than all of it may have all of it.
    fn may_hold_unsent(&mut self) -> bool {
        let held = self.unsent_len() + self.buffers.pending.queued.as_ref().map_or(0, OutgoingBody::own_bytes);
        Reservation::resize_up_to_all(&mut self.buffers.pending.unsent_share, held, &self.context.unsent)
    }

    /// A tail is not waited for.
    fn unblock_reads(&mut self) -> io::Result<()> {
        self.conn.unblock_reads_of(&self.buffers.io.get_mut().socket)
    }

    /// Sends all there is, replies and tail; or as much of the tail as may be sent here and now.
    fn send(&mut self) -> io::Result<Sent> {
        let io = self.buffers.io.get_mut();
        while self.buffers.sent < io.out.len() {
            let count = io.socket.write(&io.out[self.buffers.sent..])?;
            self.buffers.sent += count;
            io.counts.bytes_sent += count as u64;
            self.buffers.pending.progress.iter_mut().for_each(|progress| progress.bytes += count as u64);
        }
        io.out.clear();
        self.buffers.sent = 0;
        if let Some(queued) = &mut self.buffers.pending.queued {
            let place =
                if queued.is_file() { self.scheduler.send_file_on(queued.is_slow()) } else { SendOn::ThisThread };
            match place {
                SendOn::ThisThread => {}
                SendOn::Pool => return Ok(Sent::Part(Wait::Thread)),
                SendOn::Refused => return Ok(Sent::GivenUp),
            }
            let before = queued.sent();
            let sent = queued.send(&mut io.socket, self.turn_left, self.scheduler);
            self.turn_left = self.turn_left.saturating_sub(queued.sent() - before);
            io.counts.bytes_sent += queued.sent() - before;
            self.buffers.pending.progress.iter_mut().for_each(|progress| progress.bytes += queued.sent() - before);
            if !sent? {
                return Ok(Sent::Part(Wait::Turn));
            }
        }
        self.drop_tail();
        self.buffers.pending.unsent_share = None;
        Ok(Sent::All)
    }

    /// Everything is sent: what was decided for afterwards.
    pub(super) fn finish(&mut self, next: Next) -> Step {
        match next {
            Next::Keep => Step::Again,
            Next::Linger => self.linger(),
            Next::Close if self.has_more() => self.linger(),
            Next::Abort => self.abort(),
            Next::Close | Next::Hijacked => self.close(),
        }
    }

    /// Whether the client has sent more than was asked of it: a socket that is closed with that unread is reset, and the
    /// reply may be lost with it. Looks into the socket only where that may hold something, and does not wait for it.
    fn has_more(&mut self) -> bool {
        let may_look = self.conn.may_read && self.io().socket.tells_readiness();
        !self.buffers.input.is_empty()
            || may_look && self.unblock_reads().is_ok() && matches!(self.read_more(), Input::More)
    }
}
