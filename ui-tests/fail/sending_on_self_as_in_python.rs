use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.send_response(2000, "Fine").send_header("Content Type", ex.path);
        self.flush_headers()?;
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        Ok(self.send_text(200, ex.path.to_owned())?)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        Ok(self.send_bytes(200, "text/plain", "hello".to_owned())?)
    }

    fn do_PATCH(&self, ex: &mut Exchange) -> Result {
        self.send_json(200, "hello")?;
        Ok(self.send_html(200, "hello")?)
    }
}

fn main() {}
