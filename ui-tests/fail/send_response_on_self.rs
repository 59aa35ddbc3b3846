use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, exchange: &mut Exchange) -> Result {
        self.send_response(200).send_header("Content-Type", "text/plain").end_headers()?;
        Ok(())
    }
}

fn main() {}
