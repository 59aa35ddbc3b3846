//! errors: 4
//! says: `Day` cannot be made from the text of a parameter
//! says: `Option<u8>` cannot be made from the text of a parameter
//! says: `Bytes` cannot be made from the text of a parameter
//! says: a parameter is a type with `FromStr`, such as `u64`, `bool`, `String` or `IpAddr`, or a `&str`
//! says: `Option<…>`, `Vec<…>` and `Result<…, E>` around it are seen where they are written out, not behind a `type`
//! says: fn do_GET_day(&self, day: Day, #[query] page: Page) -> String {
//! says: the trait `From<HTTPError>` is not implemented for `Odd`

use basehttp::{HTTPServer, http_handler};

#[derive(Debug)]
struct Day;

type Page = Option<u8>;

#[derive(Debug)]
struct Bytes;

#[derive(Debug)]
struct Odd;

struct Hello;

#[http_handler]
impl Hello {
    #[path("/days/{day}")]
    fn do_GET_day(&self, day: Day, #[query] page: Page) -> String {
        format!("{day:?} {page:?}")
    }

    #[path("/bytes")]
    fn do_GET_bytes(&self, #[query] bytes: Vec<Bytes>, #[cookie] key: Result<u8, Odd>) -> String {
        format!("{bytes:?} {key:?}")
    }
}

fn main() {
    let _ = HTTPServer::bind(("127.0.0.1", 0), Hello);
    assert_eq!(Hello::ROUTES[0].path, Hello::path_day(1));
}
