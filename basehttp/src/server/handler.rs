//! [`BaseHTTPRequestHandler`], the trait of all handlers. `#[http_handler]` writes the impl.

use std::borrow::Cow;
use std::time::SystemTime;
use std::{fmt, io};

use super::defaults;
use crate::exchange::{Exchange, HTTPError, HandlerError, Overrides, Pace, Result};
use crate::proto::{
    DEFAULT_ERROR_CONTENT_TYPE, DEFAULT_ERROR_MESSAGE, Field, Headers, RESPONSES, Responses, VERSION_STRING, Version,
};
use crate::sys::Address;

/// Python's class of the same name, with class variables as constants, the `do_*` methods behind
/// [`dispatch`](Self::dispatch), and the methods that a handler may override.
///
/// [`#[http_handler]`](crate::http_handler) writes the impl from an impl block with `do_*` methods. If that block has a
/// method with one of the names below, the server calls it instead of the default. The method can call the default in
/// [`defaults`]. These methods run on the threads that serve requests. Like `do_*` methods they may
/// block, and a panic in one of them does not stop the server.
///
/// ```
/// use basehttp::{Exchange, http_handler};
/// use std::fmt;
///
/// struct Quiet;
///
/// #[http_handler(server_version = "Quiet/2.0", protocol_version = "HTTP/1.1")]
/// impl Quiet {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         ex.send_text(200, "shh")
///     }
///
///     // No access log.
///     fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
///
///     // A field in every response, errors included.
///     fn end_headers(&self, ex: &Exchange) -> std::io::Result<()> {
///         ex.send_header("X-Frame-Options", "DENY");
///         basehttp::defaults::end_headers(self, ex)
///     }
/// }
///
/// let reply = basehttp::testing::respond(&Quiet, b"GET / HTTP/1.1\r\nHost: example\r\n\r\n");
/// assert!(String::from_utf8(reply).unwrap().contains("\r\nX-Frame-Options: DENY\r\n"));
/// ```
///
/// # Handlers chosen at run time
///
/// There is no `dyn BaseHTTPRequestHandler`, because the server needs the handler's type. Write an enum of the
/// handlers, with an attributed block whose `do_*` methods match on it. Or choose between calls of `bind`, which
/// returns an [`HTTPServer`](crate::HTTPServer) for any handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "no `#[http_handler]` block of this type, or threads cannot share it",
    note = "write `#[http_handler]` above the `impl` block with the `do_*` methods",
    note = "a handler is `Send + Sync + 'static`: write `Arc` for `Rc`, `Mutex` or an atomic for `Cell` and `RefCell`",
    note = "to choose at run time, write an enum of the handlers: there is no `dyn BaseHTTPRequestHandler`"
)]
pub trait BaseHTTPRequestHandler: Send + Sync + Sized + 'static {
    /// The type of [`Exchange::headers`], which is [`Headers`] unless the attribute names another.
    type MessageClass<'c>: MessageClass<'c>;

    /// The methods that the handler answers, derived ones included. `Allow` lists them.
    ///
    /// A request with any other method may get its 501 before its body has arrived, and without a call of
    /// [`dispatch`](Self::dispatch). If the list is empty, or [`UNKNOWN_METHOD`](Self::UNKNOWN_METHOD) is 405,
    /// `dispatch` is always called.
    const METHODS: &'static [&'static str];

    /// Python's `responses`, with code, phrase and explanation, sorted by code.
    const RESPONSES: Responses = RESPONSES;

    /// The `Server` field, made of `server_version` and `sys_version`.
    const VERSION_STRING: &'static str = VERSION_STRING;

    /// The protocol version of the responses. Connections are kept open only with `HTTP/1.1`.
    const PROTOCOL_VERSION: Version = Version::Http10;

    /// The page of an error response, with `%(code)d`, `%(message)s`, `%(explain)s` and `%%`.
    const ERROR_MESSAGE_FORMAT: &'static str = DEFAULT_ERROR_MESSAGE;

    /// The media type of the error page. It also decides how texts in the page are escaped.
    const ERROR_CONTENT_TYPE: &'static str = DEFAULT_ERROR_CONTENT_TYPE;

    /// The status for a method that the handler has nowhere: 501 (Not Implemented), or 405 (Method Not Allowed), which
    /// lists those that it has. Another number does not compile. (RFC 9110, section 9.1.)
    const UNKNOWN_METHOD: u16 = 501;

    /// The origin whose pages may read the responses (the CORS protocol of the Fetch standard): `https://example.org`,
    /// `*` for every site, or `None`. The attribute [`http_handler`](macro@crate::http_handler) says what it does.
    const CORS: Option<&'static str> = None;

    /// The methods below that the handler may define itself.
    const OVERRIDES: Overrides = Overrides::ALL;

    /// Calls the method for `ex.command`. Returns `None` if the handler has none, which becomes the status
    /// [`UNKNOWN_METHOD`](Self::UNKNOWN_METHOD).
    fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Result>;

    /// Returns the pace of the method for `command`, from the attribute's `pace` or `#[pace]` on the method. Asked for
    /// requests that have no [`route`](Self::route).
    fn pace(_command: &str) -> Pace {
        Pace::Auto
    }

    /// Returns the number of the `#[path]` and method that serve a request, and `None` if no path serves it. Called
    /// before there is an exchange, with the path and query as in [`Exchange::path`].
    ///
    /// The server learns the pace of each number. Without one it learns that of the path.
    fn route(_command: &str, _path: &str) -> Option<u16> {
        None
    }

    /// Returns the pace of a number that [`route`](Self::route) returns, from `#[pace]` on the method or the
    /// attribute's `pace`.
    fn route_pace(_route: u16) -> Pace {
        Pace::Auto
    }

    /// Logs a request whose response has ended, with the size of its body. It is called once for each request, and not
    /// for bytes that are not a request at all. The default logs no size, as in Python.
    ///
    /// The size is that of the content alone, in bytes: without the head, and without the framing of chunks. It is 0
    /// for a response that has no body, such as any to HEAD, even if its `Content-Length` tells the size that a GET
    /// would get (RFC 9110, section 9.3.2). The server always knows it. `None` comes from [`Exchange::log_request`].
    ///
    /// The exchange does not outlive the handler, so a body that is sent after the handler has returned is still on its
    /// way during this call. Such bodies come from `send_file`, and from `send_bytes` of more than the response's
    /// buffer. The lines that this method logs through the default of [`log_message`](Self::log_message) are then held
    /// back until the body is sent. If the body is cut off, one more line says so, with the number of bytes that were
    /// sent.
    fn log_request<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, code: u16, size: Option<u64>) {
        defaults::log_request(self, ex, code, size);
    }

    /// Logs an error. The default calls [`log_message`](Self::log_message).
    ///
    /// The error may be a connection's: its TLS session has failed, or its handshake or PROXY header was not finished,
    /// it was refused where only trusted proxies may connect, or a body was cut off after the handler had returned. The
    /// exchange then has no command, no path and no headers, and sends nothing.
    fn log_error<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, message: fmt::Arguments<'_>) {
        defaults::log_error(self, ex, message);
    }

    /// Writes one line of the log, by default to standard error in the format of Python's `http.server`.
    fn log_message<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, message: fmt::Arguments<'_>) {
        defaults::log_message(self, ex, message);
    }

    /// Returns the value of the `Server` field. Called for each response.
    fn version_string(&self) -> Cow<'_, str> {
        defaults::version_string(self)
    }

    /// Returns the value of the `Date` field. Called for each response.
    fn date_time_string(&self, time: SystemTime) -> String {
        defaults::date_time_string(self, time)
    }

    /// Returns the time as a line of the log shows it.
    fn log_date_time_string(&self) -> String {
        defaults::log_date_time_string(self)
    }

    /// Returns the client as a line of the log shows it.
    fn address_string<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> String {
        defaults::address_string(self, ex)
    }

    /// Decides, before dispatch, about a client that waits for `100 Continue`.
    ///
    /// With `true` the server calls the `do_*` method, and its first read of `rfile` sends the 100. `false` ends the
    /// request, and this method must have sent a response.
    fn handle_expect_100<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> Result<bool> {
        defaults::handle_expect_100(self, ex)
    }

    /// Called by [`Exchange::end_headers`] before a final head ends, to add fields with `ex.send_header`.
    ///
    /// It may end the head itself, by `defaults::end_headers` or `ex.end_headers()`, but does not need to.
    fn end_headers<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> io::Result<()> {
        defaults::end_headers(self, ex)
    }

    /// Sends an error response, for the server (a bad request, an unknown method, a failed handler) or for the handler.
    ///
    /// Inside it, `ex.send_error` is the default. If the head of the request could not be read, the exchange has no
    /// command, no path and no headers.
    fn send_error<'c>(
        &self,
        ex: &Exchange<'c, Self::MessageClass<'c>>,
        code: u16,
        message: &str,
        explain: &str,
    ) -> io::Result<()> {
        defaults::send_error(self, ex, code, message, explain)
    }

    /// Decides whether the server accepts a client. `false` closes the new connection without a response. With
    /// [`proxy_protocol`](crate::HTTPServerBuilder::proxy_protocol), the client is the one that the proxy has named.
    fn verify_request(&self, client_address: &Address) -> bool {
        defaults::verify_request(self, client_address)
    }

    /// Called when a method fails or panics and the client gets a 500.
    fn handle_error(&self, client_address: &Address, error: &HandlerError) {
        defaults::handle_error(self, client_address, error);
    }

    /// Called by `handle_request` when no client came within the builder's `timeout`.
    fn handle_timeout(&self) {
        defaults::handle_timeout(self);
    }

    /// Called by the serving loop once in each `poll_interval`. The loop wakes for it only if the handler defines it.
    fn service_actions(&self) {
        defaults::service_actions(self);
    }
}

