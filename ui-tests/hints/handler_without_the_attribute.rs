//! errors: 1
//! says: `Hello` is not a handler
//! says: write `#[http_handler]` above the `impl` block with the `do_*` methods

use basehttp::{Exchange, HTTPServer, Result};

struct Hello;

impl Hello {
    pub fn do_get(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
