use basehttp::{Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self) -> Result<()> {
        Ok(())
    }

    #[path("/users")]
    fn do_PUT_users(&self) {}

    #[path("/users")]
    fn do_POST_users(&self, #[query] found: bool) -> Option<()> {
        found.then_some(())
    }

    fn do_GET(&self) -> Result {
        Ok(())
    }
}

fn main() {}
