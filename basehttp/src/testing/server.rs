//! A real server for a test, which records its requests and stops when it is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::received::ReceivedRequest;
use super::record::{Recorded, RequestRecord};
use crate::server::BaseHTTPRequestHandler;
use crate::{BackgroundServer, HTTPServer, HTTPServerBuilder, ServerHandle};

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
    scheme: &'static str,
    record: Arc<RequestRecord>,
    serving: BackgroundServer,
}

impl Server {
    /// Starts a server with the default options.
    pub fn start<H: BaseHTTPRequestHandler>(handler: H) -> io::Result<Self> {
        Server::start_with(HTTPServer::builder(), handler)
    }

    /// Starts a server with TLS and the default options. Feature `tls-testing`.
    #[cfg(feature = "tls-testing")]
    pub fn start_tls<H: BaseHTTPRequestHandler>(certificate: &super::Certificate, handler: H) -> io::Result<Self> {
        Server::start_with(HTTPServer::builder().tls(certificate.server_config()), handler)
    }

    /// Starts a server with the builder's options.
    pub fn start_with<H: BaseHTTPRequestHandler>(builder: HTTPServerBuilder, handler: H) -> io::Result<Self> {
        let record = Arc::new(RequestRecord::default());
        let recorded = Recorded { handler: Arc::new(handler), record: Arc::clone(&record) };
        let httpd = builder.bind_service(("127.0.0.1", 0), Arc::new(recorded))?;
        let scheme = httpd.scheme();
        let address = SocketAddr::from(([127, 0, 0, 1], httpd.server_port()));
        Ok(Server { address, scheme, record, serving: httpd.serve_in_background()? })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT` and the path, which begins with a slash. With TLS it begins with `https`.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The running server's handle: statistics, and `shutdown`.
    pub fn server_handle(&self) -> &ServerHandle {
        self.serving.server_handle()
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
    pub fn stop(self) -> io::Result<()> {
        self.server_handle().shutdown();
        self.serving.join().map(drop)
    }
}
