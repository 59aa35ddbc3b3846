//! The query of a request target, as forms encode it.

use std::borrow::Cow;
use std::fmt;
use std::str::Utf8Error;

use percent_encoding::percent_decode_str;

/// The decoded parameters behind the `?` of a request target. `+` is a space, and `%` sequences are bytes of UTF-8.
/// Other bytes become U+FFFD.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Search;
/// # #[http_handler] impl Search {
/// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///     let query = ex.query();
///     let places: Vec<_> = query.get_all("in").collect();
///     ex.send_text(200, format!("{} in {places:?}", query.get("q").unwrap_or_default()))
/// }
/// # }
/// # let reply = basehttp::testing::respond(&Search, b"GET /?q=a+b&in=x&in=y HTTP/1.0\r\n\r\n");
/// # assert!(reply.ends_with(b"\r\n\r\na b in [\"x\", \"y\"]"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Query<'c> {
    raw: &'c str,
}

impl<'c> Query<'c> {
    /// Reads a query without its `?`.
    ///
    /// The body of a form has the same syntax. This decodes it loosely, where
    /// [`read_form`](crate::Exchange::read_form) refuses what is malformed.
    ///
    /// ```
    /// # use basehttp::{Exchange, Query, http_handler};
    /// # struct Form;
    /// # #[http_handler] impl Form {
    /// fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
    ///     let body = ex.read_text(64 * 1024)?;
    ///     let name = Query::parse(&body).get("name").unwrap_or_default().into_owned();
    ///     Ok(ex.send_text(200, format!("hello {name}"))?)
    /// }
    /// # }
    /// # let request = "POST / HTTP/1.0\r\nContent-Length: 12\r\n\r\nname=Ada+%C3";
    /// # assert!(basehttp::testing::respond(&Form, request).ends_with("hello Ada \u{fffd}".as_bytes()));
    /// ```
    pub fn parse(raw: &'c str) -> Self {
        Query { raw }
    }

    /// Returns the value of the first parameter of that name.
    pub fn get(&self, name: &str) -> Option<Cow<'c, str>> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the values of all parameters of that name, in order.
    pub fn get_all<'n>(&self, name: &'n str) -> impl Iterator<Item = Cow<'c, str>> + use<'c, 'n> {
        self.iter().filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// Returns the names and values of all parameters, in order.
    pub fn iter(&self) -> QueryIter<'c> {
        QueryIter(form_urlencoded::parse(self.raw.as_bytes()))
    }

    /// The query as sent, without its `?`.
    pub fn as_str(&self) -> &'c str {
        self.raw
    }
}

/// Names and values of parameters in order, made by [`Query::iter`].
#[derive(Clone)]
pub struct QueryIter<'c>(form_urlencoded::Parse<'c>);

impl<'c> Iterator for QueryIter<'c> {
    type Item = (Cow<'c, str>, Cow<'c, str>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// Decodes a name or a value strictly. `+` is a space. A `%` that begins no triplet stays, since clients send `100%`.
pub(super) fn decode_strictly(text: &str) -> Result<Cow<'_, str>, Utf8Error> {
    if !text.contains('+') {
        return percent_decode_str(text).decode_utf8();
    }
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(|text| Cow::Owned(text.into_owned()))
}

impl fmt::Debug for QueryIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'c> IntoIterator for Query<'c> {
    type Item = (Cow<'c, str>, Cow<'c, str>);
    type IntoIter = QueryIter<'c>;

    fn into_iter(self) -> QueryIter<'c> {
        self.iter()
    }
}

impl<'c> IntoIterator for &Query<'c> {
    type Item = (Cow<'c, str>, Cow<'c, str>);
    type IntoIter = QueryIter<'c>;

    fn into_iter(self) -> QueryIter<'c> {
        self.iter()
    }
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
