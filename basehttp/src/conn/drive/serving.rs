//! Serving: parses a head, asks the scheduler where its request is served, and takes over the result of the exchange.

use std::mem;
use std::ops::{ControlFlow, Range};

use super::Drive;
use super::ahead::{BodyArrival, body_arrival};
use crate::conn::connection::Wait;
use crate::conn::read_buffer::ReadBuffer;
use crate::conn::saved::PartialRequest;
use crate::conn::scheduler::RunOn;
use crate::exchange::{DecodedPaths, HTTPError, IncomingRequest, Next, ReplyContext, RequestHead, Served, catch_panic};
use crate::proto::{self, Admitted, Field, FieldBuffer, Head, Refusal, Scheme};
use crate::sys::{Address, CountedError};

/// Reason of a 503 for a request whose handler may block.
const NO_THREAD: &str = "no thread is free, and no more requests may wait for one";

impl Drive<'_> {
    /// Serves the request at the start of the unread bytes, if its head is complete and has nothing unusual. `None`
    /// leaves it to the scanner.
    pub(super) fn serve_whole(&mut self) -> Option<ControlFlow<Wait>> {
        let (input, mut fields) = self.lend();
        let unread = input.unread();
        let served = self.parsed_as();
        let found = proto::parse_whole(unread, &mut fields, &self.context.settings.limits, served);
        let step = found.map(|(end, head)| self.serve_head(&(0..end), &head, fields.as_slice(), &unread[end..]));
        self.buffers.fields = fields.recycle();
        self.buffers.input.take_back(input);
        step
    }

    /// Serves the request whose head the scanner has found.
    pub(super) fn serve(&mut self, span: &Range<usize>) -> ControlFlow<Wait> {
        let (input, mut fields) = self.lend();
        let unread = input.unread();
        let (bytes, ahead) = (&unread[span.start..span.end], &unread[span.end..]);
        let served = self.parsed_as();
        let ascii = proto::with_ascii_target(bytes);
        let step = match proto::parse(&ascii, &mut fields, &self.context.settings.limits, served) {
            Err(refusal) => {
                self.note(CountedError::BadHead);
                self.refuse_line(bytes, refusal.into())
            }
            Ok(head) => self.serve_head(span, &head, fields.as_slice(), ahead),
        };
        self.buffers.fields = fields.recycle();
        self.buffers.input.take_back(input);
        step
    }

    /// Returns the scheme with which heads are parsed.
    fn parsed_as(&mut self) -> Option<Scheme> {
        let served = self.served_scheme();
        self.context.settings.admission.as_ref().map_or(Some(served), |admission| admission.parsed_as(served))
    }

    /// Applies the server's rules to a request.
    fn admit<'h>(&mut self, head: &Head<'h>, fields: &[Field<'h>]) -> Result<Admitted<'h>, Refusal> {
        match &self.context.settings.admission {
            None => Ok(self.as_sent(head.authority)),
            Some(admission) => {
                let served = self.served_scheme();
                admission.admit(head, fields, self.conn.is_from_proxy, served)
            }
        }
    }

    /// Returns a refused request as the proxies' fields have it, as far as they can be read.
    #[cold]
    pub(super) fn as_told<'h>(&mut self, authority: Option<&'h [u8]>, fields: &[Field<'h>]) -> Admitted<'h> {
        match &self.context.settings.admission {
            None => self.as_sent(authority),
            Some(admission) => {
                let served = self.served_scheme();
                admission.of_refused(authority, fields, self.conn.is_from_proxy, served)
            }
        }
    }

    /// Returns a request as its connection and head have it.
    fn as_sent<'h>(&mut self, authority: Option<&'h [u8]>) -> Admitted<'h> {
        Admitted { client: None, scheme: self.served_scheme(), authority }
    }

    /// Lends the memory from which a request borrows while it is served.
    fn lend<'b>(&mut self) -> (ReadBuffer, FieldBuffer<'b>) {
        (self.buffers.input.lend(), mem::take(&mut self.buffers.fields).recycle())
    }

    /// Serves a request, or decides what it waits for. `span` is the place of its head in the unread bytes, and `ahead`
    /// are the unread bytes behind it.
    fn serve_head(
        &mut self,
        span: &Range<usize>,
        head: &Head<'_>,
        fields: &[Field<'_>],
        ahead: &[u8],
    ) -> ControlFlow<Wait> {
        // First: may this client ask? A proxy may speak for another one.
        let (admitted, refusal) = match self.admit(head, fields) {
            Ok(admitted) => (admitted, None),
            Err(refusal) => (self.as_told(head.authority, fields), Some(HTTPError::from(refusal))),
        };
        let is_inadmissible = refusal.is_some();
        // Then: must more of the body arrive?
        let body = match &self.buffers.pending.partial.body {
            Some(body) => body.state(),
            None => body_arrival(head, span, ahead, self.context),
        };
        let refusal = refusal.or_else(|| {
            let is_refused = !matches!(body, BodyArrival::Complete) && !self.is_implemented(head.method);
            is_refused.then(|| self.context.unknown_method(head.method))
        });
        let may_wait = match body {
            BodyArrival::Complete | BodyArrival::Broken => false,
            // A refusal does not need the body.
            _ if refusal.is_some() => false,
            BodyArrival::Streamed => true,
            BodyArrival::Pending(body) => {
                self.buffers.pending.partial =
                    PartialRequest { body: Some(body), began: Some(self.scheduler.now()), ..PartialRequest::default() };
                return ControlFlow::Continue(());
            }
        };
        // Then: which thread may run the method?
        let (place, refusal) = self.place(head, may_wait, refusal);
        if matches!(place, RunOn::ThisThreadOnceSent | RunOn::Pool) && self.has_unsent() {
            // A client that has sent several requests at once gets the first response before the slowest request is
            // served.
            return self.start_writing(Next::Keep);
        }
        if let RunOn::Pool = place {
            // The other thread scans the request again, so the scanner's state is forgotten.
            self.buffers.pending.partial = PartialRequest::default();
            return ControlFlow::Break(Wait::Thread);
        }
        // This thread's buffer holds the bytes from here on, and needs no reservation.
        self.buffers.pending.share = None;
        let asked = self.asked(head, matches!(body, BodyArrival::Complete));
        if let RunOn::Refused = place {
            return self.refuse_bare(asked);
        }
        // Last: call the method.
        if is_inadmissible {
            self.note(CountedError::BadHead);
        }
        self.scheduler.begin();
        let now = self.scheduler.now();
        self.io().begin(asked, head.expects_continue, now);
        let client = admitted.client.map(Address::from);
        let served = self.arrive(&request_of(head, &admitted), fields, ahead, client.as_ref(), refusal);
        self.scheduler.end();
        self.buffers.input.consume(span.end);
        self.settle(served)
    }

    /// Decides which thread serves the request. If none may, it is refused for that.
    fn place(&mut self, head: &Head<'_>, may_wait: bool, refusal: Option<HTTPError>) -> (RunOn, Option<HTTPError>) {
        let refusal = match refusal {
            Some(refusal) => refusal,
            None => match self.scheduler.run_on(head, may_wait) {
                RunOn::Refused => HTTPError::busy(NO_THREAD),
                place => return (place, None),
            },
        };
        // The hooks that answer need a thread as well.
        (self.scheduler.place_refusal(), Some(refusal))
    }

    /// Takes over what an exchange left: bytes, a queued body, and what follows.
    pub(super) fn settle(&mut self, served: Served) -> ControlFlow<Wait> {
        let Served { used_ahead, refill, queued, next } = served;
        let io = self.buffers.io.get_mut();
        self.conn.has_served = true;
        self.rests = false;
        self.conn.may_read |= io.was_read();
        if !self.buffers.pending.partial.is_untouched() {
            self.buffers.pending.partial = PartialRequest::default();
        }
        self.buffers.input.consume(used_ahead);
        if !refill.is_empty() {
            self.buffers.input.replace(refill);
        } else if io.was_read() {
            // The handler has used all bytes read ahead, and those that it read itself.
            self.buffers.input.consume_all();
        }
        self.buffers.pending.queued = queued;
        match next {
            // More requests may be here. Their responses go out in the same write.
            Next::Keep
                if self.buffers.pending.queued.is_none() && self.unsent_len() < self.context.settings.piece_bytes() =>
            {
                ControlFlow::Continue(())
            }
            Next::Hijacked | Next::Abort => self.finish(next),
            next => self.start_writing(next),
        }
    }

    /// Calls the handler. `client` is `None` if it is the connection's.
    pub(super) fn arrive(
        &self,
        request: &RequestHead<'_>,
        fields: &[Field<'_>],
        ahead: &[u8],
        client: Option<&Address>,
        refusal: Option<HTTPError>,
    ) -> Served {
        let (peer, io, context, decoded) = (&self.conn.peer, &self.buffers.io, self.context, &DecodedPaths::default());
        let client = client.unwrap_or(self.conn.client());
        let incoming = IncomingRequest { request, fields, refusal, ahead, peer, client, io, context, decoded };
        // Methods and hooks have a guard of their own. This one catches a panic in a `Drop` of the user's.
        catch_panic(|| self.service.serve(incoming)).unwrap_or_else(|| {
            self.buffers.io.borrow_mut().counts.note(CountedError::Panic);
            Served::last(Next::Abort)
        })
    }

    /// Returns whether the handler has such a method. `dispatch` decides later with an empty table, and where a 405
    /// lists the methods of the path.
    fn is_implemented(&self, method: &str) -> bool {
        let methods = self.context.spec.methods;
        methods.is_empty() || self.context.knows(method, methods)
    }

    /// Collects what the response depends on.
    fn asked(&self, head: &Head<'_>, is_whole: bool) -> ReplyContext {
        let server = self.context.spec.protocol_version;
        ReplyContext {
            version: head.version.min(server),
            server,
            method: method_for_reply(head.method),
            // Bytes behind a refused CONNECT come from the user of the tunnel, and are not a request (RFC 9931, section
            // 7).
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

fn request_of<'h>(head: &'h Head<'_>, admitted: &Admitted<'h>) -> RequestHead<'h> {
    RequestHead {
        command: head.method,
        path: &head.target.path,
        requestline: head.requestline,
        request_version: head.request_version,
        authority: admitted.authority,
        scheme: admitted.scheme,
        body: head.body,
        expects_continue: head.expects_continue,
    }
}
