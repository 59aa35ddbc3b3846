//! [`Form`]: the fields of a form that a client has posted, decoded strictly. `query` reads the same syntax loosely.
//!
//! | body                                        | response                    |
//! |---------------------------------------------|-----------------------------|
//! | another media type, or none                 | 415                         |
//! | a content coding, such as gzip              | 415                         |
//! | longer than the handler allows              | 413                         |
//! | more than 1000 fields                       | 413                         |
//! | a `%` without two digits, or not UTF-8      | 400                         |

use std::{io, slice, vec};

use super::Exchange;
use super::error::HTTPError;
use super::query::decode_strictly;

/// Most fields of a form: 1000. A field takes two bytes in the body and some fifty in memory, so that a client could
/// otherwise make a short body a large form.
const MAX_FIELDS: usize = 1000;

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

impl<M> Exchange<'_, M> {
    /// Reads a form of at most `max` bytes from the request's body. Blocks as [`rfile`](Self::rfile) does.
    ///
    /// The body has the media type `application/x-www-form-urlencoded`, as browsers send a form with `method="post"`. A
    /// form with files is `multipart/form-data`, which `read_multipart` reads (feature `multipart`).
    ///
    /// # Errors
    /// Returned with `?`, the error becomes a 415 (Unsupported Media Type) for another media type or a body with a
    /// `Content-Encoding`, a 413 (Content Too Large) for a longer body or for more than 1000 fields, and a 400 for a
    /// body that is malformed, incomplete or not UTF-8.
    ///
    /// ```
    /// use basehttp::{Exchange, OrError, http_handler};
    ///
    /// struct Guestbook;
    ///
    /// #[http_handler]
    /// impl Guestbook {
    ///     fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
    ///         let form = ex.read_form(64 * 1024)?;
    ///         let name = form.get("name").or_error((400, "who are you?"))?;
    ///         Ok(ex.send_text(200, format!("hello {name}"))?)
    ///     }
    /// }
    /// # let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length";
    /// # for (request, expected) in [
    /// #     (format!("POST / HTTP/1.0\r\n{form}: 13\r\n\r\nname=Ada+%26+"), "hello Ada & "),
    /// #     (format!("POST / HTTP/1.0\r\n{form}: 1\r\n\r\nx"), "who are you?"),
    /// # ] {
    /// #     let reply = String::from_utf8(basehttp::testing::respond(&Guestbook, request)).unwrap();
    /// #     assert!(reply.contains(expected), "{reply}");
    /// # }
    /// ```
    pub fn read_form(&mut self, max: usize) -> io::Result<Form> {
        if !self.media_type().is_some_and(|media_type| media_type.is(MEDIA_TYPE)) {
            return Err(HTTPError::unsupported_media_type(MEDIA_TYPE).into());
        }
        self.refuse_content_coding()?;
        let body = self.read_body(max)?;
        Ok(Form::parse(str::from_utf8(&body).map_err(|error| not_utf8().with_source(error))?)?)
    }
}

/// The fields of a form, decoded, in the order they came. [`Exchange::read_form`] reads one.
///
/// ```
/// # use basehttp::{Exchange, Form, http_handler};
/// # struct Order;
/// # #[http_handler] impl Order {
/// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
///     let form: Form = ex.read_form(64 * 1024)?;
///     let toppings: Vec<_> = form.get_all("topping").collect();
///     ex.send_text(200, format!("{} with {}", form.get("size").unwrap_or("medium"), toppings.join(" and ")))
/// }
/// # }
/// # let head = "POST / HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 35\r\n\r\n";
/// # let reply = basehttp::testing::respond(&Order, format!("{head}size=large&topping=a&topping=%C3%A9"));
/// # assert!(reply.ends_with("large with a and \u{e9}".as_bytes()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// Decodes the body of a form.
    pub(crate) fn parse(body: &str) -> Result<Self, HTTPError> {
        let pairs = || body.split('&').filter(|pair| !pair.is_empty());
        if pairs().nth(MAX_FIELDS).is_some() {
            return Err(HTTPError::from(413).with_explain(format!("a form may have at most {MAX_FIELDS} fields")));
        }
        let decoded = pairs().map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        Ok(Form { fields: decoded.collect::<Result<_, HTTPError>>()? })
    }

    /// Returns the value of the first field of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the values of all fields of that name, in order, such as those of several check boxes.
    pub fn get_all<'f, 'n>(&'f self, name: &'n str) -> impl Iterator<Item = &'f str> + use<'f, 'n> {
        self.iter().filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// Returns the names and values of all fields, in order.
    pub fn iter(&self) -> FormIter<'_> {
        FormIter(self.fields.iter())
    }

    /// Returns the number of fields. Fields of the same name count each.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Returns whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Names and values of a form's fields in order, made by [`Form::iter`].
