//! A connection without a server: the seed's `handle` and `handle_one_request` over whatever reads and writes.

use crate::conn::{Address, Link, ServerHandle, Service, Settings, Site, Socket, Stream};
use crate::server::BaseHTTPRequestHandler;

/// A connection over any [`Read`](std::io::Read) and [`Write`](std::io::Write): memory, a pipe, what inetd hands over.
///
/// Blocks wherever the stream does: only sockets of an [`HTTPServer`](crate::HTTPServer) have timeouts. The stream is
/// read ahead, and dropped when the connection ends.
///
/// ```
/// # use basehttp::{Connection, Exchange, http_handler};
/// # use std::io::{self, Read, Write};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> { ex.send_text(200, "hi") } }
/// /// Standard input and output as one stream: a server for inetd.
/// struct Standard;
///
/// impl Read for Standard {
///     fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
///         io::stdin().read(buffer)
///     }
/// }
///
/// impl Write for Standard {
///     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
///         io::stdout().write(bytes)
///     }
///     fn flush(&mut self) -> io::Result<()> {
///         io::stdout().flush()
///     }
/// }
///
/// Connection::new(Standard, &Hello).handle();
/// ```
pub struct Connection<'h> {
    service: &'h dyn Service,
    site: Site,
    link: Link,
}

impl<'h> Connection<'h> {
    /// A connection whose requests `handler` answers.
    pub fn new<H: BaseHTTPRequestHandler>(stream: impl Stream, handler: &'h H) -> Self {
        let site = Site::new(handler.profile(), Settings::default(), ServerHandle::detached());
        let link = Link::new(Socket::Other(Box::new(stream)), Address::Unnamed, &site);
        Connection { service: handler, site, link }
    }

    /// Serves requests until the connection ends.
    pub fn handle(&mut self) {
        self.link.handle(self.service, &self.site);
    }

    /// Serves one request. True while the connection stays open for another; its reply may still be buffered then, and
    /// is sent when the next request is waited for, or by [`close`](Self::close).
    pub fn handle_one_request(&mut self) -> bool {
        self.link.handle_one_request(self.service, &self.site)
    }

    /// Sends what is buffered and ends the connection.
    pub fn close(&mut self) {
        self.link.close();
    }
}
