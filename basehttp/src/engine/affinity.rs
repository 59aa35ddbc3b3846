//! What a thread of the pool does between two requests of its connection. Pure decisions; `work` obeys.
//!
//! | next request    | another job waits | requests in a row that needed a thread | the thread                            |
//! |-----------------|-------------------|----------------------------------------|---------------------------------------|
//! | here, fast      | or not            | any                                    | serves it                             |
//! | here, may block | no                | any                                    | sends earlier replies, then serves it |
//! | here, may block | yes               | any                                    | sends them, and queues it             |
//! | not here        | yes               | any                                    | gives the connection back             |
//! | not here        | no                | none or one                            | gives the connection back             |
//! | not here        | no                | two                                    | waits 2 ms, the poller as well        |
//! | not here        | no                | three and more                         | adopts it, and waits 5 ms             |
//!
//! A new connection counts as one whose last request needed a thread, and so does one that was waited for in vain.
//!
//! A client that calls blocking handlers in a row costs no hand-over then, and does not wait for the leader, which many
//! waking threads keep from running. An adopted connection is off the poller, so that its events do not wake the leader,
//! and its reads wait by themselves: one system call a request. A client that calls a blocking handler now and then goes
//! back to its shard at once, since a thread that waits for its fast requests costs a context switch for each of them.

use std::time::Duration;

use super::pace::{SLOW, Speed};
use crate::exchange::Pace;

/// How long a connection is kept without a request: 2 ms, some ten times what a client on the same machine needs.
pub(super) const KEPT_WAIT: Duration = Duration::from_millis(2);

/// The same for an adopted one: 5 ms. Taking it up again costs more, and so does a client that is late under load.
pub(super) const ADOPTED_WAIT: Duration = Duration::from_millis(5);

/// What a new connection counts as, and one whose thread has waited in vain: one request that needed a thread. The next
/// such request makes a row.
pub(super) const BEFORE_A_ROW: u8 = 1;

/// How long a request's handler will take, as far as that is known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// It will be short: a leader would have served it.
    Short,
    /// Nothing, or not enough. Its run tells.
    Unsure,
    /// It may block: a leader would have handed it over.
    Long,
}

impl Expected {
    /// `may_wait`: the handler will have to wait for the client's body.
    pub(super) fn of(pace: Pace, speed: Speed, may_wait: bool) -> Self {
        match (pace, speed) {
            _ if may_wait => Expected::Long,
            (Pace::Inline, _) | (Pace::Auto, Speed::Fast) => Expected::Short,
            (Pace::Pool, _) | (Pace::Auto, Speed::Blocking) => Expected::Long,
            (Pace::Auto, Speed::Unproven | Speed::Mixed) => Expected::Unsure,
        }
    }

    /// How many requests in a row have needed a thread, with this one that took so long.
    pub(super) fn count(self, in_a_row: u8, took: Duration) -> u8 {
        match self {
            Expected::Long => in_a_row.saturating_add(1),
            Expected::Unsure if took > SLOW => in_a_row.saturating_add(1),
            // A thread that had to wait for its processor says nothing about what is known to be short.
            Expected::Short | Expected::Unsure => 0,
        }
    }
}

/// Whether anything waits for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    None,
    Wait,
}

/// What becomes of a request that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serving {
    /// It is served at once.
    Here,
    /// It is served once the earlier replies are sent.
    HereOnceSent,
    /// It waits for its turn behind the others, once the earlier replies are sent.
    Queued,
}

/// Decides about the next request, which is here. Others are looked at only where they matter.
pub(super) fn serving(expected: Expected, others: impl FnOnce() -> Others) -> Serving {
    match expected {
        Expected::Short => Serving::Here,
        Expected::Unsure | Expected::Long => match others() {
            Others::None => Serving::HereOnceSent,
            Others::Wait => Serving::Queued,
        },
    }
}

/// How a request that is not here yet is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    /// By the shard's leader, at the poller.
    Released,
    /// By this thread for [`KEPT_WAIT`]; the poller watches too.
    Kept,
    /// By this thread's read for [`ADOPTED_WAIT`]; the poller does not know the connection.
    Adopted,
}

/// Decides who waits for the next request. Others are looked at only where they matter.
pub(super) fn affinity(in_a_row: u8, others: impl FnOnce() -> Others) -> Affinity {
    match in_a_row {
        0 | 1 => Affinity::Released,
        _ if others() == Others::Wait => Affinity::Released,
        2 => Affinity::Kept,
        _ => Affinity::Adopted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_here_is_served_unless_it_may_block_while_others_wait() {
        let table = [
            (Expected::Short, Others::None, Serving::Here, "it costs less than handing it over"),
            (Expected::Short, Others::Wait, Serving::Here, "and holds nothing up"),
            (Expected::Unsure, Others::None, Serving::HereOnceSent, "earlier replies would wait for it"),
            (Expected::Unsure, Others::Wait, Serving::Queued, "it may be as long as the one before"),
            (Expected::Long, Others::None, Serving::HereOnceSent, "earlier replies would wait for it"),
            (Expected::Long, Others::Wait, Serving::Queued, "one client's requests are no reason for others to wait"),
        ];
        for (expected, others, serving_as, why) in table {
            assert_eq!(serving(expected, || others), serving_as, "{expected:?} {others:?}: {why}");
        }
    }

    #[test]
    fn a_thread_waits_only_for_a_client_that_calls_blocking_handlers_in_a_row() {
        let table = [
            (0, Others::None, Affinity::Released, "the last one was short"),
            (1, Others::None, Affinity::Released, "the one before was short: the next one will be"),
            (2, Others::None, Affinity::Kept, "it begins to be a row"),
            (3, Others::None, Affinity::Adopted, "it is one"),
            (u8::MAX, Others::None, Affinity::Adopted, "the same"),
            (2, Others::Wait, Affinity::Released, "another job has use for the thread"),
            (u8::MAX, Others::Wait, Affinity::Released, "the same"),
            (BEFORE_A_ROW, Others::None, Affinity::Released, "the client pauses between its requests"),
        ];
        for (in_a_row, others, expected, why) in table {
            assert_eq!(affinity(in_a_row, || others), expected, "{in_a_row} {others:?}: {why}");
        }
    }

    #[test]
    fn what_is_known_of_a_request_goes_before_how_long_it_took() {
        use Speed::{Blocking, Fast, Mixed, Unproven};
        let (short, long) = (SLOW, SLOW * 2);
        let table = [
            (Pace::Auto, Fast, false, Expected::Short, [0, 0], "a busy machine made it long"),
            (Pace::Inline, Blocking, false, Expected::Short, [0, 0], "its author knows better"),
            (Pace::Auto, Unproven, false, Expected::Unsure, [0, 8], "its run tells"),
            (Pace::Auto, Mixed, false, Expected::Unsure, [0, 8], "the same"),
            (Pace::Auto, Blocking, false, Expected::Long, [8, 8], "a leader hands it over"),
            (Pace::Pool, Fast, false, Expected::Long, [8, 8], "the same"),
            (Pace::Auto, Fast, true, Expected::Long, [8, 8], "it waits for its client"),
        ];
        for (pace, speed, may_wait, expected, counts, why) in table {
            let found = Expected::of(pace, speed, may_wait);
            assert_eq!(found, expected, "{pace:?} {speed:?} {may_wait}: {why}");
            assert_eq!([short, long].map(|took| found.count(7, took)), counts, "{pace:?} {speed:?} {may_wait}: {why}");
        }
        assert_eq!(Expected::Long.count(u8::MAX, long), u8::MAX);
    }
}
