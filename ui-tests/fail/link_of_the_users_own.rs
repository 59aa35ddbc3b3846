use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self) -> String {
        Self::path_users()
    }

    fn path_users() -> String {
        String::new()
    }
}

fn main() {}
