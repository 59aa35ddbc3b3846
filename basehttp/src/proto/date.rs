//! Dates as HTTP and the access log write them, always UTC. The time is an argument; nothing here looks at a clock.
//!
//! httpdate knows the years 1970 to 9999 and panics outside them; a time outside is written as the nearest inside.

use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;

/// Bytes of an IMF-fixdate.
pub const HTTP_DATE_LEN: usize = 29;

/// The last second of the year 9999, in seconds since 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// `Tue, 14 Nov 2023 22:13:20 GMT`, the form of RFC 9110, section 5.6.7. Fractions of a second are cut off.
pub fn http_date(time: SystemTime) -> String {
    format_second(second_of(time))
}

/// `14/Nov/2023 22:13:20`, the form of the access log, in UTC.
pub fn log_date(time: SystemTime) -> String {
    let date = http_date(time);
    // Tue, 14 Nov 2023 22:13:20 GMT
    // 0    5  8   12   17
    format!("{}/{}/{} {}", &date[5..7], &date[8..11], &date[12..16], &date[17..25])
}

/// The `Date` of responses, written anew once a second.
#[derive(Clone, Debug)]
pub struct DateCache {
    second: u64,
    text: [u8; HTTP_DATE_LEN],
}

impl DateCache {
    /// A cache that holds the first second of 1970.
    pub const fn new() -> Self {
        Self { second: 0, text: *b"Thu, 01 Jan 1970 00:00:00 GMT" }
    }

    /// The date at this time.
    pub fn get(&mut self, now: SystemTime) -> &[u8; HTTP_DATE_LEN] {
        let second = second_of(now);
        if second != self.second {
            self.second = second;
            self.text.copy_from_slice(format_second(second).as_bytes());
        }
        &self.text
    }
}

impl Default for DateCache {
    fn default() -> Self {
        Self::new()
    }
}

fn second_of(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs().min(LAST_SECOND))
}

fn format_second(second: u64) -> String {
    fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    #[test]
    fn dates_have_the_forms_of_the_standard_and_of_the_log() {
        let table = [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "01/Jan/1970 00:00:00"),
            (1_700_000_000, "Tue, 14 Nov 2023 22:13:20 GMT", "14/Nov/2023 22:13:20"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "29/Feb/2000 00:00:00"),
            (LAST_SECOND, "Fri, 31 Dec 9999 23:59:59 GMT", "31/Dec/9999 23:59:59"),
        ];
        for (second, http, log) in table {
            assert_eq!(http_date(at(second)), http);
            assert_eq!(log_date(at(second)), log);
        }
    }

    #[test]
    fn fractions_are_cut_and_times_out_of_range_are_written_as_the_nearest_in_range() {
        assert_eq!(http_date(at(1) + Duration::from_millis(999)), "Thu, 01 Jan 1970 00:00:01 GMT");
        assert_eq!(http_date(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(at(LAST_SECOND + 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn the_cache_follows_the_time_it_is_given_backwards_too() {
        let mut cache = DateCache::new();
        for second in [0, 1_700_000_000, 1_700_000_000, 1_700_000_001, 5] {
            assert_eq!(cache.get(at(second)), http_date(at(second)).as_bytes());
        }
    }
}
