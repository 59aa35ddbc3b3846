use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200)
            .send_header("Content-Type", "text/plain")
            .send_header("Set-Cookie", "a=b")
            .send_header("Set-Cookie", "c=d")
            .send_header("content-type", "text/html")
            .end_headers()?;
        Ok(())
    }
}

fn main() {}
