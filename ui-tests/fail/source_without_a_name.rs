use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[header] token: &str, #[header] user_agent: &str) -> String {
        format!("{token} {user_agent}")
    }
}

fn main() {}
