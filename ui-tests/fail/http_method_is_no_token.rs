use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[http_method("M SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

fn main() {}
