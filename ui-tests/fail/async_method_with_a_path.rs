use basehttp::http_handler;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users/{id}")]
    async fn do_GET_user(&self, id: u64) -> String {
        name_of(id).await
    }
}

async fn name_of(id: u64) -> String {
    Hello::path_user(id)
}

fn main() {}
