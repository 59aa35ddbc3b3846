use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: Option<u64>) -> String {
        format!("{id:?}")
    }
}

fn main() {}
