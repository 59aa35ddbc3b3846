//! A connection without a server: `handle` and `handle_one_request` of Python's `http.server`, over any stream.

use std::fmt;
#[cfg(feature = "tls")]
use std::io;
#[cfg(feature = "tls")]
use std::os::fd::OwnedFd;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Instant;

#[cfg(feature = "tls")]
use rustls::ServerConfig;

use crate::conn::{Buffers, Conn, handle_one_request};
use crate::exchange::{Context, Service};
use crate::server::BaseHTTPRequestHandler;
#[cfg(feature = "tls")]
use crate::server::checked_tls;
use crate::sys::{Address, ServerHandle, Settings, Socket, Stream};

/// A connection over any [`Read`](std::io::Read) and [`Write`](std::io::Write): memory, a pipe, what inetd hands over.
///
/// Blocks wherever the stream does: only sockets of an [`HTTPServer`](crate::HTTPServer) have timeouts. A stream that
/// says [`WouldBlock`](std::io::ErrorKind::WouldBlock) or [`TimedOut`](std::io::ErrorKind::TimedOut) has waited as long
/// as it may: the connection ends, with a 408 where a request has begun. So a socket with a read timeout has that one
/// timeout for all that is waited for, and one that does not block is not waited for at all. The stream is read ahead,
/// and dropped when the connection ends.
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
    context: Context,
    buffers: Buffers,
    conn: Conn,
}

impl<'h> Connection<'h> {
    /// A connection whose requests `handler` answers.
    pub fn new<H: BaseHTTPRequestHandler>(stream: impl Stream, handler: &'h H) -> Self {
        let context = Context::new(handler.spec(), Settings::default(), ServerHandle::detached());
        let socket = Socket::other(stream);
        let conn = Conn::new(socket, Address::Unnamed, &context.settings, Instant::now());
        Connection { service: handler, buffers: Buffers::new(&context), context, conn }
    }

    /// Makes a connection with TLS over a socket of the system, a `TcpStream` or a `UnixStream`. Needs the feature
    /// `tls`.
    ///
    /// The first call of [`handle_one_request`](Self::handle_one_request) makes the session, for which the client has
    /// 15 s. The other times are the defaults of [`HTTPServerBuilder`](crate::HTTPServerBuilder), unlike those of
    /// [`new`](Self::new), which measures none. [`tls`](crate::HTTPServerBuilder::tls) says how a configuration is
    /// completed.
    ///
    /// ```no_run
    /// # use basehttp::{Connection, Exchange, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// use basehttp::tls::{self, CertificateFiles};
    /// use std::sync::Arc;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let config = Arc::new(tls::server_config(Arc::new(CertificateFiles::load("fullchain.pem", "privkey.pem")?))?);
    /// let (stream, _) = std::net::TcpListener::bind(("127.0.0.1", 8443))?.accept()?;
    /// Connection::with_tls(stream, config, &Hello)?.handle();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a configuration that cannot work, and for a descriptor that is
    /// not a TCP or Unix stream socket, or one that listens. [`NotConnected`](io::ErrorKind::NotConnected) for a socket
    /// without a client, which may be gone already.
    #[cfg(feature = "tls")]
    pub fn with_tls<H: BaseHTTPRequestHandler>(
        stream: impl Into<OwnedFd>,
        config: Arc<ServerConfig>,
        handler: &'h H,
    ) -> io::Result<Self> {
        let settings = Settings { tls: Some(checked_tls(config)?), ..Settings::default() };
        let context = Context::new(handler.spec(), settings, ServerHandle::detached());
        let socket = Socket::of_descriptor(stream.into())?;
        let peer = socket.peer_address()?;
        let conn = Conn::new(socket, peer, &context.settings, Instant::now());
        Ok(Connection { service: handler, buffers: Buffers::new(&context), context, conn })
    }

    /// Serves requests until the connection ends.
    pub fn handle(&mut self) {
        while self.handle_one_request() {}
    }

    /// Serves one request and sends its reply. True while the connection stays open for another.
    pub fn handle_one_request(&mut self) -> bool {
        handle_one_request(&mut self.conn, &mut self.buffers, self.service, &self.context)
    }

    /// Returns whether the connection ended in the middle of a response.
    pub(crate) fn was_aborted(&self) -> bool {
        self.conn.was_aborted()
    }

    /// Ends the connection; the stream is dropped.
    pub fn close(&mut self) {
        self.conn.close();
    }
}

impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
