//! errors: 1
//! says: unexpected token: `;`

#![deny(warnings)]

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let _page = ex.path. ;
        Ok(ex.send_text(200, "hello")?)
    }

    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
