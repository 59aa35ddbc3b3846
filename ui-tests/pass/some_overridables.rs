//! Only what the block defines counts as overridden.

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Quiet;

#[http_handler]
impl Quiet {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn log_request(&self, _ex: &Exchange, _code: u16, _size: Option<u64>) {}

    #[cfg(any())]
    fn log_error(&self, _ex: &Exchange, _message: std::fmt::Arguments<'_>) {}
}

fn main() {
    assert!(Quiet::OVERRIDES.log_request);
    assert!(!Quiet::OVERRIDES.log_error);
    assert!(!Quiet::OVERRIDES.end_headers);
}
