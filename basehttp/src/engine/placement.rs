//! Placement of a request: on the leader, on a thread of the pool, or nowhere. Pure decisions; `scheduler` obeys.

use super::pace::Speed;
use crate::conn::SendOn;

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

/// The decision about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// On this thread, at once.
    Inline,
    /// On this thread, which may block. Earlier responses of the connection are sent first.
    Trial,
    /// On a thread of the pool, or in its queue.
    Pool,
    /// Nowhere: the client gets 503. There is no thread, and no place to wait for one.
    Busy,
}

/// Decides where a leader has a request served whose handler is expected to be that fast. `cools_down` says whether a
/// leader was rescued in the last second. It and `room` are called only if the answer matters.
pub(super) fn place(expected: Speed, cools_down: impl FnOnce() -> bool, room: impl FnOnce() -> Room) -> Placement {
    match expected {
        Speed::Fast => Placement::Inline,
        Speed::Blocking => with_thread(room()),
        // A full pool keeps the machine busy, which makes fast handlers look slow. They do not wait for the pool.
        Speed::Mixed => match room() {
            Room::Free => Placement::Pool,
            Room::Queue | Room::Full => Placement::Trial,
        },
        // A leader that gets stuck needs a thread of the pool. While there is none, only proven handlers run on a leader.
        Speed::Unproven => match (cools_down(), room()) {
            (false, Room::Free) => Placement::Trial,
            (_, room) => with_thread(room),
        },
    }
}

/// Decides where a leader has the next piece of a file read and sent. `was_slow`: the last piece took long.
///
/// A file system that hangs takes a thread for each file, and may take all of them. The files are then given up, before
/// the leaders are stuck as well.
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
            (Pace::Auto, Unproven, false, OFF, Free, Placement::Trial, "its speed must be learnt"),
            (Pace::Auto, Unproven, false, OFF, Queue, Placement::Pool, "no thread could replace a stuck leader"),
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
