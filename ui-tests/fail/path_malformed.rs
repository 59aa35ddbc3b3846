use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users//x")]
    fn do_GET_empty_segment(&self) -> u16 {
        204
    }

    #[path("/users?page")]
    fn do_GET_query(&self) -> u16 {
        204
    }

    #[path("/users#first")]
    fn do_GET_fragment(&self) -> u16 {
        204
    }

    #[path("/caf%C3%A9")]
    fn do_GET_encoded(&self) -> u16 {
        204
    }

    #[path("/a/./b")]
    fn do_GET_dot(&self) -> u16 {
        204
    }

    #[path("/a/../b")]
    fn do_GET_dots(&self) -> u16 {
        204
    }

    #[path("/a\tb")]
    fn do_GET_control(&self) -> u16 {
        204
    }

    #[path("/a ")]
    fn do_GET_space(&self) -> u16 {
        204
    }

    #[path("http://example.org/users")]
    fn do_GET_url(&self) -> u16 {
        204
    }

    #[path("GET /users")]
    fn do_GET_method(&self) -> u16 {
        204
    }

    #[path("users/:id")]
    fn do_GET_without_slash(&self, id: u64) -> u16 {
        204
    }
}

fn main() {}
