//! How a thread of the crew keeps the connection it has served, while no job waits: a client that calls blocking handlers
//! in a row then costs no hand-over, and does not wait for the leader, which many waking threads keep from running.
//!
//! ```text
//!   Watched -- another request came --> Again -- and another is awaited --> Adopted
//!      |                                                                       |
//!      +------------------ none came in time: it is parked --------------------+
//! ```
//!
//! An adopted connection is off the poller, so that its events do not wake the leader, and its reads wait by themselves.

use std::time::Duration;

use super::work::{Out, REQUESTS_A_TURN};
use crate::conn::{Direction, Line, Wait};

/// How long a connection is kept without a request: 2 ms, some ten times what a client on the same machine needs.
const STAY: Duration = Duration::from_millis(2);

/// The same for an adopted one: 5 ms. Taking it up again costs more, and so does a client that is late under load.
const ADOPTED_STAY: Duration = Duration::from_millis(5);

/// See the module.
#[derive(Default)]
pub(super) enum Stay {
    /// The poller watches it too.
    #[default]
    Watched,
    /// Its client has sent another request at once.
    Again,
    Adopted,
}

impl Stay {
    /// Keeps the connection, or takes one more step towards it, where that is worth it. True: drive it again, since it has
    /// more to do, or its next request is here or awaited by its read.
    pub fn keep(&mut self, out: &mut Out<'_>, line: &mut Line, wait: Wait) -> bool {
        match (&self, wait) {
            (Stay::Adopted, Wait::Turn) => true,
            (Stay::Watched, Wait::For(Direction::Read)) if line.is_idle() => {
                *self = Stay::Again;
                line.socket.wait(Direction::Read, Some(STAY)).is_ok()
            }
            (Stay::Again, Wait::For(Direction::Read)) if line.is_idle() => {
                *self = Stay::Adopted;
                out.adopt(line);
                line.be_patient(ADOPTED_STAY).is_ok()
            }
            _ => false,
        }
    }

    /// An adopted connection is looked at after each request: somebody else may need the thread.
    pub fn requests_a_turn(&self) -> u32 {
        if let Stay::Adopted = self { 1 } else { REQUESTS_A_TURN }
    }
}
