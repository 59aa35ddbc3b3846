use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler(responses = { 600: ("Odd", "No class of codes has this one.") })]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {}
