//! What the connection asks of the handler's type, besides the request's own method: the overridables.
//!
//! The floor above implements it for every `BaseHTTPRequestHandler`; object-safe, so that an [`Exchange`] need not name
//! its handler's type.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::SystemTime;

use super::Exchange;
use super::error::HandlerError;
use crate::sys::Address;

/// The overridables as an exchange calls them. `M` is the handler's `MessageClass`.
#[allow(missing_docs)] // Documented on `BaseHTTPRequestHandler`.
pub trait Hooks<'c, M> {
    fn log_request(&self, ex: &Exchange<'c, M>, code: u16, size: Option<u64>);
    fn log_error(&self, ex: &Exchange<'c, M>, message: fmt::Arguments<'_>);
    fn log_message(&self, ex: &Exchange<'c, M>, message: fmt::Arguments<'_>);
    fn version_string(&self) -> Cow<'_, str>;
    fn date_time_string(&self, time: SystemTime) -> String;
    fn log_date_time_string(&self) -> String;
    fn address_string(&self, ex: &Exchange<'c, M>) -> String;
    fn handle_expect_100(&self, ex: &Exchange<'c, M>) -> Result<bool, HandlerError>;
    fn end_headers(&self, ex: &Exchange<'c, M>) -> io::Result<()>;
    fn send_error(&self, ex: &Exchange<'c, M>, code: u16, message: &str, explain: &str) -> io::Result<()>;
    fn handle_error(&self, client_address: &Address, error: &HandlerError);
}

/// Which of the overridables a handler defines, so that the originals of the others can be short cuts.
///
/// Written by `#[http_handler]`. A handler type without the attribute has [`ALL`](Self::ALL): slower, never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Fourteen independent facts.
#[allow(missing_docs)] // Each field is named after its method.
pub struct Overrides {
    pub log_request: bool,
    pub log_error: bool,
    pub log_message: bool,
    pub version_string: bool,
    pub date_time_string: bool,
    pub log_date_time_string: bool,
    pub address_string: bool,
    pub handle_expect_100: bool,
    pub end_headers: bool,
    pub send_error: bool,
    pub verify_request: bool,
    pub handle_error: bool,
    pub handle_timeout: bool,
    pub service_actions: bool,
}

impl Overrides {
    /// Every one is as the original.
    pub const NONE: Overrides = Overrides::each(false);

    /// Every one may be the handler's own.
    pub const ALL: Overrides = Overrides::each(true);

    const fn each(is_own: bool) -> Self {
        Overrides {
            log_request: is_own,
            log_error: is_own,
            log_message: is_own,
            version_string: is_own,
            date_time_string: is_own,
            log_date_time_string: is_own,
            address_string: is_own,
            handle_expect_100: is_own,
            end_headers: is_own,
            send_error: is_own,
            verify_request: is_own,
            handle_error: is_own,
            handle_timeout: is_own,
            service_actions: is_own,
        }
    }
}
