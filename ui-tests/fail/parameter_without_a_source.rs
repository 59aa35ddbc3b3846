use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, _ex: &mut Exchange, _path: &str) {}
}

fn main() {}
