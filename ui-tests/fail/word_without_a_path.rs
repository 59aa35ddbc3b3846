use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET_user(&self) -> &str {
        ""
    }

    fn do_PUT_day(&self, id: u64) -> String {
        id.to_string()
    }

    fn do_delete_user(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
