//! What the user expects of lints comes true, on the block and on methods.

#![deny(warnings)]

use basehttp::{Exchange, http_handler};

struct Block;

#[http_handler]
#[expect(non_snake_case)]
impl Block {
    fn do_GET(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }
}

struct Method;

#[http_handler]
impl Method {
    #[expect(non_snake_case, reason = "the name is the product")]
    fn do_GET(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }

    fn do_POST(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }
}

fn main() {
    let _ = (Block, Method);
}
