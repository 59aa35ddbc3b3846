//! Sends a POST's body back as it comes, of any size. Run `cargo run --release --example echo` (or with another port).
//!
//! ```console
//! $ curl -d 'hello, echo' http://127.0.0.1:8000/
//! hello, echo
//! $ printf 'no length known' | curl -T - -X POST http://127.0.0.1:8000/
//! no length known
//! ```

use std::io;

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Echo;

#[http_handler(server_version = "Echo/1.0", protocol_version = "HTTP/1.1")]
impl Echo {
    // `rfile` ends where the body ends, sized or chunked. A short response is buffered and gets a Content-Length, a
    // long one streams in chunks.
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let content_type = ex.headers.get("Content-Type").unwrap_or("application/octet-stream");
        ex.send_response(200).send_header("Content-Type", content_type).end_headers()?;
        io::copy(&mut ex.rfile, &mut ex.wfile)?;
        Ok(())
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Echo)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
