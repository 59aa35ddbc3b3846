use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(&self, #[query(default = 1)] page: u32, #[header(default)] token: &str) -> String {
        format!("{page} {token}")
    }

    #[path("/users")]
    fn do_POST_users(&self, #[multipart] photo: &[u8], #[file] sound: &[u8]) -> String {
        format!("{} {}", photo.len(), sound.len())
    }
}

fn main() {}
