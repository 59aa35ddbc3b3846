//! The errors of a handler, and the responses that they become. Errors of the connection are `io::Error`s instead.

use std::error::Error;
use std::sync::Arc;
use std::{fmt, io, iter};

use crate::proto::Refusal;

/// The result of a handler's method, such as `basehttp::Result` without a value or `basehttp::Result<bool>` with one.
pub type Result<T = (), E = HandlerError> = std::result::Result<T, E>;

/// An error response, to be returned with `?` from any depth of a handler.
///
/// If the error that a handler returns is an `HTTPError`, or has one in its chain of sources, the server calls
/// `send_error` with its code, message and explanation. [`Exchange::send_error`](crate::Exchange::send_error) also
/// takes one, or makes it from a code, `(code, message)` or `(code, message, explain)`.
///
/// ```
/// use basehttp::{Exchange, HTTPError, http_handler};
///
/// struct Users;
///
/// #[http_handler]
/// impl Users {
///     fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
///         match ex.segments()[..] {
///             ["users", "ada"] => ex.send_text(200, "Ada Lovelace\n")?,
///             ["users", _] => return Err(HTTPError::new(404, "no such user").into()),
///             ["admin"] => ex.send_error(
///                 HTTPError::new(401, "who are you?").with_header("WWW-Authenticate", "Basic realm=\"admin\""),
///             )?,
///             _ => ex.send_error(404)?,
///         }
///         Ok(())
///     }
/// }
/// # let reply = basehttp::testing::respond(&Users, b"GET /users/bob HTTP/1.0\r\n\r\n");
/// # assert!(reply.starts_with(b"HTTP/1.0 404 no such user\r\n"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "return it, or give it to send_error"]
pub struct HTTPError(Box<ErrorParts>);

/// The content of an [`HTTPError`], as an error of its own and the `source()` of the `HTTPError`. Types such as
/// `anyhow::Error` hide the error that they wrap but show its source, and so the content is still found.
#[derive(Clone, Debug)]
struct ErrorParts {
    code: u16,
    message: Option<String>,
    explain: Option<String>,
    headers: Vec<(String, String)>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
    /// The remark in the log, beside code and message.
    note: Note,
}

/// The remark that the log adds to the code and message of an error response.
#[derive(Clone, Debug)]
enum Note {
    /// The cause. If there is none, the explanation of an error without a message, as the server's own errors are.
    Own,
    /// The errors around the `HTTPError` and beneath it.
    Chain(String),
    /// No remark, and no line: the log has a line about the failure already.
    Told,
}

/// The `Retry-After` of a client that the server has no room for: 1 s.
const RETRY_AFTER_SECONDS: u32 = 1;

impl HTTPError {
    /// Creates an error with `code` and a message for the status line and the page.
    ///
    /// The code is checked when the error is sent. A code outside 100..=999 becomes a 500.
    pub fn new(code: u16, message: impl Into<String>) -> Self {
        let mut error = HTTPError::from(code);
        error.0.message = Some(message.into());
        error
    }

    /// Sets a longer explanation for the page, instead of the one in the `responses` map.
    pub fn with_explain(mut self, explain: impl Into<String>) -> Self {
        self.0.explain = Some(explain.into());
        self
    }

    /// Creates a 503 with `Retry-After`: there is no room for the request at the moment (RFC 9110, section 15.6.4).
    pub(crate) fn busy(explain: &'static str) -> Self {
        HTTPError::from(503).with_explain(explain).with_header("Retry-After", RETRY_AFTER_SECONDS)
    }

    /// Creates a 405 that lists the methods of the path (RFC 9110, section 15.5.6).
    pub(crate) fn method_not_allowed(methods: &[&str]) -> Self {
        HTTPError::from(405).with_header("Allow", methods.join(", "))
    }

    /// Creates a 415 that says what the body has to be (RFC 9110, section 15.5.16).
    pub(crate) fn unsupported_media_type(wanted: &str) -> Self {
        HTTPError::from(415).with_explain(format!("send the body as {wanted}")).with_header("Accept", wanted)
    }

    /// Creates a 415 for a body with a content coding, which says that none is taken (RFC 9110, section 12.5.3).
    pub(crate) fn unsupported_content_coding() -> Self {
        let explain = "send the body without a content-encoding, which this server does not undo";
        HTTPError::from(415).with_explain(explain).with_header("Accept-Encoding", "identity")
    }

    /// Adds a response field, such as `Retry-After` or `WWW-Authenticate`.
    pub fn with_header(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.headers.push((name.into(), value.to_string()));
        self
    }

