use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    pub fn log_mesage(&self, _ex: &Exchange, _message: std::fmt::Arguments<'_>) {}

    pub fn logMessage(&self) {}
}

fn main() {}
