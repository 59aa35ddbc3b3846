//! errors: 3
//! says: to choose at run time, write an enum of the handlers: there is no `dyn BaseHTTPRequestHandler`

use basehttp::{BaseHTTPRequestHandler, HTTPServer};

fn serve(handler: Box<dyn BaseHTTPRequestHandler>) {
    let _ = HTTPServer::bind(("127.0.0.1", 0), handler);
}

fn main() {}
