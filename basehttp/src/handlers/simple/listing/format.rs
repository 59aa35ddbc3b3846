//! Formats sizes and dates for people and programs. Pure, without a clock, and in UTC only.

use std::io::Write as _;

/// The last second of the year 9999, in seconds since 1970. RFC 3339 cannot express a later one.
const LAST_SECOND: i64 = 253_402_300_799;

/// The first second of the year 0.
const FIRST_SECOND: i64 = -62_167_219_200;

const SECONDS_A_DAY: i64 = 86_400;

/// Adds a size with three figures at most: `0 B`, `999 B`, `1.2 KiB`, `640 KiB`, `16 EiB`. Halves are rounded up.
pub(super) fn push_human_size(out: &mut Vec<u8>, bytes: u64) {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1000 {
        return push(out, format_args!("{bytes} B"));
    }
    let tenths = |unit: usize| tenths_of(bytes, 1 << (10 * (unit + 1)));
    // From 1000 on the next unit is shorter, as in 1.0 MiB for 1000 KiB.
    let unit = (0..UNITS.len() - 1).find(|&unit| tenths(unit) < 9995).unwrap_or(UNITS.len() - 1);
    match tenths(unit) {
        tenths if tenths < 100 => push(out, format_args!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])),
        tenths => push(out, format_args!("{} {}", (tenths + 5) / 10, UNITS[unit])),
    }
}

fn tenths_of(bytes: u64, unit: u64) -> u128 {
    (u128::from(bytes) * 10 + u128::from(unit) / 2) / u128::from(unit)
}

/// Adds the exact size: `1 byte`, `1,234,567 bytes`.
pub(super) fn push_exact_size(out: &mut Vec<u8>, bytes: u64) {
    push_grouped(out, bytes);
    out.extend_from_slice(if bytes == 1 { b" byte" } else { b" bytes" });
}

/// Adds a number with a comma before each group of three digits.
pub(super) fn push_grouped(out: &mut Vec<u8>, number: u64) {
    let digits = number.to_string();
    for (at, digit) in digits.bytes().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(b',');
        }
        out.push(digit);
    }
}

/// A point in time in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Utc {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Utc {
    /// Converts seconds since 1970. `None` outside the years 0 to 9999, which no honest file has.
    pub(super) fn from_unix(seconds: i64) -> Option<Self> {
        if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) {
            return None;
        }
        let (year, month, day) = civil_date(seconds.div_euclid(SECONDS_A_DAY));
        let second = seconds.rem_euclid(SECONDS_A_DAY);
        let small = |value: i64| u8::try_from(value).ok();
        Some(Utc {
            year: u16::try_from(year).ok()?,
            month: small(month)?,
            day: small(day)?,
            hour: small(second / 3600)?,
            minute: small(second / 60 % 60)?,
            second: small(second % 60)?,
        })
    }

    /// Adds `2023-11-14`.
    pub(super) fn push_day(self, out: &mut Vec<u8>) {
        let century = u8::try_from(self.year / 100).unwrap_or(99);
        let year = u8::try_from(self.year % 100).unwrap_or(99);
        push_two(out, century);
        push_two(out, year);
        out.push(b'-');
        push_two(out, self.month);
        out.push(b'-');
        push_two(out, self.day);
    }

    /// Adds `22:13`.
    pub(super) fn push_minute(self, out: &mut Vec<u8>) {
        push_two(out, self.hour);
        out.push(b':');
        push_two(out, self.minute);
    }

    /// Adds `2023-11-14T22:13:20Z`, the form of RFC 3339 and of HTML's `datetime`.
    pub(super) fn push_rfc3339(self, out: &mut Vec<u8>) {
        self.push_day(out);
        out.push(b'T');
        self.push_minute(out);
        out.push(b':');
        push_two(out, self.second);
        out.push(b'Z');
    }
}

/// Returns year, month and day of a day counted from 1970, in the proleptic Gregorian calendar.
///
/// The year begins in March here, so that the leap day is its last. An era is 400 years, or 146,097 days, after which
/// the calendar repeats itself.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // Counted from 0000-03-01.
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

fn push_two(out: &mut Vec<u8>, value: u8) {
    out.extend_from_slice(&[b'0' + value / 10 % 10, b'0' + value % 10]);
}

pub(super) fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a Vec cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn a_size_has_three_figures_and_the_unit_that_fits() {
        let table = [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1000, "1.0 KiB"),
            (1023, "1.0 KiB"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10_188, "9.9 KiB"),
            (10_189, "10 KiB"),
            (10_240, "10 KiB"),
            (1024 * 999, "999 KiB"),
            (1024 * 1000, "1.0 MiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (1 << 20, "1.0 MiB"),
            (5_368_709_120, "5.0 GiB"),
            (1 << 40, "1.0 TiB"),
            (1 << 50, "1.0 PiB"),
            (1 << 60, "1.0 EiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (bytes, expected) in table {
            assert_eq!(text(|out| push_human_size(out, bytes)), expected, "{bytes}");
        }
    }

    #[test]
    fn an_exact_size_is_grouped_by_thousands() {
        let table = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (12, "12 bytes"),
            (999, "999 bytes"),
            (1000, "1,000 bytes"),
            (123_456, "123,456 bytes"),
            (1_234_567, "1,234,567 bytes"),
            (u64::MAX, "18,446,744,073,709,551,615 bytes"),
        ];
        for (bytes, expected) in table {
            assert_eq!(text(|out| push_exact_size(out, bytes)), expected);
        }
    }

    #[test]
    fn a_date_is_utc_in_the_form_of_rfc_3339() {
        let table = [
            (0, "1970-01-01T00:00:00Z", "the epoch"),
            (-1, "1969-12-31T23:59:59Z", "before it"),
            (1_700_000_000, "2023-11-14T22:13:20Z", "an ordinary one"),
            (951_782_400, "2000-02-29T00:00:00Z", "the leap day of a leap century"),
            (951_868_800, "2000-03-01T00:00:00Z", "the day after"),
            (4_107_542_400, "2100-03-01T00:00:00Z", "a century that is no leap year"),
            (4_107_542_399, "2100-02-28T23:59:59Z", "its last day of February"),
            (1_735_689_599, "2024-12-31T23:59:59Z", "the end of a leap year"),
            (FIRST_SECOND, "0000-01-01T00:00:00Z", "the first"),
            (LAST_SECOND, "9999-12-31T23:59:59Z", "the last"),
        ];
        for (seconds, expected, why) in table {
            let utc = Utc::from_unix(seconds).expect(why);
            assert_eq!(text(|out| utc.push_rfc3339(out)), expected, "{why}");
        }
        for seconds in [FIRST_SECOND - 1, LAST_SECOND + 1, i64::MIN, i64::MAX] {
            assert_eq!(Utc::from_unix(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn the_calendar_agrees_with_httpdate_on_every_day_of_its_range() {
        for day in (0..LAST_SECOND / SECONDS_A_DAY).step_by(7) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(day.unsigned_abs() * 86_400);
            let theirs = httpdate::fmt_http_date(time);
            let utc = Utc::from_unix(day * SECONDS_A_DAY).expect("in range");
            let ours = format!("{:02} {:04}", utc.day, utc.year);
            assert_eq!(ours, format!("{} {}", &theirs[5..7], &theirs[12..16]), "{theirs}");
        }
    }
}
