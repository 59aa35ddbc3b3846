//! The segments of a path: split, and percent-decoded. The table that `#[http_handler]` writes decides about the method
//! that serves them.
//!
//! | target             | segments        |
//! |--------------------|-----------------|
//! | `/`                | none            |
//! | `/users/7?x`       | `users`, `7`    |
//! | `/users/`          | `users`, empty  |
//! | `/a%2Fb`           | `a/b`           |
//! | `*`, `host:port`   | it has no path  |
//!
//! A path without `%` is split where it is. One with `%` is decoded into memory that lives as long as the exchange, so
//! that handlers may keep borrows of it.

use std::cell::OnceCell;

use percent_encoding::percent_decode_str;

use super::Exchange;

/// The decoded paths of one exchange. There is one, unless the handler gives `ex.path` another value.
///
/// Each is a link of a chain, because a link that was lent out can be neither moved nor replaced.
#[derive(Debug, Default)]
pub struct DecodedPaths(OnceCell<Box<PathText>>);

/// A path with `%` in it, decoded.
#[derive(Debug)]
struct PathText {
    raw: String,
    rule: Utf8Rule,
    /// The decoded segments, one behind the other.
    text: String,
    /// The end of each segment in `text`.
    ends: Vec<usize>,
    next: DecodedPaths,
}

/// The treatment of bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Utf8Rule {
    /// A segment with such bytes becomes [`FORBIDDEN`].
    Strict,
    /// They become U+FFFD.
    Lossy,
}

/// The text of a segment that is not UTF-8. It has a NUL, so that [`is_value`] refuses it, and no word is equal to it.
const FORBIDDEN: &str = "\0";

/// Splits the path of the exchange into `parts`, and returns those that are used. A path with more segments fills all.
///
/// Returns `None` for a target without a path: `*`, and CONNECT's authority.
pub fn segments<'p, 'c, M>(ex: &Exchange<'c, M>, parts: &'p mut [&'c str]) -> Option<&'p [&'c str]> {
    raw_segments(ex.path, ex.decoded, parts)
}

/// Works like [`segments`], for a path that is not in an exchange yet.
pub fn raw_segments<'p, 'a>(
    path: &'a str,
    decoded: &'a DecodedPaths,
    parts: &'p mut [&'a str],
) -> Option<&'p [&'a str]> {
    let behind_slash = path.strip_prefix('/')?;
    let count = split_plain(behind_slash, parts)
        .unwrap_or_else(|| fill(parts, decoded.get(without_query(behind_slash), Utf8Rule::Strict).segments()));
    Some(&parts[..count])
}

/// Fills the parts with the segments of a path behind its first slash, in one pass, and returns their number. `None` if
/// there is a `%` in them. It runs twice for each request, so it looks at each byte once.
fn split_plain<'a>(path: &'a str, parts: &mut [&'a str]) -> Option<usize> {
    let mut rest = path;
    for (number, part) in parts.iter_mut().enumerate() {
        let Some(end) = rest.bytes().position(|byte| ENDS_A_SEGMENT[usize::from(byte)]) else {
            *part = rest;
            return Some(if path.is_empty() { 0 } else { number + 1 });
        };
        let (segment, behind) = rest.split_at(end);
        *part = segment;
        match behind.as_bytes()[0] {
            b'/' => rest = &behind[1..],
            b'%' => return None,
            // A query. Nothing between the first slash and it is no segment.
            _ => return Some(if number + end == 0 { 0 } else { number + 1 }),
        }
    }
    Some(parts.len())
}

/// The bytes at which a segment ends or needs to be decoded.
const ENDS_A_SEGMENT: [bool; 256] = {
    let mut table = [false; 256];
    (table[b'/' as usize], table[b'?' as usize], table[b'%' as usize]) = (true, true, true);
    table
};

/// Returns all segments from that number on, or `None` if one of them is forbidden: not UTF-8, or no [`is_value`].
pub fn rest<'c, M>(ex: &Exchange<'c, M>, from: usize) -> Option<Vec<&'c str>> {
    let path = path_of(ex.path)?;
    let checked = |segment| is_value(segment).then_some(segment);
    if path.contains('%') {
        ex.decoded.get(path, Utf8Rule::Strict).segments().skip(from).map(checked).collect()
    } else {
        split(path).skip(from).map(checked).collect()
    }
}

/// Returns whether a parameter may have this text. `.` and `..` are refused because programs use parameters as names
/// of files, also behind a `%2F`, where `SimpleHTTPRequestHandler` would leave the directory of the parameter before it.
pub fn is_value(segment: &str) -> bool {
    !segment.split('/').any(|part| matches!(part, "." | "..")) && !segment.contains('\0')
}

/// Returns all segments. Bytes that are not UTF-8 become U+FFFD.
pub(super) fn lossy_segments<'a>(path: &'a str, decoded: &'a DecodedPaths) -> Vec<&'a str> {
    match path_of(path) {
        None => Vec::new(),
        Some(path) if path.contains('%') => decoded.get(path, Utf8Rule::Lossy).segments().collect(),
        Some(path) => split(path).collect(),
    }
}

/// Returns the path behind its first slash, without the query. `None` for other forms of a target.
fn path_of(target: &str) -> Option<&str> {
    target.strip_prefix('/').map(without_query)
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// Splits a path behind its first slash. Nothing behind it is no segment.
fn split(path: &str) -> impl Iterator<Item = &str> {
    let parts = if path.is_empty() { None } else { Some(path.split('/')) };
    parts.into_iter().flatten()
}

/// Fills the parts in front, and returns their number.
fn fill<'a>(parts: &mut [&'a str], segments: impl Iterator<Item = &'a str>) -> usize {
    parts.iter_mut().zip(segments).map(|(part, segment)| *part = segment).count()
}

