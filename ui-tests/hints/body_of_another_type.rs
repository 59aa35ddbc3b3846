//! errors: 1
//! says: `&String` cannot be sent as a body
//! says: write `text`, `text.clone()` or `bytes.to_vec()`

use basehttp::{Exchange, Result, http_handler};

struct Hello {
    page: String,
}

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_bytes(200, "text/html", &self.page)?)
    }
}

fn main() {}
