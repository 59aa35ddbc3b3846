use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    pub fn Do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }

    pub fn doPUT(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "hello")?)
    }
}

fn main() {}
