use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_get(&self, _ex: &mut Exchange) {}
}

fn main() {}
