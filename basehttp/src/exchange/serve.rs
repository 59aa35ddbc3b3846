//! From a handler's call to the end of its reply: what an outcome becomes on the wire, in the log, and for the
//! connection. User code (the method, the hooks) runs under the panic guard, never while the wire is borrowed.
//!
//! | outcome                          | nothing of the reply on the wire | part of it on the wire |
//! |----------------------------------|----------------------------------|------------------------|
//! | returned well, reply whole       | sent                             | ended                  |
//! | returned well, reply misused     | 500, `handle_error`              | abort, `handle_error`  |
//! | stopped because no body can follow |                                | ended                  |
//! | no such method                   | 501                              |                        |
//! | an `HTTPError` in the chain      | that error                       | abort, logged          |
//! | any, and the client broke its body | 400, 408                       | abort, logged          |
//! | any, and the client is gone      | closed, logged                   | closed, logged         |
//! | another error, a panic           | 500, `handle_error`              | abort, `handle_error`  |

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::body_reader::Leftover;
use super::error::{HTTPError, HandlerError, Result};
use super::exchange_io::ExchangeIo;
use super::payload::QueuedBody;
use super::reply::{Bare, Reply};
use super::service::{Next, Served};
use super::{Exchange, IncomingRequest};
use crate::sys::{Fault, log};

/// Serves one request: answers the refusal if there is one, else lets `dispatch` call the handler's method.
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
        // Logged when the reply has ended. The hook wants the exchange, which is gone then: it is asked now.
        log::hold(|| ex.log_end())
    } else {
        ex.log_end();
        String::new()
    };
    drop(serving);
    ex.note_broken_body();
    let after = ex.after();
    let leftover = ex.rfile.into_leftover();
    let (queued, next) = match end {
        Err(Aborted) => (None, Next::Abort),
        Ok(queued) if is_refused => (queued, Next::Linger),
        Ok(queued) => (queued, after),
    };
    Served { leftover, queued, lines, next }
}

