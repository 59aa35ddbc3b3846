//! Refusing: answers requests whose heads are malformed or come too late, by the hooks or without them.

use super::serving::method_for_reply;
use super::{Drive, Step};
use crate::conn::connection::Wait;
use crate::conn::scheduler::RunOn;
use crate::exchange::{Bare, Context, HTTPError, Next, ReplyContext, RequestHead, answer_bare};
use crate::proto::{self, RequestBody, Version};

/// How much is logged of a line that is no request line of HTTP: 100 bytes.
const MAX_SHOWN_BYTES: usize = 100;

/// Why a 400.
const TLS: &str = "the client speaks TLS; this port serves plain http";

impl Drive<'_> {
    pub(super) fn refuse(&mut self, error: HTTPError) -> Step {
        let input = self.buffers.input.lend();
        let step = self.refuse_line(input.unread(), error);
        self.buffers.input.take_back(input);
        step
    }

    /// Answers a head that is no good. What follows it cannot be told from it.
    pub(super) fn refuse_line(&mut self, bytes: &[u8], error: HTTPError) -> Step {
        let place = self.scheduler.place_refusal();
        if matches!(place, RunOn::ThisThreadOnceSent | RunOn::Pool) && self.has_unsent() {
            self.buffers.pending.partial.refusal = Some(error);
            return self.start_writing(Next::Keep);
        }
        if let RunOn::Pool = place {
            self.buffers.pending.partial.refusal = Some(error);
            return Step::Wait(Wait::Thread);
        }
        let (bytes, error) = if proto::is_tls(bytes) {
            // What it says is for no log.
            (&[][..], HTTPError::from(400).with_explain(TLS))
        } else {
            (proto::request_line(bytes), error)
        };
        let asked = asked_by_line(&proto::latin1(bytes), self.context);
        let requestline = proto::latin1(shown_line(bytes));
        if let RunOn::Refused(_) = place {
            return self.refuse_bare(asked);
        }
        self.scheduler.begin();
        self.io().begin(asked, false);
        let served = self.arrive(refused_request(&requestline), &[], &[], Some(error));
        self.scheduler.end();
        self.buffers.input.consume_all();
        self.settle(served)
    }

    /// Answers a request whose refusal the hooks would have to log and to phrase, while there is no thread for them.
    pub(super) fn refuse_bare(&mut self, asked: ReplyContext) -> Step {
        let io = self.buffers.io.get_mut();
        io.begin(asked, false);
        let served = answer_bare(io, Bare::Busy);
        self.buffers.input.consume_all();
        self.settle(served)
    }
}

/// What a refused request asked for, as far as its line tells.
fn asked_by_line(requestline: &str, context: &Context) -> ReplyContext {
    let server = context.spec.protocol_version;
    // RFC 9110, section 15.2; RFC 9112, section 6.1: who may be of HTTP/1.0 gets neither interim replies nor chunks.
    let version = requestline
        .rsplit(' ')
        .next()
        .and_then(|text| Version::of_request(text.as_bytes()).ok())
        .unwrap_or(Version::Http10);
    // RFC 9110, section 9.3.2: no body for HEAD, whatever is wrong with the rest.
    let method = method_for_reply(requestline.split(' ').next().unwrap_or_default());
    ReplyContext { version: version.min(server), server, method, keeps_alive: false, is_whole: false }
}

/// The request line for the log. The beginning tells what it is, if it is another protocol's.
fn shown_line(line: &[u8]) -> &[u8] {
    if proto::is_request_line(line) { line } else { &line[..line.len().min(MAX_SHOWN_BYTES)] }
}

/// What is known of a request whose head is refused: the line it came with, for the log.
fn refused_request(requestline: &str) -> RequestHead<'_> {
    RequestHead {
        command: "",
        path: "",
        requestline,
        request_version: "",
        authority: None,
        body: RequestBody::None,
        expects_continue: false,
    }
}
