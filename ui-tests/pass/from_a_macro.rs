//! A block that a macro of the user's wrote: names in the expansion are found all the same.

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

macro_rules! handler {
    ($name:ident, $answer:ty, $code:expr) => {
        struct $name;

        #[http_handler]
        impl $name {
            fn do_GET(&self, ex: &mut Exchange) -> $answer {
                Ok(ex.send_error($code)?)
            }

            fn address_string(&self, ex: &Exchange) -> String {
                ex.path.to_owned()
            }
        }
    };
}

handler!(Hello, Result, 404);

fn main() {
    assert_eq!(Hello::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
