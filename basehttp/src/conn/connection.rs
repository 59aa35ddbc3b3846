//! One connection's life on one thread: read a head, have it served, and again. What an exchange does stands in `serve`.
//!
//! The bytes of `input` from `start` on are unread. While an exchange lasts they are lent to it; what it read beyond
//! them comes back as the new input.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{io, mem};

use super::Address;
use super::error::HTTPError;
use super::exchange::{Arrival, Request};
use super::reply::Asked;
use super::service::{Ending, Next, Service};
use super::site::Site;
use super::socket::Socket;
use super::wire::Wire;
use crate::proto::{self, FieldBuffer, Head, HeadScanner, HeadSpan, Refusal, RequestBody};

/// How much a head's read asks for: a browser's head several times over.
const READ_BYTES: usize = 16 * 1024;

/// How long a connection that is closed under a sending client is kept, so that the client can read the reply: 2 s.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How much such a client may send meanwhile: 1 MiB.
const MAX_LINGER_BYTES: usize = 1024 * 1024;

/// One connection, between its socket and the service.
pub(crate) struct Link {
    wire: RefCell<Wire>,
    input: Vec<u8>,
    start: usize,
    peer: Address,
    /// A request was served, or refused.
    has_served: bool,
    /// The next request shall be the last.
    is_last_request: bool,
    /// Nothing is going on: the server may close the connection without cutting anything off.
    is_waiting: Arc<AtomicBool>,
    next: Next,
}

/// What waiting for a request's head came to.
enum Arrived {
    Head(HeadSpan),
    Refused(Refusal),
    /// The client has gone, or was silent for too long.
    Nothing,
}

impl Link {
    pub fn new(socket: Socket, peer: Address, site: &Site) -> Self {
        let wire = RefCell::new(Wire::new(socket, site.settings.clone()));
        let is_waiting = Arc::default();
        let (has_served, is_last_request) = (false, false);
        Link { wire, input: Vec::new(), start: 0, peer, has_served, is_last_request, is_waiting, next: Next::Keep }
    }

    /// Makes the next request the last one.
    pub fn close_after_next_request(&mut self) {
        self.is_last_request = true;
    }

    /// Whether anything was answered so far.
    pub fn has_served(&self) -> bool {
        self.has_served
    }

