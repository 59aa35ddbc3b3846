//! Another class for the headers, with a lifetime and without.

use basehttp::{BaseHTTPRequestHandler, Exchange, Field, HTTPError, MessageClass, Result, http_handler};

/// Borrows from the exchange.
struct Names<'c> {
    fields: &'c [Field<'c>],
}

impl<'c> MessageClass<'c> for Names<'c> {
    fn parse(fields: &'c [Field<'c>]) -> std::result::Result<Self, HTTPError> {
        Ok(Self { fields })
    }
}

/// Owns what it has.
struct Count(usize);

impl<'c> MessageClass<'c> for Count {
    fn parse(fields: &'c [Field<'c>]) -> std::result::Result<Self, HTTPError> {
        Ok(Self(fields.len()))
    }
}

struct Named;

#[http_handler(MessageClass = Names<'c>)]
impl Named {
    fn do_GET(&self, ex: &mut Exchange<Names>) -> Result {
        ex.send_response(200).send_header("X-Fields", ex.headers.fields.len()).end_headers()?;
        Ok(())
    }

    fn end_headers(&self, ex: &Exchange<Names>) -> std::io::Result<()> {
        ex.send_header("X-Fields", ex.headers.fields.len());
        Ok(())
    }
}

struct Elided;

#[http_handler(MessageClass = Names<'_>, derive_head = false)]
impl Elided {
    fn do_GET<'c>(&self, ex: &mut Exchange<'c, Names<'c>>) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct Counted;

#[http_handler(MessageClass = Count)]
impl Counted {
    fn do_GET(&self, ex: &mut Exchange<'_, Count>) -> Result {
        ex.send_response(200).send_header("X-Fields", ex.headers.0).end_headers()?;
        Ok(())
    }
}

fn main() {
    assert_eq!(Named::METHODS, ["GET", "HEAD", "OPTIONS"]);
    assert_eq!(Elided::METHODS, ["GET", "OPTIONS"]);
    assert_eq!(Counted::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
