use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.log_error("no {} here", ex.path.len());
        Ok(())
    }
}

fn main() {}
