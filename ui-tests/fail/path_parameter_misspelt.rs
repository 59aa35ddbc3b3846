use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{user_id}")]
    fn do_GET_user(&self, usre_id: u64) -> String {
        usre_id.to_string()
    }

    #[path("/days/{day}")]
    fn do_GET_day(&self, _day: u64) -> u16 {
        204
    }

    #[path("/books/{book_id}")]
    fn do_GET_book(&self, id: u64) -> String {
        id.to_string()
    }
}

fn main() {}
