use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[header] token: &str) -> String {
        token.to_owned()
    }
}

fn main() {}
