//! The time of day for responses and for the log. No other file of this floor asks for it.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use crate::proto::{self, DateLine};

thread_local! {
    /// The `Date` line that this thread wrote last, and its second since 1970.
    static DATE: Cell<Option<(DateLine, u64)>> = const { Cell::new(None) };
}

/// Returns the `Date` line of a response that begins now (RFC 9110, section 6.6.1). Formats it once a second.
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

/// Returns the second since 1970, some milliseconds late. The kernel keeps this coarse time in memory, where it is
/// several times as cheap to read as the processor's clock.
#[cfg(target_os = "linux")]
fn second() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    u64::try_from(now.tv_sec).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn second() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Returns the present time in the form of the access log.
pub(crate) fn log_date() -> String {
    proto::log_date(SystemTime::now())
}
