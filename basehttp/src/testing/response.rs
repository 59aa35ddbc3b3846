//! A response as a client sees it, for tests to look at.

use std::fmt;

use super::fields::{OwnedFields, readable};

/// A response that came back, taken apart.
///
/// A chunked body is decoded. Interim responses stand apart from the final one. Its `Debug` shows the response as a
/// person reads it.
///
/// ```
/// # use basehttp::{Exchange, http_handler, testing};
/// # struct Login;
/// # #[http_handler(protocol_version = "HTTP/1.1")] impl Login {
/// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
///     ex.send_response(303).send_header("Location", "/").send_header("Set-Cookie", "sid=4711; HttpOnly");
///     ex.end_headers()
/// }
/// # }
/// let response = testing::post("/login").form([("user", "ada")]).send(&Login);
/// assert_eq!((response.status(), response.reason()), (303, "See Other"));
/// assert_eq!(response.header("location"), Some("/"));
/// assert_eq!(response.cookie("sid"), Some("4711"));
/// assert!(response.is_complete() && response.body().is_empty());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) version: &'static str,
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) fields: OwnedFields,
    pub(super) body: Vec<u8>,
    pub(super) interim: Vec<Response>,
    pub(super) flaw: Option<String>,
    pub(super) rest: Vec<u8>,
}

impl Response {
    pub(super) fn new(version: &'static str, status: u16, reason: String, fields: OwnedFields) -> Self {
        let (body, interim, flaw, rest) = (Vec::new(), Vec::new(), None, Vec::new());
        Response { version, status, reason, fields, body, interim, flaw, rest }
    }

    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the reason phrase, which may be empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns `HTTP/1.0` or `HTTP/1.1`.
    pub fn version(&self) -> &str {
        self.version
    }

    /// Returns the value of the first field of this name, read as Latin-1. Names ignore case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields.first(name)
    }

    /// Iterates over the values of all fields of this name.
    pub fn header_all<'r, 'n>(&'r self, name: &'n str) -> impl Iterator<Item = &'r str> + use<'r, 'n> {
        self.fields.all(name)
    }

    /// Iterates over names and values of all fields, in the order they came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter()
    }

    /// Returns the value of a cookie that the response sets, without its attributes. The last of several counts, as in
    /// browsers (RFC 6265, section 5.3).
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.fields.all("Set-Cookie").filter_map(|field| field.split(';').next()?.split_once('='));
        pairs.filter(|(key, _)| key.trim() == name).last().map(|(_, value)| value.trim())
    }

    /// Returns the body without its framing. If the response is not [complete](Self::is_complete), this is the part
    /// that came.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap_or_else(|error| panic!("the body is not UTF-8 ({error}): {self:?}"))
    }

    /// Returns whether the whole response came, and it is well-formed. [`flaw`](Self::flaw) says what is wrong.
    ///
    /// A response whose end is the end of the connection is complete if the connection was closed, and not if it was
    /// reset or aborted.
    pub fn is_complete(&self) -> bool {
        self.flaw.is_none()
    }

    /// Returns what is wrong with the response, as a sentence for people.
    pub fn flaw(&self) -> Option<&str> {
        self.flaw.as_deref()
    }

    /// Returns the interim responses (1xx) that came before this one, except 101, which is final.
    pub fn interim(&self) -> &[Response] {
        &self.interim
    }

    /// Returns the bytes behind the response: further responses, or another protocol after 101. After
    /// [`send_to`](super::Request::send_to) these are all bytes up to the end of the connection if the response ends
    /// it, and otherwise those that have come.
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Checks the status and that the response is complete, and returns the response.
    ///
    /// # Panics
    /// If the status is another one or the response is not complete. The message shows the whole response.
    #[track_caller]
    #[allow(clippy::return_self_not_must_use)] // The check is enough for some tests.
    pub fn expect_status(self, status: u16) -> Self {
        assert!(self.status == status, "{status} was expected, and this came:\n{self:?}");
        assert!(self.is_complete(), "a complete response was expected, and this came:\n{self:?}");
        self
    }
}

impl fmt::Debug for Response {
    /// The response as on the wire, with its body decoded. Long bodies are cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.interim.iter().try_for_each(|interim| write!(f, "{interim:?}"))?;
        writeln!(f, "{} {} {}", self.version, self.status, self.reason)?;
        self.fields.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {}", value.escape_debug()))?;
        writeln!(f, "\n{}", readable(&self.body))?;
        if let Some(flaw) = &self.flaw {
            writeln!(f, "[not complete: {flaw}]")?;
        }
        if !self.rest.is_empty() {
            writeln!(f, "[behind it: {}]", readable(&self.rest))?;
        }
        Ok(())
    }
}
