//! [`HTTPServer`]: the listening sockets, their handler, and the two ways of serving: one request, or for ever.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::listen::{Doors, server_name};
use super::waiting::{SearchTime, SilentConn, SilentConns};
use super::{BaseHTTPRequestHandler, Endpoint, HTTPServerBuilder, ListenAddress};
use crate::conn::{Buffers, Conn, go_on_with_beginning, handle_one_request};
use crate::engine::{self, Engine, EngineOptions};
use crate::exchange::{Context, Service, catch_panic};
#[cfg(feature = "signals")]
use crate::sys::WatchedSignals;
use crate::sys::{Accepted, Address, DrainReport, Notifier, RunningLoop, ServerHandle, bounded, log};

/// An HTTP/1.x server: one listening socket or more, and the handler that answers for them.
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
/// and never the server; with `panic = "abort"` it ends the process. Dropping the server closes its sockets.
pub struct HTTPServer {
    doors: Doors,
    service: Arc<dyn Service>,
    context: Arc<Context>,
    lobby: SilentConns,
    timeout: Option<Duration>,
    engine_options: EngineOptions,
    #[cfg(feature = "signals")]
    pub(super) watched_signals: Option<WatchedSignals>,
}

impl HTTPServer {
    /// Binds `address` and listens, with every option at its default. Clients may connect from now on. More than one
    /// address: [`also_listen`](HTTPServerBuilder::also_listen).
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

