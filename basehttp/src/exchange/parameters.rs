//! Parameters of a method that come from text: a segment of the path, the query, a field, a cookie.
//!
//! [`Texts`] are the texts of one name. Its methods say how many the parameter takes, and of what type.
//!
//! | source          | failure                                       |
//! |-----------------|-----------------------------------------------|
//! | segment         | 404: it names no resource                     |
//! | all others      | 400 with a message that names the parameter   |
//!
//! Fields and cookies are the server's own parse, since `ex.headers` may be of any type. The query is decoded strictly.
//! [`Query`](super::Query), which handlers read, is not strict.

use std::borrow::Cow;
use std::str::{FromStr, Utf8Error};

use percent_encoding::percent_decode_str;

use super::Exchange;
use super::cookie::cookie_values;
use super::error::HTTPError;
use super::query::decode_strictly;
use crate::proto::Field;

/// The types that a parameter of a `do_*` method can have: all that implement [`FromStr`].
///
/// The text is percent-decoded. A text that does not parse gets the client a 404 for a segment of the path, and a 400
/// for other sources. An empty text counts as missing, except for `&str` and `String`.
///
/// Numbers parse as [`str::parse`] does, from every source: a `u64` takes `007` and `+7`, and refuses `-0` and a space
/// beside the digits. In a query a `+` is a space, and `+7` is written `%2B7` there. The spaces around a field's value
/// are not a part of it (RFC 9110, section 5.5).
///
/// So several paths can mean one resource. If that matters, give the parameter a type of your own:
///
/// ```
/// use basehttp::http_handler;
///
/// /// A number as it is usually written: `7`, but not `007` and `+7`.
/// struct Id(u64);
///
/// impl std::str::FromStr for Id {
///     type Err = &'static str;
///
///     fn from_str(text: &str) -> Result<Self, Self::Err> {
///         let number: u64 = text.parse().map_err(|_| "not a number")?;
///         if number.to_string() == text { Ok(Id(number)) } else { Err("not the usual spelling") }
///     }
/// }
///
/// struct Users;
///
/// #[http_handler]
/// impl Users {
///     #[path("/users/{id}")]
///     fn do_GET_user(&self, id: Id) -> String {
///         format!("user {}", id.0)
///     }
/// }
/// # let reply = |path| basehttp::testing::respond(&Users, format!("GET {path} HTTP/1.0\r\n\r\n"));
/// # assert!(reply("/users/7").ends_with(b"user 7"));
/// # assert!(reply("/users/007").starts_with(b"HTTP/1.0 404 "));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from the text of a parameter",
    label = "`{Self}` does not implement `FromStr`",
    note = "a parameter is a type with `FromStr`, such as `u64`, `bool`, `String` or `IpAddr`, or a `&str`",
    note = "`Option<…>`, `Vec<…>` and `Result<…, E>` around it are seen where they are written out, not behind a `type`"
)]
pub trait FromText: FromStr {}

#[diagnostic::do_not_recommend]
impl<T: FromStr> FromText for T {}

/// The texts of one parameter, not looked at yet.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'c> {
    name: &'static str,
    source: Source<'c>,
}

#[derive(Clone, Copy, Debug)]
enum Source<'c> {
    Segment(&'c str),
    Query(&'c str),
    Field(&'c [Field<'c>]),
    Cookie(&'c [Field<'c>]),
}

/// Names the parameter of a path. Its text is not empty.
pub fn path<'c>(name: &'static str, segment: &'c str) -> Texts<'c> {
    Texts { name, source: Source::Segment(segment) }
}

/// Names a parameter of the query.
pub fn query<'c, M>(name: &'static str, ex: &Exchange<'c, M>) -> Texts<'c> {
    Texts { name, source: Source::Query(ex.query().as_str()) }
}

/// Names a field of the request. Each of its lines is a text.
pub fn header<'c, M>(name: &'static str, ex: &Exchange<'c, M>) -> Texts<'c> {
    Texts { name, source: Source::Field(ex.fields) }
}

/// Names a cookie of the request.
pub fn cookie<'c, M>(name: &'static str, ex: &Exchange<'c, M>) -> Texts<'c> {
    Texts { name, source: Source::Cookie(ex.fields) }
}

impl<'c> Texts<'c> {
    /// Makes the parameter from its one text.
    pub fn one<T: FromText>(self) -> Result<T, HTTPError> {
        self.parse(&self.given()?.ok_or_else(|| self.missing())?)
    }

    /// Makes the parameter, which may be missing.
    pub fn optional<T: FromText>(self) -> Result<Option<T>, HTTPError> {
        self.given()?.map(|text| self.parse(&text)).transpose()
    }

    /// Makes the parameter, which may come any number of times.
    pub fn many<T: FromText>(self) -> Result<Vec<T>, HTTPError> {
        self.values().filter(is_given).map(|text| self.parse(&self.utf8(text)?)).collect()
    }

