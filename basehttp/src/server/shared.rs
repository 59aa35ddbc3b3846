//! An `Arc` of a handler is a handler: for programs that want to look at its state while, or after, it serves.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;
use std::{fmt, io};

use super::BaseHTTPRequestHandler;
use crate::exchange::{Exchange, HandlerError, Outcome, Overrides, Pace};
use crate::proto::{Responses, Version};
use crate::sys::Address;

/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::sync::{Arc, Mutex};
/// #[derive(Default)]
/// struct Login {
///     code: Mutex<Option<String>>,
/// }
///
/// #[http_handler]
/// impl Login {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         *self.code.lock().unwrap() = ex.query().get("code").map(Into::into);
///         ex.send_text(200, "You may close this window.\n")
///     }
/// }
///
/// let login = Arc::new(Login::default());
/// let server = basehttp::testing::Server::start(Arc::clone(&login))?;
/// # use std::io::{Read, Write};
/// # let mut client = std::net::TcpStream::connect(server.address())?;
/// # client.write_all(b"GET /callback?code=1234 HTTP/1.0\r\n\r\n")?;
/// # client.read_to_end(&mut Vec::new())?;
/// // … the browser comes by …
/// assert_eq!(login.code.lock().unwrap().as_deref(), Some("1234"));
/// # Ok::<(), std::io::Error>(())
/// ```
impl<H: BaseHTTPRequestHandler> BaseHTTPRequestHandler for Arc<H> {
    type MessageClass<'c> = H::MessageClass<'c>;

    const METHODS: &'static [&'static str] = H::METHODS;
    const RESPONSES: Responses = H::RESPONSES;
    const VERSION_STRING: &'static str = H::VERSION_STRING;
    const PROTOCOL_VERSION: Version = H::PROTOCOL_VERSION;
    const ERROR_MESSAGE_FORMAT: &'static str = H::ERROR_MESSAGE_FORMAT;
    const ERROR_CONTENT_TYPE: &'static str = H::ERROR_CONTENT_TYPE;
    const OVERRIDES: Overrides = H::OVERRIDES;

    fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Outcome> {
        H::dispatch(self, ex)
    }

    fn pace(command: &str) -> Pace {
        H::pace(command)
    }

    fn log_request<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, code: u16, size: Option<u64>) {
        H::log_request(self, ex, code, size);
    }

    fn log_error<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, message: fmt::Arguments<'_>) {
        H::log_error(self, ex, message);
    }

    fn log_message<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>, message: fmt::Arguments<'_>) {
        H::log_message(self, ex, message);
    }

    fn version_string(&self) -> Cow<'_, str> {
        H::version_string(self)
    }

    fn date_time_string(&self, time: SystemTime) -> String {
        H::date_time_string(self, time)
    }

    fn log_date_time_string(&self) -> String {
        H::log_date_time_string(self)
    }

    fn address_string<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> String {
        H::address_string(self, ex)
    }

    fn handle_expect_100<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> Result<bool, HandlerError> {
        H::handle_expect_100(self, ex)
    }

    fn end_headers<'c>(&self, ex: &Exchange<'c, Self::MessageClass<'c>>) -> io::Result<()> {
        H::end_headers(self, ex)
    }

    fn send_error<'c>(
        &self,
        ex: &Exchange<'c, Self::MessageClass<'c>>,
        code: u16,
        message: &str,
        explain: &str,
    ) -> io::Result<()> {
        H::send_error(self, ex, code, message, explain)
    }

    fn verify_request(&self, client_address: &Address) -> bool {
        H::verify_request(self, client_address)
    }

    fn handle_error(&self, client_address: &Address, error: &HandlerError) {
        H::handle_error(self, client_address, error);
    }

    fn handle_timeout(&self) {
        H::handle_timeout(self);
    }

    fn service_actions(&self) {
        H::service_actions(self);
    }
}
