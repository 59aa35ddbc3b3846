//! Serving: parses a head, asks the scheduler where its request is served, and takes back what the exchange left.

use std::cell::OnceCell;
use std::mem;

use super::ahead::{BodyArrival, body_arrival};
use super::{Drive, Step};
use crate::conn::connection::Wait;
use crate::conn::outgoing::OutgoingBody;
use crate::conn::read_buffer::ReadBuffer;
use crate::conn::saved::PartialRequest;
use crate::conn::scheduler::RunOn;
use crate::exchange::{HTTPError, IncomingRequest, Next, ReplyContext, RequestHead, Served, catch_panic};
use crate::proto::{self, Field, FieldBuffer, Head, HeadSpan};
use crate::sys::Fault;

/// A request whose head is parsed.
#[derive(Clone, Copy)]
struct Parsed<'p> {
    /// Where in the unread bytes the head is.
    span: HeadSpan,
    head: &'p Head<'p>,
    fields: &'p [Field<'p>],
    /// What is there behind the head.
    ahead: &'p [u8],
}

impl Drive<'_> {
    /// Serves the request at the start of what is unread, if all of its head is there and nothing about it is odd.
    pub(super) fn serve_whole(&mut self) -> Option<Step> {
        let (input, mut fields) = self.lend();
        let unread = input.unread();
        let served = self.io().socket.served_scheme();
        let found = proto::parse_whole(unread, &mut fields, &self.context.settings.limits, served);
        let step = found.map(|(end, head)| {
            let span = HeadSpan { start: 0, end };
            let request = Parsed { span, head: &head, fields: fields.as_slice(), ahead: &unread[end..] };
            self.serve_head(request)
        });
        self.buffers.fields = fields.recycle();
        self.buffers.input.take_back(input);
        step
    }

    /// Serves the request whose head lies there.
    pub(super) fn serve(&mut self, span: HeadSpan) -> Step {
        let (input, mut fields) = self.lend();
        let unread = input.unread();
        let (bytes, ahead) = (&unread[span.start..span.end], &unread[span.end..]);
        let served = self.io().socket.served_scheme();
        let ascii = proto::with_ascii_target(bytes);
        let step = match proto::parse(&ascii, &mut fields, &self.context.settings.limits, served) {
            Err(refusal) => {
                self.note(Fault::BadHead);
                self.refuse_line(bytes, refusal.into())
            }
            Ok(head) => {
                let request = Parsed { span, head: &head, fields: fields.as_slice(), ahead };
                self.serve_head(request)
            }
        };
        self.buffers.fields = fields.recycle();
        self.buffers.input.take_back(input);
        step
    }

    /// What a request borrows from while it is served.
    fn lend<'b>(&mut self) -> (ReadBuffer, FieldBuffer<'b>) {
        (self.buffers.input.lend(), mem::take(&mut self.buffers.fields).recycle())
    }

    fn serve_head(&mut self, request: Parsed<'_>) -> Step {
        let Parsed { span, head, fields, ahead } = request;
        let body = match &self.buffers.pending.partial.body {
            Some(body) => body.state(),
            None => body_arrival(head, span, ahead, self.context),
        };
        let is_refused = !matches!(body, BodyArrival::Complete) && !self.is_implemented(head.method);
        let may_wait = match body {
            BodyArrival::Complete | BodyArrival::Broken => false,
            // A refusal needs no body.
            _ if is_refused => false,
            BodyArrival::Streamed => true,
            BodyArrival::Pending(body) => {
                self.buffers.pending.partial =
                    PartialRequest { body: Some(body), began: Some(self.scheduler.now()), ..PartialRequest::default() };
                return Step::Again;
            }
        };
        let place = if is_refused {
            RunOn::Refused(HTTPError::unsupported(head.method))
        } else {
            self.scheduler.run_on(head, may_wait)
        };
        let (place, refusal) = match place {
            RunOn::Refused(answer) => (self.scheduler.place_refusal(), Some(answer)),
            place => (place, None),
        };
        if matches!(place, RunOn::ThisThreadOnceSent | RunOn::Pool) && self.has_unsent() {
            // A client that has sent several requests at once does not wait for the slowest of them to see the first reply.
            return self.start_writing(Next::Keep);
        }
        if let RunOn::Pool = place {
            // The request is looked for anew there: what the scanner has seen is forgotten.
            self.buffers.pending.partial = PartialRequest::default();
            return Step::Wait(Wait::Thread);
        }
        // From here on its bytes are the thread's.
        self.buffers.pending.share = None;
        let asked = self.asked(head, matches!(body, BodyArrival::Complete));
        if let RunOn::Refused(_) = place {
            return self.refuse_bare(asked);
        }
        self.scheduler.begin();
        self.io().begin(asked, head.expects_continue);
        let served = self.arrive(request_of(head), fields, ahead, refusal);
        self.scheduler.end();
        self.buffers.input.consume(span.end);
        self.settle(served)
    }

    /// Takes back what an exchange left.
    pub(super) fn settle(&mut self, served: Served) -> Step {
        let Served { leftover, queued, lines, next } = served;
        let io = self.buffers.io.get_mut();
        self.conn.has_served = true;
        self.rests = false;
        self.conn.may_read |= io.was_read();
        if !self.buffers.pending.partial.is_untouched() {
            self.buffers.pending.partial = PartialRequest::default();
        }
        self.buffers.input.consume(leftover.used_ahead);
        if !leftover.refill.is_empty() {
            self.buffers.input.replace(leftover.refill);
        } else if io.was_read() {
            // All that was read ahead was used, and what was read since as well.
            self.buffers.input.consume_all();
        }
        self.buffers.pending.queued = queued.map(|queued| OutgoingBody::new(queued, lines, &self.conn.peer));
        match next {
            Next::Keep
                if self.buffers.pending.queued.is_none() && self.unsent_len() < self.context.settings.piece_bytes() =>
            {
                Step::Again
            }
            Next::Hijacked | Next::Abort => self.finish(next),
            next => self.start_writing(next),
        }
    }

    pub(super) fn arrive(
        &self,
        request: RequestHead<'_>,
        fields: &[Field<'_>],
        ahead: &[u8],
        refusal: Option<HTTPError>,
    ) -> Served {
        let (peer, io, context, segments) = (&self.conn.peer, &self.buffers.io, self.context, &OnceCell::new());
        let incoming = IncomingRequest { request, fields, refusal, ahead, peer, io, context, segments };
        // The methods and hooks have a guard of their own. This one is for what is left: a `Drop` of the user's.
        catch_panic(|| self.service.serve(incoming)).unwrap_or_else(|| {
            self.buffers.io.borrow_mut().counts.note(Fault::Panic);
            Served::aborted()
        })
    }

    /// Whether the handler has a method for it. An empty table says nothing: then `dispatch` decides.
    fn is_implemented(&self, method: &str) -> bool {
        let methods = self.context.spec.methods;
        methods.is_empty() || methods.contains(&method)
    }

    fn asked(&self, head: &Head<'_>, is_whole: bool) -> ReplyContext {
        let server = self.context.spec.protocol_version;
        ReplyContext {
            version: head.version.min(server),
            server,
            method: method_for_reply(head.method),
            // RFC 9931, section 7: what follows a CONNECT that is refused was written by whoever uses the tunnel.
            keeps_alive: proto::keeps_alive(head.version, head.connection, server)
                && head.method != "CONNECT"
                && !self.conn.is_last_request
                && !self.context.handle.is_shutting_down(),
            is_whole,
        }
    }
}

pub(super) fn method_for_reply(method: &str) -> &'static str {
    match method {
        "HEAD" => "HEAD",
        "CONNECT" => "CONNECT",
        _ => "GET",
    }
}

fn request_of<'h>(head: &'h Head<'_>) -> RequestHead<'h> {
    RequestHead {
        command: head.method,
        path: &head.target.path,
        requestline: head.requestline,
        request_version: head.request_version,
        authority: head.authority,
        body: head.body,
        expects_continue: head.expects_continue,
    }
}
