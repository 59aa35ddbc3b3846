//! The body of an error response, made from a template with placeholders like Python's `%(name)s`. Their values are
//! escaped for the page's media type.

use std::fmt::Write as _;

use super::{content_type::ContentType, escape};

/// The page of an error whose handler has no page of its own. Its words are ours; its placeholders are Python's.
pub(crate) const DEFAULT_ERROR_MESSAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%(code)d %(message)s</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 18vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.5rem; font-weight: 600 }
h1 b { color: #c2410c; margin-right: .5rem }
p { opacity: .8 }
</style>
</head>
<body>
<h1><b>%(code)d</b>%(message)s</h1>
<p>%(explain)s</p>
</body>
</html>
"#;

/// The media type of [`DEFAULT_ERROR_MESSAGE`].
pub(crate) const DEFAULT_ERROR_CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// Fills in a template, which may have the placeholders `%(code)d`, `%(message)s`, `%(explain)s` (each with `d` or
/// `s`), and `%%` for a percent sign. Anything else after a percent sign stays as it is.
///
/// Message and explanation are escaped for the media type: with entities for HTML and XML, as the inside of a string
/// for JSON, and not at all for others. A text that is not a media type counts as HTML, which is the safe side.
pub(crate) fn render(format: &str, content_type: &str, code: u16, message: &str, explain: &str) -> String {
    let escaping = Escaping::of(content_type);
    let mut page = String::with_capacity(format.len() + message.len() + explain.len());
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        page.push_str(before);
        rest = match placeholder(after) {
            Some((Placeholder::Percent, after)) => {
                page.push('%');
                after
            }
            Some((Placeholder::Code, after)) => {
                write!(page, "{code}").expect("writing to a String cannot fail");
                after
            }
            Some((Placeholder::Message, after)) => {
                escaping.push(&mut page, message);
                after
            }
            Some((Placeholder::Explain, after)) => {
                escaping.push(&mut page, explain);
                after
            }
            None => {
                page.push('%');
                after
            }
        };
    }
    page.push_str(rest);
    page
}

enum Placeholder {
    Percent,
    Code,
    Message,
    Explain,
}

/// Reads the placeholder after a percent sign. Returns it with the rest of the text.
fn placeholder(after: &str) -> Option<(Placeholder, &str)> {
    if let Some(rest) = after.strip_prefix('%') {
        return Some((Placeholder::Percent, rest));
    }
    let (name, rest) = after.strip_prefix('(')?.split_once(')')?;
    let rest = rest.strip_prefix(['d', 's'])?;
    match name {
        "code" => Some((Placeholder::Code, rest)),
        "message" => Some((Placeholder::Message, rest)),
        "explain" => Some((Placeholder::Explain, rest)),
        _ => None,
    }
}

/// The escaping that makes a stranger's text harmless in a page of some media type.
enum Escaping {
    Html,
    Json,
    None,
}

impl Escaping {
    fn of(content_type: &str) -> Self {
        let Some(content_type) = ContentType::parse(content_type) else {
            return Self::Html;
        };
        let essence = content_type.essence();
        let subtype = essence.split_once('/').map_or("", |(_, subtype)| subtype);
        match subtype {
            "html" | "xml" => Self::Html,
            "json" => Self::Json,
            _ if subtype.ends_with("+xml") => Self::Html,
            _ if subtype.ends_with("+json") => Self::Json,
            _ => Self::None,
        }
    }

    fn push(&self, page: &mut String, text: &str) {
        match self {
            Self::Html => page.push_str(&escape::html_escape(text)),
            Self::Json => page.push_str(&escape::json_string(text)),
            Self::None => page.push_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_with_pythons_syntax() {
        let table = [
            ("%(code)d %(message)s: %(explain)s", "404 M: E", "the three places"),
            ("%(code)s", "404", "a code as text"),
            ("100%% %(code)d%%", "100% 404%", "a doubled percent sign"),
            ("%%(code)d", "%(code)d", "a doubled percent sign protects"),
            ("%(other)s %x %", "%(other)s %x %", "others stay"),
            ("%(code", "%(code", "an unfinished place stays"),
            ("", "", "nothing"),
        ];
        for (format, expected, why) in table {
            assert_eq!(render(format, "text/plain", 404, "M", "E"), expected, "{why}");
        }
    }

    #[test]
    fn what_is_filled_in_is_escaped_for_the_media_type_and_never_read_again() {
        let table = [
            ("text/html; charset=utf-8", "&lt;&quot;&#39;%(code)d"),
            ("TEXT/HTML", "&lt;&quot;&#39;%(code)d"),
            ("application/xhtml+xml", "&lt;&quot;&#39;%(code)d"),
            ("application/xml", "&lt;&quot;&#39;%(code)d"),
            ("image/svg+xml", "&lt;&quot;&#39;%(code)d"),
            ("no media type", "&lt;&quot;&#39;%(code)d"),
            ("application/json", "\\u003c\\\"'%(code)d"),
            ("application/problem+json", "\\u003c\\\"'%(code)d"),
            ("text/plain", "<\"'%(code)d"),
        ];
        for (content_type, expected) in table {
            assert_eq!(render("%(message)s", content_type, 400, "<\"'%(code)d", ""), expected, "{content_type}");
        }
    }

    #[test]
    fn the_default_page_has_every_place_and_nothing_left_over() {
        let page = render(DEFAULT_ERROR_MESSAGE, DEFAULT_ERROR_CONTENT_TYPE, 404, "Not Found", "Nothing is here.");
        assert!(page.contains("<b>404</b>Not Found") && page.contains("<p>Nothing is here.</p>"));
        assert!(!page.contains('%'));
    }
}
