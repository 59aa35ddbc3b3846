//! errors: 4
//! says: a `do_*` method cannot return `Day`
//! says: a `do_*` method cannot return `i32`
//! says: `Day` cannot be the body of a response
//! says: a `do_*` method cannot return the error `Day`
//! says: or a status (`u16`), `(u16, body)` or `(u16, [(&str, String); N], body)`
//! says: a body is a text (`&str`, `String`, `Cow<str>`), bytes (`&[u8]`, `Vec<u8>`, `Payload`)
//! says: fn do_GET_day(&self) -> Option<Day> {

use basehttp::{HTTPServer, Result, http_handler};

struct Day;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/day")]
    fn do_GET_day(&self) -> Option<Day> {
        None
    }

    #[path("/day")]
    fn do_PUT_day(&self) -> (u16, Day) {
        (201, Day)
    }

    #[path("/day")]
    fn do_DELETE_day(&self) -> Result<String, Day> {
        Err(Day)
    }

    #[path("/number")]
    fn do_GET_number(&self) -> i32 {
        404
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
