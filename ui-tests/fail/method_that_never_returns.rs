use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> ! {
        panic!("{}", ex.path)
    }
}

fn main() {}
