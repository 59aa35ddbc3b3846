//! A table of paths. Run `cargo run --release --example paths` (or with another port).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/books/7
//! book 7, one of those at /books
//! $ curl 'http://127.0.0.1:8000/books?page=2'
//! page 2 of the books
//! $ curl -si 'http://127.0.0.1:8000/books?page=x' | grep HTTP
//! HTTP/1.1 400 the query parameter page cannot be read
//! $ curl -si http://127.0.0.1:8000/books/x | grep HTTP
//! HTTP/1.1 404 Not Found
//! $ curl -si -X DELETE http://127.0.0.1:8000/books | grep Allow:
//! Allow: GET, HEAD, OPTIONS
//! ```

use basehttp::{HTTPError, HTTPServer, http_handler};

struct Library;

#[http_handler(server_version = "Library/1.0", protocol_version = "HTTP/1.1")]
impl Library {
    #[path("/books")]
    fn do_GET_books(&self, #[query] page: Option<usize>) -> String {
        format!("page {} of the books\n", page.unwrap_or(1))
    }

    #[path("/books/{id}")]
    fn do_GET_book(&self, id: u64) -> Option<String> {
        (id < 100).then(|| format!("book {id}, one of those at {}\n", Library::path_books()))
    }

    #[path("/books/{id}")]
    fn do_DELETE_book(&self, id: u64) -> Result<u16, HTTPError> {
        if id < 100 { Err(HTTPError::new(409, "it is lent out")) } else { Ok(204) }
    }
}

fn main() -> basehttp::Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Library)?;
    println!("serving on http://{}/", httpd.server_address());
    for route in Library::ROUTES {
        println!("{} {} is served by {}", route.method, route.path, route.name);
    }
    Ok(httpd.serve_forever()?)
}
