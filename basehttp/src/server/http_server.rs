//! [`HTTPServer`]: the listening socket, its handler, and the two ways of serving: one request, or for ever.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::listen::{listen, server_name};
use super::waiting::{Lobby, Waker};
use super::{BaseHTTPRequestHandler, HTTPServerBuilder, ListenAddress, threads};
use crate::conn::{Address, Link, ServerHandle, Service, Site, Socket, log};

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
    listener: Option<TcpListener>,
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    lobby: Lobby,
    timeout: Option<Duration>,
    poll_interval: Duration,
    max_connections: usize,
}

/// What the threads of one server share.
pub(super) struct Shared {
    pub service: Box<dyn Service>,
    pub site: Site,
}

impl Shared {
    /// A connection to serve, unless `verify_request` is against it.
    pub fn admit(&self, stream: std::net::TcpStream, peer: Address) -> Option<Link> {
        let _serving = self.site.handle.enter();
        if !self.service.verify_request(&peer) {
            return None;
        }
        // A socket that takes no options is one whose client has gone.
        let socket = Socket::tcp(stream, self.site.settings.write_stall_timeout).ok()?;
        Some(Link::new(socket, peer, &self.site))
    }
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
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        let waker = Arc::new(Waker::new()?);
        let wake = {
            let waker = Arc::clone(&waker);
            move || waker.wake()
        };
        let handle = ServerHandle::new(server_name(&address.host(), bound), bound.into(), wake);
        let site = Site::new(handler.profile(), options.settings, handle);
        Ok(HTTPServer {
            listener: Some(listener),
            shared: Arc::new(Shared { service: Box::new(handler), site }),
            waker,
            lobby: Lobby::default(),
            timeout: options.timeout,
            poll_interval: options.poll_interval,
            max_connections: options.max_connections,
        })
    }

    /// A cloneable handle: names, and `shutdown` from anywhere.
    pub fn handle(&self) -> ServerHandle {
        self.shared.site.handle.clone()
    }

    /// The name that was bound, or the machine's own for a wildcard address. No resolver is asked.
    pub fn server_name(&self) -> &str {
        self.shared.site.handle.server_name()
    }

    /// The port that is listened on, the real one if 0 was asked for.
    pub fn server_port(&self) -> u16 {
        self.shared.site.handle.server_port()
    }

    /// The address that is listened on.
    pub fn server_address(&self) -> &Address {
        self.shared.site.handle.server_address()
    }

    /// The listening socket's descriptor, for a poller of your own; -1 after [`server_close`](Self::server_close).
    pub fn fileno(&self) -> RawFd {
        self.listener.as_ref().map_or(-1, AsRawFd::as_raw_fd)
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
            let Some(mut link) = self.shared.admit(stream, peer.into()) else { continue };
            link.close_after_next_request();
            link.handle_one_request(&*self.shared.service, &self.shared.site);
            if link.has_served() {
                break true;
            }
        };
        if !handled {
            let _serving = self.shared.site.handle.enter();
            self.shared.service.handle_timeout();
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
        let running = self.shared.site.handle.begin_loop();
        let wants_actions = self.shared.service.profile().overrides.service_actions;
        let round = wants_actions.then_some(self.poll_interval);
        let served = threads::serve(listener, &self.waker, &self.shared, self.max_connections, round);
        log::flush();
        drop(running);
        served
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
        f.debug_struct("HTTPServer").field("handle", &self.shared.site.handle).finish_non_exhaustive()
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
