//! A target and a table of paths: the method that serves it, against a matcher written anew that tries every shape.
//!
//! The table is that of a handler with `#[path]`, so that the split, the decoding, the order of the arms, the number of
//! the route and the links are held together.

use super::choices::Choices;
use crate::proto::target::Target;
use crate::{BaseHTTPRequestHandler, Exchange, http_handler, testing};

/// Each method answers with its name and what it was given.
struct Table;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Table {
    #[path("/")]
    fn do_GET_home(&self) -> String {
        shown("home", &[])
    }

    #[path("/users")]
    fn do_GET_users(&self) -> String {
        shown("users", &[])
    }

    #[path("/users/{id}")]
    fn do_GET_user(&self, id: &str) -> String {
        shown("user", &[id])
    }

    #[path("/users/me")]
    fn do_GET_me(&self) -> String {
        shown("me", &[])
    }

    #[path("/users/")]
    fn do_GET_slash(&self) -> String {
        shown("slash", &[])
    }

    #[path("/a/{x}/c")]
    fn do_GET_first(&self, x: &str) -> String {
        shown("first", &[x])
    }

    #[path("/{y}/b/d")]
    fn do_GET_second(&self, y: &str) -> String {
        shown("second", &[y])
    }

    #[path("/a b/\u{e9}")]
    fn do_GET_words(&self) -> String {
        shown("words", &[])
    }

    #[path("/a/{x}/{*rest}")]
    fn do_GET_deep(&self, x: &str, rest: &[&str]) -> String {
        shown("deep", &[&[x], rest].concat())
    }

    #[path("/files/{*rest}")]
    fn do_GET_files(&self, rest: &[&str]) -> String {
        shown("files", rest)
    }

