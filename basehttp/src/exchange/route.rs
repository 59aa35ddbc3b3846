//! The table of a handler's paths, as data, and links to them.

use std::fmt::{self, Display, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// One row of the table of a handler with paths: a method, and the path that it serves.
///
/// `#[http_handler]` writes the table into the handler's type, as the constant `ROUTES`, if a method has a `#[path]`.
///
/// ```
/// use basehttp::http_handler;
///
/// struct Site;
///
/// #[http_handler]
/// impl Site {
///     /// Says hello.
///     #[path("/hello/{name}")]
///     fn do_GET_hello(&self, name: &str) -> String {
///         format!("Hello, {name}!")
///     }
/// }
///
/// let listed = |route: &basehttp::Route| format!("{} {}: {}", route.method, route.path, route.summary);
/// assert_eq!(Site::ROUTES.iter().map(listed).collect::<Vec<_>>(), ["GET /hello/{name}: Says hello."]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The request's method, such as `GET`.
    pub method: &'static str,
    /// The path as it stands in `#[path]`, such as `/users/{id}`. Empty for a method that serves what no path serves.
    pub path: &'static str,
    /// The name of the Rust method.
    pub name: &'static str,
    /// The first line of the method's documentation, or nothing.
    pub summary: &'static str,
}

impl Route {
    /// For the attribute alone.
    #[doc(hidden)]
    pub const fn new(method: &'static str, path: &'static str, name: &'static str, summary: &'static str) -> Self {
        Route { method, path, name, summary }
    }
}

/// A piece of a path, to be made into a link.
#[derive(Clone, Copy)]
pub enum Piece<'a> {
    /// A word of the path, decoded.
    Word(&'static str),
    /// The value of a parameter.
    Value(&'a dyn Display),
    /// The segments of a rest.
    Rest(&'a [&'a str]),
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Word(word) => write!(f, "{word:?}"),
            Piece::Value(value) => write!(f, "{{{value}}}"),
            Piece::Rest(segments) => write!(f, "{{*{segments:?}}}"),
        }
    }
}

/// The characters of a segment that are written as they are: `unreserved` of RFC 3986, section 2.3. All others are
/// percent-encoded, so that a link can stand in a page, a field and a query.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes the path of these pieces. Empty segments in front are left out, because a browser takes `//name` for another
/// site, and the server makes several leading slashes one.
pub fn link(pieces: &[Piece<'_>]) -> String {
    let mut link = String::new();
    for piece in pieces {
        match piece {
            Piece::Word(word) => push(&mut link, word),
            Piece::Value(value) => push(&mut link, &value.to_string()),
            Piece::Rest(segments) => segments.iter().for_each(|segment| push(&mut link, segment)),
        }
    }
    if link.is_empty() { String::from("/") } else { link }
}

/// Adds a segment. An empty one in front of it is dropped.
fn push(link: &mut String, segment: &str) {
    if link == "/" {
        link.clear();
    }
    link.push('/');
    write!(link, "{}", utf8_percent_encode(segment, SEGMENT)).expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_back_to_its_words_and_values() {
        let table: [(&[Piece<'_>], &str); 9] = [
            (&[], "/"),
            (&[Piece::Word("users"), Piece::Value(&7)], "/users/7"),
            (&[Piece::Word("users"), Piece::Value(&"")], "/users/"),
            (&[Piece::Value(&"a/b c?d#e%f")], "/a%2Fb%20c%3Fd%23e%25f"),
            (&[Piece::Word("caf\u{e9}"), Piece::Value(&"\"<>\\\r\n")], "/caf%C3%A9/%22%3C%3E%5C%0D%0A"),
            (&[Piece::Word("a-b_c.d~e")], "/a-b_c.d~e"),
            (&[Piece::Word("static"), Piece::Rest(&["a", "b c", ""])], "/static/a/b%20c/"),
            (&[Piece::Word("static"), Piece::Rest(&[])], "/static"),
            (&[Piece::Rest(&["", "", "evil.example"])], "/evil.example"),
        ];
        for (pieces, expected) in table {
            assert_eq!(link(pieces), expected, "{pieces:?}");
        }
    }
}
