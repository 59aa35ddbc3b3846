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

use std::fmt::Write as _;
use std::time::{Duration, Instant};
use std::{io, mem};

use super::drive::Scheduler;
use crate::exchange::{HTTPError, Next, QueuedBody};
use crate::proto::{BodyDecoder, HeadScanner, HeadSpan};
use crate::sys::{Address, Direction, Permit, Reservation, Settings, Socket, clock, log};

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

/// See [`Conn::saved`].
#[derive(Default)]
pub(super) struct Saved {
    /// Bytes read and not used.
    pub input: Vec<u8>,
    /// What they take of the memory for unfinished requests.
    pub share: Option<Reservation>,
    pub partial: PartialRequest,
    /// Bytes of replies that the socket has not taken.
    pub unsent: Vec<u8>,
    pub queued: Option<OutgoingBody>,
    pub progress: Option<SendProgress>,
    /// What unsent bytes and tail take of the memory for unread replies.
    pub unsent_share: Option<Reservation>,
}

/// How much of its replies a client has taken since it was waited for.
#[derive(Clone, Copy)]
pub(super) struct SendProgress {
    pub since: Instant,
    pub bytes: u64,
}

/// A request of which a part is here.
#[derive(Default)]
pub(super) struct PartialRequest {
    pub scanner: HeadScanner,
    /// When its first byte was seen; for a body, when the head was complete.
    pub began: Option<Instant>,
    /// The head is complete, the body is not.
    pub body: Option<BodyAhead>,
    /// The request is refused, and waits for a thread on which the hooks that answer it may block.
    pub refusal: Option<HTTPError>,
}

impl PartialRequest {
    /// Nothing was looked at so far.
    pub fn is_new(&self) -> bool {
        self.body.is_none() && self.scanner.is_new()
    }
}

/// A body that will fit the buffer, and is waited for before the handler is called.
pub(super) struct BodyAhead {
    pub span: HeadSpan,
    /// Unread bytes up to the body's end, where that is known.
    pub needed: Option<usize>,
    /// Follows a chunked body, up to so many unread bytes.
    pub decoder: BodyDecoder,
    pub decoded: usize,
}

/// A tail, and how much of it is sent. Its request is logged when it is dropped: sent, or cut off.
pub(super) struct OutgoingBody {
    queued: QueuedBody,
    sent: u64,
    /// The request's log lines; empty if it has none, and then nothing is logged of its end either.
    lines: String,
    client: Address,
    /// The last piece of the file took long to be read.
    is_slow: bool,
}

