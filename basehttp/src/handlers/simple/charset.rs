//! Finds the encoding that a text names in its first KiB. Pure.
//!
//! | type            | names it in                                                                            |
//! |-----------------|----------------------------------------------------------------------------------------|
//! | any text        | a byte order mark; bytes that are not UTF-8                                            |
//! | `text/html`     | `<meta charset=…>`, `<meta http-equiv=content-type content=…>` outside of comments     |
//! | `text/css`      | `@charset "…";` at the very beginning                                                  |
//! | `text/xml`      | `<?xml … encoding="…"?>`                                                               |
//!
//! A `charset` in `Content-Type` overrules all of these except the byte order mark (WHATWG HTML, section 13.2.3.2; RFC
//! 7303, section 3). So a wrong one makes a readable file unreadable.

/// Bytes of a file that are read: 1 KiB, as in browsers (WHATWG HTML, section 4.2.5.4).
pub(super) const HEAD_BYTES: usize = 1024;

const UTF_8: &str = "utf-8";

/// Returns true if a response may say that a text is in `charset`. The text has this media type and begins with `head`.
/// It must not name another encoding, and for UTF-8 it must be UTF-8.
pub(super) fn may_be(charset: &str, media_type: &str, head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD_BYTES)];
    match named(media_type, head) {
        Some(named) => normalized(&named) == normalized(charset),
        None => normalized(charset) != UTF_8 || is_utf8(head),
    }
}

/// Returns the encoding that the text names, as written there.
fn named(media_type: &str, head: &[u8]) -> Option<String> {
    if let Some((_, name)) = BYTE_ORDER_MARKS.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Some((*name).to_owned());
    }
    let name = match media_type {
        "text/html" => in_html(head),
        "text/css" => in_css(head),
        "text/xml" => in_xml(head),
        _ => None,
    };
    name.map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned()).filter(|name| !name.is_empty())
}

const BYTE_ORDER_MARKS: [(&[u8], &str); 3] =
    [(b"\xef\xbb\xbf", UTF_8), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le")];

/// Brings names of the same encoding into one form.
fn normalized(name: &str) -> String {
    match name.to_ascii_lowercase() {
        name if name == "utf8" => UTF_8.to_owned(),
        name => name,
    }
}

/// Returns true for UTF-8, also if the end of the head cuts a character.
fn is_utf8(head: &[u8]) -> bool {
    str::from_utf8(head).map_or_else(|error| head.len() == HEAD_BYTES && error.error_len().is_none(), |_| true)
}

/// Reads `@charset` in exactly this form (CSS Syntax, section 3.2).
fn in_css(head: &[u8]) -> Option<&[u8]> {
    let name = head.strip_prefix(b"@charset \"")?;
    let end = name.iter().position(|&byte| byte == b'"')?;
    name[end..].starts_with(b"\";").then_some(&name[..end])
}

/// Reads the XML declaration (XML 1.0, section 2.8).
fn in_xml(head: &[u8]) -> Option<&[u8]> {
    let rest = head.strip_prefix(b"<?xml")?;
    let declaration = &rest[..find(rest, b"?>")?];
    let mut attributes = Attributes { rest: declaration };
    attributes.find(|(name, _)| *name == b"encoding").map(|(_, value)| value)
}

/// Prescans a page for its encoding (WHATWG HTML, section 13.2.3.2).
fn in_html(head: &[u8]) -> Option<&[u8]> {
    let mut rest = head;
    loop {
        rest = &rest[rest.iter().position(|&byte| byte == b'<')?..];
        let name_len = rest[1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        match rest {
            [b'<', b'!', b'-', b'-', ..] => {
                // `<!-->` is a whole comment.
                let inside = &rest[2..];
                rest = &inside[find(inside, b"-->")? + 3..];
            }
            [b'<', b'!' | b'?', ..] => rest = &rest[rest.iter().position(|&byte| byte == b'>')?..],
            [b'<', b'/', ..] => rest = skip_tag(&rest[2..]),
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                let tag = &rest[1 + name_len..];
                if rest[1..=name_len].eq_ignore_ascii_case(b"meta")
                    && let Some(name) = in_meta(tag)
                {
                    return Some(name);
                }
                rest = skip_tag(tag);
            }
            _ => rest = &rest[1..],
        }
    }
}

/// Returns the bytes behind the attributes of a tag.
fn skip_tag(tag: &[u8]) -> &[u8] {
    let mut attributes = Attributes { rest: tag };
    attributes.by_ref().for_each(drop);
    attributes.rest
}

fn in_meta(tag: &[u8]) -> Option<&[u8]> {
    let value_of = |wanted: &[u8]| {
        Attributes { rest: tag }.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    if let Some(name) = value_of(b"charset") {
        return Some(name);
    }
    value_of(b"http-equiv").filter(|value| value.eq_ignore_ascii_case(b"content-type"))?;
    in_content(value_of(b"content")?)
}

/// Reads the charset in `text/html; charset=…`.
fn in_content(content: &[u8]) -> Option<&[u8]> {
    let lower = content.to_ascii_lowercase();
    let value = content[find(&lower, b"charset")? + b"charset".len()..].trim_ascii_start();
    let value = value.strip_prefix(b"=")?.trim_ascii_start();
    match value.first()? {
        quote @ (b'"' | b'\'') => {
            let value = &value[1..];
            Some(&value[..value.iter().position(|byte| byte == quote)?])
        }
        _ => Some(&value[..value.iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b';').count()]),
    }
}

/// Iterates over the attributes of a tag, up to its `>`. An attribute whose value does not end is left out.
struct Attributes<'t> {
    rest: &'t [u8],
}

