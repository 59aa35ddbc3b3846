//! Escapes names of files for HTML, a JSON string, or a relative reference. Pure.
//!
//! A name may have any bytes except `/` and NUL. Pages show it as UTF-8, with U+FFFD for other bytes. Links have the
//! bytes themselves.

/// The most bytes that one byte of a name becomes in HTML and JSON: 6, as in `&quot;` and `\u0001`.
pub(super) const MAX_TEXT_GROWTH: usize = 6;

/// The most bytes that one byte of a name becomes in a reference: 3, as in `%FF`.
pub(super) const MAX_HREF_GROWTH: usize = 3;

/// Adds `text` for HTML text and quoted attributes. HTML allows no control characters, so these become their pictures.
pub(super) fn push_html(out: &mut Vec<u8>, text: &[u8]) {
    if text.iter().all(|&byte| is_plain_in_html(byte)) {
        return out.extend_from_slice(text);
    }
    for_each_char(text, |c| match c {
        '&' => out.extend_from_slice(b"&amp;"),
        '<' => out.extend_from_slice(b"&lt;"),
        '>' => out.extend_from_slice(b"&gt;"),
        '"' => out.extend_from_slice(b"&quot;"),
        '\'' => out.extend_from_slice(b"&#39;"),
        c => push_char(out, visible(c)),
    });
}

/// Returns true for printable ASCII, except the five characters that are markup.
const fn is_plain_in_html(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'')
}

/// Replaces a character that cannot be shown.
fn visible(c: char) -> char {
    match c {
        // "Control Pictures" has them in the order of ASCII.
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7F' => '\u{2421}',
        // Controls, and changes of writing direction, since `evil<RLO>txt.exe` would read `evilexe.txt`.
        '\u{80}'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        // Noncharacters (the last two of each plane, and 32 more), which HTML does not allow either.
        c if u32::from(c) & 0xFFFE == 0xFFFE || matches!(c, '\u{FDD0}'..='\u{FDEF}') => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// Adds `text` as a JSON string with its quotes (RFC 8259, section 7).
///
/// Escapes `<`, `>`, `&`, U+2028 and U+2029 too, so that the JSON may also stand in a script element.
pub(super) fn push_json(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for_each_char(text, |c| match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\0'..='\x1F' | '\x7F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
        }
        c => push_char(out, c),
    });
    out.push(b'"');
}

/// Adds `name` as one segment of a relative reference (RFC 3986, section 4.2).
///
/// Every byte except letters, digits and `-._~` is percent-encoded, as in Python. A name with a colon gets `./` in
/// front, for clients that decode a reference before they look for its scheme.
pub(super) fn push_href(out: &mut Vec<u8>, name: &[u8]) {
    if name.contains(&b':') {
        out.extend_from_slice(b"./");
    }
    for &byte in name {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            byte => out.extend_from_slice(&[b'%', hex_digit(byte >> 4), hex_digit(byte & 0xF)]),
        }
    }
}

const fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + value - 10 }
}

/// Calls `act` with the characters of `text`, and with U+FFFD for bytes that are not UTF-8.
fn for_each_char(text: &[u8], mut act: impl FnMut(char)) {
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(&mut act);
        if !chunk.invalid().is_empty() {
            act(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn push_char(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(push: fn(&mut Vec<u8>, &[u8]), name: &[u8]) -> String {
        let mut out = Vec::new();
        push(&mut out, name);
        String::from_utf8(out).expect("what is sent is UTF-8")
    }

    #[test]
    fn a_name_becomes_harmless_for_each_place() {
        let table: [(&[u8], &str, &str, &str); 14] = [
            (b"a.txt", "a.txt", "\"a.txt\"", "a.txt"),
            (b"<b>", "&lt;b&gt;", "\"\\u003cb\\u003e\"", "%3Cb%3E"),
            (b"a&b", "a&amp;b", "\"a\\u0026b\"", "a%26b"),
            (b"\"'", "&quot;&#39;", "\"\\\"'\"", "%22%27"),
            (b"50%25", "50%25", "\"50%25\"", "50%2525"),
            (b"q?a=b#c", "q?a=b#c", "\"q?a=b#c\"", "q%3Fa%3Db%23c"),
            (b"a b+c", "a b+c", "\"a b+c\"", "a%20b%2Bc"),
            (b"javascript:x", "javascript:x", "\"javascript:x\"", "./javascript%3Ax"),
            (b"\\\\host", "\\\\host", "\"\\\\\\\\host\"", "%5C%5Chost"),
            (b"a\xffb", "a\u{fffd}b", "\"a\u{fffd}b\"", "a%FFb"),
            ("caf\u{e9} \u{4e2d}".as_bytes(), "caf\u{e9} \u{4e2d}", "\"caf\u{e9} \u{4e2d}\"", "caf%C3%A9%20%E4%B8%AD"),
            (b"a\nb\x01\x7f", "a\u{240a}b\u{2401}\u{2421}", "\"a\\nb\\u0001\\u007f\"", "a%0Ab%01%7F"),
            ("\u{85}\u{fffe}".as_bytes(), "\u{fffd}\u{fffd}", "\"\u{85}\u{fffe}\"", "%C2%85%EF%BF%BE"),
            ("\u{202e}\u{2028}".as_bytes(), "\u{fffd}\u{2028}", "\"\u{202e}\\u2028\"", "%E2%80%AE%E2%80%A8"),
        ];
        for (name, html, json, href) in table {
            assert_eq!(with(push_html, name), html, "{}", name.escape_ascii());
            assert_eq!(with(push_json, name), json, "{}", name.escape_ascii());
            assert_eq!(with(push_href, name), href, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn no_byte_grows_beyond_the_bounds() {
        for byte in 0..=u8::MAX {
            let name = [byte; 40];
            assert!(with(push_html, &name).len() <= 40 * MAX_TEXT_GROWTH, "{byte:02x}");
            assert!(with(push_json, &name).len() <= 40 * MAX_TEXT_GROWTH + 2, "{byte:02x}");
            assert!(with(push_href, &name).len() <= 40 * MAX_HREF_GROWTH + 2, "{byte:02x}");
        }
    }
}
