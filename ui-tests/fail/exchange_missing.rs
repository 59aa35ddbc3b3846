use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self) {}
}

fn main() {}
