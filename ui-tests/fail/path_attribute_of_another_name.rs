use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[paht("/users")]
    fn do_GET_users(&self) -> u16 {
        204
    }

    #[get("/users/<id>")]
    fn user(&self, id: u64, #[query] page: u64) -> String {
        format!("{id} {page}")
    }

    #[route("/days")]
    fn list_days(&self) -> u16 {
        204
    }
}

fn main() {}
