//! errors: 4
//! says: `&str` is not a status
//! says: `i32` is not a status
//! says: `i32` is not an error response
//! says: a code is a `u16`: write `404`, or `u16::try_from(code)?` for another number

use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let code: i32 = 404;
        ex.send_response("200").end_headers()?;
        ex.send_text(code, "hello")?;
        ex.send_error(code)?;
        Ok(ex.send_error("404")?)
    }
}

fn main() {}
