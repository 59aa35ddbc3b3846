use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler(cors = "https://example.org/app")]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {}
