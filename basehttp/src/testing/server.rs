//! A real server for a test, which records its requests and stops when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::received::ReceivedRequest;
use super::record::{Recorded, RequestRecord};
use crate::server::BaseHTTPRequestHandler;
use crate::{HTTPServer, HTTPServerBuilder, ServerHandle};

/// Longest time that [`Server::wait_for_requests`] waits: 30 s, enough to tell a slow machine from a client that sends
/// nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A real server on a free port of 127.0.0.1, served by a thread of its own, which stops when the value is dropped.
///
/// It remembers its requests, so that a client's test can check what the client has sent. Beyond 64 MiB it forgets the
/// oldest ones.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::io::{Read, Write};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let server = basehttp::testing::Server::start(Hello)?;
/// let mut client = std::net::TcpStream::connect(server.address())?;
/// client.write_all(b"GET /there HTTP/1.0\r\nX-Tag: 7\r\n\r\n")?;
/// let mut reply = String::new();
/// client.read_to_string(&mut reply)?;
/// assert!(reply.ends_with("hi"));
/// let requests = server.requests();
/// assert_eq!(requests.len(), 1);
/// assert_eq!((requests[0].target(), requests[0].header("X-Tag")), ("/there", Some("7")));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    record: Arc<RequestRecord>,
    serving: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts a server with the default options.
    pub fn start<H: BaseHTTPRequestHandler>(handler: H) -> io::Result<Self> {
        Server::start_with(HTTPServer::builder(), handler)
    }

    /// Starts a server with the builder's options.
    pub fn start_with<H: BaseHTTPRequestHandler>(builder: HTTPServerBuilder, handler: H) -> io::Result<Self> {
        let record = Arc::new(RequestRecord::default());
        let recorded = Recorded { handler: Arc::new(handler), record: Arc::clone(&record) };
        let mut httpd = builder.bind_service(("127.0.0.1", 0), Arc::new(recorded))?;
        let handle = httpd.server_handle();
        let address = SocketAddr::from(([127, 0, 0, 1], httpd.server_port()));
        let serving = thread::Builder::new().name("basehttp-test".into()).spawn(move || httpd.serve_forever())?;
        Ok(Server { address, handle, record, serving: Some(serving) })
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

    /// Returns the requests that have come so far, in the order in which the handler was called for them.
    ///
    /// A request that has got a part of its response is among them. Bytes that are not a well-formed request are not,
    /// and neither are requests that an overloaded server refuses with a 503.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.record.requests()
    }

    /// Returns the requests that have come so far and forgets them, for a test that has several parts.
    pub fn take_requests(&self) -> Vec<ReceivedRequest> {
        self.record.take()
    }

    /// Waits until `count` requests are in the record, and returns all of them. For a client that sends from a thread
    /// of its own.
    ///
    /// # Panics
    /// If fewer have come after 30 s. The message shows them.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) -> Vec<ReceivedRequest> {
        let requests = self.record.wait_for(count, PATIENCE);
        let come = requests.len();
        assert!(come >= count, "{count} requests were expected, and {come} came within {PATIENCE:?}:\n{requests:#?}");
        requests
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
