use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: impl ToString, #[query] page: &dyn ToString) -> String {
        id.to_string() + &page.to_string()
    }
}

fn main() {}
