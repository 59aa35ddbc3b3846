use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    const fn do_GET(&self, _ex: &mut Exchange) {}
}

fn main() {}
