//! Where a request is served: on the leader, on a thread of the pool, or not at all. A pure decision; the loop obeys.

use super::pace::Speed;
use crate::conn::SendOn;
use crate::exchange::Pace;

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

/// How handlers have behaved of late that nobody knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RescueCooldown {
    /// None of them had to be rescued.
    Off,
    /// One was: the next one may be of its kind.
    On,
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

/// Decides. `may_wait`: the handler will have to wait for the client's body. The cooldown and the pool are looked at only where they
/// matter.
pub(super) fn place(
    pace: Pace,
    speed: Speed,
    may_wait: bool,
    cooldown: impl FnOnce() -> RescueCooldown,
    room: impl FnOnce() -> Room,
) -> Placement {
    match (pace, speed) {
        _ if may_wait => with_thread(room()),
        (Pace::Inline, _) | (Pace::Auto, Speed::Fast) => Placement::Inline,
        (Pace::Pool, _) | (Pace::Auto, Speed::Blocking) => with_thread(room()),
        // While the pool is full, a machine that is busy with it makes fast handlers slow: they shall not wait for it.
        (Pace::Auto, Speed::Mixed) => match room() {
            Room::Free => Placement::Pool,
            Room::Queue | Room::Full => Placement::Trial,
        },
        // A leader that gets stuck takes a thread of the pool's: while there is none, only what is known runs on it.
        (Pace::Auto, Speed::Unproven) => match (cooldown(), room()) {
            (RescueCooldown::Off, Room::Free) => Placement::Trial,
            (_, room) => with_thread(room),
        },
    }
}

/// Decides where a leader has the next piece of a file read and sent. `was_slow`: the last one took long. A file system that
/// hangs takes a thread for each file, and may take them all: then what it has is given up, before the leaders are stuck.
pub(super) fn send_file_on(
    was_slow: bool,
    cooldown: impl FnOnce() -> RescueCooldown,
    room: impl FnOnce() -> Room,
    has_leader_left: impl FnOnce() -> bool,
) -> SendOn {
    if !was_slow && cooldown() == RescueCooldown::Off {
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
    use super::RescueCooldown::{Off, On};
    use super::Room::{Free, Full, Queue};
    use super::Speed::{Blocking, Fast, Mixed, Unproven};
    use super::*;

    #[test]
    fn a_file_is_sent_by_a_thread_where_its_disk_may_hang() {
        let table = [
            (false, Off, Full, false, SendOn::ThisThread, "the usual: nothing else is looked at"),
            (true, Off, Free, true, SendOn::Pool, "it was slow, and may be again"),
            (true, Off, Queue, true, SendOn::Pool, "the same, in its turn"),
            (false, On, Free, true, SendOn::Pool, "another file was slow just now"),
            (true, On, Full, true, SendOn::ThisThread, "a leader that gets stuck will be replaced"),
            (true, Off, Full, false, SendOn::Refused, "one that gets stuck would stop its shard"),
            (false, On, Full, false, SendOn::Refused, "the same"),
        ];
        for (was_slow, cooldown, room, has_leader_left, expected, why) in table {
            let place = send_file_on(was_slow, || cooldown, || room, || has_leader_left);
            assert_eq!(place, expected, "{was_slow} {cooldown:?} {room:?} {has_leader_left}: {why}");
        }
    }

    #[test]
    fn a_request_runs_where_it_holds_nobody_up() {
        let table = [
            (Pace::Auto, Fast, false, Off, Free, Placement::Inline, "the usual"),
            (Pace::Auto, Fast, false, Off, Full, Placement::Inline, "a full pool does not touch what is fast"),
            (Pace::Auto, Unproven, false, Off, Free, Placement::Trial, "how else would it be learnt"),
            (Pace::Auto, Unproven, false, Off, Queue, Placement::Pool, "it might be stuck, with nobody to rescue it"),
            (Pace::Auto, Unproven, false, Off, Full, Placement::Busy, "the same"),
            (Pace::Auto, Unproven, false, On, Free, Placement::Pool, "the last one like it had to be rescued"),
            (Pace::Auto, Unproven, false, On, Full, Placement::Busy, "the same"),
            (Pace::Auto, Fast, false, On, Free, Placement::Inline, "what is known is not doubted"),
            (Pace::Inline, Unproven, false, On, Free, Placement::Inline, "the handler's author knows better"),
            (Pace::Auto, Mixed, false, Off, Free, Placement::Pool, "it may block"),
            (Pace::Auto, Mixed, false, Off, Queue, Placement::Trial, "it is short at times, and the queue is long"),
            (Pace::Auto, Mixed, false, Off, Full, Placement::Trial, "rather than none at all"),
            (Pace::Auto, Blocking, false, Off, Free, Placement::Pool, "what blocks has a thread"),
            (Pace::Auto, Blocking, false, Off, Full, Placement::Busy, "or an answer"),
            (Pace::Auto, Fast, true, Off, Free, Placement::Pool, "a big upload waits for its client"),
            (Pace::Inline, Blocking, false, Off, Full, Placement::Inline, "the handler's author knows better"),
            (Pace::Inline, Fast, true, Off, Free, Placement::Pool, "but not the client's speed"),
            (Pace::Pool, Fast, false, Off, Free, Placement::Pool, "asked for"),
            (Pace::Pool, Fast, false, Off, Queue, Placement::Pool, "asked for, and waited for"),
            (Pace::Pool, Fast, false, Off, Full, Placement::Busy, "asked for, in vain"),
        ];
        for (pace, speed, may_wait, cooldown, room, expected, why) in table {
            assert_eq!(
                place(pace, speed, may_wait, || cooldown, || room),
                expected,
                "{pace:?} {speed:?} {may_wait} {cooldown:?} {room:?}: {why}"
            );
        }
    }
}
