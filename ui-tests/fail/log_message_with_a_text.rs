use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let name = "you";
        ex.log_message("hello");
        ex.log_message("hello, {}", name);
        Ok(())
    }
}

fn main() {}
