use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let page = format!("you asked for {}", ex.path);
        ex.send_bytes(200, "text/plain", page.as_str())?;
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1024)?;
        Ok(ex.send_response(200).send_body(&body[..])?)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_bytes(200, "text/plain", ex.path)?)
    }

    fn do_PATCH(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_bytes(200, "text/plain", ex.path[1..].as_bytes())?)
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> Result {
        let body = format!("{}", ex.path);
        Ok(ex.send_bytes(200, "text/plain", &body)?)
    }
}

fn main() {}
