//! The seam between a connection and the thread that drives it. The engine's threads implement it, and the single
//! thread in `blocking`.

use std::time::Instant;

use crate::exchange::{Context, Overrides, catch_panic};
use crate::proto::Head;

/// A thread that drives connections. It decides on which thread a request is served, and it knows the time.
pub(crate) trait Scheduler {
    /// Decides where the request is served. `may_wait` says that its body has not arrived as a whole.
    fn run_on(&mut self, request: &Head<'_>, may_wait: bool) -> RunOn;

    /// Decides where a refused request is answered. The hooks that log it and make its page are user code, which may
    /// block.
    fn place_refusal(&mut self) -> RunOn;

    /// Decides where user code runs that is about a connection and not about a request.
    fn place_code(&mut self, code: ConnectionCode) -> RunOn;

    /// Called just before that code, which may block.
    fn begin_code(&mut self);

    /// Called after it.
    fn end_code(&mut self, code: ConnectionCode);

    /// Reads the clock after the system has worked for a socket, so that no handler is charged with that time.
    fn look_at_clock(&mut self);

    /// Called just before the handler, for the request that was placed on this thread.
    fn begin(&mut self);

    /// Called when the handler has returned.
    fn end(&mut self);

    /// Decides where the next piece of a file is read and sent. `was_slow` says that the last one took long. Earlier
    /// responses are sent already.
    fn send_file_on(&mut self, was_slow: bool) -> RunOn;

    /// Called before something that may block and is not the handler: a call on a file, or dropping a user's value.
    fn begin_blocking(&mut self);

    /// Called when that has ended. Returns true if it took so long that other connections should not wait for the next
    /// call.
    fn end_blocking(&mut self) -> bool;

    /// Returns the time at which this scheduler last read the clock.
    fn now(&self) -> Instant;

    /// Returns whether it is another connection's turn.
    fn is_turn_over(&self) -> bool;
}

/// User code that is about a connection and not about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionCode {
    /// The hook is asked about a client.
    VerifyRequest,
    /// A step of the handshake, with certificate resolvers and verifiers.
    #[cfg(feature = "tls")]
    Handshake,
    /// The hooks that log why a connection has failed, or make and log the response to a refused request.
    LogError,
}

impl ConnectionCode {
    /// Number of the kinds, of which `LogError` is the last one.
    pub(crate) const COUNT: usize = ConnectionCode::LogError as usize + 1;

    /// Returns whether it is the user's at all. `overrides` are the hooks that the handler defines.
    pub(crate) fn is_users(self, overrides: &Overrides) -> bool {
        match self {
            ConnectionCode::VerifyRequest => overrides.verify_request,
            // What a configuration of rustls calls is not known.
            #[cfg(feature = "tls")]
            ConnectionCode::Handshake => true,
            ConnectionCode::LogError => overrides.any_runs_for_refusals(),
        }
    }
}

/// Runs such code on this thread, where it was placed. Returns `None` if it has panicked.
pub(crate) fn run_code<T>(
    code: ConnectionCode,
    scheduler: &mut dyn Scheduler,
    context: &Context,
    run: impl FnOnce() -> T,
) -> Option<T> {
    let _serving = context.handle.enter();
    scheduler.begin_code();
    let result = catch_panic(run);
    scheduler.end_code(code);
    result
}

/// Place where a request is served, a hook is called, or a piece of a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunOn {
    /// On this thread, at once.
    ThisThread,
    /// On this thread, by code that may block. Earlier responses are sent before.
    ThisThreadOnceSent,
    /// On a thread of the pool, which may block.
    Pool,
    /// On no thread. It might block, and neither a thread nor a place in the queue is free.
    Refused,
}
