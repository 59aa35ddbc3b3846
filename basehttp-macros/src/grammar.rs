//! The little of HTTP's grammar that the macro checks in literals (RFC 9110, sections 5.5, 5.6, 8.3 and 10.1.5).
//!
//! The runtime has its own, which also sees what is not known before it runs. Nothing here may refuse what it accepts.

/// `GET`, `Content-Type`, `HTTP`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// True if a response has at most one field of that name.
pub(crate) fn comes_once(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "Age",
        "Content-Location",
        "Content-Range",
        "Content-Type",
        "ETag",
        "Expires",
        "Last-Modified",
        "Location",
        "Retry-After",
    ];
    NAMES.iter().any(|once| once.eq_ignore_ascii_case(name))
}

/// `Hello` or `Hello/1.0`, one word of a `Server` field.
pub(crate) fn is_product(word: &str) -> bool {
    match word.split_once('/') {
        Some((name, version)) => is_token(name) && is_token(version),
        None => is_token(word),
    }
}

/// `text/html; charset=utf-8`.
pub(crate) fn is_media_type(text: &str) -> bool {
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    let essence = parts.next().and_then(|essence| essence.split_once('/'));
    essence.is_some_and(|(main, sub)| is_token(main) && is_token(sub)) && parts.all(is_parameter)
}

fn is_parameter(part: &str) -> bool {
    part.split_once('=').is_some_and(|(name, value)| is_token(name) && (is_token(value) || is_quoted(value)))
}

/// A quoted string without escapes or semicolons, which no media type has a use for.
fn is_quoted(value: &str) -> bool {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|inside| !inside.contains(['"', '\\']) && first_unsendable(inside).is_none())
}

/// Returns the first character that may not stand in a field's value, which is a control or one that Latin-1 lacks.
pub(crate) fn first_unsendable(value: &str) -> Option<char> {
    value.chars().find(|&character| is_control(character) || character > '\u{FF}')
}

/// The first control character, tabs excepted.
pub(crate) fn first_control(text: &str) -> Option<char> {
    text.chars().find(|&character| is_control(character))
}

fn is_control(character: char) -> bool {
    character.is_ascii_control() && character != '\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_from_other_texts() {
        for (text, expected) in [
            ("text/html", true),
            ("text/html;charset=utf-8", true),
            ("application/problem+json ; profile=\"a b\"", true),
            ("html", false),
            ("text/", false),
            ("text/html; charset", false),
            ("text/html; charset=\"a", false),
            ("text/html;", false),
        ] {
            assert_eq!(is_media_type(text), expected, "{text}");
        }
    }

    #[test]
    fn a_product_has_a_name_and_at_most_one_version() {
        for (word, expected) in
            [("Hello", true), ("Hello/1.0", true), ("Hello/1/2", false), ("/1", false), ("a(b)", false)]
        {
            assert_eq!(is_product(word), expected, "{word}");
        }
    }
}
