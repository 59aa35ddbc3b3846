//! Attributes of the user's, on the block and its methods: each compiles without a warning.

#![deny(warnings, rust_2018_idioms)]
#![forbid(non_snake_case)]

use basehttp::testing::respond;
use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Inner;

#[http_handler]
impl Inner {
    #![allow(dead_code)]
    #![cfg(not(target_os = "none"))]

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        #![allow(unused_variables)]
        let unused = 1;
        Ok(ex.send_text(200, "hello")?)
    }

    #[deprecated]
    #[must_use]
    #[inline]
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    fn do_PUT(&self, _ex: &mut Exchange) {
        #![cfg(target_os = "none")]
    }

    #[deprecated]
    fn handle_timeout(&self) {}

    fn never_called(&self) {}
}

#[cfg(target_os = "none")]
struct Missing;

#[http_handler]
#[cfg(target_os = "none")]
impl Missing {
    fn do_GET(&self, _ex: &mut Exchange) {}
}

struct Borrowing<'a, T>(&'a T);

#[http_handler]
impl Borrowing<'_, &str> {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, *self.0)?)
    }
}

struct Calling<T: ?Sized>(Box<T>);

#[http_handler]
impl Calling<dyn Fn(&str) -> String + Send + Sync + '_> {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, self.0(ex.path))?)
    }
}

struct Raw;

#[http_handler]
impl Raw {
    fn r#do_GET(&self, r#ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "raw")?)
    }

    fn r#log_message(&self, _ex: &Exchange, _message: std::fmt::Arguments<'_>) {}
}

fn main() {
    assert_eq!(Inner::METHODS, ["GET", "HEAD", "POST", "OPTIONS"]);
    assert_eq!(Raw::METHODS, ["GET", "HEAD", "OPTIONS"]);
    assert!(respond(&Raw, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"raw"));
    assert!(respond(&Borrowing(&"lent"), b"GET / HTTP/1.0\r\n\r\n").ends_with(b"lent"));
    let calling: Calling<dyn Fn(&str) -> String + Send + Sync> = Calling(Box::new(str::to_uppercase));
    assert!(respond(&calling, b"GET /a HTTP/1.0\r\n\r\n").ends_with(b"/A"));
}
