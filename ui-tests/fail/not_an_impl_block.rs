use basehttp::http_handler;

#[http_handler]
struct Hello;

fn main() {}
