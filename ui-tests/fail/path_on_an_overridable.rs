use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/version/{id}")]
    fn version_string(&self, id: u64) -> String {
        id.to_string()
    }

    fn do_GET(&self) -> u16 {
        204
    }
}

fn main() {}
