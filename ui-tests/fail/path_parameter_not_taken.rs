use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}/{book}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/files/{name}/{*rest}")]
    fn do_GET_file(&self) -> u16 {
        204
    }
}

fn main() {}