#[derive(Clone, Debug)]
pub struct FormIter<'f>(slice::Iter<'f, (String, String)>);

impl<'f> Iterator for FormIter<'f> {
    type Item = (&'f str, &'f str);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (&**name, &**value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for FormIter<'_> {}

impl<'f> IntoIterator for &'f Form {
    type Item = (&'f str, &'f str);
    type IntoIter = FormIter<'f>;

    fn into_iter(self) -> FormIter<'f> {
        self.iter()
    }
}

impl IntoIterator for Form {
    type Item = (String, String);
    type IntoIter = vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.into_iter()
    }
}

/// Decodes a name or a value. `+` is a space.
fn decoded(text: &str) -> Result<String, HTTPError> {
    let mut triplets = text.split('%').skip(1);
    let is_triplet = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !triplets.all(is_triplet) {
        return Err(HTTPError::from(400).with_explain("a % in the form is not followed by two hexadecimal digits"));
    }
    Ok(decode_strictly(text).map_err(|error| not_utf8().with_source(error))?.into_owned())
}

fn not_utf8() -> HTTPError {
    HTTPError::from(400).with_explain("the form is not utf-8")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs = &'static [(&'static str, &'static str)];

    fn read(body: &str) -> Result<Vec<(String, String)>, u16> {
        Form::parse(body).map(|form| form.into_iter().collect()).map_err(|error| error.code())
    }

    #[test]
    fn a_form_is_decoded_strictly() {
        let table: [(&str, Pairs, &str); 8] = [
            ("", &[], "nothing"),
            ("a=1&b=2", &[("a", "1"), ("b", "2")], "as browsers send it"),
            ("&&a=1&", &[("a", "1")], "empty pairs"),
            ("a&=1&=", &[("a", ""), ("", "1"), ("", "")], "without a name or a value"),
            ("a=1=2&a=3", &[("a", "1=2"), ("a", "3")], "the first = ends the name"),
            ("a+b=c+d%2B%26%3D", &[("a b", "c d+&=")], "spaces and what is escaped"),
            ("caf%C3%A9=%e4%b8%ad", &[("caf\u{e9}", "\u{4e2d}")], "UTF-8"),
            ("caf\u{e9}=1", &[("caf\u{e9}", "1")], "UTF-8 that is not escaped"),
        ];
        for (body, expected, why) in table {
            let expected: Vec<_> = expected.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(read(body), Ok(expected), "{why}");
        }
        for body in ["a=%", "a=%4", "%zz=1", "a=%4\u{e9}", "a=%%41", "a=1&b=%", "a=%ff", "%c3=1", "a=%C3+%A9"] {
            assert_eq!(read(body), Err(400), "{body}");
        }
    }

    #[test]
    fn a_thousand_fields_are_read_and_one_more_is_refused() {
        assert_eq!(read(&"a&".repeat(MAX_FIELDS)).map(|fields| fields.len()), Ok(MAX_FIELDS));
        assert_eq!(read(&"a&".repeat(MAX_FIELDS + 1)), Err(413));
        assert_eq!(read(&"&".repeat(1_000_000)), Ok(Vec::new()));
    }

    #[test]
    fn fields_are_found_by_their_names() {
        let form = Form::parse("a=1&b=2&a=3").unwrap();
        assert_eq!((form.get("a"), form.get("c"), form.len(), form.is_empty()), (Some("1"), None, 3, false));
        assert_eq!(form.get_all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!((&form).into_iter().len(), 3);
        assert_eq!(form.iter().nth(1), Some(("b", "2")));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_found_again(fields in prop::collection::vec(("\\PC{1,5}", ".{0,8}"), 0..8)) {
            let mut body = form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(&fields);
            prop_assert_eq!(read(&body.finish()), Ok(fields));
        }

        #[test]
        fn no_body_makes_it_panic(body in "[%&=+a0\u{e9}-]{0,24}") {
            drop(read(&body));
        }
    }
}
