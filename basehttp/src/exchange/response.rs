//! The value that a method returns, as its response. [`IntoResponse`] says which types can be one, and [`Body`] which
//! bodies they can have.
//!
//! A [`Response`] owns all that it sends, so that a method may return borrows of itself and of the request.

use std::borrow::Cow;
use std::fs::File;

use super::Exchange;
use super::error::{HTTPError, HandlerError, IntoHandlerError, Result};
#[cfg(feature = "json")]
use super::json::{JSON, Json};
use super::payload::Payload;
use super::reply::misuse;

/// The types that a `do_*` method can return.
///
/// | type                               | response                                                                  |
/// |------------------------------------|---------------------------------------------------------------------------|
/// | `()`                               | the one that the method has sent                                          |
/// | `B`, a [`Body`]                    | 200 with this body                                                        |
/// | `u16`                              | this status, without a body                                               |
/// | `(u16, B)`                         | this status and body                                                      |
/// | `(u16, [(&str, String); N], B)`    | with these fields, too; a `Content-Type` replaces that of the body        |
/// | `Option<T>`                        | that of `T`, or a 404 page                                                |
/// | `Result<T, E>`                     | that of `T`, or what [`HandlerError`] says of the error                   |
///
/// A bare `404_u16` is a status without a page, and `send_error` is not called for it. For a page, return `None` or an
/// error: `Err(HTTPError::from(404))`.
///
/// Fields and cookies that the method gives with [`Exchange::send_header`] and [`Exchange::send_cookie`] go out with
/// the response that it returns. A `Content-Type` among them replaces that of the body, too. An error and `None` get
/// the cookies alone.
///
/// The response is sent as [`Exchange::send_bytes`] and [`Exchange::send_file`] send theirs. A status outside
/// 100..=999, a field that [`Exchange::send_header`] does not take, and a `Content-Length` that differs from the length
/// of the body become a 500. So does a method that has sent a response and returns one as well. If a part of the first
/// one is on its way to the client, the connection is cut.
///
/// ```
/// use basehttp::{Exchange, HTTPError, Html, http_handler};
///
/// struct Site;
///
/// #[http_handler]
/// impl Site {
///     fn do_GET(&self, ex: &mut Exchange) -> Option<Html<String>> {
///         let name = ex.query().get("name")?.into_owned();
///         Some(Html(format!("<p>Your name has {} letters", name.chars().count())))
///     }
///
///     fn do_POST(&self, _: &mut Exchange) -> (u16, [(&str, String); 1], &str) {
///         (201, [("Location", "/notes/7".into())], "made\n")
///     }
///
///     fn do_DELETE(&self, ex: &mut Exchange) -> Result<u16, HTTPError> {
///         if ex.path == "/" { Err(HTTPError::new(403, "not the root")) } else { Ok(204) }
///     }
/// }
/// # let reply = |request: &str| String::from_utf8(basehttp::testing::respond(&Site, request)).unwrap();
/// # assert!(reply("GET /?name=Ada HTTP/1.0\r\n\r\n").ends_with("<p>Your name has 3 letters"));
/// # assert!(reply("GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 404 "));
/// # assert!(reply("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n").contains("\r\nLocation: /notes/7\r\n"));
/// # assert!(reply("DELETE / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 403 not the root\r\n"));
/// # assert!(reply("DELETE /x HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 204 "));
/// ```
#[diagnostic::on_unimplemented(
    message = "a `do_*` method cannot return `{Self}`",
    label = "not a response",
    note = "return `()` if the method sends its response itself; or a body, such as `String`, `Vec<u8>`, `Html<…>`, \
            `Json<…>` or `File`; or a status (`u16`), `(u16, body)` or `(u16, [(&str, String); N], body)`; or an `Option` or a \
            `Result<_, E>` of these"
)]
pub trait IntoResponse: sealed::IntoResponse {
    /// Makes the response, which owns all that it sends.
    #[doc(hidden)]
    fn into_response(self) -> Response;
}

