use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}/{book}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
