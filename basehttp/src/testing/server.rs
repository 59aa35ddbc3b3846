//! A real server for a test, which stops when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use crate::server::BaseHTTPRequestHandler;
use crate::{HTTPServer, HTTPServerBuilder, ServerHandle};

/// A real server on a free port of 127.0.0.1, served by a thread of its own, which stops when the value is dropped.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::io::{Read, Write};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let server = basehttp::testing::Server::start(Hello)?;
/// let mut client = std::net::TcpStream::connect(server.address())?;
/// client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
/// let mut reply = String::new();
/// client.read_to_string(&mut reply)?;
/// assert!(reply.ends_with("hi"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    serving: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts a server with the default options.
    pub fn start<H: BaseHTTPRequestHandler>(handler: H) -> io::Result<Self> {
        Server::start_with(HTTPServer::builder(), handler)
    }

    /// Starts a server with the builder's options.
    pub fn start_with<H: BaseHTTPRequestHandler>(builder: HTTPServerBuilder, handler: H) -> io::Result<Self> {
        let mut httpd = builder.bind(("127.0.0.1", 0), handler)?;
        let handle = httpd.server_handle();
        let address = SocketAddr::from(([127, 0, 0, 1], httpd.server_port()));
        let serving = thread::Builder::new().name("basehttp-test".into()).spawn(move || httpd.serve_forever())?;
        Ok(Server { address, handle, serving: Some(serving) })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT` and the path, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The running server's handle: statistics, and `shutdown`.
    pub fn server_handle(&self) -> &ServerHandle {
        &self.handle
    }

    /// Stops the server and returns the result of `serve_forever`.
    ///
    /// # Panics
    /// If the serving thread did.
    pub fn stop(mut self) -> io::Result<()> {
        self.handle.shutdown();
        let serving = self.serving.take().expect("`stop` takes the server, so that it has not been joined");
        serving.join().expect("the serving thread does not panic")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            self.handle.shutdown();
            // Its end is all that matters here; `stop` tells more.
            let _ = serving.join();
        }
    }
}
