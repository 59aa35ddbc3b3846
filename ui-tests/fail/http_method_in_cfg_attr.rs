use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    #[cfg_attr(unix, http_method("M-SEARCH"))]
    fn search(&self) {}
}

fn main() {}
