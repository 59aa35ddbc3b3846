use std::fmt::{Debug, Formatter, Result};

use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Debug for Hello {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("hello")
    }
}

fn main() {}