    /// Serves what no path serves.
    fn do_GET(&self) -> String {
        shown("plain", &[])
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

/// The shapes of the table once more, with the methods' names.
const SHAPES: &[(&str, &[ShapePiece])] = &[
    ("home", &[]),
    ("users", &[Word("users")]),
    ("user", &[Word("users"), Value]),
    ("me", &[Word("users"), Word("me")]),
    ("slash", &[Word("users"), Word("")]),
    ("first", &[Word("a"), Value, Word("c")]),
    ("second", &[Value, Word("b"), Word("d")]),
    ("words", &[Word("a b"), Word("\u{e9}")]),
    ("deep", &[Word("a"), Value, Rest]),
    ("files", &[Word("files"), Rest]),
];

/// A piece of a shape, the most specific first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ShapePiece {
    Word(&'static str),
    Value,
    Rest,
}

use ShapePiece::{Rest, Value, Word};

/// Longest input, so that a link of it, in which a byte takes three, is no longer than a request line may be.
const LONGEST: usize = 2000;

fn shown(name: &str, values: &[&str]) -> String {
    format!("{name} {values:?}")
}

/// Runs this target on `bytes`.
pub fn route(bytes: &[u8]) {
    let target = Choices::new(&bytes[..bytes.len().min(LONGEST)]).line();
    let Ok(target) = str::from_utf8(target) else { return };
    let Ok(target) = Target::parse("GET", target) else { return };
    let path = &*target.path;
    let expected = served(path);
    assert_eq!(answer(path), expected.answer(), "{path}");
    let route = Table::route("GET", path);
    assert_eq!(route, Table::route("HEAD", path), "HEAD is served by what serves GET");
    match expected {
        Winner::By(name, values) => {
            assert!(route.is_some(), "{path} has no route");
            check_link(name, &values);
        }
        Winner::Forbidden => {}
        Winner::Plain => assert_eq!(route, None, "{path} is served by no route"),
    }
}

/// The body of the response to a GET of `path`, or nothing if the status is 404.
fn answer(path: &str) -> Option<String> {
    let bytes = testing::respond(&Table, format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
    let text = String::from_utf8(bytes).expect("a head and a text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    match head.get(9..12) {
        Some("200") => Some(body.to_owned()),
        Some("404") => None,
        _ => panic!("{path}: {head}"),
    }
}

/// The part of the table that serves a request.
enum Winner {
    By(&'static str, Vec<String>),
    /// A shape fits with a value that is forbidden, or the other reading of the path fits another shape.
    Forbidden,
    Plain,
}

impl Winner {
    fn answer(&self) -> Option<String> {
        match self {
            Winner::By(name, values) => Some(shown(name, &values.iter().map(String::as_str).collect::<Vec<_>>())),
            Winner::Forbidden => None,
            Winner::Plain => Some(shown("plain", &[])),
        }
    }
}

/// Finds what serves a path, by trying every shape.
fn served(path: &str) -> Winner {
    let segments = segments(path);
    let sent = fitting(&segments);
    let meant = fitting(&resolved(&segments));
    if meant.is_some_and(|(meant, _)| sent.as_ref().is_none_or(|(sent, _)| *sent != meant)) {
        return Winner::Forbidden;
    }
    let Some((name, values)) = sent else { return Winner::Plain };
    let values: Option<Vec<_>> = values.into_iter().map(allowed).collect();
    values.map_or(Winner::Forbidden, |values| Winner::By(name, values))
}

/// The most specific shape that fits, with its values.
fn fitting(segments: &[Vec<u8>]) -> Option<(&'static str, Vec<Vec<u8>>)> {
    let fitting = SHAPES.iter().filter_map(|(name, shape)| Some((shape, name, values(shape, segments)?)));
    fitting.min_by_key(|(shape, ..)| shape.to_vec()).map(|(_, name, values)| (*name, values))
}

/// The segments as names of directories and a file. Only the last may be empty, after a slash.
fn resolved(segments: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let joined = segments.join(&b'/');
    let mut names: Vec<Vec<u8>> = Vec::new();
    for name in joined.split(|&byte| byte == b'/') {
        if name == b".." {
            names.pop();
        } else if !name.is_empty() && name != b"." {
            names.push(name.to_vec());
        }
    }
    if joined.ends_with(b"/") && !names.is_empty() {
        names.push(Vec::new());
    }
    names
}

/// The segments as bytes.
fn segments(path: &str) -> Vec<Vec<u8>> {
    let path = path.split('?').next().expect("a first part");
    if path == "/" {
        return Vec::new();
    }
    path[1..].split('/').map(decoded).collect()
}

/// Every percent triplet as its byte. The target's check has seen to it that there is no other `%`.
fn decoded(segment: &str) -> Vec<u8> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next().expect("a digit")).to_digit(16).expect("a digit");
        decoded.push(if byte == b'%' { u8::try_from(digit() * 16 + digit()).expect("two digits") } else { byte });
    }
    decoded
}

/// The values of a shape that fits.
fn values(shape: &[ShapePiece], segments: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    match (shape, segments) {
        ([], []) => Some(Vec::new()),
        ([Rest], [_, ..]) => Some(segments.to_vec()),
        ([Word(word), shape @ ..], [segment, segments @ ..]) if word.as_bytes() == segment => values(shape, segments),
        ([Value, shape @ ..], [segment, segments @ ..]) if !segment.is_empty() => {
            Some([vec![segment.clone()], values(shape, segments)?].concat())
        }
        _ => None,
    }
}

fn allowed(value: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(value).ok()?;
    let has_dots = text.split('/').any(|part| part == "." || part == "..");
    (!text.contains('\0') && !has_dots).then_some(text)
}

/// The link to a method with these values leads back to it, or to nothing if slashes in them can mean another method.
fn check_link(name: &str, values: &[String]) {
    let rest: Vec<_> = values.iter().skip(1).map(String::as_str).collect();
    let all: Vec<_> = values.iter().map(String::as_str).collect();
    let link = match name {
        "home" => Table::path_home(),
        "users" => Table::path_users(),
        "user" => Table::path_user(&values[0]),
        "me" => Table::path_me(),
        "slash" => Table::path_slash(),
        "first" => Table::path_first(&values[0]),
        "second" => Table::path_second(&values[0]),
        "words" => Table::path_words(),
        "deep" => Table::path_deep(&values[0], &rest),
        _ => Table::path_files(&all),
    };
    let expected = Some(shown(name, &all));
    if matches!(served(&link), Winner::Forbidden) {
        assert_eq!(answer(&link), None, "{link}");
        assert!(values.iter().any(|value| value.contains('/')), "{link}");
    } else {
        assert_eq!(answer(&link), expected, "{link}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_table_agrees_with_a_matcher_that_tries_every_shape(
            target in "(/(a|b|c|d|x|me|users|files|a%20b|%c3%a9|%61|%2[eEfF5]|\\.\\.?|%00|%ff|)){1,5}(\\?/a)?",
        ) {
            super::route(target.as_bytes());
        }
    }
}