    /// Sets the cause, which goes to the log and never to the client.
    ///
    /// ```
    /// # use basehttp::HTTPError;
    /// fn number(body: &[u8]) -> basehttp::Result<u32> {
    ///     let text = str::from_utf8(body).map_err(|error| HTTPError::from(400).with_source(error))?;
    ///     Ok(text.parse().map_err(|error| HTTPError::new(400, "a number, please").with_source(error))?)
    /// }
    /// assert_eq!(number(b"x").unwrap_err().http_error().map(|error| error.code()), Some(400));
    /// ```
    pub fn with_source(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The status code.
    pub fn code(&self) -> u16 {
        self.0.code
    }

    /// The message, if one was given. Without it, the phrase of the `responses` map is sent.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The explanation, if one was given.
    pub fn explain(&self) -> Option<&str> {
        self.0.explain.as_deref()
    }

    /// Creates a 500 for an error that `handle_error` has got already.
    pub(crate) fn told() -> Self {
        let mut error = HTTPError::from(500);
        error.0.note = Note::Told;
        error
    }

    /// Returns the remark for the log, in the line of code and message. `None` if the log has a line already.
    pub(crate) fn log_note(&self) -> Option<String> {
        match (&self.0.note, &self.0.cause) {
            (Note::Told, _) => None,
            (Note::Chain(chain), _) => Some(chain.clone()),
            (Note::Own, Some(cause)) => Some(chain_text(&**cause)),
            (Note::Own, None) => Some(self.0.explain.clone().filter(|_| self.0.message.is_none()).unwrap_or_default()),
        }
    }

    /// The response fields of this error.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.0.headers
    }
}

impl From<u16> for HTTPError {
    fn from(code: u16) -> Self {
        let (message, explain, headers, cause) = (None, None, Vec::new(), None);
        HTTPError(Box::new(ErrorParts { code, message, explain, headers, cause, note: Note::Own }))
    }
}

impl<S: Into<String>> From<(u16, S)> for HTTPError {
    fn from((code, message): (u16, S)) -> Self {
        HTTPError::new(code, message.into())
    }
}

impl<S: Into<String>, T: Into<String>> From<(u16, S, T)> for HTTPError {
    fn from((code, message, explain): (u16, S, T)) -> Self {
        HTTPError::new(code, message.into()).with_explain(explain.into())
    }
}

impl From<Refusal> for HTTPError {
    fn from(refusal: Refusal) -> Self {
        HTTPError::from(refusal.status).with_explain(refusal.reason)
    }
}

impl From<HTTPError> for io::Error {
    fn from(error: HTTPError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

impl fmt::Display for HTTPError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.code)?;
        [&self.0.message, &self.0.explain].into_iter().flatten().try_for_each(|text| write!(f, " {text}"))
    }
}

impl Error for HTTPError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl fmt::Display for ErrorParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.code)
    }
}

impl Error for ErrorParts {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// The types that [`Exchange::send_error`](crate::Exchange::send_error) takes: all that convert into an [`HTTPError`].
///
/// ```
/// # use basehttp::{Exchange, IntoHTTPError};
/// fn refuse(ex: &Exchange, error: impl IntoHTTPError) -> std::io::Result<()> {
///     ex.send_header("X-Refused", "1").send_error(error)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error response",
    label = "a code, `(code, message)`, `(code, message, explain)` or an `HTTPError`",
    note = "a code is a `u16`: write `404`, or `u16::try_from(code)?` for another number"
)]
pub trait IntoHTTPError: Into<HTTPError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<HTTPError>> IntoHTTPError for E {}

/// The types that a `do_*` method can return as an error: all that convert into a [`HandlerError`].
///
/// ```
/// use basehttp::{IntoHandlerError, IntoResponse};
///
/// /// Turns whatever a cache returns into a response.
/// fn cached<E: IntoHandlerError>(found: Result<Option<String>, E>) -> impl IntoResponse {
///     found.map(|text| text.unwrap_or_else(|| "nothing yet\n".to_owned()))
/// }
/// # cached::<std::io::Error>(Ok(None));
/// ```
#[diagnostic::on_unimplemented(
    message = "a `do_*` method cannot return the error `{Self}`",
    label = "`{Self}` does not convert into `HandlerError`",
    note = "an error is any type that converts into `Box<dyn Error + Send + Sync>`, which `Box<dyn Error>` does not",
    note = "`basehttp::Result` is the short way; a status is the error `HTTPError::from(404)`"
)]
pub trait IntoHandlerError: Into<HandlerError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<HandlerError>> IntoHandlerError for E {}

/// Any error of a handler. `?` makes it from every error type, and from `String`, `&str` and `anyhow::Error`.
///
/// It does not implement [`Error`] and does not convert into `Box<dyn Error>`. Otherwise Rust would not allow the
/// conversion from all of these types. [`as_error`](Self::as_error) returns the error inside.
///
/// ```
/// fn parse(text: &str) -> basehttp::Result<u32> {
///     Ok(text.parse::<u32>()?)
/// }
/// assert_eq!(parse("no number").unwrap_err().to_string(), "invalid digit found in string");
/// ```
pub struct HandlerError(Box<dyn Error + Send + Sync>);

/// An error, and the line of the request that failed with it. Exists only inside of a [`HandlerError`], which hides it.
struct OfRequest {
    error: Box<dyn Error + Send + Sync>,
    requestline: String,
}

