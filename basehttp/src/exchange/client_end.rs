//! Decides when a client is believed to be gone. Pure: the time is an argument, and `ExchangeIo` asks the socket.
//!
//! | the socket says                   | and since then          | the client                                  |
//! |-----------------------------------|-------------------------|---------------------------------------------|
//! | nothing                           |                         | is there, even if it is silent for long     |
//! | the connection is broken          |                         | is gone                                     |
//! | the client has ended its side     | nothing was sent, 2 s   | is gone                                     |
//! | the client has ended its side     | something was sent      | is there, until the connection is broken    |
//!
//! A client that closes its connection and one that only ends its side look alike until something is sent to them. Then
//! the first answers with a reset, and the second reads on. `handlers/cgi/clock.rs` ends scripts by the same rule.

use std::time::{Duration, Instant};

use crate::sys::EndSeen;

/// Time after which a client that has ended its side is believed to be gone, if nothing is sent to it: 2 s.
const GRACE: Duration = Duration::from_secs(2);

/// The knowledge of one exchange about the client's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientEnd {
    /// No end was seen.
    Open,
    /// The client has ended its side, which was seen at this time. Nothing was sent to it since.
    Doubtful(Instant),
    /// The client has ended its side, and something was sent to it since. If it were gone, the connection would be
    /// broken.
    Reads,
    /// The connection is broken.
    Broken,
}

impl ClientEnd {
    /// Notes an answer of the socket.
    pub(super) fn note_seen(&mut self, seen: EndSeen, now: Instant) {
        match (seen, *self) {
            (EndSeen::Both, _) => *self = ClientEnd::Broken,
            (EndSeen::Sending, ClientEnd::Open) => *self = ClientEnd::Doubtful(now),
            (EndSeen::Sending | EndSeen::None, _) => {}
        }
    }

    /// Notes that something was sent to the client.
    pub(super) fn note_sent(&mut self) {
        if let ClientEnd::Doubtful(_) = self {
            *self = ClientEnd::Reads;
        }
    }

    /// The part of the end that was seen already, and need not be waited for.
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

    /// The time from which the client is believed to be gone, if the socket says nothing more.
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
