use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[qurey] page: u8) -> String {
        page.to_string()
    }

    #[path("/days/{day}")]
    fn do_GET_day(&self, #[path] day: u8, #[basehttp::cookie] login: &str, #[param] page: u8) -> String {
        format!("{day} {login} {page}")
    }
}

fn main() {}
