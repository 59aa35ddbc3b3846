use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler(responses = { 299: ("Fine", "All is well.\0") })]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {}
