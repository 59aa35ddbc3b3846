use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_VERSION_CONTROL(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {}