    /// True while the connection waits for a head.
    pub fn is_waiting(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_waiting)
    }

    /// Serves requests until the connection ends.
    pub fn handle(&mut self, service: &dyn Service, site: &Site) {
        while self.handle_one_request(service, site) {}
    }

    /// Serves one request, and closes the connection if that was the last. True while the connection stays open.
    pub fn handle_one_request(&mut self, service: &dyn Service, site: &Site) -> bool {
        if self.next != Next::Keep {
            return false;
        }
        self.is_waiting.store(true, Ordering::SeqCst);
        let arrived = self.read_head(site);
        self.is_waiting.store(false, Ordering::SeqCst);
        self.has_served |= !matches!(arrived, Arrived::Nothing);
        self.next = match arrived {
            Arrived::Nothing => Next::Close,
            Arrived::Head(span) => self.serve(service, site, Ok(span)),
            Arrived::Refused(refusal) => self.serve(service, site, Err(refusal)),
        };
        let is_kept = self.next == Next::Keep;
        if !is_kept {
            self.close();
        }
        is_kept
    }

    /// Sends what is composed and closes, for a connection that shall not go on.
    pub fn close(&mut self) {
        let mut wire = self.wire.borrow_mut();
        // A client that does not take its reply any more is closed just the same.
        let sent = if self.next == Next::Abort { wire.socket.reset_on_close() } else { wire.send_out() };
        if sent.is_ok() && self.next == Next::Linger {
            linger(&mut wire.socket);
        }
        wire.socket = Socket::Taken;
        self.next = Next::Close;
    }

    fn unread(&self) -> &[u8] {
        &self.input[self.start..]
    }

    fn read_head(&mut self, site: &Site) -> Arrived {
        let mut scanner = HeadScanner::default();
        let mut began = None;
        loop {
            match scanner.scan(self.unread(), &site.settings.limits) {
                Ok(Some(span)) => return Arrived::Head(span),
                Ok(None) => {}
                Err(refusal) => return Arrived::Refused(refusal),
            }
            if !self.unread().is_empty() {
                began.get_or_insert_with(Instant::now);
            }
            match self.read_more(self.head_wait(site, began)) {
                Ok(0) => return Arrived::Nothing,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut && began.is_some() => {
                    return Arrived::Refused(Refusal { status: 408, reason: "the request's head came too slowly" });
                }
                Err(_) => return Arrived::Nothing,
            }
        }
    }

    /// A head that has begun must end in time; a first one must begin as soon, a later one may be idle for longer.
    fn head_wait(&self, site: &Site, began: Option<Instant>) -> Duration {
        match began {
            Some(began) => site.settings.head_timeout.saturating_sub(began.elapsed()),
            None if !self.has_served => site.settings.head_timeout,
            None => site.settings.idle_timeout,
        }
    }

    /// Reads more input, after sending what is composed.
    fn read_more(&mut self, wait: Duration) -> io::Result<usize> {
        let wire = self.wire.get_mut();
        wire.send_out()?;
        if wait.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.input.drain(..mem::take(&mut self.start));
        let held = self.input.len();
        self.input.resize(held + READ_BYTES, 0);
        let read = wire.socket.read(&mut self.input[held..], wait);
        self.input.truncate(held + *read.as_ref().unwrap_or(&0));
        read
    }

    /// Has the request at the front of the input served, and takes back what it left.
    fn serve(&mut self, service: &dyn Service, site: &Site, head: Result<HeadSpan, Refusal>) -> Next {
        let input = mem::take(&mut self.input);
        let unread = &input[self.start..];
        let (ending, head_end) = match head {
            Ok(span) => (self.serve_head(service, site, &unread[span.start..span.end], &unread[span.end..]), span.end),
            Err(refusal) => (self.serve_refusal(service, site, unread, refusal), unread.len()),
        };
        let Ending { leftover, next } = ending;
        if leftover.refill.is_empty() {
            self.start += head_end + leftover.used_ahead;
            self.input = input;
        } else {
            self.start = 0;
            self.input = leftover.refill;
        }
        next
    }

    fn serve_head(&self, service: &dyn Service, site: &Site, bytes: &[u8], ahead: &[u8]) -> Ending {
        let mut fields = FieldBuffer::new();
        match proto::parse(bytes, &mut fields, &site.settings.limits) {
            Err(refusal) => self.serve_refusal(service, site, bytes, refusal),
            Ok(head) => {
                let request = request_of(&head);
                self.begin(&head, site);
                self.arrive(service, site, request, fields.as_slice(), ahead, None)
            }
        }
    }

    fn serve_refusal(&self, service: &dyn Service, site: &Site, bytes: &[u8], refusal: Refusal) -> Ending {
        let requestline = latin1(proto::request_line(bytes));
        let asked = Asked { version: site.profile.protocol_version, method: "GET", keeps_alive: false };
        self.wire.borrow_mut().begin(asked, false);
        self.arrive(service, site, refused_request(&requestline), &[], &[], Some(refusal.into()))
    }

    fn begin(&self, head: &Head<'_>, site: &Site) {
        let asked = Asked {
            version: head.version.min(site.profile.protocol_version),
            method: method_for_reply(head.method),
            keeps_alive: proto::keeps_alive(head.version, head.connection, site.profile.protocol_version)
                && !self.is_last_request
                && !site.handle.is_shutting_down(),
        };
        self.wire.borrow_mut().begin(asked, head.expects_continue);
    }

    fn arrive(
        &self,
        service: &dyn Service,
        site: &Site,
        request: Request<'_>,
        fields: &[proto::Field<'_>],
        ahead: &[u8],
        refusal: Option<HTTPError>,
    ) -> Ending {
        let (peer, wire, segments) = (&self.peer, &self.wire, &OnceCell::new());
        service.serve(Arrival { request, fields, refusal, ahead, peer, wire, site, segments })
    }
}

fn method_for_reply(method: &str) -> &'static str {
    match method {
        "HEAD" => "HEAD",
        "CONNECT" => "CONNECT",
        _ => "GET",
    }
}

fn request_of<'h>(head: &'h Head<'_>) -> Request<'h> {
    Request {
        command: head.method,
        path: &head.target.path,
        requestline: head.requestline,
        request_version: head.request_version,
        authority: head.authority,
        body: head.body,
        expects_continue: head.expects_continue,
    }
}

/// What is known of a request whose head is refused: the line it came with, for the log.
fn refused_request(requestline: &str) -> Request<'_> {
    Request {
        command: "",
        path: "",
        requestline,
        request_version: "",
        authority: None,
        body: RequestBody::None,
        expects_continue: false,
    }
}

fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// Ends our side and lets the client finish its sentence, so that its kernel does not throw the reply away.
///
/// RFC 9112, section 9.6.
fn linger(socket: &mut Socket) {
    let deadline = Instant::now() + LINGER_TIMEOUT;
    let mut bytes = [0; 4096];
    let mut count = 0;
    if socket.finish_writing().is_err() {
        return;
    }
    while count < MAX_LINGER_BYTES {
        let wait = deadline.saturating_duration_since(Instant::now());
        match socket.read(&mut bytes, wait) {
            Ok(read) if read > 0 && !wait.is_zero() => count += read,
            _ => return,
        }
    }
}
