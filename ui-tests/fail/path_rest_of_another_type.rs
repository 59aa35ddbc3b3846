use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/static/{*rest}")]
    fn do_GET_static(&self, rest: Vec<String>) -> String {
        rest.join("/")
    }

    #[path("/files/{*rest}")]
    fn do_GET_files(&self, rest: &mut [&str]) -> String {
        rest.join("/")
    }
}

fn main() {}
