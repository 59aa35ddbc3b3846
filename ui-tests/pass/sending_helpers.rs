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

    fn send_text(&self, text: &str) -> usize {
        text.len()
    }
}

#[http_handler]
impl Files {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(self.send_file(ex, "a.txt")?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.send_response(200);
        self.send_header(&*ex);
        let sent = Self::send_text(self, "to the others");
        ex.log_message(format_args!("sent {sent}"));
        ex.end_headers()?;
        Ok(self.send_bytes(&mut ex.wfile)?)
    }

    fn send_response(&self, _code: u16) {}
}

fn main() {}
