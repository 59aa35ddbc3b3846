//! [`BaseHTTPRequestHandler`]: what a handler's type is to the server. `#[http_handler]` writes the impl.

use std::borrow::Cow;
use std::time::SystemTime;
use std::{fmt, io};

use super::defaults;
use crate::exchange::{Exchange, HTTPError, HandlerError, Overrides, Pace, Result};
use crate::proto::{
    DEFAULT_ERROR_CONTENT_TYPE, DEFAULT_ERROR_MESSAGE, Field, Headers, RESPONSES, Responses, VERSION_STRING, Version,
};
use crate::sys::Address;

/// The seed's class: class variables as constants, `do_*` methods behind [`dispatch`](Self::dispatch), and the methods
/// that a handler may override.
///
/// [`#[http_handler]`](crate::http_handler) writes this impl from an impl block with `do_*` methods. A method of one of
/// the names below in that block is what the runtime calls; its original is in [`defaults`](crate::defaults), to be
/// called from the override. The overridables run where requests are served: like `do_*` methods they may block, and a
/// panic in one never takes the server along.
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
///         ex.send_header("Access-Control-Allow-Origin", "*");
///         basehttp::defaults::end_headers(self, ex)
///     }
/// }
///
/// let reply = basehttp::testing::respond(&Quiet, b"GET / HTTP/1.1\r\nHost: example\r\n\r\n");
/// assert!(String::from_utf8(reply).unwrap().contains("\r\nAccess-Control-Allow-Origin: *\r\n"));
/// ```
///
/// # Handlers chosen at run time
///
/// There is no `dyn BaseHTTPRequestHandler`: the server knows its handler's type. Write an enum of the handlers, with an
/// attributed block whose `do_*` methods match on it; or choose between calls of `bind`, which returns an
/// [`HTTPServer`](crate::HTTPServer) whatever the handler is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "no `#[http_handler]` block of this type, or threads cannot share it",
    note = "write `#[http_handler]` above the `impl` block with the `do_*` methods",
    note = "a handler is `Send + Sync + 'static`: write `Arc` for `Rc`, `Mutex` or an atomic for `Cell` and `RefCell`",
    note = "to choose at run time, write an enum of the handlers: there is no `dyn BaseHTTPRequestHandler`"
)]
pub trait BaseHTTPRequestHandler: Send + Sync + Sized + 'static {
    /// The type of [`Exchange::headers`]: [`Headers`] unless the attribute says otherwise.
    type MessageClass<'c>: MessageClass<'c>;

    /// The methods that are answered, derived ones included: what `Allow` says.
    ///
    /// A request with any other method may get its 501 while its body is still to come, and then
    /// [`dispatch`](Self::dispatch) is not asked. With an empty list it always is.
    const METHODS: &'static [&'static str];

    /// The seed's `responses`: code, phrase and explanation, sorted by code.
    const RESPONSES: Responses = RESPONSES;

    /// The `Server` field: `server_version` and `sys_version`.
    const VERSION_STRING: &'static str = VERSION_STRING;

    /// The protocol version of the replies. `HTTP/1.1` is needed for connections that are kept open.
    const PROTOCOL_VERSION: Version = Version::Http10;

    /// The page of an error reply, with `%(code)d`, `%(message)s`, `%(explain)s` and `%%`.
    const ERROR_MESSAGE_FORMAT: &'static str = DEFAULT_ERROR_MESSAGE;

    /// The media type of that page, which also says how its texts are escaped.
    const ERROR_CONTENT_TYPE: &'static str = DEFAULT_ERROR_CONTENT_TYPE;

    /// Which of the methods below may be the handler's own.
    const OVERRIDES: Overrides = Overrides::ALL;

    /// Calls the method for `ex.command`; `None` if there is none (501).
    fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Result>;

    /// Where the method for `command` runs: what the attribute's `pace` says, or `#[pace]` on the method.
    fn pace(_command: &str) -> Pace {
        Pace::Auto
    }

    /// Logs a request whose reply has ended, with the size of the body that was written. Called once a request, and not for
    /// bytes that are no request at all.
    ///
    /// A body that is sent after the handler has returned (`send_file`, or `send_bytes` of more than the reply's buffer) is
    /// on its way when this is called, since the exchange does not outlive the handler. What is logged here through the
    /// original of [`log_message`](Self::log_message) is then held back until the body is sent. If it is cut off, a line
    /// behind it says so, with how much was sent.
    fn log_request<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, code: u16, size: Option<u64>) {
        defaults::log_request(self, ex, code, size);
    }

    /// Logs an error; the original is [`log_message`](Self::log_message).
    fn log_error<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, message: fmt::Arguments<'_>) {
        defaults::log_error(self, ex, message);
    }

    /// Writes one line of the log: to standard error, in the original's format.
    fn log_message<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, message: fmt::Arguments<'_>) {
        defaults::log_message(self, ex, message);
    }

    /// The `Server` field's value. Asked for each reply.
    fn version_string(&self) -> Cow<'_, str> {
        defaults::version_string(self)
    }

    /// The `Date` field's value. Asked for each reply.
    fn date_time_string(&self, time: SystemTime) -> String {
        defaults::date_time_string(self, time)
    }

    /// The time in a line of the log.
    fn log_date_time_string(&self) -> String {
        defaults::log_date_time_string(self)
    }

    /// The client in a line of the log.
    fn address_string<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> String {
        defaults::address_string(self, ex)
    }

    /// Decides, before dispatch, about a client that waits for `100 Continue`. `false` ends the request: a reply must
    /// have been sent. With `true` the method is called, and the 100 is sent when it first reads `rfile`.
    fn handle_expect_100<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> Result<bool> {
        defaults::handle_expect_100(self, ex)
    }

    /// Called by [`Exchange::end_headers`] before a final head ends: adds fields with `ex.send_header`.
    ///
    /// Ending the head, by `defaults::end_headers` or `ex.end_headers()`, is allowed and not needed.
    fn end_headers<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> io::Result<()> {
        defaults::end_headers(self, ex)
    }

    /// Sends an error reply, of the runtime's (a bad request, an unknown method, a failed handler) or the handler's.
    ///
    /// `ex.send_error` inside it is the original. For a request whose head could not be read, the exchange has no
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

    /// Whether a client may speak to this server at all: `false` closes the new connection without a word.
    fn verify_request(&self, client_address: &Address) -> bool {
        defaults::verify_request(self, client_address)
    }

    /// Told of an error or panic of a handler's method that becomes a 500.
    fn handle_error(&self, client_address: &Address, error: &HandlerError) {
        defaults::handle_error(self, client_address, error);
    }

    /// Called by `handle_request` when nobody came within the builder's `timeout`.
    fn handle_timeout(&self) {
        defaults::handle_timeout(self);
    }

    /// Called by the serving loop each `poll_interval`; only a handler that defines it makes the loop wake for it.
    fn service_actions(&self) {
        defaults::service_actions(self);
    }
}

/// What the request's fields are parsed into: the type of [`Exchange::headers`].
///
/// [`Headers`] is the original's counterpart. Another type is named by the attribute, and written out in the `do_*`
/// methods. It is for the handler's eyes: the server itself frames and dispatches by its own parse.
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
///         text.map(Token).map_err(|_| HTTPError::new(400, "X-Token is no UTF-8"))
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
    /// Makes one from the request's fields, in order, of which there are none when the head could not be read.
    ///
    /// # Errors
    /// The error is the reply, in place of a call of the handler's method. For an empty list it should be none: without
    /// headers there is no exchange, and the reply is a bare one.
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError>;
}

impl<'c> MessageClass<'c> for Headers<'c> {
    fn parse(fields: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        Ok(Headers::new(fields))
    }
}
