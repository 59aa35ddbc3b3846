use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[before]
    #[path("/users")]
    fn login(&self, _ex: &Exchange) -> Result {
        Ok(())
    }

    fn do_GET(&self) -> &str {
        ""
    }
}

fn main() {}
