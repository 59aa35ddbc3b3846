use basehttp::{Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {}
