//! In which order a folder is listed. Pure.
//!
//! Folders come before everything else, whatever the order. The default is Python's: by lower-case name.

use std::cmp::Ordering;

/// What a listing is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum SortBy {
    #[default]
    Name,
    Size,
    Date,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    #[default]
    Ascending,
    Descending,
}

/// The order that a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sorting {
    pub by: SortBy,
    pub direction: Direction,
}

impl Sorting {
    /// From the parameters of a query: `sort=name|size|date` and `order=asc|desc`. Whatever else is in it is ignored.
    pub fn from_parameters(sort: Option<&str>, order: Option<&str>) -> Self {
        let by = match sort {
            Some("size") => SortBy::Size,
            Some("date") => SortBy::Date,
            _ => SortBy::Name,
        };
        let direction = match order {
            Some("desc") => Direction::Descending,
            _ => Direction::Ascending,
        };
        Sorting { by, direction }
    }

    /// What the head of a column leads to: the other direction if the listing is sorted by it, else the one in which it
    /// is mostly wanted, the largest and the newest first.
    pub fn after_choosing(self, by: SortBy) -> Self {
        let direction = match (self.by == by, self.direction, by) {
            (true, Direction::Ascending, _) | (false, _, SortBy::Size | SortBy::Date) => Direction::Descending,
            (true, Direction::Descending, _) | (false, _, SortBy::Name) => Direction::Ascending,
        };
        Sorting { by, direction }
    }
}

impl SortBy {
    /// As the query says it.
    pub fn word(self) -> &'static str {
        match self {
            SortBy::Name => "name",
            SortBy::Size => "size",
            SortBy::Date => "date",
        }
    }
}

impl Direction {
    /// As the query says it.
    pub fn word(self) -> &'static str {
        match self {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        }
    }

    /// An order of two things, turned round if need be.
    pub fn turn(self, order: Ordering) -> Ordering {
        match self {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    }
}

/// The order of two names: by their lower case, and by their bytes where that is the same. No two names are equal.
pub(super) fn compare_names(a: &[u8], b: &[u8]) -> Ordering {
    compare_lower_case(a, b).then_with(|| a.cmp(b))
}

/// Most names are ASCII up to where they differ, and need no decoding.
fn compare_lower_case(a: &[u8], b: &[u8]) -> Ordering {
    for (a_byte, b_byte) in a.iter().zip(b) {
        if !a_byte.is_ascii() || !b_byte.is_ascii() {
            return lower_case(a).cmp(lower_case(b));
        }
        match a_byte.to_ascii_lowercase().cmp(&b_byte.to_ascii_lowercase()) {
            Ordering::Equal => {}
            order => return order,
        }
    }
    a.len().cmp(&b.len())
}

fn lower_case(name: &[u8]) -> impl Iterator<Item = char> {
    name.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().flat_map(char::to_lowercase).chain(invalid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_their_lower_case() {
        let table: [(&[&[u8]], &str); 6] = [
            (&[b"a", b"B", b"c"], "case is passed over"),
            (&[b"A", b"a", b"AB", b"ab"], "and decides what is left"),
            (&[b"", b"-", b"10", b"2", b"_", b"a", b"a-", b"a.", b"aa"], "ASCII order, a beginning first"),
            (
                &["\u{c9}a".as_bytes(), "\u{e9}b".as_bytes(), "\u{c9}c".as_bytes()],
                "letters beyond ASCII have cases too",
            ),
            (&[b"z", "\u{e9}".as_bytes(), "\u{4e2d}".as_bytes(), b"\xff"], "by code point; no UTF-8 is U+FFFD"),
            (&[b"a\xfe", b"a\xff"], "and then by bytes"),
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
        let sorting = |by, direction| Sorting { by, direction };
        let table = [
            (None, None, sorting(SortBy::Name, Direction::Ascending)),
            (Some("name"), Some("desc"), sorting(SortBy::Name, Direction::Descending)),
            (Some("size"), None, sorting(SortBy::Size, Direction::Ascending)),
            (Some("date"), Some("asc"), sorting(SortBy::Date, Direction::Ascending)),
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
            let mut sorting = Sorting { by: from, direction: Direction::Ascending };
            let steps: Vec<_> = (0..3)
                .map(|_| {
                    sorting = sorting.after_choosing(to);
                    format!("{}-{}", sorting.by.word(), sorting.direction.word())
                })
                .collect();
            assert_eq!(steps.join(" "), expected);
        }
    }
}
