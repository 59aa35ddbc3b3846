//! The defaults of the overridable methods, for an override to call.
//!
//! Each function takes the handler, and then the arguments of the method. [`options`] is for a `do_OPTIONS`.
//!
//! ```
//! use basehttp::{Exchange, defaults, http_handler};
//!
//! struct Health;
//!
//! #[http_handler]
//! impl Health {
//!     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
//!         ex.send_text(200, "ok")
//!     }
//!
//!     // The probe asks every second, so that only failures are of interest.
//!     fn log_request(&self, ex: &Exchange, code: u16, size: Option<u64>) {
//!         if code >= 400 {
//!             defaults::log_request(self, ex, code, size);
//!         }
//!     }
//! }
//! # basehttp::testing::respond(&Health, b"GET / HTTP/1.0\r\n\r\n");
//! ```

use std::borrow::Cow;
use std::time::SystemTime;
use std::{fmt, io};

use super::BaseHTTPRequestHandler;
use crate::exchange::{Exchange, HandlerError, Result};
use crate::proto;
use crate::sys::{Address, log};

/// Logs `"GET / HTTP/1.1" 200 -` through `log_message`. The size is always `-`, as in Python.
pub fn log_request<'c, H: BaseHTTPRequestHandler>(
    handler: &H,
    ex: &Exchange<'c, H::MessageClass<'c>>,
    code: u16,
    _size: Option<u64>,
) {
    handler.log_message(ex, format_args!("\"{}\" {code} -", ex.requestline));
}

/// Calls the handler's `log_message`.
pub fn log_error<'c, H: BaseHTTPRequestHandler>(
    handler: &H,
    ex: &Exchange<'c, H::MessageClass<'c>>,
    message: fmt::Arguments<'_>,
) {
    handler.log_message(ex, message);
}

/// Writes `ADDRESS - - [DATE] MESSAGE` to standard error, with control characters and backslashes escaped.
///
/// It does not block if standard error takes nothing. Up to 1 MiB of lines wait. Further lines are dropped and counted.
pub fn log_message<'c, H: BaseHTTPRequestHandler>(
    handler: &H,
    ex: &Exchange<'c, H::MessageClass<'c>>,
    message: fmt::Arguments<'_>,
) {
    let message = message.to_string();
    let message = proto::log_line(&message);
    let (address, date) = (handler.address_string(ex), handler.log_date_time_string());
    log::add_line(&format!("{} - - [{}] {message}\n", proto::one_line(&address), proto::one_line(&date)));
}

/// Returns the type's `VERSION_STRING`, such as `BaseHTTP/0.1.0 Rust/1.95.0`.
pub fn version_string<H: BaseHTTPRequestHandler>(_handler: &H) -> Cow<'static, str> {
    Cow::Borrowed(H::VERSION_STRING)
}

/// Returns `time` as an HTTP date, such as `Tue, 14 Nov 2023 22:13:20 GMT` (RFC 9110, section 5.6.7).
pub fn date_time_string<H: BaseHTTPRequestHandler>(_handler: &H, time: SystemTime) -> String {
    proto::http_date(time)
}

/// Returns the current time in UTC, such as `14/Nov/2023 22:13:20`.
pub fn log_date_time_string<H: BaseHTTPRequestHandler>(_handler: &H) -> String {
    proto::log_date(SystemTime::now())
}

/// Returns the client's IP address, without its port. No resolver is asked.
pub fn address_string<'c, H: BaseHTTPRequestHandler>(_handler: &H, ex: &Exchange<'c, H::MessageClass<'c>>) -> String {
    ex.client_address.log_name()
}

/// Returns `true`, so that the method is called and its first read of `rfile` sends the `100 Continue`.
#[allow(clippy::unnecessary_wraps)] // The signature is the overridable's.
pub fn handle_expect_100<'c, H: BaseHTTPRequestHandler>(
    _handler: &H,
    _ex: &Exchange<'c, H::MessageClass<'c>>,
) -> Result<bool> {
    Ok(true)
}

/// Ends the head of the response.
pub fn end_headers<'c, H: BaseHTTPRequestHandler>(
    _handler: &H,
    ex: &Exchange<'c, H::MessageClass<'c>>,
) -> io::Result<()> {
    ex.end_head_by_default()
}

/// Logs `code 404, message Not Found` and sends the page of `error_message_format`. A code below 400 is logged only if
/// the error has a source.
pub fn send_error<'c, H: BaseHTTPRequestHandler>(
    _handler: &H,
    ex: &Exchange<'c, H::MessageClass<'c>>,
    code: u16,
    message: &str,
    explain: &str,
) -> io::Result<()> {
    ex.send_error_by_default(code, message, explain)
}

/// Returns `true`: every client is accepted.
pub fn verify_request<H: BaseHTTPRequestHandler>(_handler: &H, _client_address: &Address) -> bool {
    true
}

/// Writes one line to standard error with the client's address, the request line, and the error and its sources.
pub fn handle_error<H: BaseHTTPRequestHandler>(_handler: &H, client_address: &Address, error: &HandlerError) {
    let request = error.requestline().map(|line| format!(" ({})", proto::log_line(line))).unwrap_or_default();
    let error = error.to_string();
    let error = proto::log_line(&error);
    log::add_line(&format!(
        "Exception occurred during processing of request from {client_address}{request}: {error}\n"
    ));
}

/// Answers OPTIONS with the methods of the whole handler, as the attribute does for a block without a `do_OPTIONS` (RFC
/// 9110, section 9.3.7). With the argument `cors` it also answers the preflights of browsers.
///
/// ```
/// use basehttp::{Exchange, Result, defaults, http_handler};
///
/// struct Site;
///
/// #[http_handler]
/// impl Site {
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         Ok(ex.send_text(200, "hello")?)
///     }
///
///     fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
///         ex.send_header("X-Api", "/api.json");
///         Ok(defaults::options(self, ex)?)
///     }
/// }
/// # let reply = String::from_utf8(basehttp::testing::respond(&Site, b"OPTIONS * HTTP/1.0\r\n\r\n")).unwrap();
/// # assert!(reply.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n") && reply.contains("\r\nX-Api: /api.json\r\n"));
/// ```
pub fn options<'c, H: BaseHTTPRequestHandler>(_handler: &H, ex: &Exchange<'c, H::MessageClass<'c>>) -> io::Result<()> {
    ex.send_options(H::METHODS)
}

/// Does nothing when no client came in time.
pub fn handle_timeout<H: BaseHTTPRequestHandler>(_handler: &H) {}

/// Does nothing in a turn of the serving loop.
pub fn service_actions<H: BaseHTTPRequestHandler>(_handler: &H) {}
