//! errors: 2
//! says: `u8` is not a guard of the handler `Hello`
//! says: `Option<Admin>` is not a guard of the handler `Hello`
//! says: write `impl<'c> Guard<'c, Hello> for u8` with a function `check`, which makes it from the request

use basehttp::{Exchange, Guard, HTTPServer, Result, http_handler};

struct Admin;

impl<'c> Guard<'c, Hello> for Admin {
    fn check(_: &Hello, _: &Exchange<'c>) -> Result<Self> {
        Ok(Admin)
    }
}

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[guard] _: Admin, #[guard] number: u8, #[guard] admin: Option<Admin>) -> String {
        format!("{number} {}", admin.is_some())
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
