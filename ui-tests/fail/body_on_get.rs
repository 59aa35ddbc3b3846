use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[body] name: String) -> String {
        name
    }

    fn do_HEAD(&self, #[form] _form: basehttp::Form) -> u16 {
        200
    }
}

fn main() {}
