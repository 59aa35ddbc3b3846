use basehttp::{Exchange, http_handler};

struct Hello {
    visits: u64,
}

#[http_handler]
impl Hello {
    fn do_GET(&mut self, _ex: &mut Exchange) {
        self.visits += 1;
    }
}

fn main() {}