/// A type that the server parses a request's fields into, for [`Exchange::headers`].
///
/// [`Headers`] is the usual one. The attribute names another type, and the `do_*` methods then write it in their
/// signatures. Only the handler uses it. The server frames and dispatches by its own parse of the fields.
///
/// ```
/// use basehttp::{Exchange, Field, HTTPError, MessageClass, http_handler};
///
/// /// Only what this program looks at, checked once.
/// struct Token<'c>(Option<&'c str>);
///
/// impl<'c> MessageClass<'c> for Token<'c> {
///     fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError> {
///         let field = fields.iter().find(|field| field.name().eq_ignore_ascii_case("X-Token"));
///         let text = field.map(|field| str::from_utf8(field.value())).transpose();
///         text.map(Token).map_err(|_| HTTPError::new(400, "X-Token is not UTF-8"))
///     }
/// }
///
/// struct Guarded;
///
/// #[http_handler(MessageClass = Token<'c>)]
/// impl Guarded {
///     fn do_GET<'c>(&self, ex: &mut Exchange<'c, Token<'c>>) -> std::io::Result<()> {
///         match ex.headers.0 {
///             Some("sesame") => ex.send_text(200, "come in\n"),
///             _ => ex.send_error(403),
///         }
///     }
/// }
/// # let reply = basehttp::testing::respond(&Guarded, b"GET / HTTP/1.0\r\nX-Token: sesame\r\n\r\n");
/// # assert!(reply.ends_with(b"come in\n"));
/// ```
pub trait MessageClass<'c>: Sized + 'c {
    /// Parses the request's fields, in order. The list is empty if the head could not be read.
    ///
    /// # Errors
    /// The server sends the error as the response and does not call the handler's method. An empty list should never be
    /// an error. Without headers there is no exchange, and the client gets a 500 that none of the handler's methods
    /// sees.
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError>;
}

impl<'c> MessageClass<'c> for Headers<'c> {
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        Ok(Headers::new(fields))
    }
}
