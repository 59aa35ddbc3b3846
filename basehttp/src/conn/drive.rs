//! Drives a connection as far as it goes without waiting: reads, has requests served, writes. What it then waits for is
//! the caller's to arrange: the engine parks it, `blocking` polls.
//!
//! Everything that one read brought is answered by one write. A thread's buffers (its [`Bench`]) serve one connection
//! after the other; a connection that must wait takes the few bytes in between along in its stash.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use std::{io, mem};

use super::error::HTTPError;
use super::exchange::{Arrival, Request};
use super::line::{Arriving, BodyAhead, Line, Patience, Ready, SendingTail, Stash, State, Wait, patience};
use super::reply::Asked;
use super::serve::forget_panic;
use super::service::{Ending, Next, Service};
use super::site::Site;
use super::socket::{Direction, Socket};
use super::wire::Wire;
use crate::proto::{self, BodyDecoder, Field, FieldBuffer, Head, HeadSpan, Refusal, RequestBody};

/// How much a read asks for at least: a browser's head several times over, and most bodies of forms.
const READ_BYTES: usize = 16 * 1024;

/// A body up to this size is read before the handler is called: 64 KiB.
const MAX_BODY_AHEAD: usize = 64 * 1024;

/// How long a connection that is closed under a sending client is kept, so that the client can read the reply: 2 s.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How much such a client may send meanwhile: 1 MiB.
const MAX_LINGER_BYTES: usize = 1024 * 1024;

/// Why a 408.
const SLOW_BODY: &str = "the request's body came too slowly";

/// The server as a connection sees it.
#[derive(Clone, Copy)]
pub(crate) struct Host<'h> {
    pub service: &'h dyn Service,
    pub site: &'h Site,
}

/// Who drives: decides where a request is served, and knows the time.
pub(crate) trait Driver {
    /// Where the request shall be served. `may_wait`: its body is not here as a whole.
    fn place(&mut self, request: &Head<'_>, may_wait: bool) -> Place;

    /// The handler is about to be called for the request that was placed here.
    fn begin(&mut self);

    /// The handler has returned.
    fn end(&mut self);

    /// The time, as far as this driver has looked at the clock.
    fn now(&self) -> Instant;

    /// Whether it is another connection's turn.
    fn is_turn_over(&self) -> bool;
}

/// Where a request is served.
pub(crate) enum Place {
    /// Here and now.
    Here,
    /// On a thread that may block.
    Thread,
    /// Nowhere: this is the answer.
    Nowhere(HTTPError),
}

/// A thread's buffers.
pub(crate) struct Bench {
    wire: RefCell<Wire>,
    /// How much of `wire.out` the socket has taken.
    sent: usize,
    /// Initialised throughout, so that a read needs no clearing; unread from `start` to `end`.
    input: Vec<u8>,
    start: usize,
    end: usize,
    arriving: Arriving,
    tail: Option<SendingTail>,
}

/// What reading came to.
#[derive(Clone, Copy)]
enum Input {
    More,
    /// Nothing more is here.
    NotYet,
    /// Nothing more will come.
    End,
}

/// What one step came to.
enum Step {
    Again,
    Wait(Wait),
}

impl Bench {
    pub fn new(site: &Site) -> Self {
        Bench {
            wire: RefCell::new(Wire::new(site)),
            sent: 0,
            input: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            arriving: Arriving::default(),
            tail: None,
        }
    }

    /// Goes as far as it goes without waiting.
    pub fn drive(&mut self, line: &mut Line, host: Host<'_>, driver: &mut dyn Driver, ready: Ready) -> Wait {
        self.load(line);
        line.may_read |= ready.readable || ready.closed;
        if ready.expired {
            self.expire(line, host, driver);
        }
        let wait = loop {
            match self.step(line, host, driver, ready) {
                Step::Again => {}
                Step::Wait(wait) => break wait,
            }
        };
        self.unload(line, host.site, driver.now());
        wait
    }

