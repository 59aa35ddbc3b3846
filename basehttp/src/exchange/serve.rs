//! Calls a handler's method and ends its response. Decides what the method's result means for the client, the log, and
//! the connection. User code (the method, the hooks) runs under the panic guard, never while the `ExchangeIo` is
//! borrowed.
//!
//! | result of the method               | nothing of the response is sent | a part of it is sent  |
//! |------------------------------------|---------------------------------|-----------------------|
//! | success, the response is complete  | sent                            | ended                 |
//! | success, the response was misused  | 500, `handle_error`             | abort, `handle_error` |
//! | a response, and one was sent       | 500, `handle_error`             | abort, `handle_error` |
//! | stopped because no body can follow |                                 | ended                 |
//! | no such method                     | 501, or 405                     |                       |
//! | an `HTTPError` in the chain        | that error                      | abort, logged         |
//! | an error, and a malformed body     | 400, 408                        | abort, logged         |
//! | any, and the client is gone        | closed, logged                  | closed, logged        |
//! | another error, a panic             | 500, `handle_error`             | abort, `handle_error` |

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::{HTTPError, HandlerError, Result};
use super::exchange_io::ExchangeIo;
use super::outgoing::OutgoingBody;
use super::payload::QueuedBody;
use super::reply::{Bare, Reply};
use super::service::{Next, Served};
use super::{Exchange, IncomingRequest};
use crate::sys::{CountedError, log};

/// Serves one request. Sends the refusal if there is one, and otherwise lets `dispatch` call the handler's method.
pub(crate) fn serve<'c, M>(
    mut ex: Exchange<'c, M>,
    refusal: Option<HTTPError>,
    dispatch: impl FnOnce(&mut Exchange<'c, M>) -> Option<Result>,
) -> Served {
    let serving = ex.server.enter();
    let is_refused = refusal.is_some();
    let end = match refusal {
        Some(error) => ex.refuse(error),
        None => ex.call(dispatch),
    };
    let lines = if let Ok(Some(_)) = end {
        // The line is logged when the body has ended. The hook is called now, because it needs the exchange.
        log::hold(|| ex.log_end())
    } else {
        ex.log_end();
        String::new()
    };
    drop(serving);
    ex.note_broken_body();
    let after = ex.after();
    let used_ahead = ex.rfile.end();
    let (body, next) = match end {
        Err(Aborted) => (None, Next::Abort),
        Ok(body) if is_refused => (body, Next::Linger),
        Ok(body) => (body, after),
    };
    let refill = ex.rfile.into_refill();
    let queued = body.map(|body| OutgoingBody::new(body, ex.client_address, lines));
    Served { used_ahead, refill, queued, next }
}

/// Logs why a connection has failed that has no request.
pub(crate) fn log_failure<M>(ex: &Exchange<'_, M>, reason: &str) {
    ex.guarded(|ex| ex.log_error(format_args!("{reason}")));
}

/// A part of the response was sent, and the rest cannot follow. A response that was not aborted is complete, except for
/// a queued body that is still to be sent.
struct Aborted;

