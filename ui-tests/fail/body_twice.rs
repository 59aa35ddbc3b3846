use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_POST_users(&self, #[json] id: u8, #[body] text: &str) -> String {
        format!("{id} {text}")
    }
}

fn main() {}