    fn step(&mut self, line: &mut Line, host: Host<'_>, driver: &mut dyn Driver, ready: Ready) -> Step {
        match &mut line.state {
            State::Closed => Step::Wait(Wait::Closed),
            State::Writing(_) => self.write(line, driver.now()),
            State::Reading => self.read_request(line, host, driver, ready),
            State::Draining(decoder, left) => match drain(decoder, left, &self.input[self.start..self.end]) {
                Drained::More => {
                    self.start = self.end;
                    self.read_or_close(line, ready)
                }
                Drained::Done(used) => {
                    self.start += used;
                    line.state = State::Reading;
                    Step::Again
                }
                Drained::TooMuch => self.linger(line, driver.now()),
            },
            State::Lingering(left) => {
                let count = self.end - self.start;
                self.start = self.end;
                *left = left.saturating_sub(count);
                if *left == 0 { close(line) } else { self.read_or_close(line, ready) }
            }
        }
    }

    // Reading.

    /// Serves the request that is here; or writes what waits to be written, then reads, then waits.
    fn read_request(&mut self, line: &mut Line, host: Host<'_>, driver: &mut dyn Driver, ready: Ready) -> Step {
        match self.find_request(host.site) {
            Err(refusal) => self.refuse(line, host, driver, refusal.into()),
            Ok(Some(span)) if !driver.is_turn_over() => self.serve(line, host, driver, span),
            Ok(_) if self.has_unsent() => self.start_writing(line, Next::Keep, driver.now()),
            Ok(_) if driver.is_turn_over() => Step::Wait(Wait::Turn),
            Ok(_) => {
                if self.start < self.end {
                    self.arriving.began.get_or_insert_with(|| driver.now());
                }
                match self.read_more(line, ready) {
                    Input::NotYet if self.is_trickling(host.site, driver.now()) => {
                        self.refuse(line, host, driver, HTTPError::from(408).with_explain(SLOW_BODY))
                    }
                    // The client may still read what was wrong.
                    Input::End if self.arriving.body.is_some() => {
                        let error = HTTPError::from(400).with_explain("the request's body ended early");
                        self.refuse(line, host, driver, error)
                    }
                    input => go_on(line, input),
                }
            }
        }
    }

    /// Whether a body that is waited for comes too slowly.
    fn is_trickling(&self, site: &Site, now: Instant) -> bool {
        let (Some(body), Some(began)) = (&self.arriving.body, self.arriving.began) else { return false };
        let received = self.end - self.start - body.span.end;
        let settings = &site.settings;
        settings.is_trickle(now.saturating_duration_since(began), received as u64, settings.body_stall_timeout)
    }

    /// The head of a request that can be served: its body is here, or will not be waited for.
    fn find_request(&mut self, site: &Site) -> Result<Option<HeadSpan>, Refusal> {
        let unread = &self.input[self.start..self.end];
        if let Some(body) = &mut self.arriving.body {
            return Ok(body.is_here(unread).then_some(body.span));
        }
        self.arriving.scanner.scan(unread, &site.settings.limits)
    }

    fn read_or_close(&mut self, line: &mut Line, ready: Ready) -> Step {
        let input = self.read_more(line, ready);
        go_on(line, input)
    }

    fn read_more(&mut self, line: &mut Line, ready: Ready) -> Input {
        if !line.may_read {
            return Input::NotYet;
        }
        self.make_room();
        let room = self.input.len() - self.end;
        let socket = &mut self.wire.get_mut().socket;
        match socket.read(&mut self.input[self.end..]) {
            Ok(0) => Input::End,
            Ok(count) => {
                self.end += count;
                // Edge-triggered: fewer bytes than asked for were all there were, unless the end is behind them.
                line.may_read = count == room || ready.closed || !socket.tells_readiness();
                Input::More
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                line.may_read = false;
                Input::NotYet
            }
            Err(_) => Input::End,
        }
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.input.len() - self.end >= READ_BYTES / 2 {
            return;
        }
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.input.len() - self.end < READ_BYTES / 2 {
            self.input.resize(self.input.len() * 2, 0);
        }
    }

    // Serving.

    fn serve(&mut self, line: &mut Line, host: Host<'_>, driver: &mut dyn Driver, span: HeadSpan) -> Step {
        let input = mem::take(&mut self.input);
        let unread = &input[self.start..self.end];
        let (bytes, ahead) = (&unread[span.start..span.end], &unread[span.end..]);
        let mut fields = FieldBuffer::new();
        let step = match proto::parse(bytes, &mut fields, &host.site.settings.limits) {
            Err(refusal) => self.refuse_line(line, host, driver, bytes, refusal.into()),
            Ok(head) => self.serve_head(line, host, driver, span, &head, fields.as_slice(), ahead),
        };
        // A refill is in place already.
        if self.input.is_empty() {
            self.input = input;
        }
        step
    }

