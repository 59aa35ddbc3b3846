//! The seam to whatever drives connections: the engine's leaders and pool, or one thread alone.

use std::time::Instant;

use crate::exchange::HTTPError;
use crate::proto::Head;

/// Who drives: decides where a request is served, and knows the time.
pub(crate) trait Scheduler {
    /// Where the request shall be served. `may_wait`: its body is not here as a whole.
    fn run_on(&mut self, request: &Head<'_>, may_wait: bool) -> RunOn;

    /// Where a refused request is answered. The hooks that log it and make its page are user code, which may block.
    fn place_refusal(&mut self) -> RunOn;

    /// The system had work to do for a socket: looks at the clock, so that no handler is charged with it.
    fn look_at_clock(&mut self);

    /// The handler is about to be called for the request that was placed here.
    fn begin(&mut self);

    /// The handler has returned.
    fn end(&mut self);

    /// Where the next piece of a file is read and sent. `was_slow`: the last one took long.
    fn send_file_on(&mut self, was_slow: bool) -> SendOn;

    /// Something begins that may block and is not the handler: a call on a file, or something of the user's is dropped.
    fn begin_blocking(&mut self);

    /// It has ended. True: it took so long that others should not wait for the next.
    fn end_blocking(&mut self) -> bool;

    /// The time, as far as this scheduler has looked at the clock.
    fn now(&self) -> Instant;

    /// Whether it is another connection's turn.
    fn is_turn_over(&self) -> bool;
}

/// Where a request is served.
pub(crate) enum RunOn {
    /// Here and now.
    ThisThread,
    /// Here, by a handler that may block: earlier replies are sent before it is called.
    ThisThreadOnceSent,
    /// On a thread that may block.
    Pool,
    /// Nowhere: this is the answer.
    Refused(HTTPError),
}

/// Where a piece of a file is read and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendOn {
    /// Here and now.
    ThisThread,
    /// On a thread that may block.
    Pool,
    /// Nowhere: the file system is slow, and all threads are taken.
    Refused,
}
