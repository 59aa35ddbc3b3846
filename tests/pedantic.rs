//! A consumer with every lint denied. It must compile, and `cargo clippy --all-targets` checks it too.

#![deny(warnings, missing_docs, clippy::pedantic, rust_2018_idioms)]
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use basehttp::{Address, BaseHTTPRequestHandler, Exchange, Guard, HTTPError, HandlerError, Result, http_handler};

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

/// A table of paths, whose parameters are of the types that pedants do not like.
#[derive(Debug)]
pub struct Paths;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Paths {
    #[path("/")]
    fn do_GET_home(&self) -> &'static str {
        "home"
    }

    /// Adds a book.
    #[path("/books/{id}/{title}")]
    #[path("/{title}/{id}")]
    fn do_PUT_book(&self, id: u64, title: String, #[guard] _login: Login, #[query] big: Big) -> u16 {
        if big.0[0] == id && title.is_empty() { 201 } else { 204 }
    }

    #[path("/files/{*rest}")]
    fn do_GET_file(&self, ex: &mut Exchange, rest: &[&str], #[header("X-Tag")] tags: Vec<&str>) -> Result {
        Ok(ex.send_text(200, format!("{} {}", rest.len(), tags.len()))?)
    }

    #[path("/search")]
    fn do_GET_search(
        &self,
        #[query] first: bool,
        #[query] second: bool,
        #[query] third: bool,
        #[query] fourth: bool,
        #[query] text: &str,
        #[query] maybe: Option<&str>,
        #[query] number: Result<u8, HTTPError>,
        #[cookie] session: Result<Option<&str>, HTTPError>,
    ) -> String {
        let found = [first, second, third, fourth, maybe.is_some(), number.is_ok(), session.is_ok()];
        format!("{text} {found:?}")
    }

    #[before]
    fn look(&self, _ex: &Exchange) -> Result {
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

/// A guard that lets all pass.
#[derive(Clone, Copy, Debug)]
pub struct Login;

impl<'c> Guard<'c, Paths> for Login {
    fn check(_: &Paths, _: &Exchange<'c>) -> Result<Self> {
        Ok(Self)
    }
}

/// Too large to be handed over by value without a reason.
#[derive(Clone, Copy, Debug)]
pub struct Big([u64; 64]);

impl FromStr for Big {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(|number| Self([number; 64]))
    }
}

#[test]
fn the_handlers_have_their_tables() {
    assert_eq!(Paths::METHODS, ["GET", "HEAD", "PUT", "POST", "OPTIONS"]);
    assert_eq!(Paths::ROUTES.len(), 6);
    assert_eq!(Paths::path_book(7, "a b"), "/books/7/a%20b");
    assert_eq!(Hello::METHODS, ["GET", "HEAD", "POST", "DELETE", "M-SEARCH", "OPTIONS"]);
    assert_eq!(Expecting::METHODS, ["GET", "HEAD", "POST", "OPTIONS"]);
    assert_eq!(Everything::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
