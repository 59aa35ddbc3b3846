//! [`HTTPServer`]: the listening socket, its handler, and the two ways of serving: one request, or for ever.

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpListener;

use super::listen::{listen, server_name};
use super::waiting::Lobby;
use super::{BaseHTTPRequestHandler, HTTPServerBuilder, ListenAddress};
use crate::conn::{
    Address, Bench, Host, Line, ServerHandle, Service, Site, Socket, contained, handle_one_request, log,
};
use crate::engine::{self, Engine, EngineOptions};

/// An HTTP/1.x server: a listening socket and the handler that answers for it.
///
/// ```no_run
/// use basehttp::{Exchange, HTTPServer, http_handler};
///
/// struct Hello;
///
/// #[http_handler]
/// impl Hello {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         ex.send_text(200, "hello\n")
///     }
/// }
///
/// fn main() -> std::io::Result<()> {
///     HTTPServer::bind(("127.0.0.1", 8000), Hello)?.serve_forever()
/// }
/// ```
///
/// The handler is shared by all connections. A panic in it costs one exchange (500, or a connection that is cut off)
/// and never the server; with `panic = "abort"` it ends the process. Dropping the server closes its socket.
pub struct HTTPServer {
    listener: Option<Arc<TcpListener>>,
    service: Arc<dyn Service>,
    site: Arc<Site>,
    lobby: Lobby,
    timeout: Option<Duration>,
    engine_options: EngineOptions,
}

impl HTTPServer {
    /// Binds `address` and listens, with every option at its default. Clients may connect from now on.
    ///
    /// # Errors
    /// The system's: a taken or forbidden address, no such name.
    pub fn bind<H: BaseHTTPRequestHandler>(address: impl ListenAddress, handler: H) -> io::Result<Self> {
        HTTPServer::builder().bind(address, handler)
    }

    /// The options, to be set before [`bind`](HTTPServerBuilder::bind).
    pub fn builder() -> HTTPServerBuilder {
        HTTPServerBuilder::default()
    }

    pub(super) fn listen_on<H: BaseHTTPRequestHandler>(
        options: HTTPServerBuilder,
        address: &impl ListenAddress,
        handler: H,
    ) -> io::Result<Self> {
        let listener = listen(address, &options.listen)?;
        let bound = listener.local_addr()?;
        let handle = ServerHandle::new(server_name(&address.host(), bound), bound.into());
        let profile = handler.profile();
        let engine_options = EngineOptions {
            service_actions: profile.overrides.service_actions.then_some(options.poll_interval),
            ..options.engine
        };
        Ok(HTTPServer {
            listener: Some(Arc::new(listener)),
            site: Arc::new(Site::new(profile, options.settings, handle)),
            service: Arc::new(handler),
            lobby: Lobby::default(),
            timeout: options.timeout,
            engine_options,
        })
    }

    /// A cloneable handle: names, and `shutdown` from anywhere.
    pub fn handle(&self) -> ServerHandle {
        self.site.handle.clone()
    }

    /// The name that was bound, or the machine's own for a wildcard address. No resolver is asked.
    pub fn server_name(&self) -> &str {
        self.site.handle.server_name()
    }

    /// The port that is listened on, the real one if 0 was asked for.
    pub fn server_port(&self) -> u16 {
        self.site.handle.server_port()
    }

    /// The address that is listened on.
    pub fn server_address(&self) -> &Address {
        self.site.handle.server_address()
    }

    /// The listening socket's descriptor, for a poller of your own; -1 after [`server_close`](Self::server_close).
    pub fn fileno(&self) -> RawFd {
        self.listener.as_deref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Waits for one request, serves it on this thread, and closes its connection.
    ///
    /// Blocks until a request has been answered, or for as long as the builder's `timeout` says, after which the
    /// handler's `handle_timeout` is called and this returns. Clients that connect and say nothing, as browsers do, keep
    /// nobody waiting.
    ///
    /// ```no_run
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "") } }
    /// # fn keep_running() -> bool { true }
    /// let mut httpd = HTTPServer::bind(("127.0.0.1", 8000), Hello)?;
    /// while keep_running() {
    ///     httpd.handle_request()?;
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) after `server_close`. Whatever a client does is no error.
    pub fn handle_request(&mut self) -> io::Result<()> {
        let listener = self.listener.as_ref().ok_or_else(closed)?;
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let handled = loop {
            let Some((stream, peer)) = self.lobby.next_to_speak(listener, deadline)? else { break false };
            if self.serve_one(stream, peer.into()) {
                break true;
            }
        };
        if !handled {
            let _serving = self.site.handle.enter();
            // A panic of its own is the panic hook's to tell.
            let _ = contained(|| self.service.handle_timeout());
        }
        log::flush();
        Ok(())
    }

    /// Serves until [`ServerHandle::shutdown`] is called, from a handler or from another thread.
    ///
    /// Blocks. When it is asked to end it accepts no more, closes idle connections, and returns when the requests that
    /// handlers are working on are answered, or after 5 seconds. The socket still listens then: dropping the server
    /// closes it. The original's `poll_interval` is a builder option, for `service_actions` only: nothing here polls.
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) after `server_close`; a poller the system refuses. Whatever a client
    /// does, and descriptors running out, is no error.
    pub fn serve_forever(&mut self) -> io::Result<()> {
        let listener = self.listener.as_ref().ok_or_else(closed)?;
        let (service, site) = (Arc::clone(&self.service), Arc::clone(&self.site));
        let engine = Engine::new(Arc::clone(listener), service, site, self.engine_options.clone())?;
        let running = self.site.handle.begin_loop(Arc::<Engine>::clone(&engine));
        let report = engine::run(&engine)?;
        log::flush();
        running.end(report);
        Ok(())
    }

    /// Serves one request of a new connection, on this thread. False if the client did not send any.
    fn serve_one(&self, stream: TcpStream, peer: Address) -> bool {
        let host = Host { service: &*self.service, site: &self.site };
        let serving = self.site.handle.enter();
        // A panic is a no.
        let is_admitted = contained(|| self.service.verify_request(&peer)).unwrap_or(false);
        drop(serving);
        if !is_admitted {
            return false;
        }
        let mut line = Line::new(Socket::Tcp(stream), peer, &self.site.settings, Instant::now());
        line.close_after_next_request();
        while handle_one_request(&mut line, &mut Bench::new(&self.site), host) {}
        line.has_served()
    }

    /// Closes the listening socket. What serves has ended by then; serving again is an error.
    pub fn server_close(&mut self) {
        self.listener = None;
        self.lobby = Lobby::default();
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the server is closed: bind another")
}

impl std::fmt::Debug for HTTPServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HTTPServer").field("handle", &self.site.handle).finish_non_exhaustive()
    }
}

/// The listening socket.
///
/// # Panics
/// After [`HTTPServer::server_close`], when there is none.
impl AsFd for HTTPServer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_ref().expect("`as_fd` is called before `server_close`").as_fd()
    }
}
