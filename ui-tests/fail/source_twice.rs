use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[query] #[header("X-Page")] page: u8, #[query] #[serde(default)] size: u8) -> String {
        format!("{page} {size}")
    }
}

fn main() {}
