use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    #[path("/people/{name}")]
    fn do_GET_user(&self, id: u64, name: &str) -> String {
        format!("{id} {name}")
    }

    #[path("/days/{day}")]
    #[path("/today")]
    fn do_GET_day(&self, day: u64) -> String {
        day.to_string()
    }

    #[path("/files")]
    #[path("/files/{*rest}")]
    fn do_GET_file(&self, rest: &[&str]) -> String {
        rest.join("/")
    }
}

fn main() {}
