use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler(server_versoin = "Hello/1.0", protocol_version = "HTTP/2")]
impl Hello {
    fn do_get(&self, ex: &mut Exchange) -> Result {
        ex.send_response(20).send_header("Content Type", "text/plain").end_headers()?;
        Ok(())
    }

    async fn do_POST(&mut self, _ex: &mut Exchange) {}

    fn handle_timeout(&self) -> bool {
        true
    }
}

fn main() {
    // The type is a handler all the same, so that nothing is said about this line.
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
