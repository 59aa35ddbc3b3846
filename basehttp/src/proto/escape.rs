//! Makes a stranger's text harmless for the place where it goes: a page, a JSON string, a log line, a status line.

use std::{borrow::Cow, fmt::Write as _};

/// Escapes text for HTML, as Python's `html.escape` does: `&`, `<`, `>`, `"` and `'` become entities.
///
/// The result is safe between tags and in a quoted attribute. It is not safe in a script, a style, or the address of a
/// link, which have rules of their own. A text that needs no escape is returned without a copy.
///
/// ```
/// use basehttp::{Exchange, html_escape, http_handler};
///
/// struct Greeting;
///
/// #[http_handler]
/// impl Greeting {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         let name = ex.query().get("name").unwrap_or("world".into());
///         ex.send_bytes(200, "text/html; charset=utf-8", format!("<h1>Hello {}!</h1>", html_escape(&name)))
///     }
/// }
/// # let reply = basehttp::testing::respond(&Greeting, b"GET /?name=%3Cb%3E%26 HTTP/1.0\r\n\r\n");
/// # assert!(reply.ends_with(b"<h1>Hello &lt;b&gt;&amp;!</h1>"));
/// ```
pub fn html_escape(text: &str) -> Cow<'_, str> {
    replace(text, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    })
}

/// Escapes the inside of a JSON string, without the quotes around it (RFC 8259, section 7).
///
/// Also escapes `<`, `>`, `&`, U+2028 and U+2029, so that the JSON may stand in a script element.
pub(crate) fn json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1F' | '\x7F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                push(&mut out, format_args!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Escapes one line of a log as Python does. Controls become `\xNN` and a backslash is doubled, so that no text can
/// forge a line, move a terminal's cursor or look like an escape.
///
/// Line separators and the marks that change the reading direction become `\uNNNN`. Bytes that are not UTF-8 become
/// `\xNN`.
pub(crate) fn log_line<T: AsRef<[u8]> + ?Sized>(text: &T) -> Cow<'_, str> {
    let bytes = text.as_ref();
    match str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\') => Cow::Borrowed(text),
        _ => Cow::Owned(escape_log_line(bytes)),
    }
}

/// Escapes a text that was made for a log line, and perhaps not escaped. Works like [`log_line`], but leaves a
/// backslash as it is.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c.is_control() || misleads(c)) {
        Cow::Owned(escape_log_line(text.as_bytes()).replace("\\\\", "\\"))
    } else {
        Cow::Borrowed(text)
    }
}

fn escape_log_line(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\0'..='\x1F' | '\x7F'..='\u{9F}' => push(&mut out, format_args!("\\x{:02x}", u32::from(c))),
                c if misleads(c) => push(&mut out, format_args!("\\u{:04x}", u32::from(c))),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            push(&mut out, format_args!("\\x{byte:02x}"));
        }
    }
    out
}

/// Matches line and paragraph separators, and all that changes the reading direction ("Trojan Source").
const fn misleads(c: char) -> bool {
    matches!(
        c,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

/// Escapes a reason for a status line. Controls become spaces, and characters outside Latin-1 become `?` (RFC 9112,
/// section 4).
pub(crate) fn safe_reason(text: &str) -> Cow<'_, str> {
    replace(text, |c| match c {
        '\0'..='\x1F' | '\x7F'..='\u{9F}' => Some(" "),
        c if c > '\u{FF}' => Some("?"),
        _ => None,
    })
}

fn replace(text: &str, substitute: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    let Some(first) = text.find(|c| substitute(c).is_some()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        match substitute(c) {
            Some(harmless) => out.push_str(harmless),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_escaped_stays_as_it_is_and_controls_do_not() {
        let table = [
            ("127.0.0.1", "127.0.0.1"),
            (r"unix:/a\x0ab", r"unix:/a\x0ab"),
            ("a\nb", r"a\x0ab"),
            ("a\\\u{9b}", r"a\\x9b"),
            ("a\u{202e}", r"a\u202e"),
        ];
        for (text, expected) in table {
            assert_eq!(one_line(text), expected);
        }
    }

    #[test]
    fn html_leaves_no_markup() {
        assert_eq!(html_escape("<a href='x'>\"&\""), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;");
        assert!(matches!(html_escape("plain caf\u{e9}"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_strings_hold_no_quote_control_or_markup() {
        assert_eq!(
            json_string("a\"b\\c\n\r\t\0\x7f</\u{2028}\u{e9}"),
            "a\\\"b\\\\c\\n\\r\\t\\u0000\\u007f\\u003c/\\u2028\u{e9}"
        );
    }

    #[test]
    fn a_log_line_stays_one_line_and_cannot_pretend() {
        let table: [(&[u8], &str, &str); 8] = [
            (b"GET / HTTP/1.1", "GET / HTTP/1.1", "plain"),
            (b"a\r\nb\x1b[2J\x7f", "a\\x0d\\x0ab\\x1b[2J\\x7f", "controls"),
            (b"a\tb", "a\\x09b", "a tab is a control too"),
            (b"\\x0a", "\\\\x0a", "an escape in the text is doubled"),
            ("\u{85}\u{9b}".as_bytes(), "\\x85\\x9b", "C1 controls"),
            ("a\u{2028}b\u{202e}c\u{2066}".as_bytes(), "a\\u2028b\\u202ec\\u2066", "separators and direction marks"),
            ("caf\u{e9} \u{4e2d}".as_bytes(), "caf\u{e9} \u{4e2d}", "letters stay"),
            (b"a\xffb\xc3", "a\\xffb\\xc3", "bytes that are not UTF-8"),
        ];
        for (text, expected, why) in table {
            assert_eq!(log_line(text), expected, "{why}");
        }
        assert!(matches!(log_line("GET / HTTP/1.1"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_reason_cannot_split_the_response() {
        assert_eq!(safe_reason("No\r\nSet-Cookie: a=b"), "No  Set-Cookie: a=b");
        assert_eq!(safe_reason("caf\u{e9} \u{20ac}\u{85}\t"), "caf\u{e9} ?  ");
        assert!(matches!(safe_reason("Not Found"), Cow::Borrowed(_)));
    }
}
