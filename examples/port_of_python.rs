//! A Python script, ported (but a score has nine digits at most). Run `cargo run --release --example port_of_python`
//!
//! ```console
//! $ curl -d 42 http://127.0.0.1:8000/ada
//! {"total": 42}
//! ```
//!
//! ```python
//! from http.server import BaseHTTPRequestHandler, HTTPServer
//! totals = {}
//! class Scores(BaseHTTPRequestHandler):
//!     def do_GET(self):
//!         if self.path not in totals:
//!             return self.send_error(404, "nobody scored here")
//!         self.send_response(200)
//!         self.send_header("Content-Type", "application/json")
//!         self.end_headers()
//!         self.wfile.write(b'{"total": %d}\n' % totals[self.path])
//!     def do_POST(self):
//!         score = self.rfile.read(int(self.headers["Content-Length"]))
//!         if not score.isdigit():
//!             return self.send_error(400, "a score is a number")
//!         totals[self.path] = totals.get(self.path, 0) + int(score)
//!         self.do_GET()
//! HTTPServer(("127.0.0.1", 8000), Scores).serve_forever()
//! ```

use std::collections::HashMap;
use std::sync::Mutex;

use basehttp::{Exchange, HTTPServer, OrError, Result, http_handler};

struct Scores(Mutex<HashMap<String, u64>>);

#[http_handler]
impl Scores {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let total = self.0.lock().unwrap().get(ex.path).copied();
        let total = total.or_error((404, "nobody scored here"))?;
        ex.send_response(200).send_header("Content-Type", "application/json").end_headers()?;
        writeln!(ex.wfile, "{{\"total\": {total}}}")?;
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let score = ex.read_text(9)?.parse::<u32>().or_error((400, "a score is a number"))?;
        *self.0.lock().unwrap().entry(ex.path.to_owned()).or_default() += u64::from(score);
        self.do_GET(ex)
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Scores(Mutex::default()))?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
