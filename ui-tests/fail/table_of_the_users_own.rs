use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self) -> String {
        Self::ROUTES.to_string()
    }

    const ROUTES: u8 = 1;
}

fn main() {}
