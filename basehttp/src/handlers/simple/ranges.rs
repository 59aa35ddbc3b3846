//! The parts of a file that a `Range` field asks for (RFC 9110, section 14). Pure decisions.
//!
//! | field                                       | answer                        |
//! |---------------------------------------------|-------------------------------|
//! | another unit, malformed, `5-2`              | whole, the field is ignored   |
//! | overlapping, or more than 16                | whole (*)                     |
//! | one part of the file                        | 206                           |
//! | several parts                               | 206, multipart/byteranges     |
//! | only parts that the file does not have      | 416                           |
//! | any part of an empty file                   | whole, since it has no parts  |
//!
//! (*) A short request must not cause a response longer than the file, or hundreds of tiny parts. Players and
//! downloaders do not ask for that, attackers do (RFC 9110, section 14.2).

use std::ops::Range;

/// The most parts that one request gets: 16. PDF readers ask for a handful.
const MAX_RANGES: usize = 16;

/// The meaning of a `Range` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ranges {
    /// The whole file.
    Whole,
    /// At least one part. The parts lie in the file, are not empty, do not overlap, and are in the order of the
    /// request.
    Parts(Vec<Range<u64>>),
    /// Only parts that the file does not have.
    Unsatisfiable,
}

/// Reads the value of a `Range` field for a file of `size` bytes.
pub(crate) fn ranges(value: &str, size: u64) -> Ranges {
    let Some(specs) = specs(value) else { return Ranges::Whole };
    // No Content-Range can name a part of an empty file. But a client that asks for the rest (`bytes=0-`) has not asked
    // for too much, so it gets the empty whole.
    if size == 0 {
        return Ranges::Whole;
    }
    let parts: Vec<_> = specs.iter().filter_map(|spec| spec.within(size)).collect();
    match parts.len() {
        0 => Ranges::Unsatisfiable,
        _ if overlap(&parts) => Ranges::Whole,
        _ => Ranges::Parts(parts),
    }
}

/// One range of the field, `range-spec` in RFC 9110.
#[derive(Clone, Copy)]
enum RangeSpec {
    /// `5-`
    From(u64),
    /// `5-9`
    FromTo(u64, u64),
    /// `-5`
    Last(u64),
}

impl RangeSpec {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once('-')? {
            ("", count) => Some(RangeSpec::Last(number(count)?)),
            (first, "") => Some(RangeSpec::From(number(first)?)),
            (first, last) => Some(RangeSpec::FromTo(number(first)?, number(last)?)).filter(RangeSpec::is_forward),
        }
    }

    fn is_forward(&self) -> bool {
        !matches!(self, RangeSpec::FromTo(first, last) if first > last)
    }

    /// Returns the part of a file of `size` bytes. `None` if it is empty.
    fn within(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            RangeSpec::From(first) => first..size,
            RangeSpec::FromTo(first, last) => first..last.saturating_add(1).min(size),
            RangeSpec::Last(count) => size.saturating_sub(count)..size,
        };
        Some(range).filter(|range| range.start < range.end)
    }
}

/// Parses the ranges of a field. `None` if the field must be ignored.
fn specs(value: &str) -> Option<Vec<RangeSpec>> {
    let (unit, list) = value.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let items = list.split(',').map(|item| item.trim_matches([' ', '\t'])).filter(|item| !item.is_empty());
    let specs = items.take(MAX_RANGES + 1).map(RangeSpec::parse).collect::<Option<Vec<_>>>()?;
    (1..=MAX_RANGES).contains(&specs.len()).then_some(specs)
}

