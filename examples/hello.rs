//! The smallest server. Run `cargo run --release --example hello` (or with another port).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/
//! Hello!
//! ```

use basehttp::{HTTPServer, http_handler};

struct Hello;

#[http_handler(server_version = "Hello/1.0", protocol_version = "HTTP/1.1")]
impl Hello {
    fn do_GET(&self) -> &'static str {
        "Hello!\n"
    }
}

fn main() -> basehttp::Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Hello)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
