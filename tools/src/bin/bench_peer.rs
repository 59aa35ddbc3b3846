//! A contestant for benchmarks. Port and workers are optional arguments.
//! `cargo run --release -p basehttp-tools --bin bench_peer`
//!
//! ```console
//! $ curl -d abc http://127.0.0.1:8000/echo
//! abc
//! ```

use std::fmt;
use std::time::Duration;

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Peer;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Peer {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/" => {}
            "/sleep10" => std::thread::sleep(Duration::from_millis(10)),
            _ => return Ok(ex.send_error(404)?),
        }
        Ok(ex.send_bytes(200, "text/plain", "Hello, World!")?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1024 * 1024)?;
        Ok(ex.send_bytes(200, "application/octet-stream", body)?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u16>().expect("a number"));
    let (port, workers) = (arguments.next().unwrap_or(8000), arguments.next().unwrap_or(1));
    let mut httpd = HTTPServer::builder().workers(workers.into()).bind(("127.0.0.1", port), Peer)?;
    println!("serving on http://{}/", httpd.server_address());
    httpd.serve_forever()
}
