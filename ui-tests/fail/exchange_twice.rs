use basehttp::{Exchange, Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    fn do_GET_user(&self, ex: &mut Exchange, id: u64, other: &Exchange) -> Result {
        Ok(ex.send_text(200, other.path.to_owned() + &id.to_string())?)
    }
}

fn main() {}
