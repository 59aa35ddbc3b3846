//! errors: 1
//! says: duplicate definitions with name `path_users`
//! says: fn do_GET_users(&self) -> &str {
//! says: other definition for `path_users`

use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self) -> &str {
        "all"
    }
}

impl Hello {
    pub fn path_users() -> String {
        String::new()
    }
}

fn main() {}
