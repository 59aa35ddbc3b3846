use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET_user(&self) -> &str {
        ""
    }
}

fn main() {}
