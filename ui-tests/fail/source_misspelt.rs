use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[qurey] page: u8) -> String {
        page.to_string()
    }
}

fn main() {}
