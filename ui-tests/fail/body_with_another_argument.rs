use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn do_POST(&self, #[json(limit = "1 MiB")] id: u8) -> String {
        id.to_string()
    }

    fn do_PUT(&self, #[json("1 MiB")] id: u8) -> String {
        id.to_string()
    }
}

fn main() {}
