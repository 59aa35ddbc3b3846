use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler(cors = "*", derive_options = false)]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {}
