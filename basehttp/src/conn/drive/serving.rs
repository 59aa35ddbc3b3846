//! Serving: parses a head, asks the scheduler where its request is served, and takes back what the exchange left.

use std::cell::OnceCell;
use std::mem;
use std::time::Instant;

use super::ahead::{BodyArrival, body_arrival};
use super::{Buffers, Host, Step};
use crate::conn::connection::{Conn, Wait};
use crate::conn::outgoing::OutgoingBody;
use crate::conn::saved::PartialRequest;
use crate::conn::scheduler::{RunOn, Scheduler};
use crate::exchange::{
    Context, ExchangeIo, HTTPError, IncomingRequest, Next, ReplyContext, RequestHead, Served, catch_panic,
};
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

impl Buffers {
    /// Serves the request at the start of what is unread, if all of its head is there and nothing about it is odd.
    pub(super) fn serve_whole(
        &mut self,
        conn: &mut Conn,
        host: Host<'_>,
        scheduler: &mut dyn Scheduler,
    ) -> Option<Step> {
        let (input, mut fields) = self.lend();
        let unread = &input[self.start..self.end];
        let served = self.io.get_mut().socket.served_scheme();
        let found = proto::parse_whole(unread, &mut fields, &host.context.settings.limits, served);
        let step = found.map(|(end, head)| {
            let span = HeadSpan { start: 0, end };
            let request = Parsed { span, head: &head, fields: fields.as_slice(), ahead: &unread[end..] };
            self.serve_head(conn, host, scheduler, request)
        });
        self.fields = fields.recycle();
        self.take_back(input);
        step
    }

    /// Serves the request whose head lies there.
    pub(super) fn serve(
        &mut self,
        conn: &mut Conn,
        host: Host<'_>,
        scheduler: &mut dyn Scheduler,
        span: HeadSpan,
    ) -> Step {
        let (input, mut fields) = self.lend();
        let unread = &input[self.start..self.end];
        let (bytes, ahead) = (&unread[span.start..span.end], &unread[span.end..]);
        let served = self.io.get_mut().socket.served_scheme();
        let ascii = proto::with_ascii_target(bytes);
        let step = match proto::parse(&ascii, &mut fields, &host.context.settings.limits, served) {
            Err(refusal) => {
                self.io.borrow_mut().counts.note(Fault::BadHead);
                self.refuse_line(conn, host, scheduler, bytes, refusal.into())
            }
            Ok(head) => {
                let request = Parsed { span, head: &head, fields: fields.as_slice(), ahead };
                self.serve_head(conn, host, scheduler, request)
            }
        };
        self.fields = fields.recycle();
        self.take_back(input);
        step
    }

