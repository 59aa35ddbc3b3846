//! One reply under construction: which calls may follow which, and what the bytes are. No socket: what is ready stands
//! in `out`, and the `wire` sends it.
//!
//! ```text
//!            status            end_head                    write            finish
//!   Unsent ---------> Head -+------------> Buffering ----------------+--------------> Ended
//!     ^                     | length unknown   | too long, or flush  | gets a length
//!     |                     |                  v                     |
//!     +-- interim (1xx) ----+------------> Streaming ----------------+
//!                           | length known, or no body               |
//!                           +------------> Queued (tail) ------------+
//! ```
//!
//! `head` composes the head, `body` what follows; `proto::write` has their spelling. Fields that frame the message
//! (`Connection`, `Content-Length`, `Transfer-Encoding`) are understood, and written by `close_head` alone, when
//! everything that decides them is known.

mod body;
mod head;

use std::ops::Range;
use std::{io, mem};

pub(crate) use self::head::HeadParts;

use self::head::HeadFields;
use super::error::sentence;
use super::payload::QueuedBody;
use crate::proto::{BodyRule, ReplyFraming, Version};

/// The request's side of what a reply must look like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyContext {
    /// The lower of the client's and our own: what the reply may be made of.
    pub version: Version,
    /// Our own, which the status line shows.
    pub server: Version,
    /// `HEAD`, `CONNECT`, or any other as `GET`: all that matters here.
    pub method: &'static str,
    /// The request and the server's protocol version let the connection go on.
    pub keeps_alive: bool,
    /// All of the request is here.
    pub is_whole: bool,
}

/// A reply for which no hook of the handler's is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// 500: the handler's own way of failing fails.
    Failed,
    /// 503: the hooks are known to block, and there is no thread for them.
    Busy,
}

/// How far the reply is.
#[derive(Debug)]
enum ReplyStage {
    /// No final status yet. Next: `Head`.
    Unsent,
    /// Status line and some fields stand in `out`. Next: `Unsent` (interim), `Buffering`, `Streaming`, `Queued`.
    Head,
    /// The head is whole but for its framing; the body collects in `body`. Next: `Streaming`, `Ended`.
    Buffering,
    /// The head is closed, the body goes through `out`. Next: `Ended`.
    Streaming(ReplyFraming),
    /// The head is closed, the body is given whole. Next: `Ended`.
    Queued(QueuedBody),
    /// Nothing more comes.
    Ended,
}

/// A reply, from its status line to its last byte.
pub(crate) struct Reply {
    stage: ReplyStage,
    asked: ReplyContext,
    /// Where in `out` it begins, as long as none of it is on the wire.
    start: usize,
    /// Some of the final response has left: it can only be continued or aborted.
    on_wire: bool,
    code: u16,
    /// What the code leaves room for.
    rule: BodyRule,
    closes: bool,
    /// Where the `Connection` of a head that is closed stands, or would, counted from `start`.
    connection: Range<usize>,
    fields: HeadFields,
    /// What was written and is not in `out` yet: all of it while buffering, then less than a chunk.
    body: Vec<u8>,
    /// The body, given whole while the head was open.
    queued: Option<QueuedBody>,
    max_buffered: usize,
    /// Bytes of body the handler has given.
    passed: u64,
    /// The first misuse: the reply cannot be sent as it is.
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
            body: Vec::new(),
            queued: None,
            max_buffered,
            passed: 0,
            fault: None,
        }
    }

    /// A new exchange: the reply will begin at the end of `out`.
    pub(crate) fn begin(&mut self, asked: ReplyContext, out: &[u8]) {
        self.asked = asked;
        self.start = out.len();
        self.on_wire = false;
        self.reset();
    }

    /// Forgets what was composed, so that another reply can take its place. Only while nothing is on the wire.
    pub(crate) fn discard(&mut self, out: &mut Vec<u8>) {
        debug_assert!(!self.on_wire, "a reply that is on the wire cannot be taken back");
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

    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn closes(&self) -> bool {
        self.closes
    }

    /// Closes after this exchange, whatever reply it gets in the end. A head that is still here says so.
    pub(crate) fn close(&mut self, out: &mut Vec<u8>) {
        self.asked.keeps_alive = false;
        if !mem::replace(&mut self.closes, true) {
            self.rewrite_connection(out);
        }
    }

    pub(crate) fn has_whole_request(&self) -> bool {
        self.asked.is_whole
    }

    /// The rest of the request has come.
    pub(crate) fn request_is_whole(&mut self) {
        self.asked.is_whole = true;
    }

    /// The reply is about to leave.
    pub(crate) fn close_unless_whole(&mut self, out: &mut Vec<u8>) {
        if !self.asked.is_whole && !self.on_wire && self.is_streaming() {
            self.close(out);
        }
    }

    /// RFC 9110, section 15.5.6: a 405 says which methods there are.
    pub(crate) fn lacks_allow(&self) -> bool {
        self.code == 405 && self.is_head_open() && !self.fields.has_allow
    }

    pub(crate) fn is_on_wire(&self) -> bool {
        self.on_wire
    }

    /// The head has left, and no body can follow it: the client has the whole reply.
    pub(crate) fn is_whole_without_body(&self) -> bool {
        self.on_wire && self.is_streaming() && !self.keeps_body()
    }

    /// More was written than is buffered, of which none will be sent: the head need not wait any longer.
    pub(crate) fn has_outgrown_its_head(&self) -> bool {
        !self.on_wire && self.is_streaming() && !self.keeps_body() && self.passed > self.max_buffered as u64
    }

    pub(crate) fn is_unsent(&self) -> bool {
        matches!(self.stage, ReplyStage::Unsent)
    }

    /// Between the status line and the end of the head.
    pub(crate) fn is_head_open(&self) -> bool {
        matches!(self.stage, ReplyStage::Head)
    }

    /// A final head was ended, so that all of `out` may be sent.
    pub(crate) fn is_streaming(&self) -> bool {
        matches!(self.stage, ReplyStage::Streaming(_) | ReplyStage::Queued(_) | ReplyStage::Ended)
    }

    /// Remembers a misuse; the first one counts.
    pub(crate) fn mark_fault(&mut self, what: String) {
        self.fault.get_or_insert(what);
    }

    /// The socket has taken everything before `out`'s end.
    pub(crate) fn note_sent(&mut self) {
        self.on_wire |= !self.is_unsent();
        self.start = 0;
    }

    /// The socket has taken what stands before this reply.
    pub(crate) fn note_earlier_sent(&mut self) {
        self.start = 0;
    }
}

/// An error that tells the handler's author what to do instead.
pub(crate) fn misuse(what: &str) -> io::Error {
    sentence(io::ErrorKind::InvalidInput, what)
}
