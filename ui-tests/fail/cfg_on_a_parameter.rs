use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[cfg(any())] #[query] _page: u8, #[cfg_attr(all(), query)] size: u8) -> String {
        size.to_string()
    }
}

fn main() {}
