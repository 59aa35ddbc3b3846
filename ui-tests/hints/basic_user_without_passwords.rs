//! errors: 1
//! says: the handler `Hello` does not say which names and passwords it knows
//! says: write `impl BasicAuth for Hello` with the functions `realm` and `knows`

use basehttp::{BasicUser, HTTPServer, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, #[guard] user: BasicUser) -> String {
        user.name().to_owned()
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
}
