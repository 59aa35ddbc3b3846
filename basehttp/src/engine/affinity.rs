//! The tie of a pool thread to its connection between two requests. Pure decisions; `scheduler` obeys.
//!
//! | next request    | another job waits | requests in a row that needed a thread | the thread                            |
//! |-----------------|-------------------|----------------------------------------|---------------------------------------|
//! | here, fast      | or not            | any                                    | serves it                             |
//! | here, may block | no                | any                                    | sends earlier replies, then serves it |
//! | here, may block | yes               | any                                    | sends them, and queues it             |
//! | not here        | yes               | any                                    | gives the connection back             |
//! | not here        | no                | none or one                            | gives the connection back             |
//! | not here        | no                | two                                    | waits 2 ms; the poller watches too    |
//! | not here        | no                | three and more                         | adopts it, and waits 5 ms             |
//!
//! A new connection counts as one whose last request needed a thread. So does a connection that sent nothing while its
//! thread waited.
//!
//! A client that calls blocking handlers in a row therefore costs no hand-over, and does not depend on the leader,
//! which gets little processor time while many threads wake up. An adopted connection is off the poller: its events do
//! not wake the leader, and its reads block, which makes one system call a request. The connection of a client that
//! calls a blocking handler now and then returns to its shard at once, because a thread that waits for fast requests
//! costs a context switch for each of them.

use std::time::Duration;

use super::pace::{SLOW, Speed};
use crate::conn::RunOn;

/// Longest wait for the next request of a connection that is kept: 2 ms, some ten times what a client on the same
/// machine needs.
pub(super) const KEPT_WAIT: Duration = Duration::from_millis(2);

/// Longest wait for the next request of an adopted connection: 5 ms. To adopt it again costs more, and so does a client
/// that is late under load.
pub(super) const ADOPTED_WAIT: Duration = Duration::from_millis(5);

/// The count that a new connection starts with, and one whose thread has waited in vain: one request that needed a
/// thread. The next such request makes a row.
pub(super) const BEFORE_A_ROW: u8 = 1;

/// The tie of a pool thread to its connection until the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Not at all: the connection is parked, and the shard's leader waits for it at the poller.
    Released,
    /// The thread waits for [`KEPT_WAIT`]; the poller watches too.
    Kept,
    /// The thread's read waits for [`ADOPTED_WAIT`]; the poller does not know the connection.
    Adopted,
}

/// Decides who waits for the next request, which is not here yet. Asks whether other jobs wait only if that matters.
pub(super) fn affinity(in_a_row: u8, others_wait: impl FnOnce() -> bool) -> Affinity {
    match in_a_row {
        0 | 1 => Affinity::Released,
        _ if others_wait() => Affinity::Released,
        2 => Affinity::Kept,
        _ => Affinity::Adopted,
    }
}

/// Decides where the next request is served, which is here already. Asks whether other jobs wait only if that matters.
pub(super) fn place_next(expected: Speed, others_wait: impl FnOnce() -> bool) -> RunOn {
    match expected {
        Speed::Fast => RunOn::ThisThread,
        Speed::Unproven | Speed::Mixed | Speed::Blocking => {
            if others_wait() {
                RunOn::Pool
            } else {
                RunOn::ThisThreadOnceSent
            }
        }
    }
}

/// Counts the requests in a row that have needed a thread, with this one, which took so long.
pub(super) fn count_in_a_row(expected: Speed, in_a_row: u8, took: Duration) -> u8 {
    match expected {
        Speed::Blocking => in_a_row.saturating_add(1),
        Speed::Unproven | Speed::Mixed if took > SLOW => in_a_row.saturating_add(1),
        // A thread that had to wait for its processor says nothing about a handler that is known to be short.
        Speed::Fast | Speed::Unproven | Speed::Mixed => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::Speed::{Blocking, Fast, Mixed, Unproven};
    use super::*;
    use crate::engine::pace::expected;
    use crate::exchange::Pace;

    #[test]
    fn a_request_that_is_here_is_served_unless_it_may_block_while_others_wait() {
        let table = [
            (Fast, false, RunOn::ThisThread, "it costs less than handing it over"),
            (Fast, true, RunOn::ThisThread, "and holds nothing up"),
            (Unproven, false, RunOn::ThisThreadOnceSent, "earlier replies would wait for it"),
            (Unproven, true, RunOn::Pool, "it may be as long as the one before"),
            (Mixed, false, RunOn::ThisThreadOnceSent, "it may block"),
            (Mixed, true, RunOn::Pool, "the same"),
            (Blocking, false, RunOn::ThisThreadOnceSent, "earlier replies would wait for it"),
            (Blocking, true, RunOn::Pool, "one client's requests are no reason for others to wait"),
        ];
        for (expected, others_wait, placed, why) in table {
            assert_eq!(place_next(expected, || others_wait), placed, "{expected:?} {others_wait}: {why}");
        }
    }

    #[test]
    fn a_thread_waits_only_for_a_client_that_calls_blocking_handlers_in_a_row() {
        let table = [
            (0, false, Affinity::Released, "the last one was short"),
            (1, false, Affinity::Released, "the one before was short: the next one will be"),
            (2, false, Affinity::Kept, "it begins to be a row"),
            (3, false, Affinity::Adopted, "it is one"),
            (u8::MAX, false, Affinity::Adopted, "the same"),
            (2, true, Affinity::Released, "another job has use for the thread"),
            (u8::MAX, true, Affinity::Released, "the same"),
            (BEFORE_A_ROW, false, Affinity::Released, "the client pauses between its requests"),
        ];
        for (in_a_row, others_wait, expected, why) in table {
            assert_eq!(affinity(in_a_row, || others_wait), expected, "{in_a_row} {others_wait}: {why}");
        }
    }

    #[test]
    fn what_is_known_of_a_request_goes_before_how_long_it_took() {
        let (short, long) = (SLOW, SLOW * 2);
        let table = [
            (Pace::Auto, Fast, false, Fast, [0, 0], "a busy machine made it long"),
            (Pace::Inline, Blocking, false, Fast, [0, 0], "its author knows better"),
            (Pace::Auto, Unproven, false, Unproven, [0, 8], "its run tells"),
            (Pace::Auto, Mixed, false, Mixed, [0, 8], "the same"),
            (Pace::Auto, Blocking, false, Blocking, [8, 8], "a leader hands it over"),
            (Pace::Pool, Fast, false, Blocking, [8, 8], "the same"),
            (Pace::Auto, Fast, true, Blocking, [8, 8], "it waits for its client"),
        ];
        for (pace, speed, may_wait, wanted, counts, why) in table {
            let found = expected(pace, speed, may_wait);
            assert_eq!(found, wanted, "{pace:?} {speed:?} {may_wait}: {why}");
            let counted = [short, long].map(|took| count_in_a_row(found, 7, took));
            assert_eq!(counted, counts, "{pace:?} {speed:?} {may_wait}: {why}");
        }
        assert_eq!(count_in_a_row(Blocking, u8::MAX, long), u8::MAX);
    }
}
