use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/users/{name}")]
    fn do_GET_person(&self, name: &str) -> String {
        name.to_owned()
    }

    #[path("/days")]
    #[path("/days")]
    fn do_GET_days(&self) -> u16 {
        204
    }
}

fn main() {}
