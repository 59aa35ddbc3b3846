use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/users/{name}/books")]
    fn do_GET_books(&self, name: &str) -> String {
        name.to_owned()
    }

    #[path("/users/{name}")]
    fn do_PUT_user(&self, name: &str) -> String {
        name.to_owned()
    }
}

fn main() {}
