//! The 422 for a body that can be read, but does not fit the type: the field, and serde's message about it in words of
//! the body. Names of Rust's types and of ours are left out, since a client knows neither.

use std::borrow::Cow;

use serde_path_to_error::{Path, Segment};

use super::error::HTTPError;

/// Longest part of the client's text in a message: 80 characters. The texts may be as long as the body.
const MAX_QUOTED: usize = 80;

/// Longest message: 400 characters.
const MAX_MESSAGE: usize = 400;

/// Makes the error for a message of serde about the value at `path`.
pub(super) fn misfit(path: &Path, message: &str) -> HTTPError {
    let message = shortened(&in_words_of_the_body(message), MAX_MESSAGE).into_owned();
    let explain = match place(path) {
        Some(place) => format!("{place}: {message}"),
        None => message,
    };
    HTTPError::from(422).with_explain(explain)
}

/// `users[3].name`, or nothing for the body itself.
fn place(path: &Path) -> Option<String> {
    let mut segments = path.iter().filter(|segment| !matches!(segment, Segment::Unknown)).peekable();
    segments.peek()?;
    let mut place = String::new();
    for segment in segments {
        let is_index = matches!(segment, Segment::Seq { .. });
        place += if is_index || place.is_empty() { "" } else { "." };
        place += &segment.to_string();
    }
    Some(shortened(&place, MAX_QUOTED).into_owned())
}

fn in_words_of_the_body(message: &str) -> String {
    let is_about_a_type =
        ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|is| message.starts_with(is));
    match message.rsplit_once(", expected ") {
        Some((found, expected)) if is_about_a_type => {
            format!("{}, expected {}", shortened(found, MAX_QUOTED), in_words(expected))
        }
        _ if message.starts_with("data did not match any variant of ") => "none of the possible forms fits".to_owned(),
        _ => message.to_owned(),
    }
}

/// A name that serde has for a type, as the body can have it. Other texts are the program's own.
fn in_words(expected: &str) -> Cow<'_, str> {
    if let Some(number) = expected.strip_prefix("a nonzero ") {
        return format!("{} except 0", in_words(number)).into();
    }
    if let Some(range) = range_of(expected) {
        return range.into();
    }
    let starts_with = |words: &[&str]| words.iter().any(|word| expected.starts_with(word));
    let words = match expected {
        "f32" | "f64" => "a number",
        "unit" => "null",
        "a borrowed string" => "a string without escapes",
        _ if starts_with(&["unit struct ", "unit variant "]) => "null",
        _ if starts_with(&["struct ", "struct variant "]) => "an object",
        _ if starts_with(&["tuple struct ", "tuple variant "]) => "an array",
        _ if starts_with(&["enum ", "internally tagged enum ", "adjacently tagged enum "]) => "one of several forms",
        _ if starts_with(&["newtype struct ", "newtype variant "]) => "another value",
        _ => expected,
    };
    words.into()
}

/// `an integer from 0 to 255` for `u8`.
fn range_of(name: &str) -> Option<String> {
    macro_rules! ranges {
        ($($integer:ident)*) => {
            match name {
                $(stringify!($integer) => Some(format!("an integer from {} to {}", $integer::MIN, $integer::MAX)),)*
                _ => None,
            }
        };
    }
    ranges!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize)
}

fn shortened(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use crate::exchange::json::from_json;

    fn said<'b, T: Deserialize<'b>>(text: &'b str) -> String {
        let error = from_json::<T>(text).err().expect("the value does not fit");
        assert_eq!(error.code(), 422);
        error.explain().expect("it says what").to_owned()
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "they are not read, since no body fits")]
    struct Everything {
        pair: (u8, bool),
        point: Point,
        unit: (),
        kind: Kind,
        either: Either,
        nonzero: std::num::NonZeroU8,
        wide: i64,
        ratio: f32,
        address: std::net::Ipv4Addr,
        counts: BTreeMap<String, u8>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "they are not read, since no body fits")]
    struct Point(u8, u8);

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "they are not read, since no body fits")]
    enum Kind {
        Small,
        Sized { width: u8 },
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "they are not read, since no body fits")]
    enum Either {
        Number(u8),
        Flag(bool),
    }

    #[test]
    fn no_type_is_named() {
        for (body, expected) in [
            ("[]", "invalid length 0, expected an object"),
            (r#"{"pair":[1]}"#, "pair: invalid length 1, expected a tuple of size 2"),
            (r#"{"pair":[1,1]}"#, "pair[1]: invalid type: integer `1`, expected a boolean"),
            (r#"{"point":{}}"#, "point: invalid type: map, expected an array"),
            (r#"{"unit":1}"#, "unit: invalid type: integer `1`, expected null"),
            (r#"{"kind":"Large"}"#, "kind: unknown variant `Large`, expected `Small` or `Sized`"),
            (r#"{"kind":{"Sized":[]}}"#, "kind.Sized: invalid length 0, expected an object"),
            (r#"{"either":"x"}"#, "either: none of the possible forms fits"),
            (r#"{"nonzero":0}"#, "nonzero: invalid value: integer `0`, expected an integer from 0 to 255 except 0"),
            (
                r#"{"wide":1.5}"#,
                &format!(
                    "wide: invalid type: floating point `1.5`, expected an integer from {} to {}",
                    i64::MIN,
                    i64::MAX
                ),
            ),
            (r#"{"ratio":null}"#, "ratio: invalid type: null, expected a number"),
            (r#"{"address":"x"}"#, "address: invalid IPv4 address syntax"),
            (
                r#"{"counts":{"a":1,"b.c":-1}}"#,
                "counts.b.c: invalid value: integer `-1`, expected an integer from 0 to 255",
            ),
        ] {
            assert_eq!(said::<Everything>(body), expected, "{body}");
        }
        assert!(said::<Everything>(r#"{"x":1}"#).starts_with("x: unknown field `x`, expected one of `pair`, "));
    }

    #[test]
    fn the_clients_texts_are_cut() {
        let long = "x, expected u8".repeat(1000);
        let value = said::<BTreeMap<String, u8>>(&format!(r#"{{"a":"{long}"}}"#));
        assert!(value.starts_with("a: invalid type: string \"x, expected u8x") && value.len() < 200, "{value}");
        assert!(value.ends_with("…, expected an integer from 0 to 255"), "{value}");
        let key = said::<BTreeMap<String, u8>>(&format!(r#"{{"{long}":"a"}}"#));
        assert!(key.starts_with("x, expected u8x") && key.len() < 300, "{key}");
        let field = said::<Everything>(&format!(r#"{{"{long}":"a"}}"#));
        assert!(field.len() < 600, "{field}");
    }
}