impl<'t> Iterator for Attributes<'t> {
    type Item = (&'t [u8], &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b'/');
        if self.rest.first().is_none_or(|&byte| byte == b'>') {
            return None;
        }
        // A name may begin with `=`.
        let name_len = self.rest[1..].iter().take_while(|byte| !is_end(**byte) && **byte != b'=').count() + 1;
        let name = self.take(name_len);
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.rest.first() != Some(&b'=') {
            return Some((name, b""));
        }
        self.take(1);
        self.skip(|byte| byte.is_ascii_whitespace());
        if let Some(&quote @ (b'"' | b'\'')) = self.rest.first() {
            self.take(1);
            let len = self.rest.iter().position(|&byte| byte == quote);
            let value = self.take(len.unwrap_or(self.rest.len()));
            self.take(1);
            return len.map(|_| (name, value));
        }
        let len = self.rest.iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'>').count();
        Some((name, self.take(len)))
    }
}

impl<'t> Attributes<'t> {
    fn take(&mut self, count: usize) -> &'t [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        self.take(self.rest.iter().take_while(|byte| is_skipped(**byte)).count());
    }
}

fn is_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_names_its_encoding() {
        let table: [(&str, &[u8], Option<&str>, &str); 34] = [
            ("text/html", b"<meta charset=shift_jis>", Some("shift_jis"), "the short form"),
            ("text/html", b"<!DOCTYPE html><html><head><META CharSet = 'EUC-KR' />", Some("EUC-KR"), "in its place"),
            ("text/html", b"<meta name=a content=b><meta charset=\"utf-8\">", Some("utf-8"), "the second tag"),
            (
                "text/html",
                b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\">",
                Some("iso-8859-1"),
                "the long form",
            ),
            ("text/html", b"<meta content='a; CHARSET = \"big5\" ;b' http-equiv=content-type>", Some("big5"), "turned"),
            ("text/html", b"<meta http-equiv=refresh content='0; charset=big5'>", None, "another field"),
            ("text/html", b"<meta content='text/html; charset=big5'>", None, "no field"),
            ("text/html", b"<meta http-equiv=content-type content='text/html'>", None, "none in it"),
            ("text/html", b"<meta http-equiv=content-type content='charset'>", None, "none in it"),
            ("text/html", b"<!-- <meta charset=big5> --><meta charset=koi8-r>", Some("koi8-r"), "not in a comment"),
            ("text/html", b"<!--><meta charset=koi8-r>", Some("koi8-r"), "behind a short comment"),
            ("text/html", b"<!-- <meta charset=big5>", None, "a comment that does not end"),
            ("text/html", b"<a title='<meta charset=big5>'><meta charset=koi8-r>", Some("koi8-r"), "not in a value"),
            ("text/html", b"<p a=b>x</p y='>'><?php > ?><meta charset=koi8-r>", Some("koi8-r"), "behind other tags"),
            ("text/html", b"<meta/charset=koi8-r>", Some("koi8-r"), "a slash for a space"),
            ("text/html", b"<metacharset=big5><metal charset=big5>", None, "other tags"),
            ("text/html", b"<meta charset=''>", None, "an empty name"),
            ("text/html", b"<meta charset='big5", None, "cut"),
            ("text/html", b"<meta charset", None, "cut"),
            ("text/html", b"< meta charset=big5>", None, "text"),
            ("text/html", b"a < b << c <", None, "text"),
            ("text/html", b"", None, "nothing"),
            ("text/plain", b"<meta charset=big5>", None, "no page"),
            ("text/css", b"@charset \"shift_jis\";a{}", Some("shift_jis"), "a style sheet"),
            ("text/css", b" @charset \"shift_jis\";", None, "not at the beginning"),
            ("text/css", b"@charset 'shift_jis';", None, "other quotes"),
            ("text/css", b"@charset \"shift_jis\" ;", None, "another end"),
            ("text/xml", b"<?xml version=\"1.0\" encoding='ISO-8859-1'?><a/>", Some("ISO-8859-1"), "a declaration"),
            ("text/xml", b"<?xml version='1.0'?><a encoding='big5'/>", None, "none in it"),
            ("text/xml", b"<a/>", None, "no declaration"),
            ("text/html", b"\xff\xfe<\0m\0", Some("utf-16le"), "a byte order mark"),
            ("text/plain", b"\xfe\xff\0a", Some("utf-16be"), "a byte order mark"),
            ("text/css", b"\xef\xbb\xbfa{}", Some("utf-8"), "a byte order mark"),
            ("text/html", b"\xef\xbb\xbf<meta charset=big5>", Some("utf-8"), "a byte order mark counts more"),
        ];
        for (media_type, head, expected, why) in table {
            assert_eq!(named(media_type, head).as_deref(), expected, "{}: {why}", head.escape_ascii());
        }
    }

    #[test]
    fn only_what_a_text_does_not_deny_is_said_of_it() {
        let cut_at = |text: &str| [&vec![b'a'; HEAD_BYTES - 1], text.as_bytes()].concat();
        let table = [
            ("utf-8", b"<meta charset=UTF8>".to_vec(), true, "it names the same"),
            ("utf-8", b"<meta charset=big5>".to_vec(), false, "it names another"),
            ("big5", b"<meta charset=big5>".to_vec(), true, "it names the same"),
            ("big5", b"\xa4\x40".to_vec(), true, "it names none"),
            ("utf-8", b"caf\xe9".to_vec(), false, "it is not UTF-8"),
            ("utf-8", b"caf\xc3\xa9".to_vec(), true, "it is UTF-8"),
            ("utf-8", b"caf\xc3".to_vec(), false, "its end is cut, which is not UTF-8"),
            ("utf-8", cut_at("\u{e9}"), true, "the head ends within a character"),
            ("utf-8", b"".to_vec(), true, "nothing"),
            ("utf-8", [vec![b'a'; HEAD_BYTES], b"<meta charset=big5>\xff".to_vec()].concat(), true, "too late"),
        ];
        for (charset, head, expected, why) in table {
            assert_eq!(may_be(charset, "text/html", &head), expected, "{charset}: {why}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_looked_at(
            text in "(<|>|!|--|/|=|'|\"|\\?|meta|charset|http-equiv|content-type| |;|a|\\PC){0,40}",
        ) {
            for media_type in ["text/html", "text/css", "text/xml"] {
                let name = named(media_type, text.as_bytes());
                prop_assert!(name.is_none_or(|name| !name.is_empty() && text.contains(&name)));
            }
        }
    }
}
