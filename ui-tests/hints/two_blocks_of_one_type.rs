//! errors: 2
//! says: AllMethodsOfATypeGoIntoOneBlockWithHttpHandler

use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

#[http_handler]
impl Hello {
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {}
