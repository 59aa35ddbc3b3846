use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.wfile.write_all(b"hello")?;
        writeln!(self.wfile, "from {}", self.client_address)?;
        self.close_connection = true;
        Ok(ex.end_headers()?)
    }
}

fn main() {}
