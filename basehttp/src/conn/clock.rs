//! The time of day, as replies and logs show it: the only place of this floor that asks for it.

use std::cell::Cell;
use std::time::{Instant, SystemTime};

use crate::proto::{self, DateLine};

thread_local! {
    /// The `Date` that this thread wrote last, and from when and until when it is right.
    static DATE: Cell<Option<(DateLine, Instant, Instant)>> = const { Cell::new(None) };
}

/// The `Date` of a reply that begins at `time`, now if nobody has looked at the clock (RFC 9110, section 6.6.1).
///
/// Formatted once a second; a time of day that was set anew shows within that second.
pub(crate) fn date_line(time: Option<Instant>) -> DateLine {
    let time = time.unwrap_or_else(Instant::now);
    match DATE.get() {
        Some((line, from, until)) if from <= time && time < until => line,
        _ => {
            let (line, lasts) = proto::date_line(SystemTime::now());
            DATE.set(Some((line, time, time + lasts)));
            line
        }
    }
}

/// Now, as a line of the log shows it.
pub(crate) fn log_date() -> String {
    proto::log_date(SystemTime::now())
}
