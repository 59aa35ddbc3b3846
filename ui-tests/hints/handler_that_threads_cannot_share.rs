//! errors: 1
//! says: `Hello` is not a handler
//! says: write `Arc` for `Rc`, `Mutex` or an atomic for `Cell` and `RefCell`

use std::rc::Rc;

use basehttp::{Exchange, HTTPServer, Result, http_handler};

struct Hello(Rc<str>);

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, &*self.0)?)
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello("hello".into()));
}
