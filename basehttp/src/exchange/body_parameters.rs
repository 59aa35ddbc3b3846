//! Parameters of a method that are made from the body of the request: `#[body]`, `#[json]`, `#[form]`.
//!
//! The body is read first and kept by the caller, so that a parameter may borrow from it.
//!
//! | source    | read by          | made by     | types                                                       |
//! |-----------|------------------|-------------|-------------------------------------------------------------|
//! | `#[body]` | [`body_bytes`]   | [`of_body`] | `Vec<u8>`, `String`, `&[u8]`, `&str`                        |
//! | `#[json]` | [`json_text`]    | [`of_json`] | types with serde's `Deserialize`                            |
//! | `#[form]` | [`form_fields`]  | [`of_form`] | `Form`, and with the feature `json` those of `#[json]`      |

use std::mem::take;
use std::{io, str};

use super::Exchange;
use super::convenience::not_utf8;
use super::error::{HTTPError, Result};
use super::form::Form;
#[cfg(feature = "json")]
use super::form_values::from_fields;
#[cfg(feature = "json")]
use super::json::from_json;
use crate::proto::{ContentType, Field, list_members};

/// Largest body that is read before the handler is called: 64 KiB. Parameters take no more unless they say so, so that
/// slow clients hold no thread.
pub const MAX_BODY_AHEAD: usize = 64 * 1024;

/// Reads the body for [`of_body`].
pub fn body_bytes<M>(ex: &mut Exchange<'_, M>, max: usize) -> Result<Vec<u8>> {
    Ok(ex.read_body(max)?)
}

/// Reads the body for [`of_json`].
pub fn json_text<M>(ex: &mut Exchange<'_, M>, max: usize) -> Result<String> {
    Ok(ex.read_json_text(max)?)
}

/// Reads the body for [`of_form`].
pub fn form_fields<M>(ex: &mut Exchange<'_, M>, max: usize) -> Result<Form> {
    Ok(ex.read_form(max)?)
}

/// Makes a parameter from the bytes of the body.
pub fn of_body<'b, T: FromBody<'b>>(bytes: &'b mut Vec<u8>) -> Result<T> {
    T::from_body(bytes)
}

/// Makes a parameter from a JSON body.
pub fn of_json<'b, T: FromJson<'b>>(text: &'b mut String) -> Result<T> {
    T::from_json(text)
}

/// Makes a parameter from a form.
pub fn of_form<'b, T: FromForm<'b>>(form: &'b mut Form) -> Result<T> {
    T::from_form(form)
}

/// The types of a parameter with `#[body]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from the bytes of a body",
    label = "not a type for `#[body]`",
    note = "write `Vec<u8>`, `&[u8]`, or for a body that is UTF-8 `String` or `&str`",
    note = "`#[json]` and `#[form]` make other types"
)]
pub trait FromBody<'b>: Sized {
    /// Takes the bytes, or borrows from them.
    fn from_body(bytes: &'b mut Vec<u8>) -> Result<Self>;
}

/// The types of a parameter with `#[json]`.
#[cfg_attr(
    feature = "json",
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be made from JSON",
        label = "`{Self}` does not implement serde's `Deserialize`",
        note = "write `#[derive(serde::Deserialize)]` above the type"
    )
)]
#[cfg_attr(
    not(feature = "json"),
    diagnostic::on_unimplemented(
        message = "`#[json]` needs the feature `json` of basehttp",
        label = "the feature is off",
        note = "write `features = [\"json\"]` beside the version of `basehttp` in Cargo.toml"
    )
)]
pub trait FromJson<'b>: Sized {
    /// Reads the text, which the value may borrow from.
    fn from_json(text: &'b mut String) -> Result<Self>;
}

/// The types of a parameter with `#[form]`.
#[cfg_attr(
    feature = "json",
    diagnostic::on_unimplemented(
        message = "`{Self}` cannot be made from a form",
        label = "`{Self}` is not `Form` and does not implement serde's `Deserialize`",
        note = "write `#[derive(serde::Deserialize)]` above the type, or take a `basehttp::Form`"
    )
)]
#[cfg_attr(
    not(feature = "json"),
    diagnostic::on_unimplemented(
        message = "`#[form]` for types other than `Form` needs the feature `json` of basehttp",
        label = "the feature is off",
        note = "write `features = [\"json\"]` beside the version of `basehttp` in Cargo.toml, or take a `basehttp::Form`"
    )
)]
pub trait FromForm<'b>: Sized {
    /// Takes the form, or makes the value from its fields.
    fn from_form(form: &'b mut Form) -> Result<Self>;
}

impl FromBody<'_> for Vec<u8> {
    fn from_body(bytes: &mut Vec<u8>) -> Result<Self> {
        Ok(take(bytes))
    }
}

