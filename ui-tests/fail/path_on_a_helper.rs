use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn users(&self) -> &str {
        ""
    }

    fn do_GET(&self) -> &str {
        self.users()
    }
}

fn main() {}
