//! Files and an API side by side. Run `cargo run --release --example files` (or with port and directory).
//!
//! ```console
//! $ curl -si http://127.0.0.1:8000/examples/hello.rs | grep Content-type
//! Content-type: text/plain; charset=utf-8
//! $ curl -r 4-23 http://127.0.0.1:8000/examples/hello.rs
//! The smallest server.
//! $ curl -si http://127.0.0.1:8000/examples | grep Location
//! Location: ./examples/
//! $ curl http://127.0.0.1:8000/api/answer
//! 42
//! ```

use basehttp::{Exchange, HTTPServer, Result, SimpleHTTPRequestHandler, http_handler};

struct Site {
    files: SimpleHTTPRequestHandler,
}

#[http_handler(server_version = "Site/1.0", protocol_version = "HTTP/1.1")]
impl Site {
    // Every path outside the API is a file or a directory.
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.segments()[..] {
            ["api", "answer"] => Ok(ex.send_text(200, "42\n")?),
            _ => self.files.do_GET(ex),
        }
    }
}

fn main() -> Result {
    let mut arguments = std::env::args().skip(1);
    let port =
        arguments.next().map_or(Ok(8000), |port| port.parse()).map_err(|_| "the first argument is a port number")?;
    let files = SimpleHTTPRequestHandler::builder()
        .directory(arguments.next().unwrap_or_else(|| ".".into()))
        .cache_control("no-cache")
        .header("X-Frame-Options", "DENY")
        .build()?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Site { files })?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
