//! errors: 3
//! says: `u8` cannot be made from the bytes of a body
//! says: write `Vec<u8>`, `&[u8]`, or for a body that is UTF-8 `String` or `&str`
//! says: `User` cannot be made from JSON
//! says: `User` cannot be made from a form
//! says: write `#[derive(serde::Deserialize)]` above the type

use basehttp::http_handler;

struct User;

struct Hello;

#[http_handler]
impl Hello {
    fn do_POST(&self, #[body] count: u8) -> String {
        count.to_string()
    }

    fn do_PUT(&self, #[json] user: User) -> &str {
        drop(user);
        "put"
    }

    fn do_PATCH(&self, #[form] user: User) -> &str {
        drop(user);
        "patched"
    }
}

fn main() {}
