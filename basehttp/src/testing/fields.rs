//! The fields of a message that a test looks at, from either side. Unlike the server's own `Headers` they own their
//! texts.

use crate::proto::latin1;

/// Names as sent, and values read as Latin-1, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnedFields(Vec<(String, String)>);

impl OwnedFields {
    pub(super) fn push(&mut self, name: &str, value: &[u8]) {
        self.0.push((name.to_owned(), latin1(value).into_owned()));
    }

    /// Returns the value of the first field of that name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns the values of all fields of that name.
    pub(super) fn all<'f, 'n>(&'f self, name: &'n str) -> impl Iterator<Item = &'f str> + use<'f, 'n> {
        self.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the number of bytes that the texts take.
    pub(super) fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// Bytes of a body that a failed assertion shows.
const SHOWN_BYTES: usize = 2048;

/// The body as a person reads it: text as it is, other bytes escaped, and the first part of a long one.
pub(super) fn readable(body: &[u8]) -> String {
    let shown = &body[..body.len().min(SHOWN_BYTES)];
    let is_plain = |text: &str| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    // A character may be cut at the end of the part.
    let text = match str::from_utf8(shown) {
        Ok(text) if is_plain(text) => text.to_owned(),
        Err(error) if shown.len() < body.len() && error.error_len().is_none() => {
            let whole = String::from_utf8_lossy(&shown[..error.valid_up_to()]).into_owned();
            if is_plain(&whole) { whole } else { shown.escape_ascii().to_string() }
        }
        _ => shown.escape_ascii().to_string(),
    };
    if shown.len() < body.len() { format!("{text}… ({} bytes)", body.len()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_as_text_where_it_is_text() {
        let long = "é".repeat(SHOWN_BYTES);
        let table: [(&[u8], &str); 5] = [
            (b"", ""),
            ("two\nlines, caf\u{e9}".as_bytes(), "two\nlines, caf\u{e9}"),
            (b"\x00\xff", r"\x00\xff"),
            (b"caf\xe9", r"caf\xe9"),
            (b"esc \x1b[31m", r"esc \x1b[31m"),
        ];
        for (body, shown) in table {
            assert_eq!(readable(body), shown);
        }
        let shown = readable(long.as_bytes());
        assert!(shown.starts_with("éé") && shown.ends_with("é… (4096 bytes)"), "{shown}");
        let odd = format!("x{long}");
        assert!(readable(odd.as_bytes()).starts_with("xéé"), "a character is not cut into bytes");
    }
}
