//! The order of a listing. Pure.
//!
//! Directories always come first. The default order is by lower-case name as in Python, but with numbers by their
//! value.

use std::cmp::Ordering;
use std::iter::Peekable;

/// The column by which a listing is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum SortBy {
    #[default]
    Name,
    Size,
    Date,
}

/// The direction of a sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum SortOrder {
    #[default]
    Ascending,
    Descending,
}

/// The order that a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sorting {
    pub by: SortBy,
    pub order: SortOrder,
}

impl Sorting {
    /// Reads the query's parameters `sort=name|size|date` and `order=asc|desc`. Other values count as the default.
    pub(super) fn from_parameters(sort: Option<&str>, order: Option<&str>) -> Self {
        let by = match sort {
            Some("size") => SortBy::Size,
            Some("date") => SortBy::Date,
            _ => SortBy::Name,
        };
        let order = match order {
            Some("desc") => SortOrder::Descending,
            _ => SortOrder::Ascending,
        };
        Sorting { by, order }
    }

    /// Returns the sorting to which the head of the column `by` links. If the listing is sorted by it, that is the
    /// other direction. Otherwise sizes and dates begin with the largest and the newest, and names with the first.
    pub(super) fn after_choosing(self, by: SortBy) -> Self {
        let order = match (self.by == by, self.order, by) {
            (true, SortOrder::Ascending, _) | (false, _, SortBy::Size | SortBy::Date) => SortOrder::Descending,
            (true, SortOrder::Descending, _) | (false, _, SortBy::Name) => SortOrder::Ascending,
        };
        Sorting { by, order }
    }
}

impl SortBy {
    /// Returns the word of the query.
    pub(super) fn word(self) -> &'static str {
        match self {
            SortBy::Name => "name",
            SortBy::Size => "size",
            SortBy::Date => "date",
        }
    }
}

impl SortOrder {
    /// Returns the word of the query.
    pub(super) fn word(self) -> &'static str {
        match self {
            SortOrder::Ascending => "asc",
            SortOrder::Descending => "desc",
        }
    }

    /// Reverses the order of two values for a descending sort.
    pub(super) fn turn(self, order: Ordering) -> Ordering {
        match self {
            SortOrder::Ascending => order,
            SortOrder::Descending => order.reverse(),
        }
    }
}

/// Compares two names by their lower case, with numbers by their value (`file2` before `file10`), and then by their
/// bytes. Only identical names are equal.
pub(super) fn compare_names(a: &[u8], b: &[u8]) -> Ordering {
    // Most names are ASCII and need no decoding.
    let order = if a.is_ascii() && b.is_ascii() {
        compare_naturally(ascii_lower_case(a).peekable(), ascii_lower_case(b).peekable())
    } else {
        compare_naturally(lower_case(a).peekable(), lower_case(b).peekable())
    };
    order.then_with(|| a.cmp(b))
}

fn compare_naturally(
    mut a: Peekable<impl Iterator<Item = char>>,
    mut b: Peekable<impl Iterator<Item = char>>,
) -> Ordering {
    loop {
        match (a.peek().copied(), b.peek().copied()) {
            (Some(a_digit), Some(b_digit)) if a_digit.is_ascii_digit() && b_digit.is_ascii_digit() => {
                let order = compare_numbers(&mut a, &mut b);
                if order.is_ne() {
                    return order;
                }
            }
            (Some(a_char), Some(b_char)) if a_char == b_char => {
                a.next();
                b.next();
            }
            // The end of a name comes before any character.
            (a_char, b_char) => return a_char.cmp(&b_char),
        }
    }
}

/// Compares two numbers of any length by their value, and skips them.
fn compare_numbers(
    a: &mut Peekable<impl Iterator<Item = char>>,
    b: &mut Peekable<impl Iterator<Item = char>>,
) -> Ordering {
    while a.next_if_eq(&'0').is_some() {}
    while b.next_if_eq(&'0').is_some() {}
    let mut of_first_difference = Ordering::Equal;
    loop {
        match (a.next_if(char::is_ascii_digit), b.next_if(char::is_ascii_digit)) {
            (Some(a_digit), Some(b_digit)) => of_first_difference = of_first_difference.then(a_digit.cmp(&b_digit)),
            (None, None) => return of_first_difference,
            // The longer number is the larger one.
            (a_digit, b_digit) => return a_digit.is_some().cmp(&b_digit.is_some()),
        }
    }
}

