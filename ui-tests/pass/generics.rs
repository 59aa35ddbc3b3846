//! Generics, bounds and where clauses are kept, also where they use the names that the expansion would.

#![deny(warnings)]

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

#[allow(non_upper_case_globals)]
struct Shown<'c, T: Display + ?Sized, Message, const ex: usize>(PhantomData<(&'c T, Message)>)
where
    Message: Debug;

#[http_handler]
#[allow(non_upper_case_globals)]
impl<'c, T: Display + ?Sized, Message, const ex: usize> Shown<'c, T, Message, ex>
where
    Message: Debug,
{
    fn do_GET(&self, exchange: &mut Exchange) -> Result {
        exchange.send_response(200).send_header("X-Length", ex).end_headers()?;
        Ok(())
    }

    fn do_POST<'x>(&self, exchange: &mut Exchange<'x>) -> Result {
        let path: &'x str = exchange.path;
        Ok(exchange.send_error((404, path))?)
    }

    fn log_request(&self, _ex: &Exchange, _code: u16, _size: Option<u64>) {}
}

struct Only<T>(T);

#[http_handler]
impl Only<u8> {
    fn do_GET(&self, ex: &mut Exchange) {
        ex.close_connection = self.0 == 1;
    }
}

fn main() {
    assert_eq!(Shown::<'static, str, u8, 3>::METHODS, ["GET", "HEAD", "POST", "OPTIONS"]);
    assert_eq!(Only::<u8>::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
