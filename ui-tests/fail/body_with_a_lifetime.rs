use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn do_POST(&self, #[body] text: &'static str) -> &'static str {
        text
    }
}

fn main() {}
