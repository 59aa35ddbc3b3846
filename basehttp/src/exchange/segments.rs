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

use std::borrow::Cow;
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

/// The path of a request means another row of the table than the one that it fits as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnotherRow;

/// The number of the row that segments fit, or `None` if they fit none.
type RowOf = fn(&[&str]) -> Option<u16>;

/// Splits the path of the exchange into `parts`, and returns those that are used. A path with more segments fills all.
///
/// Returns `None` for a target without a path: `*`, and CONNECT's authority.
///
/// A path has a second reading, that of `SimpleHTTPRequestHandler`: `%2F` is a slash, and dots and empty segments are
/// resolved. If it fits a row, and the path as sent another one or none, then a method that passes the exchange on
/// would serve files of that row past its guard. Such a path names nothing.
pub fn segments<'p, 'c, M>(
    ex: &Exchange<'c, M>,
    parts: &'p mut [&'c str],
    row_of: RowOf,
) -> Result<Option<&'p [&'c str]>, AnotherRow> {
    let Some(path) = ex.path.strip_prefix('/') else { return Ok(None) };
    let (count, may_differ) = if let Some(count) = split_plain(path, parts) {
        // What has more segments than parts is not split to its end.
        let may_differ =
            if count == parts.len() { may_read_differently(path) } else { has_odd_segment(&parts[..count]) };
        (count, may_differ)
    } else {
        let path = without_query(path);
        let count = fill(parts, ex.decoded.get(path, Utf8Rule::Strict).segments());
        (count, may_read_differently(path))
    };
    let parts = &parts[..count];
    if may_differ && means_another_row(without_query(path), row_of(parts), row_of) {
        return Err(AnotherRow);
    }
    Ok(Some(parts))
}

/// Splits a path that is not in an exchange yet, as it was sent.
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

/// Returns whether one of the segments of a path without `%` begins with a dot, or is empty and not the last.
fn has_odd_segment(segments: &[&str]) -> bool {
    let begins_with_dot = |segment: &&str| segment.as_bytes().first() == Some(&b'.');
    let Some((last, before)) = segments.split_last() else { return false };
    begins_with_dot(last) || before.iter().any(|segment| segment.is_empty() || begins_with_dot(segment))
}

/// Returns whether text behind a slash of a path could be read differently from what was sent. Most is not.
fn may_read_differently(path: &str) -> bool {
    let bytes = without_query(path).as_bytes();
    let is_odd = |(at, byte): (usize, &u8)| match byte {
        b'/' | b'.' => at == 0 || bytes[at - 1] == b'/',
        b'%' => matches!(bytes.get(at + 1..at + 3), Some([b'2', b'e' | b'E' | b'f' | b'F'])),
        _ => false,
    };
    bytes.iter().enumerate().any(is_odd)
}

/// Returns whether a path, read as `SimpleHTTPRequestHandler` reads it, fits a row other than `sent`.
///
/// If you change this, change `normalized` in `handlers/simple/path.rs`, which cannot be shared, since handlers use the
/// public API alone. `tests/files/guarded.rs` holds the two together.
fn means_another_row(path: &str, sent: Option<u16>, row_of: RowOf) -> bool {
    let bytes: Cow<'_, [u8]> = percent_decode_str(path).into();
    let mut names = Vec::new();
    for name in bytes.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(str::from_utf8(name).unwrap_or(FORBIDDEN)),
        }
    }
    if bytes.ends_with(b"/") && !names.is_empty() {
        names.push("");
    }
    let meant = row_of(&names);
    meant.is_some() && meant != sent
}

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

/// Returns whether a parameter may have this text. `.` and `..` are refused because programs use parameters as names of
/// files, also behind a `%2F`, where `SimpleHTTPRequestHandler` would leave the directory of the parameter before it.
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
    fn only_paths_with_odd_segments_are_read_twice() {
        for path in ["", "a", "a/", "a/b.c/d..", "a%20b/%c3%a9", "a?x=//../%2F", "%252F", "a%2", "a%", "%%2"] {
            assert!(!may_read_differently(path), "{path}");
        }
        for path in ["/a", "a//", "a/./b", "a/..", ".", "a%2fb", "%2F", "%2e", "a/%2E%2e", "a/.b"] {
            assert!(may_read_differently(path), "{path}");
        }
    }

    #[test]
    fn a_path_means_another_row_only_if_its_other_reading_fits_one() {
        fn row_of(path: &[&str]) -> Option<u16> {
            match path {
                [] => Some(0),
                ["bob", _, ..] => Some(1),
                _ => None,
            }
        }
        let table = [
            ("bob/a", Some(1), false, "both readings fit one row"),
            ("bob//a", Some(1), false, "both readings fit one row"),
            ("bob%2Fa", None, true, "no row as sent"),
            ("bob%2F", None, true, "a slash at the end counts"),
            ("bob/.", None, false, "a dot leaves no slash behind"),
            ("x%2F%2e%2E%2Fbob/a", None, true, "decoded before dots are resolved"),
            ("../../bob/%FF", None, true, "nothing is above the root, and bytes that are not UTF-8 are a name"),
            ("bob%252Fa", None, false, "decoded once"),
            ("bob/..", Some(1), true, "the root"),
            ("%2F", None, true, "the root"),
            ("x//y", Some(1), false, "the other reading fits none"),
        ];
        for (path, sent, expected, why) in table {
            assert_eq!(means_another_row(path, sent, row_of), expected, "{why}: {path}");
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