    pub(super) fn listen_on(
        options: HTTPServerBuilder,
        endpoints: &[Endpoint],
        service: Arc<dyn Service>,
    ) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        crate::sys::look_at_sigpipe();
        let host = endpoints[0].host().to_owned();
        let doors = Doors::open(endpoints, options.listen)?;
        let bound = doors.addresses()?;
        let handle = ServerHandle::new(server_name(&host, &bound[0]), bound, options.shutdown_delay);
        let spec = service.spec();
        let engine_options = EngineOptions {
            service_actions: spec.overrides.service_actions.then_some(options.poll_interval),
            ..options.engine
        };
        Ok(HTTPServer {
            doors,
            context: Arc::new(Context::new(spec, options.settings, handle)),
            service,
            lobby: SilentConns::default(),
            timeout: options.timeout,
            engine_options,
            #[cfg(feature = "signals")]
            watched_signals: None,
        })
    }

    /// Returns a cloneable handle: names, statistics, and `shutdown` from anywhere.
    pub fn server_handle(&self) -> ServerHandle {
        self.context.handle.clone()
    }

    /// The name that was bound, or the machine's own for a wildcard address or a Unix socket. No resolver is asked.
    pub fn server_name(&self) -> &str {
        self.context.handle.server_name()
    }

    /// The port that is listened on, the real one if 0 was asked for. 0 for a Unix socket.
    pub fn server_port(&self) -> u16 {
        self.context.handle.server_port()
    }

    /// The address that is listened on; with several, the one that `bind` was given.
    pub fn server_address(&self) -> &Address {
        self.context.handle.server_address()
    }

    /// All addresses that are listened on: the one that `bind` was given, then those of
    /// [`also_listen`](HTTPServerBuilder::also_listen) in their order.
    pub fn server_addresses(&self) -> &[Address] {
        self.context.handle.server_addresses()
    }

    /// The scheme of the server's URLs.
    #[cfg_attr(not(feature = "tls"), allow(clippy::unused_self))] // Without TLS there is one.
    pub(crate) fn scheme(&self) -> &'static str {
        #[cfg(feature = "tls")]
        if self.context.settings.tls.is_some() {
            return "https";
        }
        "http"
    }

    /// The descriptor of the listening socket (the first of several), for a poller of your own.
    ///
    /// `None` while the server does not listen: after [`server_close`](Self::server_close), and after
    /// [`ServerHandle::shutdown`] until it serves again.
    pub fn listener_fd(&self) -> Option<BorrowedFd<'_>> {
        self.doors.first().map(AsFd::as_fd)
    }

    /// The number of [`listener_fd`](Self::listener_fd), as Python's `fileno()` gives it: -1 while the server does not
    /// listen.
    pub fn fileno(&self) -> RawFd {
        self.listener_fd().map_or(-1, |listener| listener.as_raw_fd())
    }

    /// Waits for one request, serves it on this thread, and closes its connection.
    ///
    /// Blocks until a request has been answered, or for as long as the builder's `timeout` says, after which the
    /// handler's `handle_timeout` is called and this returns. Clients that connect and say nothing, as browsers do, do
    /// not delay the others. Once a client has begun a PROXY header, a TLS handshake or a head, it has the
    /// `head_timeout` to finish, and the others wait.
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
    /// [`NotConnected`](io::ErrorKind::NotConnected) after `server_close`; after a shutdown, an address that another
    /// server has bound meanwhile. Whatever a client does is not an error.
    pub fn handle_request(&mut self) -> io::Result<()> {
        let mut time = SearchTime::begin(self.timeout);
        let handled = loop {
            let listeners = self.doors.listening()?;
            let Some(speaker) = self.lobby.next_to_speak(listeners, &mut time)? else { break false };
            if self.serve_one(speaker) {
                break true;
            }
        };
        if !handled {
            let _serving = self.context.handle.enter();
            // Runs user code. The panic hook has reported a panic of it already.
            let _ = catch_panic(|| self.service.hooks().handle_timeout());
        }
        log::flush();
        Ok(())
    }

    /// Serves until [`ServerHandle::shutdown`] is called, from a handler or from another thread.
    ///
    /// Blocks. When it is asked to end it first serves on for the builder's `shutdown_delay`, which is 0 by default.
    /// Then it serves the clients that have connected already and stops listening, so that later ones are refused by
    /// the system, or reach a successor that has bound the address. It closes idle connections, and returns when the
    /// requests that handlers are working on are answered, or after 5 seconds. The `poll_interval` of Python's is a
    /// builder option, for `service_actions` only: nothing here polls.
    ///
    /// Called again, it listens again: at the same addresses, with the port that the system picked if 0 was asked for.
    /// Between two loops the system refuses clients, unlike with Python's `http.server`. A socket that was handed over
    /// listens throughout ([`ListenAddress`](crate::ListenAddress#after-a-shutdown)).
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) after `server_close`; after a shutdown, an address that another
    /// server has bound meanwhile; a poller the system refuses. Whatever a client does, and descriptors running out, is
    /// not an error.
    pub fn serve_forever(&mut self) -> io::Result<()> {
        self.serve_until(None).map(drop)
    }

    /// Serves as [`serve_forever`](Self::serve_forever) does, and shuts down when the time is over.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # use std::time::Duration;
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Hello)?;
    /// httpd.serve_for(Duration::from_millis(10))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `serve_forever`.
    pub fn serve_for(&mut self, time: Duration) -> io::Result<()> {
        self.serve_until(Some(Instant::now() + bounded(time))).map(drop)
    }

    /// Tells a service manager when the server is ready, alive and ending: [`Notifier`].
    pub fn set_notifier(&mut self, notifier: Notifier) {
        self.engine_options.notifier = Some(notifier);
    }

    /// Serves until `end`, or until it is asked to end before.
    pub(super) fn serve_until(&mut self, end: Option<Instant>) -> io::Result<DrainReport> {
        self.begin_loop()?.run(end)
    }

    /// Listens, and begins a loop. From now on it can be shut down.
    pub(super) fn begin_loop(&mut self) -> io::Result<BegunLoop> {
        // The program may have changed it since it was bound.
        #[cfg(target_os = "linux")]
        crate::sys::look_at_sigpipe();
        let listeners = self.doors.listening()?.to_vec();
        let (service, context) = (Arc::clone(&self.service), Arc::clone(&self.context));
        let engine = Engine::new(listeners, service, context, self.engine_options.clone())?;
        self.doors.leave_to_loop();
        let running = self.context.handle.begin_loop(Arc::<Engine>::clone(&engine));
        Ok(BegunLoop { running, engine, handle: self.server_handle() })
    }

    /// Serves one request of a connection, on this thread. False if the client did not send any.
    fn serve_one(&mut self, silent: SilentConn) -> bool {
        let conn = match silent {
            SilentConn::New(Accepted { socket, address }) => {
                let mut conn = Conn::new(socket, address, &self.context.settings, Instant::now());
                conn.verify_first();
                conn
            }
            SilentConn::Begun(conn) => *conn,
        };
        if conn.is_beginning() {
            self.begin(conn);
            return false;
        }
        self.serve_conn(conn)
    }

    /// Learns the client from its proxy, or makes the TLS session. The client may say nothing then.
    fn begin(&mut self, mut conn: Conn) {
        let mut buffers = Buffers::new(&self.context);
        if go_on_with_beginning(&mut conn, &mut buffers, &*self.service, &self.context) {
            self.lobby.add(SilentConn::Begun(Box::new(conn)));
        }
    }

    /// Serves one request of a connection.
    fn serve_conn(&self, mut conn: Conn) -> bool {
        conn.close_after_next_request();
        while handle_one_request(&mut conn, &mut Buffers::new(&self.context), &*self.service, &self.context) {}
        conn.has_served()
    }

    /// Closes the listening sockets. Serving again is an error.
    pub fn server_close(&mut self) {
        self.doors.close_for_good();
        self.lobby = SilentConns::default();
    }
}

/// A loop that has its sockets, and whose clients wait until a thread runs it.
pub(super) struct BegunLoop {
    running: RunningLoop,
    engine: Arc<Engine>,
    handle: ServerHandle,
}

impl BegunLoop {
    /// Serves until `end`, or until the loop is asked to end before.
    pub(super) fn run(self, end: Option<Instant>) -> io::Result<DrainReport> {
        // User code that runs in drops at the end must not wait for that end.
        let serving = self.handle.enter();
        let report = engine::run(&self.engine, end)?;
        drop(serving);
        log::flush();
        self.running.end(report);
        Ok(report)
    }
}

impl std::fmt::Debug for HTTPServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HTTPServer").field("handle", &self.context.handle).finish_non_exhaustive()
    }
}