impl OutgoingBody {
    pub fn new(queued: QueuedBody, lines: String, client: &Address) -> Self {
        OutgoingBody { queued, sent: 0, lines, client: client.clone(), is_slow: false }
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How much memory it holds by itself.
    pub fn own_bytes(&self) -> usize {
        self.queued.own_bytes()
    }

    /// Whether it has a descriptor.
    pub fn is_file(&self) -> bool {
        self.queued.is_file()
    }

    /// Whether to drop it may block.
    pub fn may_block(&self) -> bool {
        self.queued.may_block()
    }

    /// Whether it is a file, the last piece of which took long to be read.
    pub fn is_slow(&self) -> bool {
        self.is_slow
    }

    /// Gives the socket as much as it takes, until all of it is sent, or about `most` bytes: then false.
    pub fn send(&mut self, socket: &mut Socket, most: u64, scheduler: &mut dyn Scheduler) -> io::Result<bool> {
        let turn_ends = self.sent.saturating_add(most);
        while self.sent < self.queued.len() {
            if self.sent >= turn_ends {
                return Ok(false);
            }
            self.sent += match &mut self.queued {
                QueuedBody::Bytes(payload) => {
                    let start = usize::try_from(self.sent).expect("a part of what is in memory");
                    socket.write(&payload.as_slice()[start..])? as u64
                }
                QueuedBody::File { file, offset, length } => {
                    scheduler.begin_blocking();
                    let sent = socket.send_file(&mut file.file, *offset + self.sent, *length - self.sent);
                    self.is_slow = scheduler.end_blocking();
                    sent?
                }
            };
        }
        Ok(true)
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let (sent, length) = (self.sent, self.queued.len());
        if sent < length {
            let (client, date) = (self.client.log_name(), clock::log_date());
            // A String takes everything.
            let _ =
                writeln!(self.lines, "{client} - - [{date}] the reply was cut off: {sent} of {length} bytes of body");
        }
        log::add_lines(&self.lines);
    }
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
    pub fn and(self, other: Ready) -> Ready {
        Ready {
            readable: self.readable || other.readable,
            writable: self.writable || other.writable,
            closed: self.closed || other.closed,
            expired: self.expired || other.expired,
        }
    }

    /// Whether anything happened at all.
    pub fn is_any(self) -> bool {
        self != Ready::default()
    }
}

impl Conn {
    pub fn new(socket: Socket, peer: Address, settings: &Settings, now: Instant) -> Self {
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
    pub fn block_reads(&mut self, wait: Duration) -> io::Result<()> {
        self.reads_block = true;
        self.socket.set_blocking_reads(Some(wait))
    }

    /// The end of that.
    pub fn unblock_reads(&mut self) -> io::Result<()> {
        if mem::replace(&mut self.reads_block, false) { self.socket.set_blocking_reads(None) } else { Ok(()) }
    }

    /// Makes the next request the last one.
    pub fn close_after_next_request(&mut self) {
        self.is_last_request = true;
    }

    /// A reply is on its way, or all of them were: the next request is not waited for.
    pub fn is_ending_a_reply(&self) -> bool {
        matches!(self.state, State::Writing(_) | State::Lingering(..))
    }

    /// Ends the connection.
    pub fn close(&mut self) {
        self.state = State::Closed;
        self.socket = Socket::Taken;
        self.permit = None;
    }

    /// Whether anything was answered so far.
    pub fn has_served(&self) -> bool {
        self.has_served
    }

    /// When waiting ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Nothing is under way: closing it cuts nothing off.
    pub fn is_idle(&self) -> bool {
        // Empty lines begin no request.
        let is_blank = |saved: &Saved| saved.input.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        matches!(self.state, State::Reading) && self.saved.as_deref().is_none_or(is_blank)
    }

    /// Whether a server that ends may close it: nothing is under way, and its client has had time to ask for something.
    pub fn may_be_dismissed(&self, now: Instant, settings: &Settings) -> bool {
        // Until it has spoken its deadline is that of its first head, counted from when it was accepted.
        let has_had_time = || now + settings.head_timeout >= self.deadline + FIRST_WORD;
        self.is_idle() && (self.has_served || has_had_time())
    }

    /// Whether no more can be written.
    #[cfg(any(test, fuzzing))]
    pub fn has_ended_writing(&self) -> bool {
        matches!(self.state, State::Lingering(..) | State::Closed)
    }

    /// How much memory it takes along, beside its own few bytes and what a handler gave whole.
    #[cfg(any(test, fuzzing))]
    pub fn held_bytes(&self) -> usize {
        self.saved.as_ref().map_or(0, |saved| saved.input.capacity() + saved.unsent.capacity())
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}

/// How long from now the state may last, for a connection that has just been driven.
pub(super) fn next_deadline(
    state: &State,
    partial: &PartialRequest,
    has_served: bool,
    settings: &Settings,
) -> Deadline {
    match state {
        State::Reading if partial.body.is_some() => Deadline::FromNow(settings.body_stall_timeout),
        State::Reading => match partial.began {
            Some(began) => Deadline::Until(began + settings.head_timeout),
            None if has_served => Deadline::FromNow(settings.idle_timeout),
            None => Deadline::Unchanged,
        },
        State::Writing(_) | State::Lingering(..) | State::Closed => Deadline::Unchanged,
    }
}

/// See [`patience`].
pub(super) enum Deadline {
    FromNow(Duration),
    Until(Instant),
    /// As it was set when the state began, or when it last got on.
    Unchanged,
}
