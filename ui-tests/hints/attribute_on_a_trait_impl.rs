//! errors: 1
//! says: `#[http_handler]` goes on a block of the type's own, and writes the trait impl itself

use basehttp::{BaseHTTPRequestHandler, Exchange, HTTPServer, Headers, Result, http_handler};

struct Hello;

#[http_handler]
impl BaseHTTPRequestHandler for Hello {
    type MessageClass<'c> = Headers<'c>;

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