impl<M> Exchange<'_, M> {
    fn refuse(&mut self, error: HTTPError) -> Result<Option<QueuedBody>, Aborted> {
        self.with_reply(Reply::close);
        self.answer(error)
    }

    fn call(&mut self, dispatch: impl FnOnce(&mut Self) -> Option<Result>) -> Result<Option<QueuedBody>, Aborted> {
        let called = catch_unwind(AssertUnwindSafe(|| match self.expectation() {
            Ok(true) => dispatch(self),
            Ok(false) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        }));
        match called {
            Ok(Some(Ok(()))) => self.finish(),
            Ok(Some(Err(error))) => {
                let error = error.of_request(self.request.requestline);
                let end = self.fail(&error);
                self.guarded(|_| drop(error));
                end
            }
            Ok(None) => self.answer(self.context.unknown_method(self.request.command)),
            Err(panic) => {
                let error = HandlerError::from(format!("the handler panicked: {}", panic_text(&*panic)));
                drop_panic_payload(panic);
                self.note(CountedError::Panic);
                self.fail(&error.of_request(self.request.requestline))
            }
        }
    }

    /// Calls the handler's own `handle_expect_100`, if it has one, before the method.
    fn expectation(&self) -> Result<bool> {
        if !self.request.expects_continue || !self.context.spec.overrides.handle_expect_100 {
            return Ok(true);
        }
        self.hooks.handle_expect_100(self)
    }

    /// Ends the response of a method that succeeded.
    fn finish(&mut self) -> Result<Option<QueuedBody>, Aborted> {
        if self.is_hijacked() {
            return Ok(None);
        }
        if self.io.borrow().is_gone() {
            // The handler did not care, but the client must not take its part for a complete response.
            self.guarded(|ex| ex.log_error(format_args!("the client went away")));
            return Err(Aborted);
        }
        self.receive_rest();
        self.decide_close();
        self.with_reply(Reply::finish)
            .or_else(|fault| self.fail(&HandlerError::from(fault).of_request(self.request.requestline)))
    }

    /// Handles the error of a method, or of its response.
    fn fail(&mut self, error: &HandlerError) -> Result<Option<QueuedBody>, Aborted> {
        if self.is_hijacked() {
            self.guarded(|ex| ex.log_error(format_args!("after hijack: {error}")));
            return Ok(None);
        }
        if self.io.borrow().is_gone() {
            self.guarded(|ex| ex.log_error(format_args!("the client went away: {error}")));
            return Err(Aborted);
        }
        if self.io.borrow().reply.is_whole_without_body()
            && self.guarded(|_| error.is_whole_without_body()) == Some(true)
        {
            // The handler has only stopped writing a body that is not sent.
            return self.finish();
        }
        // An `HTTPError` of the handler's comes first, then the client's mistake in the body. Otherwise the handler is
        // to blame.
        let answer = self.guarded(|_| error.http_error()).flatten().or_else(|| self.rfile.fault().cloned());
        if answer.is_none() {
            self.note(CountedError::HandlerError);
            self.guarded(|ex| ex.hooks.handle_error(&ex.client_address, error));
        }
        if self.io.borrow().reply.is_on_wire() {
            self.guarded(|ex| ex.log_error(format_args!("the response was cut off: {error}")));
            return Err(Aborted);
        }
        self.answer(answer.unwrap_or_else(HTTPError::told))
    }

    /// Sends an error response in place of the one that was begun. If the handler's hooks fail, sends a bare one.
    fn answer(&mut self, error: HTTPError) -> Result<Option<QueuedBody>, Aborted> {
        self.with_reply(|reply, out| {
            reply.discard(out);
            reply.forget_early_fields();
        });
        self.receive_rest();
        self.decide_close();
        let sent = self.guarded(|ex| ex.send_error(error));
        let finished = match sent {
            Some(Ok(())) => self.with_reply(Reply::finish).map_err(io::Error::other),
            Some(Err(error)) => Err(error),
            // The process's panic hook has reported it.
            None => Err(io::ErrorKind::Other.into()),
        };
        match finished {
            Ok(queued) => return Ok(queued),
            Err(error) if error.get_ref().is_some() => {
                self.guarded(|ex| ex.log_error(format_args!("the error page failed: {error}")));
            }
            Err(_) => {}
        }
        if self.io.borrow().reply.is_on_wire() {
            return Err(Aborted);
        }
        self.with_reply(|reply, out| reply.finish_bare(Bare::Failed, out));
        Ok(None)
    }

    /// Closes after this response if the handler says so, if the server ends, or if the next request cannot be found
    /// behind the body.
    pub(crate) fn decide_close(&self) {
        let is_lost = self.rfile.fault().is_some() || !self.rfile.is_finished() && !self.may_drain();
        if self.close_connection || is_lost || self.context.handle.is_shutting_down() {
            self.with_reply(Reply::close);
        }
    }

    /// Discards the rest of the body as far as it has come, without waiting. If more is to come, the response says
    /// `close`, for the reason at [`ExchangeIo::send_out`](super::exchange_io::ExchangeIo::send_out).
    fn receive_rest(&mut self) {
        let closes = self.with_reply(|reply, _| reply.closes());
        if closes || self.rfile.is_finished() || !self.may_drain() {
            return;
        }
        if !self.rfile.receive_rest(self.context.settings.max_drained_bytes) {
            self.with_reply(Reply::close);
        }
    }

    /// Returns whether the rest of the body may be discarded. The client must be about to send it, and it must be
    /// cheaper than a new connection.
    fn may_drain(&self) -> bool {
        let max = self.context.settings.max_drained_bytes;
        let io = self.io.borrow();
        io.reply.has_whole_request() || !io.awaits_continue() && self.rfile.remaining().is_none_or(|left| left <= max)
    }

    /// Logs the request, if it got a response.
    fn log_end(&self) {
        let (code, size) = self.with_reply(|reply, _| (reply.code(), reply.body_size()));
        // Bytes that were not a request have a line of their own already.
        if code != 0 && !self.request.requestline.is_empty() {
            self.guarded(|ex| ex.log_request(code, Some(size)));
        }
    }

    /// The next step after a complete response.
    fn after(&self) -> Next {
        if self.is_hijacked() {
            return Next::Hijacked;
        }
        if self.io.borrow().is_gone() {
            return Next::Close;
        }
        match (self.with_reply(|reply, _| reply.closes()), self.rfile.is_finished()) {
            (false, true) => Next::Keep,
            (true, true) => Next::Close,
            // The next request cannot be found behind the body, so no bytes are read as one, even if the response says
            // `keep-alive`.
            (_, false) => Next::Linger,
        }
    }

    fn note_broken_body(&self) {
        match self.rfile.fault() {
            Some(fault) if fault.code() == 408 => self.note(CountedError::SlowBody),
            Some(fault) if fault.code() == 503 => self.note(CountedError::ResourceLimit),
            Some(_) => self.note(CountedError::BadBody),
            None => {}
        }
    }

    fn note(&self, fault: CountedError) {
        self.io.borrow_mut().counts.note(fault);
    }

    fn is_hijacked(&self) -> bool {
        self.io.borrow().is_taken()
    }

    /// Calls user code. Returns `None` if it panics, which the process's panic hook reports and this counts.
    fn guarded<R>(&self, call: impl FnOnce(&Self) -> R) -> Option<R> {
        let result = catch_panic(|| call(self));
        if result.is_none() {
            self.note(CountedError::Panic);
        }
        self.in_end_headers.set(false);
        self.in_send_error.set(false);
        result
    }
}

/// Calls user code. Returns `None` if it panics, which the process's panic hook reports.
pub(crate) fn catch_panic<R>(call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(drop_panic_payload).ok()
}

/// Drops the value of a panic. It is the user's and may panic again. In that case the second value is leaked.
pub(crate) fn drop_panic_payload(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// Sends a bare 500 without an exchange, for a `MessageClass` that fails even for an empty list of fields.
pub(crate) fn serve_bare(incoming: &IncomingRequest<'_>) -> Served {
    answer_bare(&mut incoming.io.borrow_mut(), Bare::Failed)
}

/// Sends a bare response, without calling any method of the handler.
pub(crate) fn answer_bare(io: &mut ExchangeIo, bare: Bare) -> Served {
    io.reply.finish_bare(bare, &mut io.out);
    Served::last(Next::Linger)
}
