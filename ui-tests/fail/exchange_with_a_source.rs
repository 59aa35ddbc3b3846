use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{ex}")]
    fn do_GET_user(&self, ex: &Exchange) -> String {
        ex.path.to_owned()
    }

    fn do_GET(&self, #[query] ex: &Exchange) -> String {
        ex.path.to_owned()
    }
}

fn main() {}
