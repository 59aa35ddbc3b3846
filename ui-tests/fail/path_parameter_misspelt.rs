use basehttp::{http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{user_id}")]
    fn do_GET_user(&self, usre_id: u64) -> String {
        usre_id.to_string()
    }
}

fn main() {}
