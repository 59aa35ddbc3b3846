use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path]
    fn do_GET_bare(&self) -> u16 {
        204
    }

    #[path = "/users"]
    fn do_GET_value(&self) -> u16 {
        204
    }

    #[path(users)]
    fn do_GET_word(&self) -> u16 {
        204
    }

    #[path("/a", "/b")]
    fn do_GET_two(&self) -> u16 {
        204
    }
}

fn main() {}
