//! An API that describes itself. Run `cargo run --release --example openapi --features full` (or with another port).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/books/7
//! book 7
//! $ curl http://127.0.0.1:8000/openapi.json | grep 'Shows a book'
//!         "summary": "Shows a book."
//! ```

use basehttp::{HTTPServer, Result, Route, http_handler};
use serde_json::{Value, json};

struct Library;

#[http_handler(server_version = "Library/1.0", protocol_version = "HTTP/1.1", cors = "*")]
impl Library {
    /// Shows a book.
    #[path("/books/{id}")]
    fn do_GET_book(&self, id: u32) -> String {
        format!("book {id}\n")
    }

    /// Removes a book.
    #[path("/books/{id}")]
    fn do_DELETE_book(&self, id: u32) -> (u16, String) {
        (409, format!("book {id} is lent out\n"))
    }

    /// Tells where a cover is.
    #[path("/covers/{*file}")]
    fn do_GET_cover(&self, file: &[&str]) -> String {
        format!("{} is lost\n", file.join("/"))
    }

    /// Describes this API.
    #[path("/openapi.json")]
    fn do_GET_openapi(&self) -> (u16, [(&str, String); 1], String) {
        (200, [("Content-Type", "application/json".into())], format!("{:#}\n", openapi(Library::ROUTES)))
    }
}

// The methods that OpenAPI has a place for.
const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];

// Makes the OpenAPI 3.1 document of a table of paths. A `{*rest}` becomes a parameter of one segment, the only kind
// there.
fn openapi(routes: &[Route]) -> Value {
    let mut paths = json!({});
    for route in routes.iter().filter(|route| !route.path.is_empty() && METHODS.contains(&route.method)) {
        let path = route.path.replace("{*", "{");
        let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        let parameter = |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
        let parameters: Vec<_> = names.map(parameter).collect();
        paths[&path][route.method.to_lowercase()] = json!({ "summary": route.summary, "parameters": parameters });
    }
    json!({ "openapi": "3.1.0", "info": { "title": "Library", "version": "1.0" }, "paths": paths })
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Library)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
