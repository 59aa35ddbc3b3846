//! A response under construction: the order of calls, and the bytes. It has no socket. Bytes that are ready are in
//! `out`, and `ExchangeIo` sends them.
//!
//! ```text
//!            status            end_head                    write            finish
//!   Unsent ---------> Head -+------------> Buffering ----------------+--------------> Ended
//!     ^                     | length unknown   | too long, or flush  | gets a length
//!     |                     |                  v                     |
//!     +-- interim (1xx) ----+------------> Streaming ----------------+
//!                           | length known, or no body               |
//!                           +------------> Queued -------------------+
//! ```
//!
//! `head` writes the head, `body` the body; `proto::write` has their spelling. Fields that frame the message
//! (`Connection`, `Content-Length`, `Transfer-Encoding`) are understood, and written by `close_head` alone, when
//! everything that decides them is known.

mod body;
mod early;
mod head;

use std::ops::Range;
use std::{io, mem};

use self::early::Early;
use self::head::HeadFields;
use super::error::sentence;
use super::payload::QueuedBody;
use crate::proto::{BodyRule, ReplyFraming, Version};

/// The request's side of what a response must look like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyContext {
    /// The lower of the client's version and our own, which decides the features that the response may use.
    pub version: Version,
    /// Our own version, which the status line shows.
    pub server: Version,
    /// `HEAD`, `CONNECT`, or `GET` for all others, since no other difference matters here.
    pub method: &'static str,
    /// The request and the server's protocol version allow the connection to stay open.
    pub keeps_alive: bool,
    /// The whole request has come.
    pub is_whole: bool,
}

/// A response for which no method of the handler is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// 500: the handler failed, and so did its way to send an error.
    Failed,
    /// 503: the handler's methods are known to block, and no thread is free for them.
    Busy,
}

/// The progress of a response.
#[derive(Debug)]
enum ReplyStage {
    /// No final status yet. Next: `Head`.
    Unsent,
    /// Status line and some fields are in `out`. Next: `Unsent` (interim), `Buffering`, `Streaming`, `Queued`.
    Head,
    /// The head is complete except for its framing. The body collects in `body`. Next: `Streaming`, `Ended`.
    Buffering,
    /// The head is closed, and the body goes through `out`. Next: `Ended`.
    Streaming(ReplyFraming),
    /// The head is closed, and the whole body was given. Next: `Ended`.
    Queued(QueuedBody),
    /// Nothing more comes.
    Ended,
}

/// A response, from its status line to its last byte.
pub(crate) struct Reply {
    stage: ReplyStage,
    asked: ReplyContext,
    /// The position in `out` where the response begins, as long as none of it was sent.
    start: usize,
    /// A part of the final response was sent. It can only be continued or aborted.
    on_wire: bool,
    code: u16,
    /// The body that the code and the method allow.
    rule: BodyRule,
    closes: bool,
    /// The position of the `Connection` line in a closed head, counted from `start`. Empty if there is no such line.
    connection: Range<usize>,
    fields: HeadFields,
    /// The fields and cookies that wait for the head.
    early: Early,
    /// The written bytes that are not in `out` yet. While buffering these are all, and later less than a chunk.
    body: Vec<u8>,
    /// A whole body that was given while the head was open.
    queued: Option<QueuedBody>,
    max_buffered: usize,
    /// The number of bytes of body that the handler has given.
    passed: u64,
    /// The first misuse. The response cannot be sent as it is.
    fault: Option<String>,
}

impl Reply {
    pub(crate) fn new(max_buffered: usize) -> Self {
        let (version, server) = (Version::Http10, Version::Http10);
        let asked = ReplyContext { version, server, method: "GET", keeps_alive: false, is_whole: false };
        Reply {
            stage: ReplyStage::Unsent,
            asked,
            start: 0,
            on_wire: false,
            code: 0,
            rule: BodyRule::Allowed,
            closes: true,
            connection: 0..0,
            fields: HeadFields::default(),
            early: Early::default(),
            body: Vec::new(),
            queued: None,
            max_buffered,
            passed: 0,
            fault: None,
        }
    }

