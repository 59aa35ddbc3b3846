use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_PSOT(&self, _ex: &mut Exchange) {}
}

fn main() {}
