//! Writing: sends replies and tails as far as the socket takes them, and does what was decided for afterwards.

use std::time::Instant;
use std::{io, mem};

use super::reading::Input;
use super::{Buffers, Step, close};
use crate::conn::connection::{Conn, State, Wait};
use crate::conn::outgoing::OutgoingBody;
use crate::conn::saved::SendProgress;
use crate::conn::scheduler::{Scheduler, SendOn};
use crate::exchange::{Context, Next};
use crate::sys::{Direction, Fault, Reservation};

/// What sending came to, unless the socket takes no more.
enum Sent {
    All,
    /// What the rest of the tail waits for: another connection's turn, or a thread that may block.
    Part(Wait),
    /// The rest cannot be read anywhere.
    GivenUp,
}

impl Buffers {
    pub(super) fn unsent_len(&mut self) -> usize {
        self.io.get_mut().out.len() - self.sent
    }

    pub(super) fn has_unsent(&mut self) -> bool {
        self.unsent_len() > 0 || self.pending.queued.is_some()
    }

    /// From here on the replies are being written, and then comes `next`.
    pub(super) fn start_writing(&mut self, conn: &mut Conn, next: Next, now: Instant) -> Step {
        conn.state = State::Writing(next);
        self.pending.progress = Some(SendProgress { since: now, bytes: 0 });
        conn.deadline = now + self.io.get_mut().settings().patience_with_readers();
        Step::Again
    }

    pub(super) fn write(&mut self, conn: &mut Conn, context: &Context, scheduler: &mut dyn Scheduler) -> Step {
        if self.pending.queued.is_some() && self.unblock_reads(conn).is_err() {
            return self.abort(conn);
        }
        let before = self.pending.progress.map(|progress| progress.bytes);
        let sent = self.send(scheduler);
        let now = scheduler.now();
        match sent {
            Ok(Sent::Part(wait)) => {
                conn.deadline = now + self.io.get_mut().settings().patience_with_readers();
                Step::Wait(wait)
            }
            Ok(Sent::GivenUp) => {
                self.note(Fault::ResourceLimit);
                self.abort(conn)
            }
            Ok(Sent::All) => {
                let State::Writing(next) = mem::replace(&mut conn.state, State::Reading) else { return Step::Again };
                self.finish(conn, next, now)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Only what the client takes buys it time, not what it sends.
                if self.pending.progress.map(|progress| progress.bytes) > before {
                    conn.deadline = now + self.io.get_mut().settings().patience_with_readers();
                }
                if self.is_taken_too_slowly(context, now) {
                    self.note(Fault::SlowReader);
                    return self.abort(conn);
                }
                if self.lacks_descriptors(context) || !self.may_hold_unsent(context) {
                    self.note(Fault::ResourceLimit);
                    return self.abort(conn);
                }
                Step::Wait(Wait::For(Direction::Write))
            }
            Err(error) => {
                let of_a_file = error.kind() == io::ErrorKind::UnexpectedEof;
                self.note(if of_a_file { Fault::HandlerError } else { Fault::ClientGone });
                self.abort(conn)
            }
        }
    }

    /// Whether the reader takes something now and then, but not enough. What lies in the system's buffers counts as taken.
    fn is_taken_too_slowly(&self, context: &Context, now: Instant) -> bool {
        let settings = &context.settings;
        self.pending.progress.is_some_and(|SendProgress { since, bytes }| {
            settings.is_trickle(now.saturating_duration_since(since), bytes, settings.patience_with_readers())
        })
    }

    /// Whether what waits to be sent is a file, and there are too few descriptors for that.
    fn lacks_descriptors(&self, context: &Context) -> bool {
        self.pending.queued.as_ref().is_some_and(OutgoingBody::is_file) && context.quota.is_exceeded()
    }

    /// Whether there is memory for what the reader does not take. One reply larger than all of it may have all of it.
    fn may_hold_unsent(&mut self, context: &Context) -> bool {
        let held = self.unsent_len() + self.pending.queued.as_ref().map_or(0, OutgoingBody::own_bytes);
        Reservation::resize_up_to_all(&mut self.pending.unsent_share, held, &context.unsent)
    }

    /// A tail is not waited for.
    fn unblock_reads(&mut self, conn: &mut Conn) -> io::Result<()> {
        let io = self.io.get_mut();
        mem::swap(&mut io.socket, &mut conn.socket);
        let ended = conn.unblock_reads();
        mem::swap(&mut io.socket, &mut conn.socket);
        ended
    }

    /// Sends all there is, replies and tail; or as much of the tail as may be sent here and now.
    fn send(&mut self, scheduler: &mut dyn Scheduler) -> io::Result<Sent> {
        let io = self.io.get_mut();
        while self.sent < io.out.len() {
            let count = io.socket.write(&io.out[self.sent..])?;
            self.sent += count;
            io.counts.bytes_sent += count as u64;
            self.pending.progress.iter_mut().for_each(|progress| progress.bytes += count as u64);
        }
        io.out.clear();
        self.sent = 0;
        if let Some(queued) = &mut self.pending.queued {
            let place = if queued.is_file() { scheduler.send_file_on(queued.is_slow()) } else { SendOn::ThisThread };
            match place {
                SendOn::ThisThread => {}
                SendOn::Pool => return Ok(Sent::Part(Wait::Thread)),
                SendOn::Refused => return Ok(Sent::GivenUp),
            }
            let before = queued.sent();
            let sent = queued.send(&mut io.socket, self.turn_left, scheduler);
            self.turn_left = self.turn_left.saturating_sub(queued.sent() - before);
            io.counts.bytes_sent += queued.sent() - before;
            self.pending.progress.iter_mut().for_each(|progress| progress.bytes += queued.sent() - before);
            if !sent? {
                return Ok(Sent::Part(Wait::Turn));
            }
        }
        self.drop_tail(scheduler);
        self.pending.unsent_share = None;
        Ok(Sent::All)
    }

    /// Everything is sent: what was decided for afterwards.
    pub(super) fn finish(&mut self, conn: &mut Conn, next: Next, now: Instant) -> Step {
        match next {
            Next::Keep => Step::Again,
            Next::Linger => self.linger(conn, now),
            Next::Close if self.has_more(conn) => self.linger(conn, now),
            Next::Abort => self.abort(conn),
            Next::Close | Next::Hijacked => close(conn),
        }
    }

    /// Whether the client has sent more than was asked of it: a socket that is closed with that unread is reset, and the
    /// reply may be lost with it. Looks into the socket only where that may hold something, and does not wait for it.
    fn has_more(&mut self, conn: &mut Conn) -> bool {
        let may_look = conn.may_read && self.io.get_mut().socket.tells_readiness();
        self.start < self.end
            || may_look && self.unblock_reads(conn).is_ok() && matches!(self.read_more(conn), Input::More)
    }

    pub(super) fn note(&mut self, fault: Fault) {
        self.io.get_mut().counts.note(fault);
    }

    pub(super) fn abort(&mut self, conn: &mut Conn) -> Step {
        // A socket that takes no options is closed already.
        let _ = self.io.get_mut().socket.reset_on_close();
        close(conn)
    }
}