    #[allow(clippy::too_many_arguments)] // The parts of one request, and who serves it.
    fn serve_head(
        &mut self,
        line: &mut Line,
        host: Host<'_>,
        driver: &mut dyn Driver,
        span: HeadSpan,
        head: &Head<'_>,
        fields: &[Field<'_>],
        ahead: &[u8],
    ) -> Step {
        let body = match &self.arriving.body {
            Some(_) => BodyHere::Whole,
            None => body_here(head, span, ahead, host.site),
        };
        let may_wait = match body {
            BodyHere::Whole => false,
            BodyHere::Streams => true,
            BodyHere::Soon(body) => {
                self.arriving = Arriving { body: Some(body), began: Some(driver.now()), ..Arriving::default() };
                return Step::Again;
            }
        };
        let place = driver.place(head, may_wait);
        if let Place::Thread = place {
            // The request is looked for anew there: what the scanner has seen is forgotten.
            self.arriving = Arriving::default();
            return Step::Wait(Wait::Thread);
        }
        let refusal = if let Place::Nowhere(answer) = place { Some(answer) } else { None };
        self.wire.get_mut().begin(asked(head, line, host.site), head.expects_continue);
        driver.begin();
        let ending = self.arrive(line, host, request_of(head), fields, ahead, refusal);
        driver.end();
        self.start += span.end;
        self.settle(line, ending, driver.now())
    }

    /// Takes back what an exchange left.
    fn settle(&mut self, line: &mut Line, ending: Ending, now: Instant) -> Step {
        let Ending { leftover, tail, next } = ending;
        let wire = self.wire.get_mut();
        line.has_served = true;
        line.may_read |= wire.was_read();
        self.arriving = Arriving::default();
        self.start += leftover.used_ahead;
        if !leftover.refill.is_empty() {
            self.start = 0;
            self.end = leftover.refill.len();
            self.input = leftover.refill;
        } else if wire.was_read() {
            // All that was read ahead was used, and what was read since as well.
            self.start = self.end;
        }
        self.tail = tail.map(SendingTail::new);
        match next {
            Next::Keep if self.tail.is_none() && self.unsent_len() < wire_room(self.wire.get_mut()) => Step::Again,
            Next::Hijacked | Next::Abort => self.finish(line, next, now),
            next => self.start_writing(line, next, now),
        }
    }

    fn refuse(&mut self, line: &mut Line, host: Host<'_>, driver: &mut dyn Driver, error: HTTPError) -> Step {
        let input = mem::take(&mut self.input);
        let step = self.refuse_line(line, host, driver, &input[self.start..self.end], error);
        self.input = input;
        step
    }

    /// Answers a head that is no good. What follows it cannot be told from it.
    fn refuse_line(
        &mut self,
        line: &mut Line,
        host: Host<'_>,
        driver: &mut dyn Driver,
        bytes: &[u8],
        error: HTTPError,
    ) -> Step {
        let requestline = latin1(proto::request_line(bytes));
        let asked = Asked { version: host.site.profile.protocol_version, method: "GET", keeps_alive: false };
        self.wire.get_mut().begin(asked, false);
        driver.begin();
        let ending = self.arrive(line, host, refused_request(&requestline), &[], &[], Some(error));
        driver.end();
        self.start = self.end;
        self.settle(line, ending, driver.now())
    }

    fn arrive(
        &self,
        line: &Line,
        host: Host<'_>,
        request: Request<'_>,
        fields: &[Field<'_>],
        ahead: &[u8],
        refusal: Option<HTTPError>,
    ) -> Ending {
        let (peer, wire, site, segments) = (&line.peer, &self.wire, host.site, &OnceCell::new());
        let arrival = Arrival { request, fields, refusal, ahead, peer, wire, site, segments };
        // The methods and hooks have a guard of their own. This one is for what is left: a `Drop` of the user's.
        catch_unwind(AssertUnwindSafe(|| host.service.serve(arrival))).unwrap_or_else(|panic| {
            forget_panic(panic);
            Ending::aborted()
        })
    }

    // Writing.

    fn unsent_len(&mut self) -> usize {
        self.wire.get_mut().out.len() - self.sent
    }

    fn has_unsent(&mut self) -> bool {
        self.unsent_len() > 0 || self.tail.is_some()
    }

    /// From here on the replies are being written, and then comes `next`.
    fn start_writing(&mut self, line: &mut Line, next: Next, now: Instant) -> Step {
        line.state = State::Writing(next);
        line.deadline = now + self.wire.get_mut().settings().write_stall_timeout;
        Step::Again
    }

    fn write(&mut self, line: &mut Line, now: Instant) -> Step {
        let left = self.unsent_len();
        let sent = self.tail.as_ref().map(SendingTail::sent);
        match self.send() {
            Ok(false) => {
                line.deadline = now + self.wire.get_mut().settings().write_stall_timeout;
                Step::Wait(Wait::Turn)
            }
            Ok(true) => {
                let State::Writing(next) = mem::replace(&mut line.state, State::Reading) else { return Step::Again };
                self.finish(line, next, now)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Only what the client takes buys it time, not what it sends.
                if self.unsent_len() < left || self.tail.as_ref().map(SendingTail::sent) > sent {
                    line.deadline = now + self.wire.get_mut().settings().write_stall_timeout;
                }
                Step::Wait(Wait::For(Direction::Write))
            }
            Err(_) => self.abort(line),
        }
    }

    /// Sends all there is, replies and tail. False: so much of the tail that it is another connection's turn.
    fn send(&mut self) -> io::Result<bool> {
        let wire = self.wire.get_mut();
        while self.sent < wire.out.len() {
            self.sent += wire.socket.write(&wire.out[self.sent..])?;
        }
        wire.out.clear();
        self.sent = 0;
        if let Some(tail) = &mut self.tail
            && !tail.send(&mut wire.socket)?
        {
            return Ok(false);
        }
        self.tail = None;
        Ok(true)
    }

    /// Everything is sent: what was decided for afterwards.
    fn finish(&mut self, line: &mut Line, next: Next, now: Instant) -> Step {
        match next {
            Next::Keep => Step::Again,
            Next::Drain(decoder) => {
                let settings = self.wire.get_mut().settings();
                line.state = State::Draining(decoder, settings.max_drained_bytes);
                line.deadline = now + settings.body_stall_timeout;
                Step::Again
            }
            Next::Linger => self.linger(line, now),
            Next::Abort => self.abort(line),
            Next::Close | Next::Hijacked => close(line),
        }
    }

    /// Ends our side and lets the client finish its sentence, so that its kernel does not throw the reply away.
    ///
    /// RFC 9112, section 9.6.
    fn linger(&mut self, line: &mut Line, now: Instant) -> Step {
        if self.wire.get_mut().socket.finish_writing().is_err() {
            return close(line);
        }
        line.state = State::Lingering(MAX_LINGER_BYTES);
        line.deadline = now + LINGER_TIMEOUT;
        line.may_read = true;
        Step::Again
    }

    fn abort(&mut self, line: &mut Line) -> Step {
        // A socket that takes no options is closed already.
        let _ = self.wire.get_mut().socket.reset_on_close();
        close(line)
    }

    // Time, and changing hands.

    /// The deadline has passed.
    fn expire(&mut self, line: &mut Line, host: Host<'_>, driver: &mut dyn Driver) {
        let late = match &line.state {
            State::Reading if self.arriving.body.is_some() => SLOW_BODY,
            State::Reading if self.start < self.end => "the request's head came too slowly",
            State::Writing(_) => {
                self.abort(line);
                return;
            }
            State::Reading | State::Draining(..) | State::Lingering(_) | State::Closed => {
                close(line);
                return;
            }
        };
        self.refuse(line, host, driver, HTTPError::from(408).with_explain(late));
    }

    fn load(&mut self, line: &mut Line) {
        let wire = self.wire.get_mut();
        wire.attach(mem::replace(&mut line.socket, Socket::Taken));
        let Some(stash) = line.stash.take() else { return };
        let Stash { input, arriving, unsent, tail } = *stash;
        self.arriving = arriving;
        self.tail = tail;
        if !unsent.is_empty() {
            wire.out = unsent;
        }
        if !input.is_empty() {
            self.end = input.len();
            if self.input.len() < self.end {
                self.input.resize(self.end.next_power_of_two(), 0);
            }
            self.input[..self.end].copy_from_slice(&input);
        }
    }

    fn unload(&mut self, line: &mut Line, site: &Site, now: Instant) {
        match patience(&line.state, &self.arriving, line.has_served, &site.settings) {
            Patience::FromNow(patience) => line.deadline = now + patience,
            Patience::Until(deadline) => line.deadline = deadline,
            Patience::Unchanged => {}
        }
        let wire = self.wire.get_mut();
        line.socket = wire.detach();
        let has_rest = self.start < self.end || !wire.out.is_empty() || self.tail.is_some();
        if has_rest && !line.is_closed() {
            line.stash = Some(Box::new(Stash {
                input: self.input[self.start..self.end].to_vec(),
                arriving: mem::take(&mut self.arriving),
                unsent: wire.out[self.sent..].to_vec(),
                tail: self.tail.take(),
            }));
        }
        wire.out.clear();
        self.arriving = Arriving::default();
        self.tail = None;
        (self.sent, self.start, self.end) = (0, 0, 0);
    }
}

fn go_on(line: &mut Line, input: Input) -> Step {
    match input {
        Input::More => Step::Again,
        Input::NotYet => Step::Wait(Wait::For(Direction::Read)),
        Input::End => close(line),
    }
}

fn close(line: &mut Line) -> Step {
    line.state = State::Closed;
    Step::Wait(Wait::Closed)
}

/// How much of replies is collected before it is written.
fn wire_room(wire: &Wire) -> usize {
    wire.settings().max_buffered_reply_bytes
}

fn asked(head: &Head<'_>, line: &Line, site: &Site) -> Asked {
    let server = site.profile.protocol_version;
    Asked {
        version: head.version.min(server),
        method: method_for_reply(head.method),
        keeps_alive: proto::keeps_alive(head.version, head.connection, server)
            && !line.is_last_request
            && !site.handle.is_shutting_down(),
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

// Bodies.

/// How much of a request's body is here.
enum BodyHere {
    Whole,
    /// It will be, soon: it fits the buffer.
    Soon(BodyAhead),
    /// It will not be: the handler reads it from the client.
    Streams,
}

fn body_here(head: &Head<'_>, span: HeadSpan, ahead: &[u8], site: &Site) -> BodyHere {
    let needed = match head.body {
        RequestBody::None => return BodyHere::Whole,
        _ if head.expects_continue => return BodyHere::Streams,
        RequestBody::Sized(length) => match usize::try_from(length) {
            Ok(length) if length <= ahead.len() => return BodyHere::Whole,
            Ok(length) if length <= MAX_BODY_AHEAD => Some(span.end + length),
            _ => return BodyHere::Streams,
        },
        RequestBody::Chunked => None,
    };
    let decoder = BodyDecoder::new(head.body, &site.settings.limits);
    let mut body = BodyAhead { span, needed, decoder, decoded: span.end };
    // A broken one is here as far as it ever will be: the handler's read tells what is wrong.
    if needed.is_none() && body.is_decoded(ahead) { BodyHere::Whole } else { BodyHere::Soon(body) }
}

impl BodyAhead {
    /// Whether all of it, or as much as the buffer takes, is among the unread bytes.
    fn is_here(&mut self, unread: &[u8]) -> bool {
        match self.needed {
            Some(needed) => unread.len() >= needed,
            None => self.is_decoded(&unread[self.decoded..]) || unread.len() - self.span.end > MAX_BODY_AHEAD,
        }
    }

    /// Follows the chunks in bytes that were not looked at yet.
    fn is_decoded(&mut self, mut fresh: &[u8]) -> bool {
        while !fresh.is_empty() && !self.decoder.is_complete() {
            let Ok(piece) = self.decoder.decode(fresh) else { return true };
            fresh = &fresh[piece.consumed()..];
            self.decoded += piece.consumed();
        }
        self.decoder.is_complete()
    }
}

/// What draining came to.
enum Drained {
    More,
    /// The body ends behind so many bytes.
    Done(usize),
    /// The body is broken, or longer than it is worth.
    TooMuch,
}

fn drain(decoder: &mut BodyDecoder, left: &mut u64, unread: &[u8]) -> Drained {
    let mut used = 0;
    while !decoder.is_complete() {
        if used == unread.len() {
            return Drained::More;
        }
        let Ok(piece) = decoder.decode(&unread[used..]) else { return Drained::TooMuch };
        used += piece.consumed();
        match left.checked_sub(piece.consumed() as u64) {
            Some(rest) => *left = rest,
            None => return Drained::TooMuch,
        }
    }
    Drained::Done(used)
}