/// Parses a number. Numbers beyond `u64` become its largest value, which is beyond any file.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn overlap(parts: &[Range<u64>]) -> bool {
    let mut sorted: Vec<_> = parts.iter().collect();
    sorted.sort_by_key(|part| part.start);
    sorted.windows(2).any(|pair| pair[0].end > pair[1].start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_field_names_parts_of_ten_bytes() {
        let whole = || Ranges::Whole;
        // The first byte of each part, and the one behind its last.
        let parts = |parts: &[(u64, u64)]| Ranges::Parts(parts.iter().map(|&(first, end)| first..end).collect());
        let none = || Ranges::Unsatisfiable;
        let table = [
            ("bytes=0-0", parts(&[(0, 1)]), "the first byte"),
            ("bytes=0-9", parts(&[(0, 10)]), "all, but as a part"),
            ("bytes=2-4", parts(&[(2, 5)]), "the last byte counts"),
            ("bytes=5-", parts(&[(5, 10)]), "to the end"),
            ("bytes=5-99", parts(&[(5, 10)]), "beyond the end"),
            ("bytes=-3", parts(&[(7, 10)]), "the last three"),
            ("bytes=-99", parts(&[(0, 10)]), "more than there is"),
            ("BYTES=0-0", parts(&[(0, 1)]), "units have no case"),
            ("bytes=0-1, 4-5", parts(&[(0, 2), (4, 6)]), "two"),
            ("bytes=4-5,0-1", parts(&[(4, 6), (0, 2)]), "in the order asked for"),
            ("bytes=0-1,2-3", parts(&[(0, 2), (2, 4)]), "neighbours"),
            ("bytes=0-1,,\t20-30 ,", parts(&[(0, 2)]), "what is not there is left out"),
            ("bytes=10-", none(), "behind the end"),
            ("bytes=10-20", none(), "behind the end"),
            ("bytes=-0", none(), "the last none"),
            ("bytes=99999999999999999999999-", none(), "a number beyond all files"),
            ("bytes=0-99999999999999999999999", parts(&[(0, 10)]), "a number beyond all files"),
            ("bytes=18446744073709551615-18446744073709551615", none(), "the largest number"),
            ("bytes=5-2", whole(), "backwards"),
            ("bytes=5-2,0-1", whole(), "one of them backwards"),
            ("bytes=a-b", whole(), "no numbers"),
            ("bytes=1-2x", whole(), "no number"),
            ("bytes=+1-2", whole(), "no number"),
            ("bytes=--1", whole(), "no number"),
            ("bytes=-", whole(), "nothing"),
            ("bytes=", whole(), "nothing"),
            ("bytes", whole(), "nothing"),
            ("", whole(), "nothing"),
            ("bytes 0-1", whole(), "another syntax"),
            ("bytes= 0 - 1", whole(), "spaces inside"),
            ("lines=0-1", whole(), "another unit"),
            ("bytes=0-5,3-9", whole(), "overlapping"),
            ("bytes=3-9,0-5", whole(), "overlapping, backwards"),
            ("bytes=0-,-1", whole(), "overlapping"),
            ("bytes=0-0,0-0", whole(), "the same twice"),
        ];
        for (value, expected, why) in table {
            assert_eq!(ranges(value, 10), expected, "{value}: {why}");
        }
    }

    #[test]
    fn too_many_parts_are_the_whole() {
        let list = |count: usize| (0..count).map(|at| format!("{0}-{0}", at * 2)).collect::<Vec<_>>().join(",");
        assert!(matches!(ranges(&format!("bytes={}", list(16)), 1000), Ranges::Parts(parts) if parts.len() == 16));
        assert_eq!(ranges(&format!("bytes={}", list(17)), 1000), Ranges::Whole);
        assert_eq!(ranges(&format!("bytes={}", list(5000)), 1000), Ranges::Whole);
    }

    #[test]
    fn an_empty_file_is_sent_whole_whatever_part_is_asked_for() {
        for value in ["bytes=0-", "bytes=0-0", "bytes=-0", "bytes=-5", "bytes=5-9,12-"] {
            assert_eq!(ranges(value, 0), Ranges::Whole, "{value}");
        }
    }

    proptest! {
        #[test]
        fn parts_lie_in_the_file_and_hold_no_byte_twice(
            value in "bytes=(([0-9]{0,2}-[0-9]{0,2}|[0-9]{18,21}-|-[0-9]{18,21}),? ?){0,20}",
            size in 0..40_u64,
        ) {
            if let Ranges::Parts(parts) = ranges(&value, size) {
                prop_assert!((1..=MAX_RANGES).contains(&parts.len()));
                let mut bytes: Vec<u64> = parts.iter().cloned().flatten().collect();
                let sent = bytes.len();
                prop_assert!(parts.iter().all(|part| part.start < part.end && part.end <= size));
                bytes.sort_unstable();
                bytes.dedup();
                prop_assert_eq!(bytes.len(), sent);
            }
        }
    }
}
