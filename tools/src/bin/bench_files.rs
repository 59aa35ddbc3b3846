//! A contestant for benchmarks of files. Port, workers and directory are optional arguments.
//! `cargo run --release -p basehttp-tools --bin bench_files`
//!
//! ```console
//! $ curl -si http://127.0.0.1:8000/README.md | grep Accept-Ranges
//! Accept-Ranges: bytes
//! ```

use std::fmt;

use basehttp::{Exchange, HTTPServer, Result, SimpleHTTPRequestHandler, http_handler};

struct Quiet(SimpleHTTPRequestHandler);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Quiet {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(default, |number| number.parse::<u16>().expect("a number"));
    let (port, workers) = (number(8000), number(1));
    let files = SimpleHTTPRequestHandler::new(arguments.next().unwrap_or_else(|| ".".into()))?;
    let mut httpd = HTTPServer::builder().workers(workers.into()).bind(("127.0.0.1", port), Quiet(files))?;
    println!("serving on http://{}/", httpd.server_address());
    httpd.serve_forever()
}
