//! errors: 3
//! says: Result<(), Box<dyn std::error::Error>>`
//! says: Result<(), u16>`
//! says: a `do_*` method cannot return
//! says: an error is any type that converts into `Box<dyn Error + Send + Sync>`, which `Box<dyn Error>` does not
//! says: the trait `From<Box<dyn std::error::Error>>` is not implemented for `HandlerError`

use basehttp::{Exchange, Result, http_handler};

type Alias = std::result::Result<(), Box<dyn std::error::Error>>;

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, _ex: &mut Exchange) -> Alias {
        Ok(())
    }

    fn do_POST(&self, _ex: &mut Exchange) -> std::result::Result<(), u16> {
        Ok(())
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        self.do_GET(ex)?;
        Ok(())
    }
}

fn main() {}
