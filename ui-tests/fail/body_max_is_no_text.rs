use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn do_POST(&self, #[body(max = 1000)] text: String) -> String {
        text
    }
}

fn main() {}
