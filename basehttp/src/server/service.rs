//! Every handler is a `Service`: what connections and loops ask of an object is passed on to the handler's type.

use std::borrow::Cow;
use std::time::SystemTime;
use std::{fmt, io};

use super::{BaseHTTPRequestHandler, MessageClass};
use crate::exchange;
use crate::exchange::{
    Exchange, HTTPError, HandlerError, HandlerSpec, Hooks, IncomingRequest, Pace, Served, Service, catch_panic,
};
use crate::proto::Field;
use crate::sys::Address;

impl<H: BaseHTTPRequestHandler> Service for H {
    fn spec(&self) -> HandlerSpec {
        HandlerSpec {
            methods: H::METHODS,
            responses: H::RESPONSES,
            version_string: H::VERSION_STRING,
            protocol_version: H::PROTOCOL_VERSION,
            error_message_format: H::ERROR_MESSAGE_FORMAT,
            error_content_type: H::ERROR_CONTENT_TYPE,
            overrides: H::OVERRIDES,
        }
    }

    fn pace(&self, command: &str) -> Pace {
        H::pace(command)
    }

    fn serve<'c>(&'c self, incoming: IncomingRequest<'c>) -> Served {
        let (headers, refusal) = match parse::<H>(incoming.fields) {
            Ok(headers) => (Ok(headers), None),
            Err(refusal) => (parse::<H>(&[]), Some(refusal)),
        };
        let Ok(headers) = headers else { return exchange::serve_bare(&incoming) };
        let refusal = refusal.or(incoming.refusal.clone());
        let ex: Exchange<'c, H::MessageClass<'c>> = Exchange::new(&incoming, headers, self);
        exchange::serve(ex, refusal, |ex| self.dispatch(ex))
    }

    fn verify_request(&self, client_address: &Address) -> bool {
        BaseHTTPRequestHandler::verify_request(self, client_address)
    }

    fn handle_timeout(&self) {
        BaseHTTPRequestHandler::handle_timeout(self);
    }

    fn service_actions(&self) {
        BaseHTTPRequestHandler::service_actions(self);
    }
}

/// The fields as the handler's `MessageClass`; a panic in there is a 500.
fn parse<'c, H: BaseHTTPRequestHandler>(fields: &'c [Field<'c>]) -> Result<H::MessageClass<'c>, HTTPError> {
    catch_panic(|| H::MessageClass::parse(fields)).unwrap_or_else(|| Err(HTTPError::from(500)))
}

impl<'c, M, H> Hooks<'c, M> for H
where
    H: BaseHTTPRequestHandler<MessageClass<'c> = M>,
{
    fn log_request(&self, ex: &Exchange<'c, M>, code: u16, size: Option<u64>) {
        BaseHTTPRequestHandler::log_request(self, ex, code, size);
    }

    fn log_error(&self, ex: &Exchange<'c, M>, message: fmt::Arguments<'_>) {
        BaseHTTPRequestHandler::log_error(self, ex, message);
    }

    fn log_message(&self, ex: &Exchange<'c, M>, message: fmt::Arguments<'_>) {
        BaseHTTPRequestHandler::log_message(self, ex, message);
    }

    fn version_string(&self) -> Cow<'_, str> {
        BaseHTTPRequestHandler::version_string(self)
    }

    fn date_time_string(&self, time: SystemTime) -> String {
        BaseHTTPRequestHandler::date_time_string(self, time)
    }

    fn log_date_time_string(&self) -> String {
        BaseHTTPRequestHandler::log_date_time_string(self)
    }

    fn address_string(&self, ex: &Exchange<'c, M>) -> String {
        BaseHTTPRequestHandler::address_string(self, ex)
    }

    fn handle_expect_100(&self, ex: &Exchange<'c, M>) -> Result<bool, HandlerError> {
        BaseHTTPRequestHandler::handle_expect_100(self, ex)
    }

    fn end_headers(&self, ex: &Exchange<'c, M>) -> io::Result<()> {
        BaseHTTPRequestHandler::end_headers(self, ex)
    }

    fn send_error(&self, ex: &Exchange<'c, M>, code: u16, message: &str, explain: &str) -> io::Result<()> {
        BaseHTTPRequestHandler::send_error(self, ex, code, message, explain)
    }

    fn handle_error(&self, client_address: &Address, error: &HandlerError) {
        BaseHTTPRequestHandler::handle_error(self, client_address, error);
    }
}
