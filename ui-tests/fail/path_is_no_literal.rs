use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path(USERS)]
    fn do_GET_users(&self) -> &str {
        ""
    }
}

fn main() {}
