//! errors: 1
//! says: `{integer}` is not an address to listen on
//! says: write `("127.0.0.1", 8000)` for this computer alone

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {
    let _ = HTTPServer::bind(8000, Hello);
}
