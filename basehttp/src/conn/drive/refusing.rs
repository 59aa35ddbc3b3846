//! Refusing: answers requests that are malformed or too slow, through the handler's hooks or without them.

use std::ops::ControlFlow;

use super::Drive;
use super::serving::method_for_reply;
use crate::conn::connection::Wait;
use crate::conn::scheduler::RunOn;
use crate::exchange::{Bare, Context, HTTPError, Next, ReplyContext, RequestHead, answer_bare};
use crate::proto::{self, RequestBody, Scheme, Version};
use crate::sys::Address;

/// Bytes that are logged of a first line that is not HTTP: 100.
const MAX_SHOWN_BYTES: usize = 100;

/// Reason of a 400 for a client that begins a TLS handshake.
const TLS: &str = "the client speaks TLS; this port serves plain http";

impl Drive<'_> {
    /// Rejects the request at the start of the unread bytes, and closes.
    pub(super) fn refuse(&mut self, error: HTTPError) -> ControlFlow<Wait> {
        let input = self.buffers.input.lend();
        let step = self.refuse_line(input.unread(), error);
        self.buffers.input.take_back(input);
        step
    }

    /// Rejects a malformed head and closes: it is unknown where the next request would start.
    pub(super) fn refuse_line(&mut self, bytes: &[u8], error: HTTPError) -> ControlFlow<Wait> {
        // The hooks that answer may block. Earlier responses do not wait for them.
        let place = self.scheduler.place_refusal();
        if matches!(place, RunOn::ThisThreadOnceSent | RunOn::Pool) && self.has_unsent() {
            self.buffers.pending.partial.refusal = Some(error);
            return self.start_writing(Next::Keep);
        }
        if let RunOn::Pool = place {
            self.buffers.pending.partial.refusal = Some(error);
            return ControlFlow::Break(Wait::Thread);
        }
        let fields = proto::fields_of_refused(bytes, &self.context.settings.limits);
        let told = self.as_told(None, fields.as_slice());
        let (bytes, error) = if proto::is_tls(bytes) {
            // A handshake is binary, and does not belong in a log.
            (&[][..], HTTPError::from(400).with_explain(TLS))
        } else {
            (proto::request_line(bytes), error)
        };
        let asked = asked_by_line(&proto::latin1(bytes), self.context);
        let requestline = proto::latin1(shown_line(bytes));
        if let RunOn::Refused = place {
            return self.refuse_bare(asked);
        }
        // The hooks answer and log it.
        self.scheduler.begin();
        let now = self.scheduler.now();
        self.io().begin(asked, false, now);
        let request = refused_request(&requestline, told.scheme);
        let client = told.client.map(Address::from);
        let served = self.arrive(&request, &[], &[], client.as_ref(), Some(error));
        self.scheduler.end();
        self.buffers.input.consume_all();
        self.settle(served)
    }

    /// Answers a refused request without its hooks, because there is no thread on which they may block.
    pub(super) fn refuse_bare(&mut self, asked: ReplyContext) -> ControlFlow<Wait> {
        let io = self.buffers.io.get_mut();
        io.begin(asked, false, self.scheduler.now());
        let served = answer_bare(io, Bare::Busy);
        self.buffers.input.consume_all();
        self.settle(served)
    }
}

/// Reads from the request line of a refused request what its response depends on.
fn asked_by_line(requestline: &str, context: &Context) -> ReplyContext {
    let server = context.spec.protocol_version;
    // A client of HTTP/1.0 gets neither interim responses nor chunks (RFC 9110, section 15.2; RFC 9112, section 6.1). A
    // client that does not tell its version may be one.
    let version = requestline
        .rsplit(' ')
        .next()
        .and_then(|text| Version::of_request(text.as_bytes()).ok())
        .unwrap_or(Version::Http10);
    // HEAD gets no body, whatever is wrong with the rest (RFC 9110, section 9.3.2).
    let method = method_for_reply(requestline.split(' ').next().unwrap_or_default());
    ReplyContext { version: version.min(server), server, method, keeps_alive: false, is_whole: false }
}

/// Returns the request line for the log. If it is another protocol's, its first bytes are enough.
fn shown_line(line: &[u8]) -> &[u8] {
    if proto::is_request_line(line) { line } else { &line[..line.len().min(MAX_SHOWN_BYTES)] }
}

/// Returns the head of a refused request. Only its line is known, for the log.
pub(super) fn refused_request(requestline: &str, scheme: Scheme) -> RequestHead<'_> {
    RequestHead {
        command: "",
        path: "",
        requestline,
        request_version: "",
        authority: None,
        scheme,
        body: RequestBody::None,
        expects_continue: false,
    }
}
