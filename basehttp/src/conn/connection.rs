//! A connection at rest: its socket, what it waits for, and bytes read but not yet used. It has no buffers of its own.
//! A thread lends it its `Buffers` while it drives the connection.
//!
//! ```text
//!   AwaitingProxy   with the PROXY protocol
//!   Verifying       in a server
//!   Handshaking     with TLS
//!      |
//!      |      request has arrived         response sent
//!   Reading ----------------------> Writing -------------> Reading          keep
//!                                      |
//!                                      +-----------------> Lingering        close, and the client still sends
//!                                      +-----------------> closed           close, abort, hijack
//!
//!   Failed          instead of closed, until the log knows why
//! ```

use std::time::{Duration, Instant};
use std::{io, mem};

use super::saved::Saved;
use crate::exchange::Next;
use crate::sys::{Address, Direction, Permit, Settings, Socket};

/// Time that a client has to send its first byte when the server ends just after it connected: 2 s, enough for a packet
/// to be lost once. A browser's spare connection, which may never send anything, is older than that in most cases.
const FIRST_WORD: Duration = Duration::from_secs(2);

/// One connection.
#[allow(clippy::struct_excessive_bools)] // Seven independent facts, in as many bytes.
pub(crate) struct Conn {
    pub socket: Socket,
    /// Counts the connection, and is dropped after the socket. `None` without a loop that counts.
    pub permit: Option<Permit>,
    pub peer: Address,
    /// The client, if the peer is a proxy that has named it before the first request.
    pub(super) client: Option<Box<Address>>,
    pub(super) state: State,
    /// State that few connections have while they wait. It is boxed, so that an idle connection is small.
    pub(super) saved: Option<Box<Saved>>,
    /// Time at which waiting ends. The state decides what happens then.
    pub(super) deadline: Instant,
    /// The client is a trusted proxy itself, which speaks for others by the fields of its requests.
    pub(super) is_from_proxy: bool,
    /// The client has spoken TLS to the proxy, by the word of its PROXY header.
    pub(super) was_over_tls: bool,
    /// The socket may hold bytes that no event will report.
    pub(super) may_read: bool,
    /// The client has ended its side, or the socket is broken, and no event will report it again. So a short read is
    /// not the last one.
    pub(super) may_have_ended: bool,
    /// At least one request was served or refused.
    pub(super) has_served: bool,
    /// Latest requests in a row that needed a thread of the pool, as the engine counts them.
    pub pooled_in_a_row: u8,
    /// The next request will be the last one.
    pub(super) is_last_request: bool,
    /// A read of the socket waits in the kernel.
    reads_block: bool,
    /// It was closed in the middle of a response. A socket tells its client by a reset, memory cannot.
    pub(super) was_aborted: bool,
}

/// State of a connection in its life.
#[derive(Debug)]
pub(super) enum State {
    /// A trusted proxy is about to name its client. Next: `Verifying`, `Closed`.
    AwaitingProxy,
    /// `verify_request` is to be asked about the client. Next: `Handshaking`, `Reading`, `Closed`.
    Verifying,
    /// The TLS session is being made. Next: `Reading`, `Closed`.
    #[cfg(feature = "tls")]
    Handshaking,
    /// The connection is between requests, or has a part of one. Next: `Writing`, `Closed`.
    Reading,
    /// Responses are being sent. `slow` says since when the client has let them wait, and the bytes that it has taken
    /// since. Next: as `next` says.
    Writing { next: Next, slow: Option<(Instant, u64)> },
    /// The connection cannot go on, for a reason that the log has not been told. Next: `Closed`.
    Failed(Box<Failure>),
    /// Our side ended at this time. Bytes that still come are thrown away; the number counts them. Next: `Closed`.
    Lingering(Instant, u64),
    /// The socket is gone.
    Closed,
}

/// A reason why a connection cannot go on.
#[derive(Debug)]
pub(super) struct Failure {
    pub reason: String,
    /// The client, if a proxy has named one with the last request.
    pub client: Option<Address>,
}

impl Failure {
    /// Makes the failure of a connection that is between requests.
    pub(super) fn of_connection(reason: impl Into<String>) -> Self {
        Failure { reason: reason.into(), client: None }
    }
}

impl State {
    /// Returns the state in which the client's own bytes begin.
    #[cfg(feature = "tls")]
    pub(super) fn of_client(socket: &Socket) -> Self {
        if socket.is_handshaking() { State::Handshaking } else { State::Reading }
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn of_client(_: &Socket) -> Self {
        State::Reading
    }
}

/// Event for which a connection waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The socket becomes ready in this direction, before [`Conn::deadline`].
    For(Direction),
    /// It can go on at once, but other connections come first.
    Turn,
    /// A thread that may block takes the connection. Its next request or its file needs one.
    Thread,
    /// Nothing: the connection is closed.
    Closed,
}

/// News about a socket, given to the thread that drives its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Four independent facts of one event.
pub(crate) struct Ready {
    pub readable: bool,
    pub writable: bool,
    /// The client has ended its side, or the socket is broken. Only reading to the end tells which.
    pub closed: bool,
    /// The deadline has passed.
    pub expired: bool,
}

impl Ready {
    /// Joins two reports into one.
    pub(crate) fn and(self, other: Ready) -> Ready {
        Ready {
            readable: self.readable || other.readable,
            writable: self.writable || other.writable,
            closed: self.closed || other.closed,
            expired: self.expired || other.expired,
        }
    }

    /// Returns whether anything happened.
    pub(crate) fn is_any(self) -> bool {
        self != Ready::default()
    }
}

