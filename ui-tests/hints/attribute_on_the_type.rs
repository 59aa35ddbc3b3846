//! errors: 1
//! says: `#[http_handler]` goes on an impl block, not on this `struct`

use basehttp::{Exchange, HTTPServer, Result, http_handler};

#[http_handler]
struct Hello<'a, T: Send + Sync = u8>(&'a T);

impl<T: Send + Sync> Hello<'_, T> {
    pub fn index(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello(&0_u8));
}
