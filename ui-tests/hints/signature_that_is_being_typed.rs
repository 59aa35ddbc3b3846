//! errors: 1
//! says: while parsing this item list starting here

#![deny(warnings)]

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    fn do_POST(&self, ex: &mut Exchange)

    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