impl<'b> FromBody<'b> for &'b [u8] {
    fn from_body(bytes: &'b mut Vec<u8>) -> Result<Self> {
        Ok(bytes)
    }
}

impl FromBody<'_> for String {
    fn from_body(bytes: &mut Vec<u8>) -> Result<Self> {
        String::from_utf8(take(bytes)).map_err(|_| not_utf8().into())
    }
}

impl<'b> FromBody<'b> for &'b str {
    fn from_body(bytes: &'b mut Vec<u8>) -> Result<Self> {
        str::from_utf8(bytes).map_err(|_| not_utf8().into())
    }
}

#[cfg(feature = "json")]
#[diagnostic::do_not_recommend]
impl<'b, T: serde::Deserialize<'b>> FromJson<'b> for T {
    fn from_json(text: &'b mut String) -> Result<Self> {
        Ok(from_json(text)?)
    }
}

impl FromForm<'_> for Form {
    fn from_form(form: &mut Form) -> Result<Self> {
        Ok(take(form))
    }
}

#[cfg(feature = "json")]
#[diagnostic::do_not_recommend]
impl<'b, T: serde::Deserialize<'b>> FromForm<'b> for T {
    fn from_form(form: &'b mut Form) -> Result<Self> {
        Ok(from_fields(form)?)
    }
}

const JSON: &str = "application/json";

impl<M> Exchange<'_, M> {
    /// Reads the text of a JSON body. Returns a 415 for another media type, and for a body with a content coding.
    pub(super) fn read_json_text(&mut self, max: usize) -> io::Result<String> {
        if !self.media_type().is_some_and(is_json) {
            return Err(HTTPError::unsupported_media_type(JSON).into());
        }
        self.refuse_content_coding()?;
        self.read_text(max)
    }

    /// Returns the media type of the request's body, from the server's own parse.
    pub(super) fn media_type(&self) -> Option<ContentType<'_>> {
        let field = self.fields_named("content-type").next();
        field.and_then(|field| str::from_utf8(field.value()).ok()).and_then(ContentType::parse)
    }

    /// Returns a 415 for a body with a content coding, such as `gzip`, for readers that look into the body. RFC 9110,
    /// sections 8.4 and 12.5.3.
    pub(super) fn refuse_content_coding(&self) -> Result<(), HTTPError> {
        let mut codings = self.fields_named("content-encoding").flat_map(|field| list_members(field.value()));
        let is_plain = codings.all(|coding| coding.eq_ignore_ascii_case(b"identity"));
        if is_plain { Ok(()) } else { Err(HTTPError::unsupported_content_coding()) }
    }

    /// Returns the fields of this name, from the server's own parse.
    pub(super) fn fields_named(&self, name: &str) -> impl Iterator<Item = &Field<'_>> {
        self.fields.iter().filter(move |field| field.name().eq_ignore_ascii_case(name))
    }
}

/// Returns whether the media type is JSON, or a format that is written in JSON (RFC 6839, section 3.1).
fn is_json(media_type: ContentType<'_>) -> bool {
    media_type.is(JSON) || media_type.essence().ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_of_json_are_known() {
        let table = [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("model/gltf+JSON", true),
            ("text/json", false),
            ("application/jsonp", false),
            ("application/json-seq", false),
            ("text/plain", false),
        ];
        for (text, expected) in table {
            assert_eq!(ContentType::parse(text).map(is_json), Some(expected), "{text}");
        }
    }

    #[test]
    fn bytes_are_taken_or_borrowed() {
        let read = |bytes: &[u8]| {
            let [mut first, mut second, mut third, mut fourth] = [bytes; 4].map(<[u8]>::to_vec);
            let whole: Vec<u8> = of_body(&mut first).unwrap();
            let slice: &[u8] = of_body(&mut second).unwrap();
            assert_eq!((&*whole, slice), (bytes, bytes));
            let text: Result<String> = of_body(&mut third);
            let borrowed: Result<&str> = of_body(&mut fourth);
            assert_eq!(text.as_deref().ok(), borrowed.as_deref().ok());
            text.map_err(|error| error.http_error().unwrap().code())
        };
        assert_eq!(read("caf\u{e9}".as_bytes()), Ok("caf\u{e9}".to_owned()));
        assert_eq!(read(b""), Ok(String::new()));
        assert_eq!(read(b"caf\xe9"), Err(400));
    }

    #[test]
    fn a_form_is_taken_as_it_is() {
        let mut form = Form::parse("a=1&b=2").unwrap();
        let taken: Form = of_form(&mut form).unwrap();
        assert_eq!((taken.len(), form.len()), (2, 0));
    }
}
