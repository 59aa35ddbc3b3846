use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let host = ex.headers["Host"];
        Ok(ex.send_text(200, host)?)
    }
}

fn main() {}
