//! errors: 5
//! says: cannot find attribute `before` in this scope
//! says: cannot find attribute `query` in this scope
//! says: malformed `path` attribute input
//! says: `Hello` is not a handler
//! says: write `#[http_handler]` above the `impl` block with the `do_*` methods
//! says: no function or associated item named `path_user` found

use basehttp::{Exchange, HTTPServer, Result};

struct Hello;

impl Hello {
    #[before]
    fn login(&self, _: &Exchange) -> Result {
        Ok(())
    }

    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64, #[query] page: u8) -> String {
        format!("{id} {page}")
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
    println!("{}", Hello::path_user(1));
}
