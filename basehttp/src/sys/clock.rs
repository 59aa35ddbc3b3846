//! The time of day, as replies and logs show it: the only place of this floor that asks for it.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use crate::proto::{self, DateLine};

thread_local! {
    /// The `Date` that this thread wrote last, and the second since 1970 that it shows.
    static DATE: Cell<Option<(DateLine, u64)>> = const { Cell::new(None) };
}

/// The `Date` of a reply that begins now (RFC 9110, section 6.6.1). Formatted once a second.
pub(crate) fn date_line() -> DateLine {
    let second = second();
    match DATE.get() {
        Some((line, shown)) if shown == second => line,
        _ => {
            let line = proto::date_line(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
            DATE.set(Some((line, second)));
            line
        }
    }
}

/// The second since 1970, some milliseconds late. The kernel keeps it where it is read without a look at the processor's
/// clock, which costs several times as much.
#[cfg(target_os = "linux")]
fn second() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    u64::try_from(now.tv_sec).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn second() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Now, as a line of the log shows it.
pub(crate) fn log_date() -> String {
    proto::log_date(SystemTime::now())
}
