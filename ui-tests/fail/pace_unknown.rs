use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[pace("blocking")]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {}
