use basehttp::http_handler;

struct Admin(u8);

struct Hello;

#[http_handler]
impl Hello {
    #[path("/users")]
    fn do_GET_users(
        &self,
        #[header("Bad Name")] field: &str,
        #[header(name = "X-Token")] token: &str,
        #[query("")] query: &str,
        #[query(page)] page: &str,
        #[cookie("a=b")] cookie: &str,
        #[guard("admin")] admin: Admin,
    ) -> String {
        format!("{field} {token} {query} {page} {cookie} {}", admin.0)
    }
}

fn main() {}
