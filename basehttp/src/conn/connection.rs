//! A connection while nobody works on it: its socket, what it waits for, and the few bytes that are in between. No
//! buffers: those are the `Buffers`'s, whose thread `drive`s it.
//!
//! ```text
//!             head (and body) here        reply written
//!   Reading ----------------------> Writing -------------> Reading          keep
//!                                      |
//!                                      +-----------------> Lingering        close, and the client still sends
//!                                      +-----------------> closed           close, abort, hijack
//! ```

use std::time::{Duration, Instant};
use std::{io, mem};

use super::saved::Saved;
use crate::exchange::Next;
use crate::sys::{Address, Direction, Permit, Settings, Socket};

/// How long a server that ends waits for the first word of a client that has just connected: 2 s, enough for a packet to be
/// lost once. A browser's spare connection, which may never say anything, is older than that in most cases.
const FIRST_WORD: Duration = Duration::from_secs(2);

/// One connection.
#[allow(clippy::struct_excessive_bools)] // Four independent facts, in as many bytes.
pub(crate) struct Conn {
    pub socket: Socket,
    /// Counts it, and is dropped behind the socket. None without a loop that counts.
    pub permit: Option<Permit>,
    pub peer: Address,
    pub(super) state: State,
    /// What a connection has only now and then: boxed, so that an idle one is small.
    pub(super) saved: Option<Box<Saved>>,
    /// When waiting ends; what happens then depends on the state.
    pub(super) deadline: Instant,
    /// The socket may hold bytes that no event will tell of.
    pub(super) may_read: bool,
    /// The client has ended its side, or the socket is broken, and no event will tell again: a short read is not the
    /// last one.
    pub(super) may_have_ended: bool,
    /// A request was served, or refused.
    pub(super) has_served: bool,
    /// Requests in a row that needed a thread of the pool, up to now. The engine counts them.
    pub pooled_in_a_row: u8,
    /// The next request shall be the last.
    pub(super) is_last_request: bool,
    /// Reads of the socket wait by themselves.
    reads_block: bool,
}

/// Where a connection is in its life. See the module.
#[derive(Debug)]
pub(super) enum State {
    /// Between requests, or with a part of one.
    Reading,
    /// A reply is being taken by the socket.
    Writing(Next),
    /// Our side is done since then. What still comes is thrown away: so many bytes so far.
    Lingering(Instant, u64),
    Closed,
}

/// What a connection needs before it can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Its socket, in that direction, before [`Conn::deadline`].
    For(Direction),
    /// Nothing: others come first, then it.
    Turn,
    /// A thread that may block, on which the request that is ready shall be served.
    Thread,
    /// It is over.
    Closed,
}

/// What is known of a socket's readiness when its connection is driven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Four independent facts of one event.
pub(crate) struct Ready {
    pub readable: bool,
    pub writable: bool,
    /// The peer has ended its side, or the socket is broken: only reading to the end tells.
    pub closed: bool,
    /// The deadline has passed.
    pub expired: bool,
}

impl Ready {
    /// What both say together.
    pub(crate) fn and(self, other: Ready) -> Ready {
        Ready {
            readable: self.readable || other.readable,
            writable: self.writable || other.writable,
            closed: self.closed || other.closed,
            expired: self.expired || other.expired,
        }
    }

    /// Whether anything happened at all.
    pub(crate) fn is_any(self) -> bool {
        self != Ready::default()
    }
}

impl Conn {
    pub(crate) fn new(socket: Socket, peer: Address, settings: &Settings, now: Instant) -> Self {
        Conn {
            socket,
            permit: None,
            peer,
            state: State::Reading,
            saved: None,
            deadline: now + settings.head_timeout,
            // The request may have come with the connection.
            may_read: true,
            may_have_ended: false,
            has_served: false,
            pooled_in_a_row: 0,
            is_last_request: false,
            reads_block: false,
        }
    }

    /// Makes reads wait by themselves for the next request, for at most so long: for a thread that has nothing else to
    /// do, it saves a system call a request.
    pub(crate) fn block_reads(&mut self, wait: Duration) -> io::Result<()> {
        self.reads_block = true;
        self.socket.set_blocking_reads(Some(wait))
    }

    /// The end of that.
    pub(crate) fn unblock_reads(&mut self) -> io::Result<()> {
        if mem::take(&mut self.reads_block) { self.socket.set_blocking_reads(None) } else { Ok(()) }
    }

    /// As long as the buffers have its socket.
    pub(super) fn unblock_reads_of(&mut self, socket: &Socket) -> io::Result<()> {
        if mem::take(&mut self.reads_block) { socket.set_blocking_reads(None) } else { Ok(()) }
    }

    /// Makes the next request the last one.
    pub(crate) fn close_after_next_request(&mut self) {
        self.is_last_request = true;
    }

    /// A reply is on its way, or all of them were: the next request is not waited for.
    pub(crate) fn is_ending_a_reply(&self) -> bool {
        matches!(self.state, State::Writing(_) | State::Lingering(..))
    }

    /// Ends the connection.
    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
        self.socket = Socket::Taken;
        self.permit = None;
    }

    /// Whether anything was answered so far.
    pub(crate) fn has_served(&self) -> bool {
        self.has_served
    }

    /// When waiting ends.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Nothing is under way: closing it cuts nothing off.
    pub(crate) fn is_idle(&self) -> bool {
        // Empty lines begin no request.
        let is_blank = |saved: &Saved| saved.input.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        matches!(self.state, State::Reading) && self.saved.as_deref().is_none_or(is_blank)
    }

    /// Whether a server that ends may close it: nothing is under way, and its client has had time to ask for something.
    pub(crate) fn may_be_dismissed(&self, now: Instant, settings: &Settings) -> bool {
        // Until it has spoken its deadline is that of its first head, counted from when it was accepted.
        let has_had_time = || now + settings.head_timeout >= self.deadline + FIRST_WORD;
        self.is_idle() && (self.has_served || has_had_time())
    }

    /// Whether no more can be written.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn has_ended_writing(&self) -> bool {
        matches!(self.state, State::Lingering(..) | State::Closed)
    }

    /// How much memory it takes along, beside its own few bytes and what a handler gave whole.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn held_bytes(&self) -> usize {
        self.saved.as_ref().map_or(0, |saved| saved.input.capacity() + saved.unsent.capacity())
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}
