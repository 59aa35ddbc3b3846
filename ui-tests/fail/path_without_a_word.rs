use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET(&self) -> &str {
        ""
    }
}

fn main() {}
