use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_error(100)?;
        ex.send_error((101, "Switching Protocols"))?;
        Ok(())
    }
}

fn main() {}
