use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/users/{id}")]
    fn do_GET_person(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
