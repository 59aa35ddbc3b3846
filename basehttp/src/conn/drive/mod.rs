//! Drives a connection as far as it can go without waiting: it reads, has requests served, and writes. Then it says
//! what the connection waits for, and the caller waits: the engine parks the connection, `blocking` polls.
//!
//! All requests that one read brought are answered by one write.
//!
//! ```text
//!   Drive::step, by the connection's state
//!     AwaitingProxy  learn of the client                 proxy_header
//!     Verifying  ask the handler about it                verifying
//!     Handshaking  make the TLS session                  handshake
//!     Reading    a request is here    serve it           serving, refusing
//!                unsent responses     start writing      writing
//!                otherwise            read, or wait      reading
//!     Writing    send, then keep, linger or close        writing
//!     Lingering  throw away what comes, then close       lingering
//!     Failed     log why, then close                     failing
//! ```
//!
//! `ahead` follows bodies that must arrive before the handler is called. `deadlines` limits the time of each state.

mod ahead;
mod deadlines;
mod failing;
#[cfg(feature = "tls")]
mod handshake;
mod lingering;
mod proxy_header;
mod reading;
mod refusing;
mod serving;
mod verifying;
mod writing;

use std::ops::ControlFlow;

use super::buffers::Buffers;
use super::connection::{Conn, Ready, State, Wait};
use super::scheduler::Scheduler;
use crate::exchange::{Context, ExchangeIo, Next, Service, catch_panic};
use crate::proto::Scheme;
use crate::sys::{CountedError, Reservation};

/// Bytes of bodies that are sent in one turn to a client that takes them all: 4 MiB, about a millisecond.
const MAX_TURN_BYTES: u64 = 4 * 1024 * 1024;

/// One visit of a thread to a connection: everything that a step needs.
struct Drive<'d> {
    buffers: &'d mut Buffers,
    conn: &'d mut Conn,
    service: &'d dyn Service,
    context: &'d Context,
    scheduler: &'d mut dyn Scheduler,
    /// Bytes of bodies that may still be sent before it is another connection's turn.
    turn_left: u64,
    /// The connection was idle when the visit began, and no request was served since. Its idle time then goes on.
    rests: bool,
}

impl Buffers {
    /// Drives the connection as far as it can go without waiting. Returns what it waits for.
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
    /// Takes steps until one has to wait.
    fn run(mut self, ready: Ready) -> Wait {
        // The poller reports each change once, so its news must last beyond this visit.
        self.conn.may_have_ended |= ready.closed;
        self.conn.may_read |= ready.readable || ready.closed;
        // The process may have been stopped, or the leader late. So the socket is read before a deadline is believed.
        self.conn.may_read |= ready.expired && self.io().socket.is_nonblocking();
        let (mut is_due, moved) = (ready.expired, self.moved());
        let wait = loop {
            match self.step() {
                // Everything that arrived is used: now it is known whether the client was late.
                ControlFlow::Break(Wait::For(_)) if is_due && self.is_late(moved) => {
                    is_due = false;
                    // The next step finds the new state.
                    let _ = self.expire();
                }
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(wait) => break wait,
            }
        };
        self.leave();
        wait
    }

    /// Does what the connection's state asks for. Breaks if nothing more can be done without waiting.
    #[allow(clippy::inline_always)] // A request takes five steps, and a call costs 25 instructions.
    #[inline(always)]
    fn step(&mut self) -> ControlFlow<Wait> {
        match self.conn.state {
            State::Closed => ControlFlow::Break(Wait::Closed),
            State::Writing { .. } => {
                let step = self.write();
                // The next request is here already. Its handler is not charged with the time of the write.
                if !self.buffers.input.is_empty() {
                    self.scheduler.look_at_clock();
                }
                step
            }
            State::AwaitingProxy => self.read_proxy_header(),
            State::Verifying => self.verify_client(),
            #[cfg(feature = "tls")]
            State::Handshaking => self.shake_hands(),
            State::Reading => self.read_request(),
            State::Lingering(..) => self.throw_away(),
            State::Failed(_) => self.log_failure(),
        }
    }

    /// Ends the visit: sets the deadline, reserves memory, and gives the connection what it takes along.
    fn leave(&mut self) {
        let now = self.scheduler.now();
        if self.conn.is_closed() {
            self.drop_tail();
        }
        self.set_deadline(now);
        self.make_share();
        self.buffers.unload(self.conn);
    }

    /// Drops the queued body, sent or not. It may be a user's value, whose drop can block or panic.
    fn drop_tail(&mut self) {
        let Some(queued) = self.buffers.pending.queued.take() else { return };
        if queued.may_block() {
            self.scheduler.begin_blocking();
            if catch_panic(|| drop(queued)).is_none() {
                self.note(CountedError::Panic);
            }
            self.scheduler.end_blocking();
        }
    }

    /// Reserves memory for the unread bytes that the connection takes along.
    fn make_share(&mut self) {
        let length = self.held_input();
        if length == 0 && self.buffers.pending.share.is_none() {
            return;
        }
        match &mut self.conn.state {
            // The client sends requests and does not read the responses. Without memory for them, the responses so far
            // are the last ones (RFC 9112, section 9.3.2).
            State::Writing { next, .. } => {
                if !Reservation::resize(&mut self.buffers.pending.share, length, &self.context.unfinished) {
                    *next = Next::Linger;
                    self.buffers.input.consume_all();
                    self.note(CountedError::ResourceLimit);
                }
            }
            // It has reserved the memory already, or it waits for a thread or a turn, as few connections do.
            _ => Reservation::resize_anyway(&mut self.buffers.pending.share, length, &self.context.unfinished),
        }
        if length == 0 {
            self.buffers.pending.share = None;
        }
    }

    /// Returns the bytes of the client's that are held for the next requests, decrypted or not.
    fn held_input(&mut self) -> usize {
        self.buffers.input.len() + self.io().socket.held_input()
    }

    /// Returns the socket and the response. Only while no handler runs.
    fn io(&mut self) -> &mut ExchangeIo {
        self.buffers.io.get_mut()
    }

    /// Returns the scheme by which the client has connected to this server, or to the proxy that has passed its bytes
    /// on.
    fn served_scheme(&mut self) -> Scheme {
        if self.conn.was_over_tls { Scheme::Https } else { self.io().socket.served_scheme() }
    }

    /// Counts a fault.
    fn note(&mut self, fault: CountedError) {
        self.buffers.counts().note(fault);
    }

    /// Closes the connection, after the log was told what went wrong with it, if anything did.
    fn close(&mut self) -> ControlFlow<Wait> {
        if let Some(reason) = self.untold_failure() {
            return self.fail(reason);
        }
        self.conn.state = State::Closed;
        ControlFlow::Break(Wait::Closed)
    }

    /// Closes the connection by a reset, so that the client sees that the response is not whole.
    fn abort(&mut self) -> ControlFlow<Wait> {
        // A socket that refuses the option is closed already.
        let _ = self.io().socket.reset_on_close();
        self.conn.was_aborted = true;
        self.close()
    }
}
