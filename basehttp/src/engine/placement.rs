//! Where a request is served: on the leader, on a thread of the pool, or not at all. A pure decision; the loop obeys.

use super::pace::Learnt;
use crate::conn::Pace;

/// The pool, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// A thread is free, or can be had.
    Free,
    /// None is, but requests may queue.
    Queue,
    /// The queue is full, too.
    Full,
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// On the leader, at once.
    Inline,
    /// On a thread of the pool, or in its queue.
    Pool,
    /// 503: there is no thread, and no place to wait for one.
    Busy,
}

/// Decides. `may_wait`: the handler will have to wait for the client's body. The pool is looked at only where it matters.
pub(super) fn place(pace: Pace, learnt: Learnt, may_wait: bool, room: impl FnOnce() -> Room) -> Placement {
    match (pace, learnt) {
        _ if may_wait => with_thread(room()),
        (Pace::Inline, _) | (Pace::Auto, Learnt::Fast) => Placement::Inline,
        (Pace::Pool, _) | (Pace::Auto, Learnt::Blocking) => with_thread(room()),
        // A leader that gets stuck takes a thread of the pool's: while there is none, only what is known runs on it.
        (Pace::Auto, Learnt::Unproven) => match room() {
            Room::Free => Placement::Inline,
            room => with_thread(room),
        },
    }
}

fn with_thread(room: Room) -> Placement {
    match room {
        Room::Free | Room::Queue => Placement::Pool,
        Room::Full => Placement::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::Learnt::{Blocking, Fast, Unproven};
    use super::Room::{Free, Full, Queue};
    use super::*;

    #[test]
    fn a_request_runs_where_it_holds_nobody_up() {
        let table = [
            (Pace::Auto, Fast, false, Free, Placement::Inline, "the usual"),
            (Pace::Auto, Fast, false, Full, Placement::Inline, "a full pool does not touch what is fast"),
            (Pace::Auto, Unproven, false, Free, Placement::Inline, "how else would it be learnt"),
            (Pace::Auto, Unproven, false, Queue, Placement::Pool, "it might be stuck, with nobody to rescue it"),
            (Pace::Auto, Unproven, false, Full, Placement::Busy, "the same"),
            (Pace::Auto, Blocking, false, Free, Placement::Pool, "what blocks has a thread"),
            (Pace::Auto, Blocking, false, Full, Placement::Busy, "or an answer"),
            (Pace::Auto, Fast, true, Free, Placement::Pool, "a big upload waits for its client"),
            (Pace::Inline, Blocking, false, Full, Placement::Inline, "the handler's author knows better"),
            (Pace::Inline, Fast, true, Free, Placement::Pool, "but not the client's speed"),
            (Pace::Pool, Fast, false, Free, Placement::Pool, "asked for"),
            (Pace::Pool, Fast, false, Queue, Placement::Pool, "asked for, and waited for"),
            (Pace::Pool, Fast, false, Full, Placement::Busy, "asked for, in vain"),
        ];
        for (pace, learnt, may_wait, room, expected, why) in table {
            assert_eq!(
                place(pace, learnt, may_wait, || room),
                expected,
                "{pace:?} {learnt:?} {may_wait} {room:?}: {why}"
            );
        }
    }
}