    /// Begins a new exchange. The response will begin at the end of `out`.
    pub(crate) fn begin(&mut self, asked: ReplyContext, out: &[u8]) {
        self.asked = asked;
        self.start = out.len();
        self.on_wire = false;
        self.early.clear();
        self.reset();
    }

    /// Discards the response, so that another can take its place. Only allowed while nothing of it was sent. What waits
    /// for the head of a response goes on to wait.
    pub(crate) fn discard(&mut self, out: &mut Vec<u8>) {
        debug_assert!(!self.on_wire, "a response that was sent cannot be taken back");
        out.truncate(self.start);
        self.reset();
    }

    fn reset(&mut self) {
        self.stage = ReplyStage::Unsent;
        self.code = 0;
        self.closes = !self.asked.keeps_alive;
        self.connection = 0..0;
        self.passed = 0;
        self.fault = None;
        self.body.clear();
        self.queued = None;
        self.fields.clear();
    }

    pub(crate) fn code(&self) -> u16 {
        self.code
    }

    /// Returns the size of the body that is sent. A body that the handler has given for HEAD is not.
    pub(crate) fn body_size(&self) -> u64 {
        if self.keeps_body() { self.passed } else { 0 }
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn closes(&self) -> bool {
        self.closes
    }

    /// Closes the connection after this exchange, even if another response replaces this one. A head that was not sent
    /// says so.
    pub(crate) fn close(&mut self, out: &mut Vec<u8>) {
        self.asked.keeps_alive = false;
        if !mem::replace(&mut self.closes, true) {
            self.rewrite_connection(out);
        }
    }

    pub(crate) fn has_whole_request(&self) -> bool {
        self.asked.is_whole
    }

    /// Notes that the rest of the request has come.
    pub(crate) fn request_is_whole(&mut self) {
        self.asked.is_whole = true;
    }

    /// Called before the response is sent. Closes the connection if the whole request has not come.
    pub(crate) fn close_unless_whole(&mut self, out: &mut Vec<u8>) {
        if !self.asked.is_whole && !self.on_wire && self.is_streaming() {
            self.close(out);
        }
    }

    /// Returns whether `Allow` is missing: a 405 must list the methods (RFC 9110, section 15.5.6).
    pub(crate) fn lacks_allow(&self) -> bool {
        self.code == 405 && self.is_head_open() && !self.fields.has_allow
    }

    pub(crate) fn is_on_wire(&self) -> bool {
        self.on_wire
    }

    /// Returns whether the client has the whole response: the head was sent, and no body can follow.
    pub(crate) fn is_whole_without_body(&self) -> bool {
        self.on_wire && self.is_streaming() && !self.keeps_body()
    }

    /// Returns whether the head can go out: the body will not be sent, and is longer than the buffer.
    pub(crate) fn has_outgrown_its_head(&self) -> bool {
        !self.on_wire && self.is_streaming() && !self.keeps_body() && self.passed > self.max_buffered as u64
    }

    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self.stage, ReplyStage::Unsent)
    }

    /// Returns whether the status line was written and the head has not ended.
    pub(crate) fn is_head_open(&self) -> bool {
        matches!(self.stage, ReplyStage::Head)
    }

    /// Returns whether a final head has ended, so that all of `out` may be sent.
    pub(crate) fn is_streaming(&self) -> bool {
        matches!(self.stage, ReplyStage::Streaming(_) | ReplyStage::Queued(_) | ReplyStage::Ended)
    }

    /// Remembers a misuse, if it is the first one.
    pub(crate) fn mark_fault(&mut self, what: String) {
        self.fault.get_or_insert(what);
    }

    /// Notes that all of `out` was sent.
    pub(crate) fn note_sent(&mut self) {
        self.on_wire |= !self.is_unsent();
        self.start = 0;
    }

    /// Notes that the responses before this one were sent.
    pub(crate) fn note_earlier_sent(&mut self) {
        self.start = 0;
    }
}

/// Creates an error that tells the author of the handler what to do instead.
pub(crate) fn misuse(what: &str) -> io::Error {
    sentence(io::ErrorKind::InvalidInput, what)
}
