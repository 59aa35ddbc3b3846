//! Drives a connection as far as it goes without waiting: reads, has requests served, writes. What it then waits for is
//! the caller's to arrange: the engine parks it, `blocking` polls.
//!
//! Everything that one read brought is answered by one write.
//!
//! `reading` finds requests, `serving` has them served, `refusing` answers those that cannot be, `writing` sends what they
//! left, `lingering` ends; `ahead` follows bodies, `deadlines` says how long each may take.

mod ahead;
mod deadlines;
mod lingering;
mod reading;
mod refusing;
mod serving;
mod writing;

use self::deadlines::Deadline;
use super::buffers::Buffers;
use super::connection::{Conn, Ready, State, Wait};
use super::scheduler::Scheduler;
use crate::exchange::{Context, ExchangeIo, Next, Service, catch_panic};
use crate::sys::{Fault, Reservation};

/// How much of tails is sent in one turn to a reader that takes all of it: 4 MiB, a millisecond or so.
const MAX_TURN_BYTES: u64 = 4 * 1024 * 1024;

/// One visit to a connection.
struct Drive<'d> {
    buffers: &'d mut Buffers,
    conn: &'d mut Conn,
    service: &'d dyn Service,
    context: &'d Context,
    scheduler: &'d mut dyn Scheduler,
    /// How much more of tails may be sent before it is another connection's turn.
    turn_left: u64,
    /// It was idle when it was taken up, and nothing was served since: its time goes on.
    rests: bool,
}

/// What one step came to.
enum Step {
    Again,
    Wait(Wait),
}

impl Buffers {
    /// Goes as far as it goes without waiting.
    pub(crate) fn drive(
        &mut self,
        conn: &mut Conn,
        service: &dyn Service,
        context: &Context,
        scheduler: &mut dyn Scheduler,
        ready: Ready,
    ) -> Wait {
        let rests = conn.has_served && conn.is_idle();
        self.load(conn);
        Drive { buffers: self, conn, service, context, scheduler, turn_left: MAX_TURN_BYTES, rests }.run(ready)
    }
}

impl Drive<'_> {
    fn run(mut self, ready: Ready) -> Wait {
        self.conn.may_have_ended |= ready.closed;
        self.conn.may_read |= ready.readable || ready.closed;
        // The process may have been stopped, or the leader late: a deadline is believed when the socket has been looked at.
        self.conn.may_read |= ready.expired && self.io().socket.tells_readiness();
        let (mut is_due, moved) = (ready.expired, self.moved());
        let wait = loop {
            match self.step() {
                Step::Wait(Wait::For(_)) if is_due && self.is_late(moved) => {
                    is_due = false;
                    self.expire();
                }
                Step::Again => {}
                Step::Wait(wait) => break wait,
            }
        };
        self.leave();
        wait
    }

    fn step(&mut self) -> Step {
        match self.conn.state {
            State::Closed => Step::Wait(Wait::Closed),
            State::Writing(_) => {
                let step = self.write();
                if !self.buffers.input.is_empty() {
                    self.scheduler.look_at_clock();
                }
                step
            }
            State::Reading => self.read_request(),
            State::Lingering(..) => self.throw_away(),
        }
    }

    /// Prepares the connection for waiting, or for its end.
    fn leave(&mut self) {
        let now = self.scheduler.now();
        if self.conn.is_closed() {
            self.drop_tail();
        }
        match self.next_deadline() {
            Deadline::FromNow(wait) => self.conn.deadline = now + wait,
            Deadline::Until(deadline) => self.conn.deadline = deadline,
            Deadline::Unchanged => {}
        }
        self.make_share();
        self.buffers.unload(self.conn);
    }

    /// Lets go of the tail, sent or not.
    fn drop_tail(&mut self) {
        let Some(queued) = self.buffers.pending.queued.take() else { return };
        if queued.may_block() {
            self.scheduler.begin_blocking();
            if catch_panic(|| drop(queued)).is_none() {
                self.note(Fault::Panic);
            }
            self.scheduler.end_blocking();
        }
    }

    /// Accounts for the bytes that the connection takes along.
    fn make_share(&mut self) {
        let length = self.buffers.input.len();
        if length == 0 && self.buffers.pending.share.is_none() {
            return;
        }
        match &mut self.conn.state {
            // Requests behind replies that are not read: those replies are the last ones then. RFC 9112, section 9.3.2.
            State::Writing(next) => {
                if !Reservation::resize(&mut self.buffers.pending.share, length, &self.context.unfinished) {
                    *next = Next::Linger;
                    self.buffers.input.consume_all();
                    self.note(Fault::ResourceLimit);
                }
            }
            // It has its share already, or it waits for a thread or a turn, of which there are not many.
            _ => Reservation::resize_anyway(&mut self.buffers.pending.share, length, &self.context.unfinished),
        }
    }

    fn io(&mut self) -> &mut ExchangeIo {
        self.buffers.io.get_mut()
    }

    fn note(&mut self, fault: Fault) {
        self.buffers.counts().note(fault);
    }

    fn close(&mut self) -> Step {
        self.conn.state = State::Closed;
        Step::Wait(Wait::Closed)
    }

    fn abort(&mut self) -> Step {
        // A socket that takes no options is closed already.
        let _ = self.io().socket.reset_on_close();
        self.close()
    }
}
