use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    fn greeting(&self) -> &str {
        "hello"
    }
}

fn main() {
    Hello.greeting();
}