    /// Returns the one text, which may be empty.
    pub fn one_str(self) -> Result<Cow<'c, str>, HTTPError> {
        self.optional_str()?.ok_or_else(|| self.missing())
    }

    /// Returns the text, which may be empty or missing.
    pub fn optional_str(self) -> Result<Option<Cow<'c, str>>, HTTPError> {
        self.single(self.values())
    }

    /// Returns all texts, which may be empty.
    pub fn many_strs(self) -> Result<Vec<Cow<'c, str>>, HTTPError> {
        self.values().map(|text| self.utf8(text)).collect()
    }

    /// Works like [`one_str`](Self::one_str).
    pub fn one_string(self) -> Result<String, HTTPError> {
        self.one_str().map(Cow::into_owned)
    }

    /// Works like [`optional_str`](Self::optional_str).
    pub fn optional_string(self) -> Result<Option<String>, HTTPError> {
        Ok(self.optional_str()?.map(Cow::into_owned))
    }

    /// Works like [`many_strs`](Self::many_strs).
    pub fn many_strings(self) -> Result<Vec<String>, HTTPError> {
        self.values().map(|text| self.utf8(text).map(Cow::into_owned)).collect()
    }

    /// Returns the only text that is not empty, if there is any.
    fn given(self) -> Result<Option<Cow<'c, str>>, HTTPError> {
        self.single(self.values().filter(is_given))
    }

    /// Returns the only one of these texts, if there is any.
    fn single(self, mut texts: impl Iterator<Item = Text<'c>>) -> Result<Option<Cow<'c, str>>, HTTPError> {
        let Some(first) = texts.next() else { return Ok(None) };
        if texts.next().is_some() {
            return Err(self.failure("is there more than once"));
        }
        self.utf8(first).map(Some)
    }

    /// The texts of this name, in order. All of them together cost one pass over the source.
    fn values(self) -> impl Iterator<Item = Text<'c>> {
        let (mut segment, mut pairs, mut lines, mut jars) = (None, "", &[][..], &[][..]);
        match self.source {
            Source::Segment(text) => segment = Some(Ok(Cow::Borrowed(text))),
            Source::Query(query) => pairs = query,
            Source::Field(fields) => lines = fields,
            Source::Cookie(fields) => jars = fields,
        }
        let others = in_query(pairs, self.name).chain(in_fields(lines, self.name)).chain(in_cookies(jars, self.name));
        segment.into_iter().chain(others)
    }

    fn utf8(self, text: Text<'c>) -> Result<Cow<'c, str>, HTTPError> {
        text.map_err(|_| self.failure("is not UTF-8"))
    }

    fn parse<T: FromText>(self, text: &str) -> Result<T, HTTPError> {
        text.parse().map_err(|_| self.failure("cannot be read"))
    }

    #[cold]
    fn missing(self) -> HTTPError {
        self.failure("is missing")
    }

    #[cold]
    fn failure(self, what: &str) -> HTTPError {
        let kind = match self.source {
            Source::Segment(_) => return HTTPError::from(404),
            Source::Query(_) => "query parameter",
            Source::Field(_) => "field",
            Source::Cookie(_) => "cookie",
        };
        HTTPError::new(400, format!("the {kind} {} {what}", self.name))
    }
}

/// A text, decoded.
type Text<'c> = Result<Cow<'c, str>, Utf8Error>;

fn is_given(text: &Text<'_>) -> bool {
    text.as_ref().is_ok_and(|text| !text.is_empty()) || text.is_err()
}

fn in_query<'c>(query: &'c str, name: &'static str) -> impl Iterator<Item = Text<'c>> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(move |(key, _)| is_key(key, name)).map(|(_, value)| decode_strictly(value))
}

/// Returns whether a key of a query means that name. Most keys are written as they are.
fn is_key(key: &str, name: &str) -> bool {
    key == name
        || key.len() <= name.len() * 3
            && key.contains(['%', '+'])
            && percent_decode_str(&key.replace('+', " ")).eq(name.bytes())
}

fn in_fields<'c>(fields: &'c [Field<'c>], name: &'static str) -> impl Iterator<Item = Text<'c>> {
    let named = fields.iter().filter(move |field| field.name().eq_ignore_ascii_case(name));
    named.map(|field| str::from_utf8(field.value()).map(Cow::Borrowed))
}

