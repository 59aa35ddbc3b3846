use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{ids}")]
    fn do_GET_users(&self, ids: Vec<u64>) -> String {
        format!("{ids:?}")
    }

    #[path("/words/{words}")]
    fn do_GET_words(&self, words: &[&str]) -> String {
        words.join(" ")
    }
}

fn main() {}