impl DecodedPaths {
    /// Has decoded nothing yet. The expansion cannot say `default`, since the name `Default` may be the user's.
    pub const fn new() -> Self {
        DecodedPaths(OnceCell::new())
    }

    fn get(&self, path: &str, rule: Utf8Rule) -> &PathText {
        let mut link = self;
        loop {
            let found = link.0.get_or_init(|| Box::new(PathText::new(path, rule)));
            if found.raw == path && found.rule == rule {
                return found;
            }
            link = &found.next;
        }
    }
}

impl PathText {
    fn new(path: &str, rule: Utf8Rule) -> Self {
        let mut text = String::with_capacity(path.len());
        let ends = split(path).map(|segment| {
            let bytes = percent_decode_str(segment);
            match rule {
                Utf8Rule::Strict => text.push_str(bytes.decode_utf8().as_deref().unwrap_or(FORBIDDEN)),
                Utf8Rule::Lossy => text.push_str(&bytes.decode_utf8_lossy()),
            }
            text.len()
        });
        let ends = ends.collect();
        PathText { raw: path.to_owned(), rule, text, ends, next: DecodedPaths::default() }
    }

    fn segments(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.text[std::mem::replace(&mut start, end)..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The strict segments of a target, in as many parts as there may be.
    fn strict<'a, const N: usize>(target: &'a str, decoded: &'a DecodedPaths) -> Option<Vec<&'a str>> {
        raw_segments(target, decoded, &mut [""; N]).map(<[&str]>::to_vec)
    }

    #[test]
    fn a_path_is_split_and_each_segment_decoded() {
        let table: [(&str, Option<&[&str]>, &str); 16] = [
            ("/", Some(&[]), "the root has no segment"),
            ("/?a/b", Some(&[]), "a query is no part of the path"),
            ("/users", Some(&["users"]), "a word"),
            ("/users/", Some(&["users", ""]), "a slash at the end counts"),
            ("/users//7", Some(&["users", "", "7"]), "and so do two in the middle"),
            ("/a/b?c/d%2F", Some(&["a", "b"]), "the query is not looked at"),
            ("/a%2Fb/c", Some(&["a/b", "c"]), "an encoded slash stays inside its segment"),
            ("/%61%62/%c3%a9", Some(&["ab", "\u{e9}"]), "UTF-8"),
            ("/a%3Fb", Some(&["a?b"]), "an encoded question mark begins no query"),
            ("/a+b", Some(&["a+b"]), "a plus is a plus in a path"),
            ("/caf%e9/b", Some(&["\0", "b"]), "not UTF-8"),
            ("/a%00/b", Some(&["a\0", "b"]), "NUL"),
            ("/%2e%2E/.", Some(&["..", "."]), "dots are not resolved"),
            ("/%25", Some(&["%"]), "decoded once"),
            ("*", None, "no path"),
            ("host:80", None, "no path"),
        ];
        for (target, expected, why) in table {
            let decoded = DecodedPaths::default();
            assert_eq!(strict::<4>(target, &decoded).as_deref(), expected, "{why}: {target}");
            assert_eq!(strict::<4>(target, &decoded).as_deref(), expected, "{why}: {target}, once more");
        }
    }

    #[test]
    fn a_longer_path_fills_all_parts() {
        let decoded = DecodedPaths::default();
        assert_eq!(strict::<3>("/a/b/c/d", &decoded), Some(vec!["a", "b", "c"]));
        assert_eq!(strict::<3>("/a/%62/c/d", &decoded), Some(vec!["a", "b", "c"]));
        let long = format!("/{}", "a/".repeat(500_000));
        assert_eq!(strict::<2>(&long, &decoded), Some(vec!["a", "a"]));
        let long = format!("/{}%41", "/".repeat(1_000_000));
        assert_eq!(strict::<2>(&long, &decoded), Some(vec!["", ""]));
    }

    #[test]
    fn a_path_without_percent_is_split_where_it_is() {
        let decoded = DecodedPaths::default();
        for target in ["/", "/users/7", "/users/7?q=%41", "/a/b/c/%41", "/very/long/path/indeed"] {
            let segments = strict::<3>(target, &decoded).expect("a path");
            let inside = target.as_bytes().as_ptr_range();
            assert!(segments.iter().all(|segment| inside.contains(&segment.as_ptr())), "{target} was copied");
            assert!(decoded.0.get().is_none(), "memory was taken for {target}");
        }
    }

    #[test]
    fn only_a_text_that_could_name_no_file_is_refused_as_a_value() {
        for value in ["", "7", "...", ".a", "a.", "a/b", "/a//b/", "a/..b", "a../b", "\u{e9}", " "] {
            assert!(is_value(value), "{value:?}");
        }
        for forbidden in [".", "..", "\0", "a\0b", "../a", "a/..", "a/../b", "/..", "a/./b"] {
            assert!(!is_value(forbidden), "{forbidden:?}");
        }
    }

    #[test]
    fn another_path_of_the_same_exchange_is_decoded_anew() {
        let decoded = DecodedPaths::default();
        assert_eq!(strict::<3>("/a%41", &decoded), Some(vec!["aA"]));
        assert_eq!(strict::<3>("/b%41/%ff", &decoded), Some(vec!["bA", "\0"]));
        assert_eq!(lossy_segments("/b%41/%ff", &decoded), ["bA", "\u{fffd}"]);
        assert_eq!(strict::<3>("/a%41", &decoded), Some(vec!["aA"]));
    }
}
