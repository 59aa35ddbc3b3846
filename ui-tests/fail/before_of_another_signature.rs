use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[before]
    fn without_exchange(&self) -> Result {
        Ok(())
    }

    #[before]
    fn with_a_value(&self, _: &Exchange, #[query] page: u8) -> Result {
        Ok(())
    }

    #[before]
    fn with_an_answer(&self, ex: &Exchange) -> Result<bool> {
        Ok(ex.command == "GET")
    }

    #[before]
    fn with_nothing(&self, ex: &mut Exchange) {
        ex.close_connection = true;
    }

    fn do_GET(&self) -> u16 {
        204
    }
}

fn main() {}