impl Conn {
    pub(crate) fn new(socket: Socket, peer: Address, settings: &Settings, now: Instant) -> Self {
        #[cfg(feature = "tls")]
        let socket = match &settings.tls {
            Some(config) => socket.secured(config).expect("the configuration was tried when the server was bound"),
            None => socket,
        };
        Conn {
            state: if settings.awaits_proxy_header() { State::AwaitingProxy } else { State::of_client(&socket) },
            is_from_proxy: settings.is_trusted_proxy(&peer),
            was_over_tls: false,
            socket,
            permit: None,
            peer,
            client: None,
            saved: None,
            deadline: now + settings.head_timeout,
            // The request may have arrived together with the connection.
            may_read: true,
            may_have_ended: false,
            has_served: false,
            pooled_in_a_row: 0,
            is_last_request: false,
            reads_block: false,
            was_aborted: false,
        }
    }

    /// Has the handler asked about the client before anything else, or as soon as a proxy has named it.
    pub(crate) fn verify_first(&mut self) {
        if !matches!(self.state, State::AwaitingProxy) {
            self.state = State::Verifying;
        }
    }

    /// Makes reads wait in the kernel for the next request, for at most `wait`. A thread that has nothing else to do
    /// saves a system call per request.
    pub(crate) fn block_reads(&mut self, wait: Duration) -> io::Result<()> {
        self.reads_block = true;
        self.socket.set_blocking_reads(Some(wait))
    }

    /// Ends waiting in reads.
    pub(crate) fn unblock_reads(&mut self) -> io::Result<()> {
        if mem::take(&mut self.reads_block) { self.socket.set_blocking_reads(None) } else { Ok(()) }
    }

    /// Ends waiting in reads while the socket is with a thread's buffers.
    pub(super) fn unblock_reads_of(&mut self, socket: &Socket) -> io::Result<()> {
        if mem::take(&mut self.reads_block) { socket.set_blocking_reads(None) } else { Ok(()) }
    }

    /// Makes the next request the last one.
    pub(crate) fn close_after_next_request(&mut self) {
        self.is_last_request = true;
    }

    /// Returns whether the client is not known, or the TLS session is not made.
    pub(crate) fn is_beginning(&self) -> bool {
        match self.state {
            State::AwaitingProxy => true,
            State::Verifying => !matches!(State::of_client(&self.socket), State::Reading),
            #[cfg(feature = "tls")]
            State::Handshaking => true,
            State::Reading | State::Writing { .. } | State::Failed(_) | State::Lingering(..) | State::Closed => false,
        }
    }

    /// Returns whether a proxy is to name the client.
    pub(crate) fn awaits_proxy(&self) -> bool {
        matches!(self.state, State::AwaitingProxy)
    }

    /// Gives the client the whole time of a head from now on.
    pub(crate) fn restart_clock(&mut self, now: Instant, settings: &Settings) {
        self.deadline = now + settings.head_timeout;
    }

    /// Returns whether the connection only has to send a response or to end. It does not wait for a request then.
    pub(crate) fn is_ending_a_reply(&self) -> bool {
        matches!(self.state, State::Writing { .. } | State::Lingering(..))
    }

    /// Closes the connection at once.
    pub(crate) fn close(&mut self) {
        self.state = State::Closed;
        self.socket = Socket::Taken;
        self.permit = None;
    }

    /// Returns the client: the peer, or the one that it has named in a PROXY header.
    pub(crate) fn client(&self) -> &Address {
        self.client.as_deref().unwrap_or(&self.peer)
    }

    /// Returns whether any request was answered.
    pub(crate) fn has_served(&self) -> bool {
        self.has_served
    }

    /// Returns the time at which waiting ends.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns whether nothing is under way, so that closing cuts nothing off.
    pub(crate) fn is_idle(&self) -> bool {
        // Empty lines do not begin a request (RFC 9112, section 2.2).
        let is_blank = |saved: &Saved| saved.input.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        match self.state {
            // No request can be on its way before.
            State::AwaitingProxy | State::Verifying => true,
            #[cfg(feature = "tls")]
            State::Handshaking => true,
            State::Reading => self.saved.as_deref().is_none_or(is_blank),
            State::Writing { .. } | State::Failed(_) | State::Lingering(..) | State::Closed => false,
        }
    }

    /// Returns whether a server that ends may close the connection. Nothing is under way then, and the client has had
    /// time to send a request.
    pub(crate) fn may_be_dismissed(&self, now: Instant, settings: &Settings) -> bool {
        // Before its first byte, the deadline is that of the first head, counted from accept(2).
        let has_had_time = || now + settings.head_timeout >= self.deadline + FIRST_WORD;
        self.is_idle() && (self.has_served || has_had_time())
    }

    /// Returns whether nothing more can be written.
    #[cfg(any(test, fuzzing))]
    #[cfg_attr(not(feature = "tls-testing"), allow(dead_code))]
    pub(crate) fn has_ended_writing(&self) -> bool {
        matches!(self.state, State::Lingering(..) | State::Closed)
    }

    /// Returns the bytes of buffers that the connection holds while it waits. Bodies that a handler gave as a whole do
    /// not count.
    #[cfg(any(test, fuzzing))]
    #[cfg_attr(not(feature = "tls-testing"), allow(dead_code))]
    pub(crate) fn held_bytes(&self) -> usize {
        self.saved.as_ref().map_or(0, |saved| saved.input.capacity() + saved.unsent.capacity())
    }

    /// Returns whether it was closed in the middle of a response.
    pub(crate) fn was_aborted(&self) -> bool {
        self.was_aborted
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }
}