    /// What a request borrows from while it is served.
    fn lend<'b>(&mut self) -> (Vec<u8>, FieldBuffer<'b>) {
        (mem::take(&mut self.input), mem::take(&mut self.fields).recycle())
    }

    /// Takes the input back, unless a refill is in its place already.
    fn take_back(&mut self, input: Vec<u8>) {
        if self.input.is_empty() {
            self.input = input;
        }
    }

    fn serve_head(
        &mut self,
        conn: &mut Conn,
        host: Host<'_>,
        scheduler: &mut dyn Scheduler,
        request: Parsed<'_>,
    ) -> Step {
        let Parsed { span, head, fields, ahead } = request;
        let body = match &self.pending.partial.body {
            Some(body) => body.state(),
            None => body_arrival(head, span, ahead, host.context),
        };
        let is_refused = !matches!(body, BodyArrival::Complete) && !is_implemented(head.method, host.context);
        let may_wait = match body {
            BodyArrival::Complete | BodyArrival::Broken => false,
            // A refusal needs no body.
            _ if is_refused => false,
            BodyArrival::Streamed => true,
            BodyArrival::Pending(body) => {
                self.pending.partial =
                    PartialRequest { body: Some(body), began: Some(scheduler.now()), ..PartialRequest::default() };
                return Step::Again;
            }
        };
        let place = if is_refused {
            RunOn::Refused(HTTPError::unsupported(head.method))
        } else {
            scheduler.run_on(head, may_wait)
        };
        let (place, refusal) = match place {
            RunOn::Refused(answer) => (scheduler.place_refusal(), Some(answer)),
            place => (place, None),
        };
        if matches!(place, RunOn::ThisThreadOnceSent | RunOn::Pool) && self.has_unsent() {
            // A client that has sent several requests at once does not wait for the slowest of them to see the first reply.
            return self.start_writing(conn, Next::Keep, scheduler.now());
        }
        if let RunOn::Pool = place {
            // The request is looked for anew there: what the scanner has seen is forgotten.
            self.pending.partial = PartialRequest::default();
            return Step::Wait(Wait::Thread);
        }
        // From here on its bytes are the thread's.
        self.pending.share = None;
        let asked = asked(head, conn, host.context, matches!(body, BodyArrival::Complete));
        if let RunOn::Refused(_) = place {
            return self.refuse_bare(conn, asked, scheduler.now());
        }
        scheduler.begin();
        self.io.get_mut().begin(asked, head.expects_continue);
        let served = self.arrive(conn, host, request_of(head), fields, ahead, refusal);
        scheduler.end();
        self.start += span.end;
        self.settle(conn, served, scheduler.now())
    }

    /// Takes back what an exchange left.
    pub(super) fn settle(&mut self, conn: &mut Conn, served: Served, now: Instant) -> Step {
        let Served { leftover, queued, lines, next } = served;
        let io = self.io.get_mut();
        conn.has_served = true;
        self.rests = false;
        conn.may_read |= io.was_read();
        self.pending.partial = PartialRequest::default();
        self.start += leftover.used_ahead;
        if !leftover.refill.is_empty() {
            self.start = 0;
            self.end = leftover.refill.len();
            self.input = leftover.refill;
        } else if io.was_read() {
            // All that was read ahead was used, and what was read since as well.
            self.start = self.end;
        }
        self.pending.queued = queued.map(|queued| OutgoingBody::new(queued, lines, &conn.peer));
        match next {
            Next::Keep if self.pending.queued.is_none() && self.unsent_len() < io_room(self.io.get_mut()) => {
                Step::Again
            }
            Next::Hijacked | Next::Abort => self.finish(conn, next, now),
            next => self.start_writing(conn, next, now),
        }
    }

    pub(super) fn arrive(
        &self,
        conn: &Conn,
        host: Host<'_>,
        request: RequestHead<'_>,
        fields: &[Field<'_>],
        ahead: &[u8],
        refusal: Option<HTTPError>,
    ) -> Served {
        let (peer, io, context, segments) = (&conn.peer, &self.io, host.context, &OnceCell::new());
        let incoming = IncomingRequest { request, fields, refusal, ahead, peer, io, context, segments };
        // The methods and hooks have a guard of their own. This one is for what is left: a `Drop` of the user's.
        catch_panic(|| host.service.serve(incoming)).unwrap_or_else(|| {
            self.io.borrow_mut().counts.note(Fault::Panic);
            Served::aborted()
        })
    }
}

/// Whether the handler has a method for it. An empty table says nothing: then `dispatch` decides.
fn is_implemented(method: &str, context: &Context) -> bool {
    let methods = context.spec.methods;
    methods.is_empty() || methods.contains(&method)
}

/// How much of replies is collected before it is written.
fn io_room(io: &ExchangeIo) -> usize {
    io.settings().piece_bytes()
}

fn asked(head: &Head<'_>, conn: &Conn, context: &Context, is_whole: bool) -> ReplyContext {
    let server = context.spec.protocol_version;
    ReplyContext {
        version: head.version.min(server),
        server,
        method: method_for_reply(head.method),
        // RFC 9931, section 7: what follows a CONNECT that is refused was written by whoever uses the tunnel.
        keeps_alive: proto::keeps_alive(head.version, head.connection, server)
            && head.method != "CONNECT"
            && !conn.is_last_request
            && !context.handle.is_shutting_down(),
        is_whole,
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
