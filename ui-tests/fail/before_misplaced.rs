use basehttp::{Exchange, Result, http_handler};

use std::borrow::Cow;

struct Hello;

#[http_handler]
impl Hello {
    #[before]
    #[before]
    fn twice(&self, _: &Exchange) -> Result {
        Ok(())
    }

    #[before("/users")]
    fn below_a_path(&self, _: &Exchange) -> Result {
        Ok(())
    }

    #[before]
    const NUMBER: u8 = 1;

    #[before]
    fn version_string(&self) -> Cow<'_, str> {
        "Hello".into()
    }

    #[before]
    fn do_GET(&self) -> u16 {
        204
    }
}

fn main() {}
