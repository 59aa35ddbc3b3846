//! JSON: bodies of requests as types with serde's `Deserialize`, and values with `Serialize` as responses.
//!
//! | body                                          | response                                     |
//! |-----------------------------------------------|----------------------------------------------|
//! | another media type, or none                   | 415                                          |
//! | a content coding, such as gzip                | 415                                          |
//! | longer than the handler allows                | 413                                          |
//! | not UTF-8, or not one JSON text               | 400                                          |
//! | JSON that does not fit the type               | 422, which names the field                   |
//!
//! RFC 8259. `misfit` words the 422. Parameters of methods are in `body_parameters`.

use std::io;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Deserializer;

use super::Exchange;
use super::error::HTTPError;
use super::misfit::misfit;
use super::status::IntoStatus;

/// A value that is sent as JSON: a body of the media type `application/json`. Needs the feature `json`.
///
/// The method's thread writes the JSON before anything is sent. A value that cannot be serialised gets the client a
/// 500, such as a map whose keys are no texts. Numbers that are not finite are sent as `null`.
///
/// ```
/// use basehttp::{Exchange, Json, http_handler};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct User {
///     name: &'static str,
///     age: u8,
/// }
///
/// struct Users;
///
/// #[http_handler]
/// impl Users {
///     fn do_GET(&self, _: &mut Exchange) -> Json<User> {
///         Json(User { name: "Ada", age: 36 })
///     }
/// }
/// # let reply = String::from_utf8(basehttp::testing::respond(&Users, "GET / HTTP/1.0\r\n\r\n")).unwrap();
/// # assert!(reply.contains("\r\nContent-Type: application/json\r\n"), "{reply}");
/// # assert!(reply.ends_with("\r\n\r\n{\"name\":\"Ada\",\"age\":36}"), "{reply}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

pub(super) const JSON: &str = "application/json";

impl<M> Exchange<'_, M> {
    /// Reads a JSON body of at most `max` bytes as a type with serde's `Deserialize`. Blocks as [`rfile`](Self::rfile)
    /// does. Needs the feature `json`.
    ///
    /// The body has the media type `application/json`, or one that ends in `+json`. It is read whole before it is
    /// parsed. Types that borrow from the body are parameters of a method: `#[json] user: User<'_>`.
    ///
    /// # Errors
    /// Returned with `?`, the error becomes a 415 (Unsupported Media Type) for another media type or a body with a
    /// `Content-Encoding`, a 413 (Content Too Large) for a longer body, a 400 for a body that is incomplete or not
    /// JSON, and a 422 (Unprocessable Content) for JSON that does not fit the type. The 422 names the field.
    ///
    /// ```
    /// use basehttp::{Exchange, http_handler};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct User {
    ///     name: String,
    ///     age: u8,
    /// }
    ///
    /// struct Users;
    ///
    /// #[http_handler]
    /// impl Users {
    ///     fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result<String> {
    ///         let user: User = ex.read_json(64 * 1024)?;
    ///         Ok(format!("{} is {}", user.name, user.age))
    ///     }
    /// }
    /// # let reply = |body: &str| {
    /// #     let head = "POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length";
    /// #     let request = format!("{head}: {}\r\n\r\n{body}", body.len());
    /// #     String::from_utf8(basehttp::testing::respond(&Users, request)).unwrap()
    /// # };
    /// # assert!(reply("{\"name\": \"Ada\", \"age\": 36}").ends_with("\r\n\r\nAda is 36"));
    /// # assert!(reply("{\"name\": \"Ada\", \"age\": 360}").starts_with("HTTP/1.0 422 "));
    /// ```
    pub fn read_json<T: DeserializeOwned>(&mut self, max: usize) -> io::Result<T> {
        Ok(from_json(&self.read_json_text(max)?)?)
    }

    /// Sends a whole response of the media type `application/json`. Needs the feature `json`.
    ///
    /// The JSON is written before anything is sent. Numbers that are not finite are sent as `null`. A method can return
    /// [`Json`] instead.
    ///
    /// # Errors
    /// The value cannot be serialised, such as a map whose keys are no texts. Nothing is sent then, and the error,
    /// returned with `?`, becomes a 500. Other errors are those of [`send_bytes`](Self::send_bytes).
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Primes;
    /// # #[http_handler] impl Primes {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.send_json(200, &[2, 3, 5, 7])
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&Primes, "GET / HTTP/1.0\r\n\r\n").ends_with(b"\r\n\r\n[2,3,5,7]"));
    /// ```
    pub fn send_json<'s, T: Serialize + ?Sized>(&self, status: impl IntoStatus<'s>, value: &T) -> io::Result<()> {
        self.send_bytes(status, JSON, serde_json::to_vec(value)?)
    }
}

