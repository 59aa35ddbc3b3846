use basehttp::{Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, id: u64) -> Result<String> {
        self.send_header("X-User", id);
        Ok(self.requestline.to_owned())
    }
}

fn main() {}
