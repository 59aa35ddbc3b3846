//! errors: 1
//! says: `#[http_handler]` cannot read this item, so a `do_*` method in it would not be served
//! says: write it as a method with a body

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result;
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
