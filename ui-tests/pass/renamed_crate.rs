//! The runtime under another path, for crates that re-export it.

mod toolkit {
    pub mod http {
        pub use basehttp::{__private, BaseHTTPRequestHandler, Exchange, Result, http_handler};
    }
}

/// Hides the crate, so that the expansion can only use the path it was given.
#[allow(unused_imports)]
use toolkit as basehttp;
use toolkit::http::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Hello;

#[http_handler(crate = "crate::toolkit::http", server_version = "Hello/1.0", responses = { 299: ("Fine", "All is well.") })]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn log_error(&self, _ex: &Exchange, _message: std::fmt::Arguments<'_>) {}
}

fn main() {
    assert_eq!(Hello::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
