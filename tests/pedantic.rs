//! A consumer with every lint denied. It must compile, and `cargo clippy --all-targets` checks it too.

#![deny(warnings, missing_docs, clippy::pedantic, rust_2018_idioms)]
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use basehttp::{Address, BaseHTTPRequestHandler, Exchange, HandlerError, Result, http_handler};

/// Uses nothing of itself, as small handlers do.
#[derive(Clone, Copy, Debug)]
pub struct Hello;

#[http_handler(server_version = "Hello/1.0", protocol_version = "HTTP/1.1")]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200).send_header("Content-Type", "text/plain").end_headers()?;
        writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((405, "nothing to post to"))
    }

    fn do_DELETE(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }

    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

/// Overrides everything.
#[derive(Debug, Default)]
pub struct Everything {
    calls: AtomicUsize,
}

#[http_handler(responses = { 299: ("Fine", "All is well.") }, error_content_type = "text/plain")]
impl Everything {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.count();
        ex.send_response(299).end_headers()?;
        Ok(())
    }

    fn log_request(&self, _ex: &Exchange, _code: u16, _size: Option<u64>) {}
    fn log_error(&self, _ex: &Exchange, _message: fmt::Arguments<'_>) {}
    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments<'_>) {}

    fn version_string(&self) -> Cow<'_, str> {
        Cow::Borrowed("Everything")
    }

    fn date_time_string(&self, _time: SystemTime) -> String {
        String::new()
    }

    fn log_date_time_string(&self) -> String {
        String::new()
    }

    fn address_string(&self, ex: &Exchange) -> String {
        ex.client_address.to_string()
    }

    fn handle_expect_100(&self, _ex: &Exchange) -> Result<bool> {
        Ok(true)
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        ex.send_header("Access-Control-Allow-Origin", "*");
        Ok(())
    }

    fn send_error(&self, _ex: &Exchange, _code: u16, _message: &str, _explain: &str) -> io::Result<()> {
        Ok(())
    }

    fn verify_request(&self, _client_address: &Address) -> bool {
        true
    }

    fn handle_error(&self, _client_address: &Address, _error: &HandlerError) {}
    fn handle_timeout(&self) {}

    fn service_actions(&self) {
        self.count();
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// Expected lints do fire, and deprecated items are called without a warning.
#[derive(Debug)]
pub struct Expecting;

#[http_handler]
impl Expecting {
    #[expect(non_snake_case, clippy::unused_self, reason = "the name and the receiver are prescribed")]
    fn do_GET(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }

    /// Is called all the same.
    #[deprecated]
    pub fn do_POST(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }
}

#[test]
fn the_handlers_have_their_tables() {
    assert_eq!(Hello::METHODS, ["GET", "HEAD", "POST", "DELETE", "M-SEARCH", "OPTIONS"]);
    assert_eq!(Expecting::METHODS, ["GET", "HEAD", "POST", "OPTIONS"]);
    assert_eq!(Everything::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
