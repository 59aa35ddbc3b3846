use basehttp::{Exchange, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    fn do_GET(&self, _ex: &mut Exchange, _path: &str) {}

    fn do_PUT(&self, text: String, #[param] id: u8, (_, _): (u8, u8)) -> String {
        format!("{text} {id}")
    }

    #[path("/users")]
    fn do_POST_user(&self, text: String) -> String {
        text
    }
}

fn main() {}
