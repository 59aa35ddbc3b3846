use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/text" => ex.send_text(2000, "hello")?,
            "/html" => ex.send_html(2001, "hello")?,
            _ => ex.send_json(2002, "hello")?,
        }
        Ok(())
    }
}

fn main() {}
