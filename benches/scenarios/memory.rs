//! A connection over memory, with requests from a buffer and responses to nowhere.

use std::fmt;
use std::io::{self, Read, Write};

use basehttp::{Connection, Exchange, Result, http_handler};

struct Gauged;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Gauged {
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200)
            .send_header("Content-Type", "text/html; charset=utf-8")
            .send_header("Content-Language", "en")
            .send_header("Cache-Control", "max-age=3600")
            .send_header("ETag", "\"0123456789abcdef\"")
            .send_header("Last-Modified", "Mon, 02 Nov 2026 10:00:00 GMT")
            .send_header("Vary", "Accept-Encoding")
            .send_header("X-Content-Type-Options", "nosniff")
            .send_header("Content-Length", 12_345)
            .end_headers()?;
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let length = io::copy(&mut ex.rfile, &mut io::sink())?;
        assert_eq!(length, 64 * 1024, "all of the body");
        Ok(ex.send_text(200, "read")?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// The same request, so many times.
struct Repeated {
    request: &'static [u8],
    at: usize,
    left: u32,
}

impl Read for Repeated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let count = (&self.request[self.at..]).read(buffer)?;
        self.at += count;
        if self.at == self.request.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(count)
    }
}

impl Write for Repeated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serves the request so many times.
pub(super) fn serve(request: &'static [u8], requests: u32) {
    Connection::new(Repeated { request, at: 0, left: requests }, &Gauged).handle();
}
