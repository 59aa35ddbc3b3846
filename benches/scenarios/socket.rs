//! A server at a socket, with one worker, and a client that knows the length of a response once it has read one.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};

use basehttp::{Exchange, HTTPServer, HTTPServerBuilder, Payload, Result, SimpleHTTPRequestHandler, http_handler};

struct Gauged {
    files: SimpleHTTPRequestHandler,
    /// Requests to come.
    left: AtomicU32,
}

#[http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Gauged {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if ex.path == "/" {
            ex.send_text(200, "Hello, World!")?;
        } else {
            self.files.do_GET(ex)?;
        }
        count_down(&self.left, ex);
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1024)?;
        ex.send_bytes(200, "application/octet-stream", body)?;
        count_down(&self.left, ex);
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// Two paths beside a plain method. The cost of one is that of a handler without paths and what a path adds.
struct Routed {
    left: AtomicU32,
}

#[http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Routed {
    #[path("/hello")]
    fn do_GET_hello(&self, ex: &Exchange) -> &'static str {
        count_down(&self.left, ex);
        "Hello, World!"
    }

    /// A body that is not copied, so that nothing is left that could be allocated.
    #[path("/users/{name}")]
    fn do_GET_user(
        &self,
        ex: &Exchange,
        name: &str,
        #[query] page: &str,
        #[header("User-Agent")] agent: &str,
    ) -> (u16, Payload) {
        count_down(&self.left, ex);
        let is_right = (name, page, agent) == ("me", "2", "gauge/1.0");
        (if is_right { 200 } else { 500 }, "Hello, World!".into())
    }

    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_text(404, "there is nothing else")?;
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// Stops the server after the last request.
fn count_down(left: &AtomicU32, ex: &Exchange) {
    if left.fetch_sub(1, Ordering::Relaxed) == 1 {
        ex.server.shutdown();
    }
}

/// Serves so many requests for the paths of [`Routed`], and prints the port first.
pub(super) fn serve_path(requests: u32) {
    run(HTTPServer::builder().workers(1).bind((Ipv4Addr::LOCALHOST, 0), Routed { left: AtomicU32::new(requests) }));
}

fn run(server: std::io::Result<HTTPServer>) {
    let mut httpd = server.expect("a port");
    println!("{}", httpd.server_port());
    httpd.serve_forever().expect("it serves until the last request");
}

/// Serves so many requests, and prints the port first. The directory with the file is removed at the end.
///
/// A file that has changed within the last two seconds is read for each request. With `serves_file` the server waits
/// until it is older, as nearly all files are.
pub(super) fn serve(requests: u32, serves_file: bool, options: fn(HTTPServerBuilder) -> HTTPServerBuilder) {
    let directory = std::env::temp_dir().join(format!("basehttp-gauge-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    fs::write(directory.join("page.html"), [b'x'; 1024]).expect("a file in it");
    let files = SimpleHTTPRequestHandler::new(directory.clone()).expect("a directory to serve");
    let handler = Gauged { files, left: AtomicU32::new(requests) };
    let server = options(HTTPServer::builder().workers(1)).bind((Ipv4Addr::LOCALHOST, 0), handler);
    if serves_file {
        std::thread::sleep(std::time::Duration::from_millis(2_100));
    }
    run(server);
    fs::remove_dir_all(&directory).expect("the directory that was made above");
}

/// Sends the preface, and then `depth` requests at a time over one connection, and reads as many responses.
pub(super) fn ask(port: u16, preface: &[u8], request: &[u8], depth: u32, requests: u32) {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    client.set_nodelay(true).expect("an open socket");
    client.write_all(&[preface, request].concat()).expect("the server reads");
    let length = read_first(&mut client);
    let (mut left, mut responses) = (requests - 1, vec![0; length * depth as usize]);
    let several = request.repeat(depth as usize);
    while left > 0 {
        let count = left.min(depth) as usize;
        client.write_all(&several[..request.len() * count]).expect("the server reads");
        client.read_exact(&mut responses[..length * count]).expect("the responses");
        left -= u32::try_from(count).expect("no more than were left");
    }
}

/// The length of the first response, up to the end of the body that its head announces. All others have it as well.
fn read_first(client: &mut TcpStream) -> usize {
    let mut response = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = client.read(&mut piece).expect("a response");
        assert_ne!(count, 0, "the server has closed");
        response.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&response);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length: usize = length.expect("a response with a length").parse().expect("a number");
        if response.len() >= head.len() + 4 + length {
            return head.len() + 4 + length;
        }
    }
}
