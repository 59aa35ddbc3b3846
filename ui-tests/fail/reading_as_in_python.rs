use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let line = ex.rfile.readline()?;
        let length = 10_u64;
        let body = ex.rfile.read(length as usize)?;
        let rest = ex.rfile.read()?;
        Ok(ex.send_bytes(200, "text/plain", line + body + rest)?)
    }
}

fn main() {}
