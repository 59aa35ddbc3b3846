use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[cfg(any(unix, windows))]
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> String {
        id.to_string()
    }

    #[cfg(not(target_os = "none"))]
    #[path("/users/{id}")]
    fn do_GET_person(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
