//! Methods of one's own. Run `cargo run --release --example custom_methods` (or with another port).
//!
//! ```console
//! $ curl -X SPAM http://127.0.0.1:8000/eggs
//! Lovely SPAM with /eggs
//! $ curl -si -X M-SEARCH http://127.0.0.1:8000/ | grep Location
//! Location: http://127.0.0.1:8000/device.xml
//! $ curl -si -X OPTIONS http://127.0.0.1:8000/ | grep Allow
//! Allow: SPAM, M-SEARCH, OPTIONS
//! ```

use std::io;

use basehttp::{Exchange, HTTPServer, OrError, Result, http_handler};

struct Device;

#[http_handler(server_version = "Device/1.0", protocol_version = "HTTP/1.1")]
impl Device {
    // Any upper-case name after `do_` is a method. OPTIONS is answered with the list of them.
    fn do_SPAM(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, format!("Lovely SPAM with {}\n", ex.path))
    }

    // An attribute names a method that is not a Rust identifier.
    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        let location = format!("http://{}/device.xml", host(ex)?);
        ex.send_response(200).send_header("Location", location).end_headers()?;
        Ok(())
    }
}

// A helper that returns a part of the request names the exchange's lifetime, so that `ex` can be used meanwhile.
fn host<'c>(ex: &Exchange<'c>) -> Result<&'c str> {
    Ok(ex.authority().or_error((400, "which host do you ask?"))?)
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Device)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
