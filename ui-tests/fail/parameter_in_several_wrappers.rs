use basehttp::{Result, http_handler};

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(
        &self,
        #[query] tags: Option<Vec<String>>,
        #[query] pages: Vec<Option<u8>>,
        #[query] size: Option<Result<u8>>,
        #[query] order: Result<&str, String>,
    ) -> String {
        format!("{tags:?} {pages:?} {size:?} {order:?}")
    }
}

fn main() {}
