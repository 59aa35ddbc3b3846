//! Serves while a condition holds. Run `cargo run --release --example run_while` (or with another port).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/
//! still running: GET /stop ends it
//! $ curl http://127.0.0.1:8000/stop
//! that was the last request
//! ```

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use basehttp::{Exchange, HTTPServer, http_handler};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Tested before each request, as in the documentation of Python's `http.server`.
fn keep_running() -> bool {
    !STOPPED.load(Ordering::Relaxed)
}

struct Stoppable;

#[http_handler(server_version = "Stoppable/1.0", protocol_version = "HTTP/1.1")]
impl Stoppable {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        if ex.path != "/stop" {
            return ex.send_text(200, "still running: GET /stop ends it\n");
        }
        STOPPED.store(true, Ordering::Relaxed);
        ex.send_text(200, "that was the last request\n")
    }
}

// `handle_request` serves one request and closes its connection, on this thread. No other request is served meanwhile.
fn main() -> basehttp::Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Stoppable)?;
    println!("serving on http://{}/", httpd.server_address());
    while keep_running() {
        httpd.handle_request()?;
    }
    Ok(())
}
