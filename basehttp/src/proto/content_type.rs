//! A media type with its parameters, as Content-Type holds it (RFC 9110, sections 5.6.6 and 8.3.1). It is checked when
//! it is made, so that reading it cannot fail.

use std::borrow::Cow;

use super::field::{is_token, is_token_byte, is_value_byte};

/// A media type, such as `text/html; charset=utf-8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentType<'c> {
    essence: &'c str,
    params: &'c str,
}

impl<'c> ContentType<'c> {
    /// Reads a media type. Returns `None` if the text is not one from end to end.
    pub fn parse(text: &'c str) -> Option<Self> {
        let text = text.trim_matches(WHITESPACE);
        let (essence, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let essence = essence.trim_end_matches(WHITESPACE);
        let (kind, subtype) = essence.split_once('/')?;
        let is_valid = is_token(kind.as_bytes()) && is_token(subtype.as_bytes()) && Params(params).all(|p| p.is_some());
        is_valid.then_some(Self { essence, params })
    }

    /// Returns type and subtype in lower case, such as `text/html`.
    pub fn essence(self) -> Cow<'c, str> {
        if self.essence.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(self.essence.to_ascii_lowercase());
        }
        Cow::Borrowed(self.essence)
    }

    /// Returns whether type and subtype are `essence`, such as `application/json`, without regard to case.
    pub fn is(self, essence: &str) -> bool {
        self.essence.eq_ignore_ascii_case(essence)
    }

    /// Returns the first parameter of this name, without regard to case, and without its quotes.
    pub fn param(self, name: &str) -> Option<Cow<'c, str>> {
        Params(self.params).flatten().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| unquote(value))
    }

    /// Returns how many parameters have this name.
    #[cfg(feature = "multipart")]
    pub(super) fn param_count(self, name: &str) -> usize {
        Params(self.params).flatten().filter(|(key, _)| key.eq_ignore_ascii_case(name)).count()
    }

    /// Returns the `charset` parameter, as sent.
    pub fn charset(self) -> Option<Cow<'c, str>> {
        self.param("charset")
    }

    /// Returns the `boundary` parameter of a multipart type.
    pub fn boundary(self) -> Option<Cow<'c, str>> {
        self.param("boundary")
    }
}

const WHITESPACE: [char; 2] = [' ', '\t'];

/// Iterates over `*( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )`. Yields `None` once where that grammar is
/// broken.
pub(super) struct Params<'c>(&'c str);

#[cfg(feature = "multipart")]
impl<'c> Params<'c> {
    /// Reads what stands behind a media type, or behind another value with parameters. It is empty, or begins with `;`.
    pub(super) fn new(text: &'c str) -> Self {
        Self(text)
    }
}

impl<'c> Iterator for Params<'c> {
    type Item = Option<(&'c str, &'c str)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = self.0.trim_start_matches(WHITESPACE);
            if text.is_empty() {
                return None;
            }
            let Some(text) = text.strip_prefix(';') else {
                self.0 = "";
                return Some(None);
            };
            let text = text.trim_start_matches(WHITESPACE);
            self.0 = text;
            // RFC 9110, section 5.6.6: an empty parameter is nothing.
            if text.is_empty() || text.starts_with(';') {
                continue;
            }
            let Some((name, value, rest)) = split_param(text) else {
                self.0 = "";
                return Some(None);
            };
            self.0 = rest;
            return Some(Some((name, value)));
        }
    }
}

/// Splits a parameter off the start of the text. Returns its name, its value, and the rest.
fn split_param(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let value_len = match rest.strip_prefix('"') {
        Some(quoted) => 1 + quoted_len(quoted)?,
        None => rest.bytes().take_while(|byte| is_token_byte(*byte)).count(),
    };
    let (value, rest) = rest.split_at(value_len);
    (is_token(name.as_bytes()) && !value.is_empty()).then_some((name, value, rest))
}

/// Returns the length of a quoted string whose opening quote has been read, with its closing quote.
fn quoted_len(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        match byte {
            _ if !is_value_byte(byte) => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn unquote(value: &str) -> Cow<'_, str> {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return Cow::Borrowed(value);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_two_tokens_and_well_formed_parameters() {
        let table = [
            ("text/html", true, "plain"),
            (" text/html ", true, "spaces around it"),
            ("text/html;charset=utf-8", true, "a parameter"),
            ("text/html ; charset=\"utf-8\" ", true, "spaces and quotes"),
            ("text/html;", true, "an empty parameter is nothing"),
            ("text/html;;a=b", true, "an empty parameter is nothing"),
            ("multipart/form-data; boundary=\"a;b\\\"c\"", true, "quotes hide semicolons"),
            ("application/vnd.api+json", true, "a structured suffix"),
            ("", false, "nothing"),
            ("text", false, "no subtype"),
            ("text/", false, "empty subtype"),
            ("/html", false, "empty type"),
            ("text/html/x", false, "two slashes"),
            ("text html", false, "a space"),
            ("text/html; charset", false, "no value"),
            ("text/html; charset=", false, "an empty value"),
            ("text/html; charset =x", false, "a space before the sign"),
            ("text/html; charset= x", false, "a space after the sign"),
            ("text/html; charset=\"x", false, "no closing quote"),
            ("text/html; a=b c=d", false, "no semicolon between"),
            ("text/html, text/plain", false, "a list"),
            ("text/html\r\nX: y", false, "a line break"),
            ("text/html; a=\"\n\"", false, "a line break in quotes"),
        ];
        for (text, expected, why) in table {
            assert_eq!(ContentType::parse(text).is_some(), expected, "{text:?}: {why}");
        }
    }

    #[test]
    fn parts_are_read_without_regard_to_case_and_quotes() {
        let mixed = ContentType::parse("Text/HTML; Charset=\"UTF-8\"; x=1; X=2").unwrap();
        assert_eq!(mixed.essence(), "text/html");
        assert!(mixed.is("TEXT/html"));
        assert_eq!(mixed.charset().as_deref(), Some("UTF-8"));
        assert_eq!(mixed.param("x").as_deref(), Some("1"));
        assert_eq!(mixed.param("y"), None);
        let form = ContentType::parse(r#"multipart/form-data; boundary="a;b\"c""#).unwrap();
        assert_eq!(form.boundary().as_deref(), Some("a;b\"c"));
        assert_eq!(form.charset(), None);
    }
}
