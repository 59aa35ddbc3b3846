use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, #[query] id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
