use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/{*all}/x")]
    fn do_GET_all(&self, all: &[&str]) -> String {
        all.join("/")
    }
}

fn main() {}
