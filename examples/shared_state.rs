//! A key-value store in memory. Run `cargo run --release --example shared_state` (or with another port).
//!
//! ```console
//! $ curl -X PUT -d 'Lovelace' http://127.0.0.1:8000/ada
//! $ curl http://127.0.0.1:8000/ada
//! Lovelace
//! $ curl -X DELETE http://127.0.0.1:8000/ada
//! $ curl -si http://127.0.0.1:8000/ada | grep HTTP
//! HTTP/1.1 404 no such key
//! ```

use std::collections::HashMap;
use std::sync::Mutex;

use basehttp::{Exchange, HTTPError, HTTPServer, OrError, Result, http_handler};

/// All connections share the handler, so its state is behind a lock.
#[derive(Default)]
struct Store {
    values: Mutex<HashMap<String, Vec<u8>>>,
}

#[http_handler(server_version = "Store/1.0", protocol_version = "HTTP/1.1")]
impl Store {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let value = self.values.lock().unwrap().get(key(ex)?).cloned();
        let value = value.or_error((404, "no such key"))?;
        Ok(ex.send_bytes(200, "application/octet-stream", value)?)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        let key = key(ex)?;
        let value = ex.read_body(1024 * 1024)?;
        let replaced = self.values.lock().unwrap().insert(key.to_owned(), value);
        ex.send_response(if replaced.is_some() { 204 } else { 201 }).end_headers()?;
        Ok(())
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> Result {
        let removed = self.values.lock().unwrap().remove(key(ex)?);
        removed.or_error((404, "no such key"))?;
        ex.send_response(204).end_headers()?;
        Ok(())
    }
}

fn key<'c>(ex: &Exchange<'c>) -> Result<&'c str> {
    match ex.segments()[..] {
        [key] => Ok(key),
        _ => Err(HTTPError::new(404, "a key is one path segment").into()),
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Store::default())?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
