//! The time limits of a run, state by state. Pure; the time is an argument.
//!
//! | since                                                     | may take                | then                       |
//! |-----------------------------------------------------------|-------------------------|----------------------------|
//! | the server was asked to end                               | 1 s                     | 503                        |
//! | the script started                                        | `run_timeout`           | 504                        |
//! | anything was written to the script or read from it        | `output_stall_timeout`  | 504; 408 if the client owes it the body |
//! | the client closed its sending side, and got nothing since | `client_end_grace`      | 504, if the client still reads |
//! | the script exited, and other processes hold its output open | 3 s                   | the output counts as ended |
//! | the script closed its output, and does not exit           | 3 s                     | the script is ended; the response is complete |

use std::time::{Duration, Instant};

use super::builder::ScriptLimits;

/// Time that a script has left when the server shuts down: 1 s. Short scripts can still answer, and ending the others
/// fits into the 5 s that a server gives its requests.
const DRAIN_GRACE: Duration = Duration::from_secs(1);

/// Longest time between the end of a script's output and its exit, in either order: 3 s. Usually it is microseconds.
const EXIT_GRACE: Duration = Duration::from_secs(3);

/// Time that output waits for more to come: 10 ms. A short response is then one write with its length, and an event is
/// late by no more than that.
pub(super) const FLUSH_DELAY: Duration = Duration::from_millis(10);

/// The moments from which the limits are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub started: Instant,
    /// When something was last written to the script or read from it.
    pub moved: Instant,
    /// When the oldest output was composed that is not sent yet.
    pub unsent: Option<Instant>,
    /// When the client closed its sending side. `None` again once something was sent to it.
    pub client_ended: Option<Instant>,
    pub server_ending: Option<Instant>,
    pub output_ended: Option<Instant>,
    pub exited: Option<Instant>,
}

/// A limit that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    ServerEnds,
    RunTimeout,
    Stall,
    ClientEnded,
    /// The script has exited, and only other processes hold its output open.
    Orphaned,
    /// The script has closed its output, and does not exit.
    Lingering,
}

impl Clock {
    pub(super) fn new(now: Instant) -> Self {
        Clock {
            started: now,
            moved: now,
            unsent: None,
            client_ended: None,
            server_ending: None,
            output_ended: None,
            exited: None,
        }
    }

    /// Returns the first limit that has passed, if any.
    pub(super) fn due(&self, now: Instant, limits: &ScriptLimits) -> Option<Due> {
        let is_over = |since: Option<Instant>, allowed: Duration| {
            since.is_some_and(|since| now.saturating_duration_since(since) >= allowed)
        };
        // Output that is about to be sent will show whether the client is there.
        let client_ended = self.client_ended.filter(|_| self.unsent.is_none());
        let is_stalled = self.output_ended.is_none() && is_over(Some(self.moved), limits.output_stall_timeout);
        [
            (is_over(self.output_ended, EXIT_GRACE), Due::Lingering),
            (is_over(self.server_ending, DRAIN_GRACE), Due::ServerEnds),
            (is_over(Some(self.started), limits.run_timeout), Due::RunTimeout),
            (is_over(client_ended, limits.client_end_grace), Due::ClientEnded),
            (self.output_ended.is_none() && is_over(self.exited, EXIT_GRACE), Due::Orphaned),
            (is_stalled, Due::Stall),
        ]
        .into_iter()
        .find_map(|(is_due, due)| is_due.then_some(due))
    }

    /// Returns the time until composed output has to be sent; `None` if there is none.
    pub(super) fn until_flush(&self, now: Instant) -> Option<Duration> {
        self.unsent.map(|since| FLUSH_DELAY.saturating_sub(now.saturating_duration_since(since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_its_time() {
        let start = Instant::now();
        let limits = ScriptLimits {
            run_timeout: Duration::from_secs(100),
            output_stall_timeout: Duration::from_secs(10),
            client_end_grace: Duration::from_secs(2),
            ..ScriptLimits::default()
        };
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let clock = Clock::new(start);
        let table = [
            (Clock { ..clock }, 9, None, "it may be silent for so long"),
            (Clock { ..clock }, 10, Some(Due::Stall), "and no longer"),
            (Clock { moved: at(95), ..clock }, 99, None, "it may run for so long"),
            (Clock { moved: at(95), ..clock }, 100, Some(Due::RunTimeout), "and no longer"),
            (Clock { client_ended: Some(at(1)), ..clock }, 2, None, "the client may wait for an answer"),
            (Clock { client_ended: Some(at(1)), ..clock }, 3, Some(Due::ClientEnded), "or be gone"),
            (
                Clock { client_ended: Some(at(1)), unsent: Some(at(3)), ..clock },
                3,
                None,
                "the answer is here, and will tell",
            ),
            (Clock { server_ending: Some(at(1)), ..clock }, 1, None, "a short one may end"),
            (Clock { server_ending: Some(at(1)), ..clock }, 2, Some(Due::ServerEnds), "a long one is ended"),
            (Clock { exited: Some(at(1)), ..clock }, 4, Some(Due::Orphaned), "others hold its output"),
            (Clock { output_ended: Some(at(9)), ..clock }, 11, None, "silent, as is to be expected"),
            (Clock { output_ended: Some(at(9)), ..clock }, 12, Some(Due::Lingering), "but it has to exit"),
            (
                Clock { output_ended: Some(at(97)), ..clock },
                100,
                Some(Due::Lingering),
                "the response is complete all the same",
            ),
        ];
        for (clock, seconds, expected, why) in table {
            assert_eq!(clock.due(at(seconds), &limits), expected, "{why}");
        }
    }

    #[test]
    fn output_is_sent_soon_after_it_came() {
        let now = Instant::now();
        let clock = Clock { unsent: Some(now), ..Clock::new(now) };
        assert_eq!(clock.until_flush(now), Some(FLUSH_DELAY));
        assert_eq!(clock.until_flush(now + FLUSH_DELAY * 2), Some(Duration::ZERO));
        assert_eq!(Clock::new(now).until_flush(now), None);
    }
}
