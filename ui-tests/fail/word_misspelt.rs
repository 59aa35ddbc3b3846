use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/a/{id}")]
    fn do_get_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/b/{id}")]
    fn do_GTE_day(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/c/{id}")]
    fn do_GET_Day(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/d/{id}")]
    fn do_GETMonth(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/e/{id}")]
    fn do_GET_YEAR(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/f/{id}")]
    fn do_century(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/users/{id}")]
    fn do_PSOT(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/g/{id}")]
    fn do_GET_2(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
