//! Calls that are not on the exchange, or not seen to be, are nobody's business but the compiler's.

use basehttp::{Exchange, Result, http_handler};

struct Other;

impl Other {
    fn send_response(&self, _code: u16) -> &Self {
        self
    }

    fn send_error(&self, _code: u16, _message: &str) {}
}

struct Hello {
    other: Other,
}

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.other.send_response(7);
        let _closure = |ex: &Other| {
            ex.send_response(8);
        };
        ex.send_response((200, "Fine")).send_header("X-Tab", "a\tb é").end_headers()?;
        let early = 103;
        ex.send_response_only(early);
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) {
        ex.close_connection = true;
        let ex = &self.other;
        ex.send_error(9, "another's");
    }
}

fn main() {}
