//! Drives a connection as far as it goes without waiting: reads, has requests served, writes. What it then waits for is
//! the caller's to arrange: the engine parks it, `blocking` polls.
//!
//! Everything that one read brought is answered by one write. A thread's buffers (its [`Buffers`]) serve one connection
//! after the other; a connection that must wait takes the few bytes in between along in its saved part.
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

use std::cell::RefCell;
use std::mem;

use self::deadlines::Deadline;
use super::connection::{Conn, Ready, State, Wait};
use super::saved::{Pending, Saved};
use super::scheduler::Scheduler;
use crate::exchange::{Context, ExchangeIo, Next, Service, catch_panic};
use crate::proto::FieldBuffer;
use crate::sys::{Fault, LocalCounts, Reservation, Socket};

/// How much a read asks for at least: a browser's head several times over, and most bodies of forms.
const READ_BYTES: usize = 16 * 1024;

/// How large a thread's buffers stay when they have grown for one connection: 256 KiB each.
const MAX_KEPT_BYTES: usize = 256 * 1024;

/// How much of tails is sent in one turn to a reader that takes all of it: 4 MiB, a millisecond or so.
const MAX_TURN_BYTES: u64 = 4 * 1024 * 1024;

/// The server as a connection sees it.
#[derive(Clone, Copy)]
pub(crate) struct Host<'h> {
    pub service: &'h dyn Service,
    pub context: &'h Context,
}

/// A thread's buffers.
pub(crate) struct Buffers {
    io: RefCell<ExchangeIo>,
    /// How much of `wire.out` the socket has taken.
    sent: usize,
    /// Initialised throughout, so that a read needs no clearing; unread from `start` to `end`.
    input: Vec<u8>,
    start: usize,
    end: usize,
    pending: Pending,
    /// How much more of tails may be sent before it is another connection's turn.
    turn_left: u64,
    /// It was idle when it was taken up, and nothing was served since: its time goes on.
    rests: bool,
    /// Room for the fields of the request that is served.
    fields: FieldBuffer<'static>,
}

/// What one step came to.
enum Step {
    Again,
    Wait(Wait),
}

impl Buffers {
    pub(crate) fn new(context: &Context) -> Self {
        Buffers {
            io: RefCell::new(ExchangeIo::new(context)),
            sent: 0,
            input: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            pending: Pending::default(),
            turn_left: MAX_TURN_BYTES,
            rests: false,
            fields: FieldBuffer::new(),
        }
    }

    /// Goes as far as it goes without waiting.
    pub(crate) fn drive(
        &mut self,
        conn: &mut Conn,
        host: Host<'_>,
        scheduler: &mut dyn Scheduler,
        ready: Ready,
    ) -> Wait {
        self.rests = conn.has_served && conn.is_idle();
        self.load(conn);
        conn.may_have_ended |= ready.closed;
        conn.may_read |= ready.readable || ready.closed;
        // The process may have been stopped, or the leader late: a deadline is believed when the socket has been looked at.
        conn.may_read |= ready.expired && self.io.get_mut().socket.tells_readiness();
        let (mut is_due, moved) = (ready.expired, self.moved());
        let wait = loop {
            match self.step(conn, host, scheduler) {
                Step::Wait(Wait::For(_)) if is_due && self.is_late(conn, host.context, moved, scheduler.now()) => {
                    is_due = false;
                    self.expire(conn, host, scheduler);
                }
                Step::Again => {}
                Step::Wait(wait) => break wait,
            }
        };
        self.unload(conn, host.context, scheduler);
        wait
    }

    fn step(&mut self, conn: &mut Conn, host: Host<'_>, scheduler: &mut dyn Scheduler) -> Step {
        match &mut conn.state {
            State::Closed => Step::Wait(Wait::Closed),
            State::Writing(_) => {
                let step = self.write(conn, host.context, scheduler);
                if self.start < self.end {
                    scheduler.look_at_clock();
                }
                step
            }
            State::Reading => self.read_request(conn, host, scheduler),
            State::Lingering(..) => self.throw_away(conn, host.context, scheduler),
        }
    }

    /// What was counted since somebody last looked.
    pub(crate) fn counts(&mut self) -> &mut LocalCounts {
        &mut self.io.get_mut().counts
    }

    fn load(&mut self, conn: &mut Conn) {
        self.turn_left = MAX_TURN_BYTES;
        let io = self.io.get_mut();
        io.attach(mem::replace(&mut conn.socket, Socket::Taken));
        io.permit = conn.permit.take();
        let Some(saved) = conn.saved.take() else { return };
        let Saved { input, unsent, pending } = *saved;
        self.pending = pending;
        if !unsent.is_empty() {
            io.out = unsent;
        }
        if !input.is_empty() {
            self.end = input.len();
            if self.input.len() < self.end {
                self.input.resize(self.end.next_power_of_two(), 0);
            }
            self.input[..self.end].copy_from_slice(&input);
        }
    }

    fn unload(&mut self, conn: &mut Conn, context: &Context, scheduler: &mut dyn Scheduler) {
        let now = scheduler.now();
        if conn.is_closed() {
            self.drop_tail(scheduler);
        }
        match self.next_deadline(conn, context) {
            Deadline::FromNow(wait) => conn.deadline = now + wait,
            Deadline::Until(deadline) => conn.deadline = deadline,
            Deadline::Unchanged => {}
        }
        self.make_share(conn, context);
        let io = self.io.get_mut();
        conn.socket = io.detach();
        conn.permit = io.permit.take();
        let pending = mem::take(&mut self.pending);
        let has_rest = self.start < self.end || !io.out.is_empty() || !pending.is_nothing();
        if has_rest && !conn.is_closed() {
            let (input, unsent) = (self.input[self.start..self.end].to_vec(), io.out[self.sent..].to_vec());
            conn.saved = Some(Box::new(Saved { input, unsent, pending }));
        }
        io.out.clear();
        (self.sent, self.start, self.end) = (0, 0, 0);
        if self.input.len() > MAX_KEPT_BYTES {
            self.input = vec![0; READ_BYTES];
        }
        io.out.shrink_to(MAX_KEPT_BYTES);
    }

    /// Lets go of the tail, sent or not.
    fn drop_tail(&mut self, scheduler: &mut dyn Scheduler) {
        let Some(queued) = self.pending.queued.take() else { return };
        if queued.may_block() {
            scheduler.begin_blocking();
            if catch_panic(|| drop(queued)).is_none() {
                self.note(Fault::Panic);
            }
            scheduler.end_blocking();
        }
    }

    /// Accounts for the bytes that the connection takes along.
    fn make_share(&mut self, conn: &mut Conn, context: &Context) {
        let length = self.end - self.start;
        if length == 0 && self.pending.share.is_none() {
            return;
        }
        match &mut conn.state {
            // Requests behind replies that are not read: those replies are the last ones then. RFC 9112, section 9.3.2.
            State::Writing(next) => {
                if !Reservation::resize(&mut self.pending.share, length, &context.unfinished) {
                    *next = Next::Linger;
                    self.start = self.end;
                    self.note(Fault::ResourceLimit);
                }
            }
            // It has its share already, or it waits for a thread or a turn, of which there are not many.
            _ => Reservation::resize_anyway(&mut self.pending.share, length, &context.unfinished),
        }
    }
}

fn close(conn: &mut Conn) -> Step {
    conn.state = State::Closed;
    Step::Wait(Wait::Closed)
}