impl<T: Serialize> Json<T> {
    /// Writes the body. The error, if there is one, is not the client's.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.0)?)
    }
}

/// Reads the one value of a JSON text, which may borrow from it.
pub(crate) fn from_json<'b, T: Deserialize<'b>>(text: &'b str) -> Result<T, HTTPError> {
    let mut deserializer = Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // serde stops where the type does not fit, so the rest may be no JSON at all.
        let unreadable = if error.inner().is_data() { unreadable(text) } else { None };
        match unreadable {
            Some(error) => malformed(&error),
            None if error.inner().is_data() => misfit(error.path(), &without_place(error.inner())),
            None => malformed(error.inner()),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Looks for a mistake in the JSON, whatever its values are.
fn unreadable(text: &str) -> Option<serde_json::Error> {
    let mut deserializer = Deserializer::from_str(text);
    IgnoredAny::deserialize(&mut deserializer).and_then(|_| deserializer.end()).err()
}

fn malformed(error: &serde_json::Error) -> HTTPError {
    HTTPError::from(400).with_explain(format!("the body is not valid JSON: {error}"))
}

/// serde's message without its end ` at line 1 column 7`, since the path says where.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct User<'b> {
        name: &'b str,
        age: u8,
        #[serde(default, borrow)]
        tags: Vec<Cow<'b, str>>,
    }

    fn said<'b, T: Deserialize<'b> + std::fmt::Debug>(text: &'b str) -> String {
        match from_json::<T>(text) {
            Ok(value) => format!("{value:?}"),
            Err(error) => format!("{} {}", error.code(), error.explain().unwrap_or_default()),
        }
    }

    #[test]
    fn a_value_is_read_or_refused() {
        let table = [
            (r#" {"age":36,"name":"Ada","more":[{}]} "#, r#"User { name: "Ada", age: 36, tags: [] }"#),
            (r#"["Ada",36,["a","\u00e9"]]"#, r#"User { name: "Ada", age: 36, tags: ["a", "é"] }"#),
            ("", "400 the body is not valid JSON: EOF while parsing a value at line 1 column 0"),
            ("{", "400 the body is not valid JSON: EOF while parsing an object at line 1 column 1"),
            (r#"{"name":"Ada","age":NaN}"#, "400 the body is not valid JSON: expected value at line 1 column 21"),
            (r#"{"name":"Ada","age":36} x"#, "400 the body is not valid JSON: trailing characters at line 1 column 25"),
            (r#"{"name":1,"age":36}"#, "422 name: invalid type: integer `1`, expected a string without escapes"),
            (
                r#"{"name":1,"age":36"#,
                "400 the body is not valid JSON: EOF while parsing an object at line 1 column 18",
            ),
            (r#"{"name":"Ada"}"#, "422 missing field `age`"),
            (r#"{"name":"Ada","age":300}"#, "422 age: invalid value: integer `300`, expected an integer from 0 to 255"),
            (r#"{"name":"Ada","age":1,"age":2}"#, "422 duplicate field `age`"),
            (r#"{"name":"Ada","age":1,"tags":["a",2]}"#, "422 tags[1]: invalid type: integer `2`, expected a string"),
            ("7", "422 invalid type: integer `7`, expected an object"),
        ];
        for (text, expected) in table {
            assert_eq!(said::<User<'_>>(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let expected = "400 the body is not valid JSON: recursion limit exceeded at line 1 column 128";
        assert_eq!(said::<Value>(&deep), expected);
        let in_an_object = format!(r#"{{"name":"Ada","age":1,"more":{deep}}}"#);
        assert_eq!(said::<User<'_>>(&in_an_object), r#"User { name: "Ada", age: 1, tags: [] }"#, "skipped, not nested");
        assert_eq!(said::<BTreeMap<String, u8>>(&deep), "422 invalid type: sequence, expected a map");
    }
}
