//! Methods of one's own that are named like those of the exchange, in this block or handed the exchange in another.

#![deny(warnings)]

use std::io;

use basehttp::{Exchange, Result, http_handler};

struct Files;

impl Files {
    fn send_file(&self, ex: &mut Exchange<'_>, name: &str) -> io::Result<()> {
        ex.send_text(200, name.to_owned())
    }

    fn send_header(&self, ex: &Exchange<'_>) {
        ex.send_header("X-Files", "1");
    }

    fn send_bytes(&self, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(b"bytes")
    }

    /// To a telephone.
    fn send_text(&self, number: &str, text: &str) -> usize {
        number.len() + text.len()
    }

    fn send_body(&self) {}
}

#[http_handler]
impl Files {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(self.send_file(ex, "a.txt")?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.send_response(200);
        self.send_header(&*ex);
        let sent = self.send_text("+43", "to the others");
        self.send_body();
        ex.log_message(format_args!("sent {sent}"));
        ex.end_headers()?;
        Ok(self.send_bytes(&mut ex.wfile)?)
    }

    fn send_response(&self, _code: u16) {}

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        self.log_mesages();
        Ok(ex.send_error(404)?)
    }

    /// A name that looks misspelt, and is called.
    fn log_mesages(&self) {}
}

fn main() {}
