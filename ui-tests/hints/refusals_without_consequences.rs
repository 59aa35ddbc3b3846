//! errors: 3
//! says: `send_response` is a method of the exchange, and `self` is the handler
//! says: `wfile` is a field of the exchange, and `self` is the handler
//! says: `do_POST` is const, but the runtime calls it while it serves

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let sent: u8 = self.send_response(200);
        writeln!(self.wfile, "{sent}")?;
        ex.no_such_method()
    }

    const fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, String::new())?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