fn ascii_lower_case(name: &[u8]) -> impl Iterator<Item = char> {
    name.iter().map(|byte| char::from(byte.to_ascii_lowercase()))
}

fn lower_case(name: &[u8]) -> impl Iterator<Item = char> {
    name.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().flat_map(char::to_lowercase).chain(invalid)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_ordered_by_their_lower_case() {
        let table: [(&[&[u8]], &str); 9] = [
            (&[b"a", b"B", b"c"], "case is ignored"),
            (&[b"A", b"a", b"AB", b"ab"], "and decides what is left"),
            (&[b"", b"-", b"2", b"10", b"_", b"a", b"a-", b"a.", b"aa"], "ASCII order, a beginning first"),
            (
                &["\u{c9}a".as_bytes(), "\u{e9}b".as_bytes(), "\u{c9}c".as_bytes()],
                "letters beyond ASCII have cases too",
            ),
            (&[b"z", "\u{e9}".as_bytes(), "\u{4e2d}".as_bytes(), b"\xff"], "by code point; no UTF-8 is U+FFFD"),
            (&[b"a\xfe", b"a\xff"], "and then by bytes"),
            (&[b"file", b"file1", b"file2", b"file10", b"file10b", b"file11", b"fileA"], "numbers by their value"),
            (
                &[
                    b"1.2.10",
                    b"1.10.2",
                    b"1.10.10",
                    b"a0009",
                    b"a10",
                    b"a99999999999999999999",
                    b"a100000000000000000000",
                ],
                "of any length",
            ),
            (&["\u{e9}2".as_bytes(), "\u{c9}10".as_bytes(), "\u{e9}10b".as_bytes()], "beyond ASCII, too"),
        ];
        for (names, why) in table {
            for (i, a) in names.iter().enumerate() {
                for (j, b) in names.iter().enumerate() {
                    assert_eq!(compare_names(a, b), i.cmp(&j), "{why}: {} {}", a.escape_ascii(), b.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_query_says_the_order_and_what_it_does_not_know_is_the_default() {
        let sorting = |by, order| Sorting { by, order };
        let table = [
            (None, None, sorting(SortBy::Name, SortOrder::Ascending)),
            (Some("name"), Some("desc"), sorting(SortBy::Name, SortOrder::Descending)),
            (Some("size"), None, sorting(SortBy::Size, SortOrder::Ascending)),
            (Some("date"), Some("asc"), sorting(SortBy::Date, SortOrder::Ascending)),
            (Some("SIZE"), Some("DESC"), Sorting::default()),
            (Some("<b>"), Some(""), Sorting::default()),
        ];
        for (sort, order, expected) in table {
            assert_eq!(Sorting::from_parameters(sort, order), expected, "{sort:?} {order:?}");
        }
    }

    #[test]
    fn a_column_head_leads_to_the_wanted_direction_and_then_to_the_other() {
        let table = [
            (SortBy::Name, SortBy::Size, "size-desc size-asc size-desc"),
            (SortBy::Name, SortBy::Date, "date-desc date-asc date-desc"),
            (SortBy::Size, SortBy::Name, "name-asc name-desc name-asc"),
            (SortBy::Name, SortBy::Name, "name-desc name-asc name-desc"),
        ];
        for (from, to, expected) in table {
            let mut sorting = Sorting { by: from, order: SortOrder::Ascending };
            let steps: Vec<_> = (0..3)
                .map(|_| {
                    sorting = sorting.after_choosing(to);
                    format!("{}-{}", sorting.by.word(), sorting.order.word())
                })
                .collect();
            assert_eq!(steps.join(" "), expected);
        }
    }

    proptest! {
        #[test]
        fn any_names_have_one_order(names in prop::collection::vec("[a0-2A\u{e9}]{0,5}", 3)) {
            let compare = |i: usize, j: usize| compare_names(names[i].as_bytes(), names[j].as_bytes());
            prop_assert_eq!(compare(0, 1), compare(1, 0).reverse());
            prop_assert_eq!(compare(0, 1).is_eq(), names[0] == names[1]);
            if compare(0, 1).is_le() && compare(1, 2).is_le() {
                prop_assert!(compare(0, 2).is_le(), "{:?}", names);
            }
        }
    }
}