fn in_cookies<'c>(fields: &'c [Field<'c>], name: &'static str) -> impl Iterator<Item = Text<'c>> {
    cookie_values(fields, name).map(|value| str::from_utf8(value).map(Cow::Borrowed))
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn of_query(query: &str) -> Texts<'_> {
        Texts { name: "page", source: Source::Query(query) }
    }

    fn said<T: Debug>(result: Result<T, HTTPError>) -> String {
        match result {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("{} {}", error.code(), error.message().unwrap_or_default()),
        }
    }

    const MISSING: &str = "400 the query parameter page is missing";
    const TWICE: &str = "400 the query parameter page is there more than once";
    const UNREADABLE: &str = "400 the query parameter page cannot be read";
    const NOT_UTF8: &str = "400 the query parameter page is not UTF-8";

    #[test]
    fn a_number_is_read_from_its_one_text() {
        let table = [
            ("page=7", "7", "one value"),
            ("x=1&page=7&pages=2", "7", "among others"),
            ("p%61ge=%37", "7", "percent-encoded"),
            ("page=%2B7", "7", "as `str::parse` reads it"),
            ("page=007", "7", "the same"),
            ("", MISSING, "no query"),
            ("Page=7", MISSING, "names have a case"),
            ("page", MISSING, "no value"),
            ("page=", MISSING, "an empty value"),
            ("page=&page=7", "7", "an empty value is none"),
            ("page=7&page=7", TWICE, "even the same value"),
            ("page=+7", UNREADABLE, "a plus is a space"),
            ("page=-1", UNREADABLE, "not in the type"),
            ("page=99999999999999999999999999", UNREADABLE, "too large"),
            ("page=%ff", NOT_UTF8, "a byte that is not UTF-8"),
            ("page=%C3%28+", NOT_UTF8, "with a space"),
        ];
        for (query, expected, why) in table {
            assert_eq!(said(of_query(query).one::<u64>()), expected, "{why}: {query}");
        }
    }

    #[test]
    fn a_parameter_may_be_missing_or_come_several_times() {
        let optional = |query| said(of_query(query).optional::<u8>());
        assert_eq!(["", "page=", "page=7"].map(optional), ["None", "None", "Some(7)"]);
        assert_eq!(["page=1&page=2", "page=x", "page=256"].map(optional), [TWICE, UNREADABLE, UNREADABLE]);
        let many = |query| said(of_query(query).many::<u8>());
        assert_eq!(["", "page=7", "page=1&page=&x=3&page=2"].map(many), ["[]", "[7]", "[1, 2]"]);
        assert_eq!(["page=1&page=x", "page=1&page=%ff"].map(many), [UNREADABLE, NOT_UTF8]);
    }

    #[test]
    fn an_empty_value_is_a_text() {
        let one = |query| said(of_query(query).one_str());
        assert_eq!(["page=", "page", "page=a+b%20c%2B"].map(one), [r#""""#, r#""""#, r#""a b c+""#]);
        assert_eq!(["", "page=&page=", "page=%ff"].map(one), [MISSING, TWICE, NOT_UTF8]);
        assert_eq!(said(of_query("page=").one_string()), r#""""#);
        assert_eq!(said(of_query("").optional_string()), "None");
        assert_eq!(said(of_query("page=").optional_str()), r#"Some("")"#);
        assert_eq!(said(of_query("page=&page=x&page").many_strs()), r#"["", "x", ""]"#);
        assert_eq!(said(of_query("page=&page=x").many_strings()), r#"["", "x"]"#);
    }

    #[test]
    fn a_segment_that_cannot_be_read_names_no_resource() {
        assert_eq!(said(path("id", "7").one::<u64>()), "7");
        for segment in ["x", "-1", "18446744073709551616", " 7"] {
            assert_eq!(said(path("id", segment).one::<u64>()), "404 ", "{segment}");
        }
        assert_eq!(said(path("id", "x").one_str()), r#""x""#);
    }

    #[test]
    fn fields_and_cookies_are_found_by_name() {
        let fields = [
            Field::new("X-Count", b"7"),
            Field::new("Cookie", b"id=1; Theme=dark; id2=x; bad"),
            Field::new("cookie", b"lang=\"\"; caf=\xe9"),
            Field::new("X-Tag", b"a, b"),
            Field::new("x-tag", b""),
            Field::new("X-Tag", b"caf\xe9"),
        ];
        let header = |name| Texts { name, source: Source::Field(&fields) };
        let cookie = |name| Texts { name, source: Source::Cookie(&fields) };
        assert_eq!(said(header("x-COUNT").one::<u8>()), "7");
        assert_eq!(said(header("X-Other").one::<u8>()), "400 the field X-Other is missing");
        assert_eq!(said(header("X-Tag").one_str()), "400 the field X-Tag is there more than once");
        assert_eq!(said(header("X-Tag").many_strs()), "400 the field X-Tag is not UTF-8");
        assert_eq!(said(cookie("id").one::<u8>()), "1");
        assert_eq!(said(cookie("theme").optional_str()), "None", "names have a case");
        assert_eq!(said(cookie("lang").one_str()), r#""""#);
        assert_eq!(said(cookie("lang").one::<u8>()), "400 the cookie lang is missing");
        assert_eq!(said(cookie("caf").one_str()), "400 the cookie caf is not UTF-8");
        assert_eq!(said(cookie("bad").one_str()), "400 the cookie bad is missing");
    }

    #[test]
    fn a_megabyte_of_query_is_read_in_one_pass() {
        let repeated = "page=1&".repeat(150_000);
        assert_eq!(said(of_query(&repeated).one::<u8>()), TWICE);
        assert_eq!(of_query(&repeated).many::<u8>().unwrap().len(), 150_000);
        let spaces = format!("page={}", "+".repeat(1_000_000));
        assert_eq!(of_query(&spaces).one_str().unwrap().len(), 1_000_000);
        let keys = format!("{}=1", "%70+".repeat(250_000));
        assert_eq!(said(of_query(&keys).one::<u8>()), MISSING);
    }
}
