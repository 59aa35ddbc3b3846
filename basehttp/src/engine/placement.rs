//! Placement of a request: on the leader, on a thread of the pool, or nowhere. Pure decisions; `scheduler` obeys.

use super::pace::Speed;
use crate::conn::RunOn;

/// Room in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// A thread is free, or can be started.
    Free,
    /// No thread is free, but requests may queue.
    Queue,
    /// The queue is full as well.
    Full,
}

/// Decides where a leader has a request served whose handler is expected to be that fast. `cools_down` says whether a
/// leader was rescued in the last second, and `may_risk_leader` whether this leader may get stuck: threads are left for
/// more leaders after it. They and `room` are called only if the answer matters.
pub(super) fn place(
    expected: Speed,
    cools_down: impl FnOnce() -> bool,
    room: impl FnOnce() -> Room,
    may_risk_leader: impl FnOnce() -> bool,
) -> RunOn {
    match expected {
        Speed::Fast => RunOn::ThisThread,
        Speed::Blocking => with_thread(room()),
        // A full pool keeps the machine busy, which makes fast handlers look slow. They do not wait for the pool.
        Speed::Mixed => match room() {
            Room::Free => RunOn::Pool,
            _ if may_risk_leader() => RunOn::ThisThreadOnceSent,
            room => with_thread(room),
        },
        // A leader that gets stuck needs a thread of the pool. While there is none, only proven handlers run on a
        // leader.
        Speed::Unproven => match (cools_down(), room()) {
            (false, Room::Free) => RunOn::ThisThreadOnceSent,
            (_, room) => with_thread(room),
        },
    }
}

/// Decides where a leader has the next piece of a file read and sent. `was_slow`: the last piece took long.
///
/// A file system that hangs takes a thread for each file, and may take all of them. The files are then given up, before
/// the threads run out that replace the leaders of fast handlers.
pub(super) fn send_file_on(
    was_slow: bool,
    cools_down: impl FnOnce() -> bool,
    room: impl FnOnce() -> Room,
    may_risk_leader: impl FnOnce() -> bool,
) -> RunOn {
    if !was_slow && !cools_down() {
        return RunOn::ThisThread;
    }
    match room() {
        Room::Free | Room::Queue => RunOn::Pool,
        Room::Full if may_risk_leader() => RunOn::ThisThread,
        Room::Full => RunOn::Refused,
    }
}

fn with_thread(room: Room) -> RunOn {
    match room {
        Room::Free | Room::Queue => RunOn::Pool,
        Room::Full => RunOn::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::Room::{Free, Full, Queue};
    use super::Speed::{Blocking, Fast, Mixed, Unproven};
    use super::*;
    use crate::engine::pace::expected;
    use crate::exchange::Pace;

    // Whether a leader was rescued just now.
    const ON: bool = true;
    const OFF: bool = false;

    #[test]
    fn a_file_is_sent_by_a_thread_where_its_disk_may_hang() {
        let table = [
            (false, OFF, Full, false, RunOn::ThisThread, "the usual: nothing else is looked at"),
            (true, OFF, Free, true, RunOn::Pool, "it was slow, and may be again"),
            (true, OFF, Queue, true, RunOn::Pool, "the same, in its turn"),
            (false, ON, Free, true, RunOn::Pool, "another file was slow just now"),
            (true, ON, Full, true, RunOn::ThisThread, "a leader that gets stuck will be replaced"),
            (true, OFF, Full, false, RunOn::Refused, "the last threads are for fast handlers"),
            (false, ON, Full, false, RunOn::Refused, "the same"),
        ];
        for (was_slow, cools_down, room, may_risk_leader, expected, why) in table {
            let place = send_file_on(was_slow, || cools_down, || room, || may_risk_leader);
            assert_eq!(place, expected, "{was_slow} {cools_down} {room:?} {may_risk_leader}: {why}");
        }
    }

    #[test]
    fn a_request_runs_where_it_holds_nobody_up() {
        let table = [
            (Pace::Auto, Fast, false, OFF, Free, RunOn::ThisThread, "the usual"),
            (Pace::Auto, Fast, false, OFF, Full, RunOn::ThisThread, "a full pool does not touch what is fast"),
            (Pace::Auto, Unproven, false, OFF, Free, RunOn::ThisThreadOnceSent, "its speed must be learnt"),
            (Pace::Auto, Unproven, false, OFF, Queue, RunOn::Pool, "no thread could replace a stuck leader"),
            (Pace::Auto, Unproven, false, OFF, Full, RunOn::Refused, "the same"),
            (Pace::Auto, Unproven, false, ON, Free, RunOn::Pool, "the last one like it had to be rescued"),
            (Pace::Auto, Unproven, false, ON, Full, RunOn::Refused, "the same"),
            (Pace::Auto, Fast, false, ON, Free, RunOn::ThisThread, "what is known is not doubted"),
            (Pace::Inline, Unproven, false, ON, Free, RunOn::ThisThread, "the handler's author knows better"),
            (Pace::Auto, Mixed, false, OFF, Free, RunOn::Pool, "it may block"),
            (
                Pace::Auto,
                Mixed,
                false,
                OFF,
                Queue,
                RunOn::ThisThreadOnceSent,
                "it is short at times, and the queue is long",
            ),
            (Pace::Auto, Mixed, false, OFF, Full, RunOn::ThisThreadOnceSent, "rather than none at all"),
            (Pace::Auto, Blocking, false, OFF, Free, RunOn::Pool, "what blocks has a thread"),
            (Pace::Auto, Blocking, false, OFF, Full, RunOn::Refused, "or an answer"),
            (Pace::Auto, Fast, true, OFF, Free, RunOn::Pool, "a big upload waits for its client"),
            (Pace::Inline, Blocking, false, OFF, Full, RunOn::ThisThread, "the handler's author knows better"),
            (Pace::Inline, Fast, true, OFF, Free, RunOn::Pool, "but not the client's speed"),
            (Pace::Pool, Fast, false, OFF, Free, RunOn::Pool, "asked for"),
            (Pace::Pool, Fast, false, OFF, Queue, RunOn::Pool, "asked for, and waited for"),
            (Pace::Pool, Fast, false, OFF, Full, RunOn::Refused, "asked for, in vain"),
        ];
        for (pace, speed, may_wait, cools_down, room, placement, why) in table {
            assert_eq!(
                place(expected(pace, speed, may_wait), || cools_down, || room, || true),
                placement,
                "{pace:?} {speed:?} {may_wait} {cools_down} {room:?}: {why}"
            );
        }
    }

    #[test]
    fn only_a_handler_that_is_known_to_be_fast_runs_on_a_leader_that_must_not_get_stuck() {
        let table = [
            (Fast, [RunOn::ThisThread; 3]),
            (Mixed, [RunOn::Pool, RunOn::Pool, RunOn::Refused]),
            (Blocking, [RunOn::Pool, RunOn::Pool, RunOn::Refused]),
        ];
        for (speed, places) in table {
            let found = [Free, Queue, Full].map(|room| place(speed, || OFF, || room, || false));
            assert_eq!(found, places, "{speed:?}");
        }
        // With a thread free for jobs, there is one for a leader, too.
        let found = [Queue, Full].map(|room| place(Unproven, || OFF, || room, || false));
        assert_eq!(found, [RunOn::Pool, RunOn::Refused]);
    }
}
