use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_POST_users(&self, #[json] user: u8) -> String {
        user.to_string()
    }
}

fn main() {}
