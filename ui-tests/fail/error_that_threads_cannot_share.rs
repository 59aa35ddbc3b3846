use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, _ex: &mut Exchange) -> std::result::Result<(), Box<dyn std::error::Error>> {
        Ok(())
    }

    fn do_POST(&self, _ex: &mut Exchange) -> std::result::Result<(), Box<dyn std::error::Error + Send>> {
        Ok(())
    }
}

fn main() {}
