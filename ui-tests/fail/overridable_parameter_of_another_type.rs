use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    fn log_request(&self, _ex: &Exchange, _code: u32, _size: Option<usize>) {}
}

fn main() {}
