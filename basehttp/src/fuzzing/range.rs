//! A Range field: which bytes of a file it asks for, against a reading of every byte by itself.

use super::choices::Choices;
use crate::handlers::simple::ranges::{Ranges, ranges};

/// Runs this target on `bytes`.
pub fn range(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let size = choices.number();
    let Ok(value) = str::from_utf8(choices.rest()) else { return };
    match ranges(value, size) {
        Ranges::Whole => assert!(asked(value).is_none_or(|asked| is_ignored(&asked, size)), "a part is asked for"),
        Ranges::Unsatisfiable => {
            let asked = asked(value).expect("only what is well-formed cannot be satisfied");
            assert!(asked.iter().all(|spec| within(*spec, size).is_none()), "a part that there is");
        }
        Ranges::Parts(parts) => {
            let asked = asked(value).expect("only what is well-formed has parts");
            let there: Vec<_> = asked.iter().filter_map(|spec| within(*spec, size)).collect();
            assert_eq!(parts.iter().map(|part| (part.start, part.end)).collect::<Vec<_>>(), there, "in their order");
            assert!((1..=16).contains(&parts.len()));
            assert!(parts.iter().all(|part| part.start < part.end && part.end <= size));
            let total = parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.end - part.start));
            assert!(total.is_some_and(|total| total <= size), "more than the file has");
        }
    }
}

/// First and last as written; one of them may be missing.
type Spec = (Option<u128>, Option<u128>);

/// True if a list that is well-formed is ignored all the same: it asks for nothing, or for too much, or of an
/// empty file.
fn is_ignored(asked: &[Spec], size: u64) -> bool {
    let mut there: Vec<_> = asked.iter().filter_map(|spec| within(*spec, size)).collect();
    there.sort_unstable();
    let overlap = there.windows(2).any(|pair| pair[0].1 > pair[1].0);
    !(1..=16).contains(&asked.len()) || overlap || size == 0
}

/// The list as the standard writes it: RFC 9110, section 14.1.1.
fn asked(value: &str) -> Option<Vec<Spec>> {
    let (unit, specs) = value.split_at(value.find('=')?);
    let number = |text: &str| -> Option<Option<u128>> {
        match text {
            "" => Some(None),
            _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
            // Longer than any number of 64 bits, and it stays the largest.
            _ if text.trim_start_matches('0').len() > 30 => Some(Some(u128::MAX / 2)),
            _ => Some(Some(text.parse().expect("thirty digits"))),
        }
    };
    let spec = |text: &str| match text.trim_matches([' ', '\t']) {
        "" => Some(None),
        text => {
            let (first, last) = text.split_once('-')?;
            match (number(first)?, number(last)?) {
                (None, None) => None,
                (Some(first), Some(last)) if first.min(u64::MAX.into()) > last.min(u64::MAX.into()) => None,
                spec => Some(Some(spec)),
            }
        }
    };
    let specs = specs[1..].split(',').map(spec).collect::<Option<Vec<_>>>()?;
    unit.eq_ignore_ascii_case("bytes").then(|| specs.into_iter().flatten().collect())
}

/// First byte, and the one behind the last, of what there is.
fn within(spec: Spec, size: u64) -> Option<(u64, u64)> {
    let size = u128::from(size);
    let (start, end) = match spec {
        (Some(first), None) => (first, size),
        (Some(first), Some(last)) => (first, size.min(last + 1)),
        (None, Some(count)) => (size.saturating_sub(count), size),
        (None, None) => return None,
    };
    let narrow = |number: u128| u64::try_from(number).expect("within the size");
    (start < end).then(|| (narrow(start), narrow(end)))
}
