//! Where a request is served: on the leader, on a thread of the pool, or not at all. A pure decision; the loop obeys.

use super::pace::Speed;
use crate::conn::SendOn;

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
    /// On the leader, which may get stuck: earlier replies of the connection are sent first.
    Trial,
    /// On a thread of the pool, or in its queue.
    Pool,
    /// 503: there is no thread, and no place to wait for one.
    Busy,
}

/// Decides where a leader has a request served, whose handler is expected to be that fast. Whether the pool's threads were
/// needed for a rescue just now, and whether there is room in the pool, is asked only where it matters.
pub(super) fn place(expected: Speed, cools_down: impl FnOnce() -> bool, room: impl FnOnce() -> Room) -> Placement {
    match expected {
        Speed::Fast => Placement::Inline,
        Speed::Blocking => with_thread(room()),
        // While the pool is full, a machine that is busy with it makes fast handlers slow: they shall not wait for it.
        Speed::Mixed => match room() {
            Room::Free => Placement::Pool,
            Room::Queue | Room::Full => Placement::Trial,
        },
        // A leader that gets stuck takes a thread of the pool's: while there is none, only what is known runs on it.
        Speed::Unproven => match (cools_down(), room()) {
            (false, Room::Free) => Placement::Trial,
            (_, room) => with_thread(room),
        },
    }
}

/// Decides where a leader has the next piece of a file read and sent. `was_slow`: the last one took long. A file system that
/// hangs takes a thread for each file, and may take them all: then what it has is given up, before the leaders are stuck.
pub(super) fn send_file_on(
    was_slow: bool,
    cools_down: impl FnOnce() -> bool,
    room: impl FnOnce() -> Room,
    has_leader_left: impl FnOnce() -> bool,
) -> SendOn {
    if !was_slow && !cools_down() {
        return SendOn::ThisThread;
    }
    match room() {
        Room::Free | Room::Queue => SendOn::Pool,
        Room::Full if has_leader_left() => SendOn::ThisThread,
        Room::Full => SendOn::Refused,
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
            (false, OFF, Full, false, SendOn::ThisThread, "the usual: nothing else is looked at"),
            (true, OFF, Free, true, SendOn::Pool, "it was slow, and may be again"),
            (true, OFF, Queue, true, SendOn::Pool, "the same, in its turn"),
            (false, ON, Free, true, SendOn::Pool, "another file was slow just now"),
            (true, ON, Full, true, SendOn::ThisThread, "a leader that gets stuck will be replaced"),
            (true, OFF, Full, false, SendOn::Refused, "one that gets stuck would stop its shard"),
            (false, ON, Full, false, SendOn::Refused, "the same"),
        ];
        for (was_slow, cools_down, room, has_leader_left, expected, why) in table {
            let place = send_file_on(was_slow, || cools_down, || room, || has_leader_left);
            assert_eq!(place, expected, "{was_slow} {cools_down} {room:?} {has_leader_left}: {why}");
        }
    }

    #[test]
    fn a_request_runs_where_it_holds_nobody_up() {
        let table = [
            (Pace::Auto, Fast, false, OFF, Free, Placement::Inline, "the usual"),
            (Pace::Auto, Fast, false, OFF, Full, Placement::Inline, "a full pool does not touch what is fast"),
            (Pace::Auto, Unproven, false, OFF, Free, Placement::Trial, "how else would it be learnt"),
            (Pace::Auto, Unproven, false, OFF, Queue, Placement::Pool, "it might be stuck, with nobody to rescue it"),
            (Pace::Auto, Unproven, false, OFF, Full, Placement::Busy, "the same"),
            (Pace::Auto, Unproven, false, ON, Free, Placement::Pool, "the last one like it had to be rescued"),
            (Pace::Auto, Unproven, false, ON, Full, Placement::Busy, "the same"),
            (Pace::Auto, Fast, false, ON, Free, Placement::Inline, "what is known is not doubted"),
            (Pace::Inline, Unproven, false, ON, Free, Placement::Inline, "the handler's author knows better"),
            (Pace::Auto, Mixed, false, OFF, Free, Placement::Pool, "it may block"),
            (Pace::Auto, Mixed, false, OFF, Queue, Placement::Trial, "it is short at times, and the queue is long"),
            (Pace::Auto, Mixed, false, OFF, Full, Placement::Trial, "rather than none at all"),
            (Pace::Auto, Blocking, false, OFF, Free, Placement::Pool, "what blocks has a thread"),
            (Pace::Auto, Blocking, false, OFF, Full, Placement::Busy, "or an answer"),
            (Pace::Auto, Fast, true, OFF, Free, Placement::Pool, "a big upload waits for its client"),
            (Pace::Inline, Blocking, false, OFF, Full, Placement::Inline, "the handler's author knows better"),
            (Pace::Inline, Fast, true, OFF, Free, Placement::Pool, "but not the client's speed"),
            (Pace::Pool, Fast, false, OFF, Free, Placement::Pool, "asked for"),
            (Pace::Pool, Fast, false, OFF, Queue, Placement::Pool, "asked for, and waited for"),
            (Pace::Pool, Fast, false, OFF, Full, Placement::Busy, "asked for, in vain"),
        ];
        for (pace, speed, may_wait, cools_down, room, placement, why) in table {
            assert_eq!(
                place(expected(pace, speed, may_wait), || cools_down, || room),
                placement,
                "{pace:?} {speed:?} {may_wait} {cools_down} {room:?}: {why}"
            );
        }
    }
}
