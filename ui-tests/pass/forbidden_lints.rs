//! Lints that are forbidden, so that to allow them would be an error.

#![forbid(non_snake_case, elided_lifetimes_in_paths, unused, missing_docs, unsafe_code)]

use std::fmt;

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Strict;

#[http_handler]
impl Strict {
    fn do_GET(&self, ex: &mut Exchange<'_>) -> Result {
        Exchange::send_text(ex, 200, "hello")?;
        Ok(())
    }

    fn log_message(&self, _ex: &Exchange<'_>, _message: fmt::Arguments<'_>) {}
}

fn main() {
    assert!(HTTPServer::bind(("127.0.0.1", 0), Strict).is_ok());
}
