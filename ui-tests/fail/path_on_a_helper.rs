use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn users(&self) -> &str {
        ""
    }

    #[path("/users/{id}")]
    fn get_user(&self, id: u64, #[query] page: u64) -> String {
        format!("{id} {page}")
    }

    #[path("/days")]
    fn doPOSTdays(&self) -> u16 {
        204
    }
}

fn main() {}
