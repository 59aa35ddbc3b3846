//! A request as a test's server has received it, for a test of a client to look at.

use std::fmt;

use super::fields::{OwnedFields, readable};
use crate::Query;
use crate::exchange::RequestHead;
use crate::proto::{Field, cookies};

/// Most bytes of a body that a record keeps: 16 MiB.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// A request that a [`Server`](super::Server) has received. Its `Debug` shows it as a person reads it.
///
/// ```
/// # use basehttp::{Exchange, http_handler, testing};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let server = testing::Server::start(Hello)?;
/// // … the client that is tested does its work …
/// testing::post("/users?page=2").form([("name", "Ada")]).send_to(server.address())?;
/// let [request] = &server.requests()[..] else { panic!("one request: {:?}", server.requests()) };
/// assert_eq!((request.method(), request.path()), ("POST", "/users"));
/// assert_eq!(request.query().get("page").as_deref(), Some("2"));
/// assert_eq!(request.header("Content-Type"), Some("application/x-www-form-urlencoded"));
/// assert_eq!(request.text(), "name=Ada");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    method: String,
    target: String,
    /// The path and query as handlers see them.
    path: String,
    version: String,
    fields: OwnedFields,
    body: Vec<u8>,
    progress: BodyProgress,
}

/// The part of a body that the server has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyProgress {
    /// A part of it, or none.
    Part,
    Whole,
    /// More than the record keeps.
    TooLong,
}

impl ReceivedRequest {
    /// A request without its body.
    pub(super) fn new(head: &RequestHead<'_>, fields: &[Field<'_>]) -> Self {
        let mut owned = OwnedFields::default();
        for field in fields {
            owned.push(field.name(), field.value());
        }
        let target =
            head.requestline.strip_prefix(head.command).and_then(|rest| rest.strip_suffix(head.request_version));
        ReceivedRequest {
            method: head.command.to_owned(),
            target: target.unwrap_or_default().trim().to_owned(),
            path: head.path.to_owned(),
            version: head.request_version.to_owned(),
            fields: owned,
            body: Vec::new(),
            progress: BodyProgress::Part,
        }
    }

    /// Adds bytes to the body. Returns how many the record keeps.
    pub(super) fn extend(&mut self, bytes: &[u8], is_end: bool) -> usize {
        let kept = bytes.len().min(MAX_BODY_BYTES - self.body.len());
        self.body.extend_from_slice(&bytes[..kept]);
        if kept < bytes.len() {
            self.progress = BodyProgress::TooLong;
        } else if is_end && self.progress == BodyProgress::Part {
            self.progress = BodyProgress::Whole;
        }
        kept
    }

    /// Returns the number of bytes that a record keeps for it.
    pub(super) fn bytes(&self) -> usize {
        self.method.len() + self.target.len() + self.path.len() + self.fields.bytes() + self.body.len()
    }

    /// Returns the method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the request target as the client sent it, except that raw bytes above ASCII are percent-encoded.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the path without the query, as sent. It is `*` for `OPTIONS *`.
    pub fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Returns the decoded query. It is empty if the target has none.
    pub fn query(&self) -> Query<'_> {
        Query::parse(self.path.split_once('?').map_or("", |(_, query)| query))
    }

    /// Returns the version as sent, such as `HTTP/1.1`.
    pub fn version(&self) -> &str {
        &self.version
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

    /// Returns the value of a cookie that the client has sent, the first of several.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.fields.all("Cookie").flat_map(|field| cookies(field.as_bytes()));
        let mut texts = pairs.filter_map(|(key, value)| str::from_utf8(key).ok().zip(str::from_utf8(value).ok()));
        texts.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the body without its framing, as far as the server has read it and up to 16 MiB.
    ///
    /// The server reads a body of up to 64 KiB before it calls the handler, so such a body is here whatever the handler
    /// does. A longer one is here as far as the handler has read it.
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

    /// Returns whether [`body`](Self::body) is the whole body. It is for a request without one.
    pub fn is_body_complete(&self) -> bool {
        self.progress == BodyProgress::Whole
    }
}

impl fmt::Debug for ReceivedRequest {
    /// The request as on the wire, with its body decoded. Long bodies are cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} {}", self.method, self.target, self.version)?;
        self.fields.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {}", value.escape_debug()))?;
        writeln!(f, "\n{}", readable(&self.body))?;
        match self.progress {
            BodyProgress::Whole => Ok(()),
            BodyProgress::Part => writeln!(f, "[the server has not read the whole body]"),
            BodyProgress::TooLong => writeln!(f, "[the body is longer than a record keeps]"),
        }
    }
}
