//! Dates for HTTP and for the access log, always in UTC. The time is an argument; nothing here looks at a clock.
//!
//! httpdate knows the years 1970 to 9999 and panics outside them. A time outside is written as the nearest one inside.

use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;

/// The last second of the year 9999, in seconds since 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// Writes a time as `Tue, 14 Nov 2023 22:13:20 GMT` (RFC 9110, section 5.6.7). Fractions of a second are cut off.
pub(crate) fn http_date(time: SystemTime) -> String {
    format_second(second_of(time))
}

/// Writes a time as `14/Nov/2023 22:13:20`, the form of the access log, in UTC.
pub(crate) fn log_date(time: SystemTime) -> String {
    let date = http_date(time);
    // Tue, 14 Nov 2023 22:13:20 GMT
    // 0    5  8   12   17
    format!("{}/{}/{} {}", &date[5..7], &date[8..11], &date[12..16], &date[17..25])
}

/// The field line `Date: Tue, 14 Nov 2023 22:13:20 GMT` with its CRLF.
pub(crate) type DateLine = [u8; "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n".len()];

/// Writes the `Date` line of a response that begins now. It is right until the second ends.
pub(crate) fn date_line(now: SystemTime) -> DateLine {
    let line = format!("Date: {}\r\n", http_date(now));
    DateLine::try_from(line.as_bytes()).expect("a date of the years 1970 to 9999 has one length")
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
    fn a_date_line_is_right_until_the_second_ends() {
        let line = *b"Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
        assert_eq!([0, 250, 999].map(|part| date_line(at(1_700_000_000) + Duration::from_millis(part))), [line; 3]);
        assert_eq!(date_line(at(LAST_SECOND + 7)), *b"Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n");
        assert_eq!(
            date_line(SystemTime::UNIX_EPOCH - Duration::from_secs(9))[6..],
            *b"Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        );
    }
}
