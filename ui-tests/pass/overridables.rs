//! Every overridable overridden, some with aliases in the signature.

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io;
use std::time::SystemTime;

use basehttp::{Address, BaseHTTPRequestHandler, Exchange, HandlerError, Result, http_handler};

type Code = u16;
type Text = String;
type Ex<'c> = Exchange<'c>;

struct Everything {
    name: String,
}

#[http_handler]
impl Everything {
    fn do_GET(&self, ex: &mut Ex) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn log_request(&self, _ex: &Exchange, _code: Code, _size: Option<u64>) {}

    fn log_error(&self, _ex: &Exchange, _message: Arguments) {}

    fn log_message(&self, _ex: &Exchange, _message: std::fmt::Arguments<'_>) {}

    fn version_string(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn date_time_string(&self, _time: SystemTime) -> std::string::String {
        self.name.clone()
    }

    fn log_date_time_string(&self) -> Text {
        self.name.clone()
    }

    fn address_string<'c>(&self, ex: &Exchange<'c>) -> String {
        ex.client_address.to_string()
    }

    fn handle_expect_100(&self, _ex: &Ex) -> std::result::Result<bool, HandlerError> {
        Ok(true)
    }

    fn end_headers(self: &Self, ex: &Exchange) -> io::Result<()> {
        ex.send_header("X-Name", &self.name);
        Ok(())
    }

    fn send_error(&self, _ex: &Exchange, _code: u16, _message: &str, _explain: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn verify_request(&self, _client_address: &Address) -> bool {
        true
    }

    fn handle_error(&self, _client_address: &Address, _error: &HandlerError) {}

    fn handle_timeout(&self) {}

    fn service_actions(&self) -> () {}
}

fn main() {
    let handler = Everything { name: "Everything".to_owned() };
    assert_eq!(BaseHTTPRequestHandler::version_string(&handler), "Everything");
    assert_eq!(BaseHTTPRequestHandler::date_time_string(&handler, SystemTime::now()), "Everything");
    assert_eq!(Everything::OVERRIDES.handle_timeout, true);
}
