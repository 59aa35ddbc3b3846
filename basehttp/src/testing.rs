//! For the tests of your handlers: bytes in and bytes out without a socket, and a real server that stops when dropped.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::server::BaseHTTPRequestHandler;
use crate::sys::lock;
use crate::{Connection, HTTPServer, HTTPServerBuilder, ServerHandle};

/// Feeds `request` to the handler as one connection and returns everything that comes back.
///
/// The client ends its side after the last byte, as `printf … | nc` does.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let reply = basehttp::testing::respond(&Hello, b"GET / HTTP/1.0\r\n\r\n");
/// assert!(reply.starts_with(b"HTTP/1.0 200 OK\r\n"));
/// assert!(reply.ends_with(b"\r\n\r\nhi"));
/// ```
pub fn respond<H: BaseHTTPRequestHandler>(handler: &H, request: impl AsRef<[u8]>) -> Vec<u8> {
    respond_to_pieces(handler, [request])
}

/// Feeds a request in pieces to the handler: each read of the server gets one of them, or a part of it.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let reply = basehttp::testing::respond_to_pieces(&Hello, ["GET / HT", "TP/1.0\r\n\r", "\n"]);
/// assert!(reply.ends_with(b"hi"));
/// ```
pub fn respond_to_pieces<H: BaseHTTPRequestHandler>(
    handler: &H,
    pieces: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Vec<u8> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let pieces = pieces.into_iter().map(|piece| piece.as_ref().to_vec()).filter(|piece| !piece.is_empty()).collect();
    let mut connection = Connection::new(Memory { pieces, written: Arc::clone(&written) }, handler);
    connection.handle();
    drop(connection);
    std::mem::take(&mut *lock(&written))
}

/// The client's side as memory.
struct Memory {
    pieces: VecDeque<Vec<u8>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.pieces.pop_front() else { return Ok(0) };
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        let rest = piece.split_off(count);
        if !rest.is_empty() {
            self.pieces.push_front(rest);
        }
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.written).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

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
