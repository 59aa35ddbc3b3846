use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if ex.path == "/a" {
            return Err(404);
        }
        match ex.path {
            "/b" => Err((410, "gone")),
            _ => Err(500),
        }
    }
}

fn main() {}
