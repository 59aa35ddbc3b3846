//! The smallest server. Run `cargo run --release --example hello` (or with another port).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/there
//! Hello! You asked for /there
//! ```

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler(server_version = "Hello/1.0", protocol_version = "HTTP/1.1")]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200).send_header("Content-Type", "text/plain; charset=utf-8").end_headers()?;
        writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
        Ok(())
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Hello)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
