//! A handler may be declared where it is used.

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

fn main() {
    struct Local;

    #[http_handler]
    impl Local {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            Ok(ex.send_error(404)?)
        }
    }

    assert_eq!(Local::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
