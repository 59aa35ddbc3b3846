use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn do_POST(&self, #[body(max = "1 MB")] text: String) -> String {
        text
    }

    fn do_PUT(&self, #[body(max = "4 GiB")] text: String) -> String {
        text
    }
}

fn main() {}