/// The types that can be the body of a response, with the media type that they are sent as.
///
/// | type                                                 | `Content-Type`               |
/// |------------------------------------------------------|------------------------------|
/// | `()`: no body                                        | none                         |
/// | `&str`, `String`, `Cow<str>`                         | `text/plain; charset=utf-8`  |
/// | `&[u8]`, `&[u8; N]`, `Vec<u8>`, [`Payload`]          | `application/octet-stream`   |
/// | [`File`], a regular one, from its first byte on      | `application/octet-stream`   |
/// | [`Html<B>`](Html)                                    | `text/html; charset=utf-8`   |
/// | `Json<T>`, with the feature `json`                   | `application/json`           |
///
/// A large body is sent after the method has returned, without a copy. Borrowed texts and bytes are copied once. Use a
/// [`Payload`] for large ones that are `'static`. (RFC 9110, section 8.3.)
///
/// ```
/// use basehttp::{Exchange, http_handler};
/// use std::fs::File;
///
/// struct Reports;
///
/// #[http_handler]
/// impl Reports {
///     fn do_GET(&self, _: &mut Exchange) -> std::io::Result<(u16, [(&str, String); 1], File)> {
///         Ok((200, [("Content-Type", "text/plain; charset=utf-8".into())], File::open("Cargo.toml")?))
///     }
/// }
/// # let reply = basehttp::testing::respond(&Reports, "GET / HTTP/1.0\r\n\r\n");
/// # assert!(String::from_utf8(reply).unwrap().contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the body of a response",
    label = "not a body",
    note = "a body is a text (`&str`, `String`, `Cow<str>`), bytes (`&[u8]`, `Vec<u8>`, `Payload`), a `File`, \
            `Html<…>`, `Json<…>`, or `()` for none"
)]
pub trait Body: sealed::Body {
    /// Makes the body, which owns its bytes. The error is the response.
    #[doc(hidden)]
    fn into_content(self) -> Result<BodyContent>;
}

/// A page: a body that is sent as `text/html; charset=utf-8`.
///
/// The text is sent as it is. Put a text that comes from a client through [`html_escape`](crate::html_escape) first.
///
/// ```
/// use basehttp::{Exchange, Html, http_handler};
///
/// struct Home;
///
/// #[http_handler]
/// impl Home {
///     fn do_GET(&self, _: &mut Exchange) -> Html<&str> {
///         Html("<!doctype html><title>Home</title><p>Welcome")
///     }
/// }
/// # let reply = basehttp::testing::respond(&Home, "GET / HTTP/1.0\r\n\r\n");
/// # assert!(String::from_utf8(reply).unwrap().contains("\r\nContent-Type: text/html; charset=utf-8\r\n"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Html<B>(pub B);

/// A response that a method has returned.
#[derive(Debug)]
pub struct Response(Answer);

#[derive(Debug)]
enum Answer {
    /// The method has sent it.
    Sent,
    /// The error is the response.
    Failed(HandlerError),
    /// `None`: a 404.
    Missing,
    Whole(Whole),
}

/// A whole response.
#[derive(Debug)]
struct Whole {
    code: u16,
    fields: Vec<(String, String)>,
    content: BodyContent,
}

/// A body, and its media type.
#[derive(Debug)]
pub struct BodyContent {
    media_type: &'static str,
    bytes: BodyBytes,
}

#[derive(Debug)]
enum BodyBytes {
    None,
    Memory(Payload),
    File(File),
}

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const HTML: &str = "text/html; charset=utf-8";

impl Response {
    /// Makes the response of a method whose parameters may fail to be made.
    #[inline]
    pub(crate) fn of(made: Result<Response>) -> Self {
        made.unwrap_or_else(|error| Response(Answer::Failed(error)))
    }

    /// Sends the response, unless the method has sent one. Always inlined, so that a method that returns `()` or
    /// `Result<()>` costs nothing more.
    #[allow(clippy::inline_always)] // The compiler takes the whole responses for too much.
    #[inline(always)]
    pub fn send<M>(self, ex: &mut Exchange<'_, M>) -> Result {
        match self.0 {
            Answer::Sent => Ok(()),
            Answer::Failed(error) => Err(error),
            Answer::Missing => ex.send_missing(),
            Answer::Whole(whole) => ex.send_whole(whole),
        }
    }

    fn whole(code: u16, fields: Vec<(String, String)>, body: impl Body) -> Self {
        Response(match body.into_content() {
            Ok(content) => Answer::Whole(Whole { code, fields, content }),
            Err(error) => Answer::Failed(error),
        })
    }
}

