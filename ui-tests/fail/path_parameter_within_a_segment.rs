use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/user-{id}")]
    fn do_GET_user(&self, id: &str) -> String {
        id.to_owned()
    }
}

fn main() {}
