use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[http_method("get")]
    fn index(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    #[http_method("PSOT")]
    fn add(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {}