impl<M> Exchange<'_, M> {
    #[inline(never)]
    fn send_missing(&self) -> Result {
        self.check_nothing_sent()?;
        Err(HTTPError::from(404).into())
    }

    #[inline(never)]
    fn send_whole(&self, Whole { code, fields, content }: Whole) -> Result {
        self.check_nothing_sent()?;
        self.send_response(code);
        let is_given = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !is_given && !content.media_type.is_empty() {
            self.with_reply(|reply, out| reply.add_default_content_type(content.media_type, out));
        }
        for (name, value) in &fields {
            self.with_reply(|reply, out| reply.add_field(name, value, out));
        }
        match content.bytes {
            BodyBytes::None => self.end_headers()?,
            BodyBytes::Memory(payload) => self.send_body(payload)?,
            BodyBytes::File(file) => self.send_file(file, ..)?,
        }
        Ok(())
    }

    /// Checks that the method has not sent a response itself.
    fn check_nothing_sent(&self) -> Result {
        let io = self.io.borrow();
        if io.is_taken() || !io.reply.is_unsent() { Err(sent_and_returned()) } else { Ok(()) }
    }
}

#[cold]
fn sent_and_returned() -> HandlerError {
    misuse("the method has sent a response, and returned one as well: do one of them").into()
}

mod sealed {
    /// Keeps [`IntoResponse`](super::IntoResponse) to the types of this module.
    pub trait IntoResponse {}

    /// Keeps [`Body`](super::Body) to the types of this module.
    pub trait Body {}
}

impl sealed::IntoResponse for () {}

impl IntoResponse for () {
    #[inline]
    fn into_response(self) -> Response {
        Response(Answer::Sent)
    }
}

impl sealed::IntoResponse for u16 {}

impl IntoResponse for u16 {
    fn into_response(self) -> Response {
        Response::whole(self, Vec::new(), ())
    }
}

impl<T: IntoResponse> sealed::IntoResponse for Option<T> {}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response {
        self.map_or(Response(Answer::Missing), T::into_response)
    }
}

impl<T: IntoResponse, E: IntoHandlerError> sealed::IntoResponse for std::result::Result<T, E> {}

impl<T: IntoResponse, E: IntoHandlerError> IntoResponse for std::result::Result<T, E> {
    #[inline]
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => Response(Answer::Failed(error.into())),
        }
    }
}

impl<B: Body> sealed::IntoResponse for (u16, B) {}

impl<B: Body> IntoResponse for (u16, B) {
    fn into_response(self) -> Response {
        Response::whole(self.0, Vec::new(), self.1)
    }
}

impl<B: Body, const N: usize> sealed::IntoResponse for (u16, [(&str, String); N], B) {}

impl<B: Body, const N: usize> IntoResponse for (u16, [(&str, String); N], B) {
    fn into_response(self) -> Response {
        let fields = self.1.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Response::whole(self.0, fields, self.2)
    }
}

// Input:
//     [] String, TEXT, |text| BodyBytes::Memory(text.into());
// Output:
//     impl Body for String { .. }
//     impl IntoResponse for String { .. }
//
// One impl for each type, since for a blanket over `Body` the compiler would not name the type inside an `Option`.
macro_rules! bodies {
    ($([$($generics:tt)*] $type:ty, $media_type:expr, |$body:ident| $bytes:expr;)*) => {
        $(
            impl<$($generics)*> sealed::Body for $type {}

            impl<$($generics)*> Body for $type {
                fn into_content(self) -> Result<BodyContent> {
                    let $body = self;
                    Ok(BodyContent { media_type: $media_type, bytes: $bytes })
                }
            }

            impl<$($generics)*> sealed::IntoResponse for $type {}

            impl<$($generics)*> IntoResponse for $type {
                fn into_response(self) -> Response {
                    Response::whole(200, Vec::new(), self)
                }
            }
        )*
    };
}

bodies! {
    [] &str, TEXT, |text| BodyBytes::Memory(text.to_owned().into());
    [] String, TEXT, |text| BodyBytes::Memory(text.into());
    [] Cow<'_, str>, TEXT, |text| BodyBytes::Memory(text.into_owned().into());
    [] &[u8], BYTES, |bytes| BodyBytes::Memory(bytes.to_vec().into());
    [const N: usize] &[u8; N], BYTES, |bytes| BodyBytes::Memory(bytes.to_vec().into());
    [] Vec<u8>, BYTES, |bytes| BodyBytes::Memory(bytes.into());
    [] Payload, BYTES, |payload| BodyBytes::Memory(payload);
    [] File, BYTES, |file| BodyBytes::File(file);
    [B: Body] Html<B>, HTML, |page| page.0.into_content()?.bytes;
}

#[cfg(feature = "json")]
bodies! {
    [T: serde::Serialize] Json<T>, JSON, |json| BodyBytes::Memory(json.to_bytes()?.into());
}

impl sealed::Body for () {}

impl Body for () {
    fn into_content(self) -> Result<BodyContent> {
        Ok(BodyContent { media_type: "", bytes: BodyBytes::None })
    }
}
