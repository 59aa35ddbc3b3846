use std::io;

use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        self.send_header("Access-Control-Allow-Origin", "*");
        basehttp::defaults::end_headers(self, ex)
    }
}

fn main() {}
