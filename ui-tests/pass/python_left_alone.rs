//! Lines that look like Python's and are right.

#![deny(warnings)]

use std::io::{self, BufRead, Read};
use std::ops::Index;
use std::sync::LazyLock;

use basehttp::testing::respond;
use basehttp::{Exchange, Field, HTTPError, MessageClass, Result, http_handler};

static PAGE: LazyLock<String> = LazyLock::new(|| "a page".to_owned());

struct Handler {
    path: &'static str,
    headers: Vec<&'static str>,
    wfile: Vec<u8>,
    page: Option<&'static str>,
}

#[http_handler]
impl Handler {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let Self { wfile, .. } = self;
        let text = format!("{} {} {}", self.path, self.headers[0], wfile.len());
        if let Some(text) = self.page {
            return Ok(ex.send_bytes(200, "text/plain", text.as_bytes())?);
        }
        let pages = vec!["first", "second"];
        if ex.path == "/second" {
            return Ok(ex.send_bytes(200, "text/plain", pages[1].as_bytes())?);
        }
        let text = text.leak();
        Ok(ex.send_bytes(200, "text/plain", text.as_bytes())?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let mut buffer = [0; 2];
        let mut line = String::new();
        let count = ex.rfile.read(&mut buffer)?;
        ex.rfile.read_line(&mut line)?;
        let status = |is_full| if is_full { Ok(200) } else { Err(404) };
        let code: std::result::Result<u16, u16> = if count == 2 { status(true) } else { Err(404) };
        ex.send_response(code.unwrap_or_else(|code| code));
        ex.send_body(PAGE.as_str())?;
        Ok(())
    }

    fn do_PUT(&self, ex: &mut Exchange) -> io::Result<()> {
        let text = String::from("copied");
        ex.send_response(200).end_headers()?;
        ex.wfile.write_all(text.as_bytes())?;
        match ex.path {
            "/error" => Err(HTTPError::from(404).into()),
            _ => Ok(()),
        }
    }
}

struct First<'c>(&'c str);

impl<'c> MessageClass<'c> for First<'c> {
    fn parse(fields: &'c [Field<'c>]) -> std::result::Result<Self, HTTPError> {
        Ok(Self(fields.first().map_or("", |field| str::from_utf8(field.value()).unwrap_or(""))))
    }
}

impl Index<usize> for First<'_> {
    type Output = str;

    fn index(&self, _: usize) -> &str {
        self.0
    }
}

struct Indexed;

#[http_handler(MessageClass = First<'c>)]
impl Indexed {
    fn do_GET(&self, ex: &mut Exchange<'_, First<'_>>) -> Result {
        Ok(ex.send_text(200, &ex.headers[0])?)
    }
}

fn main() {
    let handler = Handler { path: "/", headers: vec!["Host"], wfile: Vec::new(), page: None };
    assert!(respond(&handler, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"/ Host 0"));
    assert!(respond(&handler, b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi").ends_with(b"a page"));
    assert!(respond(&handler, b"PUT / HTTP/1.0\r\n\r\n").ends_with(b"copied"));
    assert!(respond(&Indexed, b"GET / HTTP/1.0\r\nA: b\r\n\r\n").ends_with(b"\r\n\r\nb"));
}
