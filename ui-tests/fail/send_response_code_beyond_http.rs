use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(999).end_headers()?;
        Ok(())
    }
}

fn main() {}