/// A part of the reply is on the wire, and the rest cannot follow. A reply that did not abort is complete, except for a
/// queued body that is still to be sent.
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
            Ok(None) => self.answer(HTTPError::unsupported(self.request.command)),
            Err(panic) => {
                let error = HandlerError::from(format!("the handler panicked: {}", panic_text(&*panic)));
                drop_panic_payload(panic);
                self.note(Fault::Panic);
                self.fail(&error.of_request(self.request.requestline))
            }
        }
    }

    /// Asks the handler's own `handle_expect_100` before the method, where there is one.
    fn expectation(&self) -> Result<bool> {
        if !self.request.expects_continue || !self.context.spec.overrides.handle_expect_100 {
            return Ok(true);
        }
        self.hooks.handle_expect_100(self)
    }

    /// The method returned well: ends its reply.
    fn finish(&mut self) -> Result<Option<QueuedBody>, Aborted> {
        if self.is_hijacked() {
            return Ok(None);
        }
        if self.io.borrow().is_gone() {
            // The handler did not mind, but the client must not take what it has for a whole reply.
            self.guarded(|ex| ex.log_error(format_args!("the client went away")));
            return Err(Aborted);
        }
        self.receive_rest();
        self.decide_close();
        self.with_reply(Reply::finish)
            .or_else(|fault| self.fail(&HandlerError::from(fault).of_request(self.request.requestline)))
    }

    /// The method failed, or its reply did.
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
            // It has stopped writing what is not sent.
            return self.finish();
        }
        let answer = self.guarded(|_| error.http_error()).flatten().or_else(|| self.rfile.fault().cloned());
        if answer.is_none() {
            self.note(Fault::HandlerError);
            self.guarded(|ex| ex.hooks.handle_error(&ex.client_address, error));
        }
        if self.io.borrow().reply.is_on_wire() {
            self.guarded(|ex| ex.log_error(format_args!("the reply was cut off: {error}")));
            return Err(Aborted);
        }
        self.answer(answer.unwrap_or_else(HTTPError::told))
    }

    /// Sends an error reply in place of whatever was composed. If the handler's hooks cannot, a bare one.
    fn answer(&mut self, error: HTTPError) -> Result<Option<QueuedBody>, Aborted> {
        self.with_reply(Reply::discard);
        self.receive_rest();
        self.decide_close();
        let sent = self.guarded(|ex| ex.send_error(error));
        let finished = match sent {
            Some(Ok(())) => self.with_reply(Reply::finish).map_err(io::Error::other),
            Some(Err(error)) => Err(error),
            // The panic hook has told of it.
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

    /// Closes after this reply if the handler says so, if the server ends, or if the next request could not be found
    /// behind the body.
    pub(crate) fn decide_close(&self) {
        let is_lost = self.rfile.fault().is_some() || !self.rfile.is_finished() && !self.may_drain();
        if self.close_connection || is_lost || self.context.handle.is_shutting_down() {
            self.with_reply(Reply::close);
        }
    }

    /// Throws away what the handler has left of the body, as far as it is here, without waiting for more. If that is not
    /// all of it, the reply says `close`: see [`ExchangeIo::send_out`](super::wire::ExchangeIo::send_out).
    fn receive_rest(&mut self) {
        let closes = self.with_reply(|reply, _| reply.closes());
        if closes || self.rfile.is_finished() || !self.may_drain() {
            return;
        }
        if !self.rfile.receive_rest(self.context.settings.max_drained_bytes) {
            self.with_reply(Reply::close);
        }
    }

    /// Throwing the rest of the body away is cheaper than a new connection, and the client will send it.
    fn may_drain(&self) -> bool {
        let max = self.context.settings.max_drained_bytes;
        let io = self.io.borrow();
        io.reply.has_whole_request() || !io.awaits_continue() && self.rfile.remaining().is_none_or(|left| left <= max)
    }

    /// Logs the request, if anything was answered.
    fn log_end(&self) {
        let (code, passed) = self.with_reply(|reply, _| (reply.code(), reply.passed()));
        // What was no request has a line already, which says what it was.
        if code != 0 && !self.request.requestline.is_empty() {
            self.guarded(|ex| ex.log_request(code, Some(passed)));
        }
    }

    /// What follows a reply that was completed.
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
            // The next request could not be found: whatever the reply has said, nothing is read as one.
            (_, false) => Next::Linger,
        }
    }

    fn note_broken_body(&self) {
        match self.rfile.fault() {
            Some(fault) if fault.code() == 408 => self.note(Fault::SlowBody),
            Some(fault) if fault.code() == 503 => self.note(Fault::ResourceLimit),
            Some(_) => self.note(Fault::BadBody),
            None => {}
        }
    }

    fn note(&self, fault: Fault) {
        self.io.borrow_mut().counts.note(fault);
    }

    fn is_hijacked(&self) -> bool {
        self.io.borrow().is_taken()
    }

    /// Calls user code; a panic of its own is logged by the process's panic hook, and `None` here.
    fn guarded<R>(&self, call: impl FnOnce(&Self) -> R) -> Option<R> {
        let result = catch_panic(|| call(self));
        if result.is_none() {
            self.note(Fault::Panic);
        }
        self.in_end_headers.set(false);
        self.in_send_error.set(false);
        result
    }
}

/// Calls user code; a panic of its own is the process's panic hook's to tell, and `None` here.
pub(crate) fn catch_panic<R>(call: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(call)).map_err(drop_panic_payload).ok()
}

/// Drops a panic's value, which is the user's and may panic again: then it is leaked.
pub(crate) fn drop_panic_payload(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// Answers without an exchange, for a `MessageClass` that cannot even be made from nothing.
pub(crate) fn serve_bare(incoming: &IncomingRequest<'_>) -> Served {
    answer_bare(&mut incoming.io.borrow_mut(), Bare::Failed)
}

/// Answers a request without calling anything of the handler's.
pub(crate) fn answer_bare(io: &mut ExchangeIo, bare: Bare) -> Served {
    io.reply.finish_bare(bare, &mut io.out);
    Served {
        leftover: Leftover { used_ahead: 0, refill: Vec::new() },
        queued: None,
        lines: String::new(),
        next: Next::Linger,
    }
}
