//! When a client is believed to be gone. Pure: the time is an argument, and the `wire` asks the socket.
//!
//! | the socket says                   | and since then          | the client                                  |
//! |-----------------------------------|-------------------------|---------------------------------------------|
//! | nothing                           |                         | is there, however long it is silent         |
//! | the connection is broken          |                         | is gone                                     |
//! | the client has ended its side     | nothing was sent, 2 s   | is gone                                     |
//! | the client has ended its side     | something was sent      | is there, until the connection is broken    |
//!
//! A client that closes its connection and one that only ends its side look alike until something is sent to them: the one
//! answers with a reset, the other reads it. Scripts are ended by the same rule (`handlers/cgi/clock.rs`).

use std::time::{Duration, Instant};

use crate::sys::EndSeen;

/// Time for which a client that has ended its side is waited for while nothing is sent to it: 2 s.
const GRACE: Duration = Duration::from_secs(2);

/// The client's end, as far as it is known during one exchange. The module's table has the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientEnd {
    /// None was seen.
    Open,
    /// It has ended its side, which was seen at that time, and nothing was sent to it since.
    Doubtful(Instant),
    /// It has ended its side, and something was sent to it since: a broken connection would tell.
    Reads,
    Broken,
}

impl ClientEnd {
    /// Takes note of an answer of the socket's.
    pub(super) fn note_seen(&mut self, seen: EndSeen, now: Instant) {
        match (seen, *self) {
            (EndSeen::Both, _) => *self = ClientEnd::Broken,
            (EndSeen::Sending, ClientEnd::Open) => *self = ClientEnd::Doubtful(now),
            (EndSeen::Sending | EndSeen::None, _) => {}
        }
    }

    /// Something was sent to the client.
    pub(super) fn note_sent(&mut self) {
        if let ClientEnd::Doubtful(_) = self {
            *self = ClientEnd::Reads;
        }
    }

    /// The part of the end that was seen before, and need not be waited for.
    pub(super) fn seen(self) -> EndSeen {
        match self {
            ClientEnd::Open => EndSeen::None,
            ClientEnd::Doubtful(_) | ClientEnd::Reads => EndSeen::Sending,
            ClientEnd::Broken => EndSeen::Both,
        }
    }

    pub(super) fn is_gone(self, now: Instant) -> bool {
        match self {
            ClientEnd::Open | ClientEnd::Reads => false,
            ClientEnd::Doubtful(since) => now.saturating_duration_since(since) >= GRACE,
            ClientEnd::Broken => true,
        }
    }

    /// When it will be believed to be gone, if the socket says no more.
    pub(super) fn gone_at(self) -> Option<Instant> {
        if let ClientEnd::Doubtful(since) = self { Some(since + GRACE) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_gone_when_its_connection_is_broken_or_it_ended_its_side_and_takes_nothing() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let after = |events: &[(u64, Option<EndSeen>)]| {
            let mut end = ClientEnd::Open;
            for (millis, event) in events {
                match event {
                    Some(seen) => end.note_seen(*seen, at(*millis)),
                    None => end.note_sent(),
                }
            }
            end
        };
        let (nothing, sending, both, sent) = (Some(EndSeen::None), Some(EndSeen::Sending), Some(EndSeen::Both), None);
        let table: [(&[_], u64, bool, &str); 8] = [
            (&[(0, nothing)], 3_600_000, false, "it may be silent for an hour"),
            (&[(0, sending)], 1_999, false, "it may wait for its answer"),
            (&[(0, sending)], 2_000, true, "or be gone"),
            (&[(0, sending), (1_500, sending), (1_900, nothing)], 2_000, true, "seen again it is the same end"),
            (&[(0, sending), (1_000, sent)], 3_600_000, false, "it has not refused what was sent"),
            (&[(0, sent), (1_000, sending)], 3_000, true, "what was sent before tells nothing"),
            (&[(0, sending), (1_000, sent), (1_001, both)], 1_001, true, "it has refused it"),
            (&[(0, both)], 0, true, "a reset"),
        ];
        for (events, millis, is_gone, why) in table {
            assert_eq!(after(events).is_gone(at(millis)), is_gone, "{why}");
        }
    }
}
