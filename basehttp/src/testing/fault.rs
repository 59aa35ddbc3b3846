//! Responses that go wrong on purpose: which faults there are, and the steps that each of them takes. `wire_steps`
//! carries the steps out.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::wire_steps::{Ending, WireStep, carry_out};
use crate::exchange::{Exchange, IntoPayload, IntoStatus, Payload, sentence};
use crate::proto::{BodyRule, body_allowed, push_chunk, push_field, push_length, remove_field};

/// A response that goes wrong on purpose, for the tests of clients.
///
/// A `do_*` method sends it in place of a healthy response. [`send_bytes`](Self::send_bytes) and
/// [`send_body`](Self::send_body) take what the methods of that name of [`Exchange`] take. The head is the one that the
/// healthy response would have, so the fault comes as a surprise.
///
/// | fault | what the client sees |
/// |---|---|
/// | [`close`](Self::close) | no response, and the connection ends |
/// | [`reset`](Self::reset) | no response, and the connection is reset |
/// | [`garbage`](Self::garbage) | bytes that are not HTTP, and the connection ends |
/// | [`close_after`](Self::close_after) | the head and a part of the body, and the connection ends |
/// | [`reset_after`](Self::reset_after) | the head and a part of the body, and the connection is reset |
/// | [`stall_after`](Self::stall_after) | the head and a part of the body, a pause, and then the rest or an end |
/// | [`drip`](Self::drip) | the body a few bytes at a time |
/// | [`slow_head`](Self::slow_head) | the head a few bytes at a time |
/// | [`wrong_length`](Self::wrong_length) | a `Content-Length` that is not that of the body |
/// | [`bad_chunk_after`](Self::bad_chunk_after) | a chunked body with a malformed chunk |
///
/// The handler's thread sends the bytes itself, with all pauses, and the connection ends with the fault. A server that
/// shuts down ends a pause and the connection. A client that leaves ends the fault. None of this counts as an error of
/// the handler. The log names the fault. On a connection that is not TCP, a reset is a close.
///
/// Faults are for tests. A client of a real server could hold a thread with each of them.
///
/// ```
/// use basehttp::testing::{self, Fault};
/// use basehttp::{Exchange, http_handler};
///
/// struct Flaky;
///
/// #[http_handler(protocol_version = "HTTP/1.1")]
/// impl Flaky {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         match ex.path {
///             "/healthy" => ex.send_bytes(200, "text/plain", "hello, world"),
///             _ => Fault::close_after(5).send_bytes(ex, 200, "text/plain", "hello, world"),
///         }
///     }
/// }
///
/// let response = testing::get("/flaky").send(&Flaky);
/// assert_eq!(response.text(), "hello");
/// assert_eq!(response.flaw(), Some("the body ended after 5 of 12 bytes: the connection was closed"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "call `send`, `send_body` or `send_bytes`"]
pub struct Fault(FaultKind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum FaultKind {
    Nothing(Ending),
    Garbage,
    Cut(usize, Ending),
    /// After the pause, the connection ends or the rest of the body comes.
    Stall(usize, Duration, Option<Ending>),
    Drip(NonZeroUsize, Duration),
    SlowHead(NonZeroUsize, Duration),
    WrongLength(u64),
    BadChunk(usize),
}

/// Neither a status line nor a TLS record.
const GARBAGE: &[u8] = b"\x00\x01garbage\xfe\xff\r\n\r\n";

/// A line in the place of a chunk's size.
const BAD_SIZE: &[u8] = b"not a size\r\n";

impl Fault {
    /// Sends nothing and ends the connection.
    pub fn close() -> Self {
        Fault(FaultKind::Nothing(Ending::Close))
    }

    /// Sends nothing and resets the connection.
    pub fn reset() -> Self {
        Fault(FaultKind::Nothing(Ending::Reset))
    }

    /// Sends bytes that are not HTTP, and ends the connection. For bytes of your own, use
    /// [`hijack`](Exchange::hijack).
    pub fn garbage() -> Self {
        Fault(FaultKind::Garbage)
    }

    /// Sends the head and `bytes` bytes of the body, and ends the connection.
    pub fn close_after(bytes: usize) -> Self {
        Fault(FaultKind::Cut(bytes, Ending::Close))
    }

    /// Sends the head and `bytes` bytes of the body, and resets the connection.
    ///
    /// The system has sent these bytes before the reset. If the client does not read, that is tried for 10 s.
    pub fn reset_after(bytes: usize) -> Self {
        Fault(FaultKind::Cut(bytes, Ending::Reset))
    }

    /// Sends the head and `bytes` bytes of the body, pauses, and sends the rest.
    ///
    /// [`then_close`](Self::then_close) and [`then_reset`](Self::then_reset) send no rest. `Duration::MAX` pauses until
    /// the server shuts down.
    pub fn stall_after(bytes: usize, pause: Duration) -> Self {
        Fault(FaultKind::Stall(bytes, pause, None))
    }

    /// Ends the connection after the pause of [`stall_after`](Self::stall_after).
    ///
    /// # Panics
    /// If the fault is another one.
    #[track_caller]
    pub fn then_close(self) -> Self {
        self.then(Ending::Close)
    }

    /// Resets the connection after the pause of [`stall_after`](Self::stall_after).
    ///
    /// # Panics
    /// If the fault is another one.
    #[track_caller]
    pub fn then_reset(self) -> Self {
        self.then(Ending::Reset)
    }

    #[track_caller]
    fn then(self, ending: Ending) -> Self {
        let FaultKind::Stall(bytes, pause, _) = self.0 else {
            panic!("`then_close` and `then_reset` are for `stall_after`: {self} has an end of its own")
        };
        Fault(FaultKind::Stall(bytes, pause, Some(ending)))
    }

    /// Sends the head, and then the body in pieces of `bytes` bytes, with a pause between two of them.
    ///
    /// # Panics
    /// If `bytes` is zero.
    #[track_caller]
    pub fn drip(bytes: usize, pause: Duration) -> Self {
        Fault(FaultKind::Drip(piece(bytes), pause))
    }

    /// Sends the head in pieces of `bytes` bytes, with a pause between two of them, and then the body.
    ///
    /// # Panics
    /// If `bytes` is zero.
    #[track_caller]
    pub fn slow_head(bytes: usize, pause: Duration) -> Self {
        Fault(FaultKind::SlowHead(piece(bytes), pause))
    }

    /// Sends a `Content-Length` of `length`, whatever the body is, then the body, and ends the connection.
    ///
    /// If the body is longer, its end stands where a client that keeps the connection looks for the next response.
    pub fn wrong_length(length: u64) -> Self {
        Fault(FaultKind::WrongLength(length))
    }

    /// Sends `bytes` bytes of the body as a chunk, then a chunk whose size is not a number, and ends the connection.
    ///
    /// It needs HTTP/1.1 on both sides, since HTTP/1.0 has no chunks.
    pub fn bad_chunk_after(bytes: usize) -> Self {
        Fault(FaultKind::BadChunk(bytes))
    }

    /// Sends the fault in place of a response without a body, for instance `Fault::reset().send(ex)`.
    ///
    /// The status is that of the handler's `send_response`, and otherwise 200. It blocks as long as the fault takes.
    ///
    /// # Errors
    /// As for [`send_body`](Self::send_body).
    pub fn send<M>(&self, ex: &mut Exchange<'_, M>) -> io::Result<()> {
        self.send_body(ex, "")
    }

    /// Sends the fault in place of a response with `body`. It takes the place of `end_headers`, as the exchange's
    /// [`send_body`](Exchange::send_body) does.
    ///
    /// The status and the fields are those of the handler's `send_response` and `send_header`, and otherwise 200
    /// without fields. It blocks as long as the fault takes.
    ///
    /// # Errors
    /// The head was ended before, or has a mistake in it, or a chunked response is not possible.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler, testing};
    /// # struct Flaky;
    /// # #[http_handler] impl Flaky {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.send_response(503).send_header("Retry-After", 1);
    ///     testing::Fault::wrong_length(100).send_body(ex, "busy")
    /// }
    /// # }
    /// let response = testing::get("/").send(&Flaky);
    /// assert_eq!((response.status(), response.header("Retry-After")), (503, Some("1")));
    /// assert_eq!((response.text(), response.is_complete()), ("busy", false));
    /// ```
    pub fn send_body<M>(&self, ex: &mut Exchange<'_, M>, body: impl IntoPayload) -> io::Result<()> {
        let io = ex.io.borrow();
        if !io.reply.is_unsent() && !io.reply.is_head_open() || io.reply.is_on_wire() {
            return Err(misuse("a fault takes the place of end_headers() and of the response's body: send it instead"));
        }
        drop(io);
        let body: Payload = body.into();
        let steps = if let FaultKind::Nothing(_) | FaultKind::Garbage = self.0 {
            ex.with_reply(|reply, out| {
                reply.discard(out);
            });
            self.steps(&[], Some(&[]))
        } else {
            let head = self.head(ex, body.as_slice().len())?;
            let code = ex.io.borrow().reply.code();
            let has_body = body_allowed(code, ex.request.command) == BodyRule::Allowed;
            self.steps(&head, has_body.then_some(body.as_slice()))
        };
        ex.log_message(format_args!("a fault on purpose: {self}"));
        carry_out(ex, steps)
    }

    /// Sends the fault in place of a whole response: status line, `Content-Type`, `Content-Length` and a body.
    ///
    /// It takes what the exchange's [`send_bytes`](Exchange::send_bytes) takes, and blocks as long as the fault takes.
    ///
    /// # Errors
    /// As for [`send_body`](Self::send_body).
    pub fn send_bytes<'s, M>(
        &self,
        ex: &mut Exchange<'_, M>,
        status: impl IntoStatus<'s>,
        content_type: &str,
        body: impl IntoPayload,
    ) -> io::Result<()> {
        ex.send_response(status).send_header("Content-Type", content_type);
        self.send_body(ex, body)
    }

    /// Takes the head of the healthy response out of the exchange, and changes it as the fault asks.
    fn head<M>(&self, ex: &Exchange<'_, M>, length: usize) -> io::Result<Vec<u8>> {
        if ex.io.borrow().reply.is_unsent() {
            ex.send_response(200);
        }
        let has_length = ex.with_reply(|reply, _| reply.may_have_body());
        if has_length {
            ex.send_header("Content-Length", length);
        }
        ex.end_headers()?;
        let mut head = ex.with_reply(|reply, out| {
            if self.is_whole_response() {
                reply.close(out);
            }
            // No later step may look for the head in `out`.
            reply.close_unless_whole(out);
            out.split_off(reply.start())
        });
        match self.0 {
            FaultKind::WrongLength(length) if has_length => {
                reframe(&mut head, |head| push_length(head, length));
            }
            FaultKind::BadChunk(_) if has_length => {
                if !head.starts_with(b"HTTP/1.1") || ex.request.request_version == "HTTP/1.0" {
                    return Err(misuse("bad_chunk_after needs protocol_version = \"HTTP/1.1\" and an HTTP/1.1 client"));
                }
                reframe(&mut head, |head| push_field(head, b"Transfer-Encoding", b"chunked"));
            }
            _ => {}
        }
        Ok(head)
    }

    /// Returns whether the client gets all of a well-formed response. It is then told that the connection ends.
    fn is_whole_response(&self) -> bool {
        matches!(self.0, FaultKind::Stall(.., None) | FaultKind::Drip(..) | FaultKind::SlowHead(..))
    }

    /// Returns the steps. The body is `None` if the method or the status allows none.
    fn steps(&self, head: &[u8], body: Option<&[u8]>) -> Vec<WireStep> {
        let content = body.unwrap_or_default();
        let (part, rest) = match self.0 {
            FaultKind::Cut(bytes, _) | FaultKind::Stall(bytes, ..) | FaultKind::BadChunk(bytes) => {
                content.split_at(bytes.min(content.len()))
            }
            _ => (content, &[][..]),
        };
        let begun = WireStep::Send([head, part].concat());
        match self.0 {
            FaultKind::Nothing(ending) => vec![WireStep::End(ending)],
            FaultKind::Garbage => vec![WireStep::Send(GARBAGE.to_vec()), WireStep::End(Ending::Close)],
            FaultKind::Cut(_, ending) => vec![begun, WireStep::End(ending)],
            FaultKind::Stall(_, pause, Some(ending)) => vec![begun, WireStep::Pause(pause), WireStep::End(ending)],
            FaultKind::Stall(_, pause, None) => {
                vec![begun, WireStep::Pause(pause), WireStep::Send(rest.to_vec()), WireStep::End(Ending::Close)]
            }
            FaultKind::Drip(bytes, pause) => vec![
                WireStep::Send(head.to_vec()),
                WireStep::Drip(content.to_vec(), bytes, pause),
                WireStep::End(Ending::Close),
            ],
            FaultKind::SlowHead(bytes, pause) => vec![
                WireStep::Drip(head.to_vec(), bytes, pause),
                WireStep::Send(content.to_vec()),
                WireStep::End(Ending::Close),
            ],
            FaultKind::WrongLength(_) => vec![begun, WireStep::End(Ending::Close)],
            FaultKind::BadChunk(_) => {
                let mut bytes = head.to_vec();
                if !part.is_empty() {
                    push_chunk(&mut bytes, part);
                }
                if body.is_some() {
                    bytes.extend_from_slice(BAD_SIZE);
                    bytes.extend_from_slice(rest);
                }
                vec![WireStep::Send(bytes), WireStep::End(Ending::Close)]
            }
        }
    }
}