impl HandlerError {
    /// Returns the error inside.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.0.downcast_ref::<OfRequest>().map_or(&*self.0, |of_request| &*of_request.error)
    }

    /// Takes the error out.
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0.downcast::<OfRequest>().map_or_else(|error| error, |of_request| of_request.error)
    }

    /// The line of the request that failed with this error, such as `GET /there HTTP/1.1`. It is `None` before
    /// [`handle_error`](crate::BaseHTTPRequestHandler::handle_error) is called.
    ///
    /// The text is the client's. It is ASCII and percent-encoded, but not escaped.
    pub fn requestline(&self) -> Option<&str> {
        self.0.downcast_ref::<OfRequest>().map(|of_request| &*of_request.requestline)
    }

    /// Adds the line of the request that failed with this error.
    pub(crate) fn of_request(self, requestline: &str) -> Self {
        HandlerError(Box::new(OfRequest { error: self.into_inner(), requestline: requestline.to_owned() }))
    }

    /// Returns the [`HTTPError`] in the chain of sources, which decides the response.
    ///
    /// It finds one inside an `anyhow::Error`, too, unless it is the `context` of another error, which `anyhow` does
    /// not show. In that case, write `.map_err(|error| HTTPError::new(404, "…").with_source(error))`.
    pub fn http_error(&self) -> Option<HTTPError> {
        let mut found = self.chain().find_map(|error| {
            let itself = error.downcast_ref::<HTTPError>().cloned();
            itself.or_else(|| error.downcast_ref().cloned().map(|parts| HTTPError(Box::new(parts))))
        })?;
        // The client does not see the other errors of the chain, but the log does.
        let chain = chain_text(self.as_error());
        if !chain.is_empty() {
            found.0.note = Note::Chain(chain);
        }
        Some(found)
    }

    /// Returns whether the error comes from a write to a `wfile` whose response has no body.
    pub(crate) fn is_whole_without_body(&self) -> bool {
        self.chain().any(<dyn Error>::is::<WholeWithoutBody>)
    }

    /// The error and its causes.
    fn chain(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let first: &(dyn Error + 'static) = self.as_error();
        iter::successors(Some(first), |error| cause(*error))
    }
}

/// The error of `wfile` when a response without a body is complete. A handler that returns it has succeeded.
#[derive(Debug)]
pub(crate) struct WholeWithoutBody;

impl fmt::Display for WholeWithoutBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response has no body, and its head is sent: there is nothing more to write")
    }
}

impl Error for WholeWithoutBody {}

/// The errors of a chain, joined by `: `, without an [`HTTPError`] in it.
fn chain_text(error: &(dyn Error + 'static)) -> String {
    let is_parts = |error: &(dyn Error + 'static)| error.is::<HTTPError>() || error.is::<ErrorParts>();
    // An `io::Error` shows the text of the one that it carries.
    let carries =
        |error: &(dyn Error + 'static)| error.downcast_ref::<io::Error>().is_some_and(|io| io.get_ref().is_some());
    let chain = iter::successors(Some(error), |error| cause(*error));
    let texts = chain.filter(|error| !is_parts(*error) && !carries(*error)).map(ToString::to_string);
    texts.collect::<Vec<_>>().join(": ")
}

/// The next error of the chain. An `io::Error` hides the error that it carries, and returns the source of that one.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    carried.map_or_else(|| error.source(), |carried| Some(carried as &(dyn Error + 'static)))
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        HandlerError(error.into())
    }
}

/// Hands back an `io::Error` that the handler's error is, and wraps any other error. So `?` leads from methods that
/// return [`Result`] to those that return `io::Result`, and an [`HTTPError`] inside is still found.
///
/// ```
/// use basehttp::HTTPError;
///
/// fn number(text: &str) -> basehttp::Result<u32> {
///     Ok(text.parse().map_err(|_| HTTPError::new(400, "a number, please"))?)
/// }
///
/// fn sum(texts: &[&str]) -> std::io::Result<u32> {
///     let mut sum = 0;
///     for text in texts {
///         sum += number(text)?;
///     }
///     Ok(sum)
/// }
///
/// let error = basehttp::HandlerError::from(sum(&["1", "x"]).unwrap_err());
/// assert_eq!(error.http_error().map(|error| error.code()), Some(400));
/// ```
impl From<HandlerError> for io::Error {
    fn from(error: HandlerError) -> Self {
        match error.into_inner().downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) if error.is::<HTTPError>() => io::Error::new(io::ErrorKind::InvalidData, error),
            Err(error) => io::Error::other(error),
        }
    }
}

impl fmt::Display for HandlerError {
    /// The error and its sources, joined by `: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_error())?;
        let mut source = self.as_error().source();
        while let Some(error) = source {
            // Its text repeats the `HTTPError` before it.
            if !error.is::<ErrorParts>() {
                write!(f, ": {error}")?;
            }
            source = error.source();
        }
        Ok(())
    }
}

/// The error's text and sources, which is what `main() -> basehttp::Result` prints.
impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for OfRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Display for OfRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for OfRequest {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// A text as an error. Its `Debug` is also the text, because a `main` that returns a result prints that.
struct Sentence(String);

/// Creates an error that shows one sentence, in `Display` and in `Debug`.
pub(crate) fn sentence(kind: io::ErrorKind, text: impl Into<String>) -> io::Error {
    io::Error::new(kind, Sentence(text.into()))
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Sentence {}