/// Replaces the `Content-Length` of a head by another field.
fn reframe(head: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    remove_field(head, 0, "Content-Length");
    head.truncate(head.len() - b"\r\n".len());
    push(head);
    head.extend_from_slice(b"\r\n");
}

#[track_caller]
fn piece(bytes: usize) -> NonZeroUsize {
    NonZeroUsize::new(bytes).expect("pieces of no bytes never end: write 1 or more")
}

fn misuse(what: &str) -> io::Error {
    sentence(io::ErrorKind::InvalidInput, what)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FaultKind::Nothing(ending) => write!(f, "{ending} without a response"),
            FaultKind::Garbage => f.write_str("garbage in place of a response"),
            FaultKind::Cut(bytes, ending) => write!(f, "{ending} after {bytes} bytes of the body"),
            FaultKind::Stall(bytes, Duration::MAX, _) => {
                write!(f, "a pause without end after {bytes} bytes of the body")
            }
            FaultKind::Stall(bytes, pause, ending) => {
                write!(f, "a pause of {pause:?} after {bytes} bytes of the body")?;
                ending.map_or(Ok(()), |ending| write!(f, ", then {ending}"))
            }
            FaultKind::Drip(bytes, pause) => write!(f, "{bytes} bytes of the body every {pause:?}"),
            FaultKind::SlowHead(bytes, pause) => write!(f, "{bytes} bytes of the head every {pause:?}"),
            FaultKind::WrongLength(length) => write!(f, "a wrong Content-Length of {length}"),
            FaultKind::BadChunk(bytes) => write!(f, "a malformed chunk after {bytes} bytes of the body"),
        }
    }
}

#[cfg(test)]
mod tests;
