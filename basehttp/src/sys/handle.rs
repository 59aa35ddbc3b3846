//! A handle to a server, for handlers and for other threads: its names, its counts and its shutdown. The sockets belong
//! to the server.

use std::cell::Cell;
use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::address::Address;
use super::lock::{lock, unpoisoned};
use super::settings::bounded;
use super::stats::{DrainReport, Stats};

/// A cloneable handle to a server, with its names and its counts, that can stop it from anywhere.
///
/// Inside a handler it is [`Exchange::server`](crate::Exchange::server); outside, [`HTTPServer::server_handle`].
///
/// ```
/// # use basehttp::{Exchange, HTTPServer, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Hello)?;
/// let handle = httpd.server_handle();
/// let serving = std::thread::spawn(move || httpd.serve_forever());
/// handle.shutdown();
/// serving.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`HTTPServer::server_handle`]: crate::HTTPServer::server_handle
#[derive(Clone)]
pub struct ServerHandle {
    state: Arc<ServerState>,
}

struct ServerState {
    name: String,
    /// All addresses of the server, at least one. The first is the one that `bind` was given.
    addresses: Vec<Address>,
    /// The loop was asked to end, and has not ended yet.
    stopping: AtomicBool,
    /// The program has said that it is not ready for clients.
    is_unready: AtomicBool,
    /// Time for which a loop that was asked to end serves on.
    delay: Duration,
    running: Mutex<Running>,
    ended: Condvar,
    /// Results of the last loop.
    last: Mutex<Last>,
}

/// The present loop, and the times at which it stops accepting and must be over.
#[derive(Default)]
struct Running {
    /// The present loop, if one runs.
    engine: Option<Arc<dyn RunningServer>>,
    /// Time until which a loop that was asked to end serves on. It is forgotten with its loop.
    serves_until: Option<Instant>,
    /// Time at which requests in flight are cut off, the earliest that a caller asked for. It is forgotten with its
    /// loop.
    deadline: Option<Instant>,
    /// The shortest grace that a caller asked for while no loop ran. It counts from the beginning of the next one.
    grace: Option<Duration>,
}

impl Running {
    /// Makes the running loop serve on for `delay` and then end within `grace`, or the next one end at once if none
    /// runs. The shortest time counts.
    fn end_within(&mut self, delay: Duration, grace: Duration) {
        if self.engine.is_none() {
            self.grace = Some(self.grace.map_or(grace, |asked| asked.min(grace)));
            return;
        }
        let serves_until = *self.serves_until.get_or_insert(Instant::now() + delay);
        let deadline = serves_until.max(Instant::now()) + grace;
        self.deadline = Some(self.deadline.map_or(deadline, |asked| asked.min(deadline)));
    }
}

/// Results of a loop that has ended.
#[derive(Clone, Copy, Default)]
struct Last {
    stats: Stats,
    report: DrainReport,
}

/// A running loop as its handle sees it. The engine implements it.
pub(crate) trait RunningServer: Send + Sync {
    /// Wakes the loop, so that it looks at whether it must end.
    fn wake(&self);

    /// Returns the loop's counts.
    fn stats(&self) -> Stats;

    /// Returns the number of connections whose request or response would be cut off if the loop ended now.
    fn busy(&self) -> usize;

    /// Stops watching the socket of a connection that a handler has taken.
    fn forget(&self, descriptor: BorrowedFd<'_>);

    /// Wakes a loop that waits for room, because a connection or a file was closed.
    fn note_room(&self);
}

/// Time for requests in flight once `shutdown` was called: 5 s.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

impl ServerHandle {
    pub(crate) fn new(name: String, addresses: Vec<Address>, delay: Duration) -> Self {
        let state = ServerState {
            name,
            addresses,
            stopping: AtomicBool::new(false),
            is_unready: AtomicBool::new(false),
            delay,
            running: Mutex::default(),
            ended: Condvar::new(),
            last: Mutex::default(),
        };
        ServerHandle { state: Arc::new(state) }
    }

    /// Makes a handle without a server, for a connection that has none.
    pub(crate) fn detached() -> Self {
        ServerHandle::new(String::new(), vec![Address::Unnamed], Duration::ZERO)
    }

    /// Returns the host's name by the rules of Python's `http.server`: the name that was bound, or the machine's own
    /// name for a wildcard address or a Unix socket.
    ///
    /// It never asks a resolver.
    pub fn server_name(&self) -> &str {
        &self.state.name
    }

    /// Returns the port of the server's address, the real one if `bind` was given 0. Returns 0 for a Unix socket.
    pub fn server_port(&self) -> u16 {
        self.server_address().port().unwrap_or(0)
    }

    /// Returns the address that the server listens on; with several, the one that `bind` was given.
    pub fn server_address(&self) -> &Address {
        &self.state.addresses[0]
    }

    /// Returns all addresses that the server listens on: the one that `bind` was given, then those of
    /// [`also_listen`](crate::HTTPServerBuilder::also_listen) in their order.
    pub fn server_addresses(&self) -> &[Address] {
        &self.state.addresses
    }

    /// Shuts the server down, and waits until its loop has ended.
    ///
    /// 1. [`is_ready`](Self::is_ready) is false, and responses say `Connection: close`. The server serves on for
    ///    [`shutdown_delay`](crate::HTTPServerBuilder::shutdown_delay), which is no time by default.
    /// 2. Clients that have connected already are served. Then the server stops listening, so that later clients are
    ///    refused or reach a successor. Idle connections are closed.
    /// 3. Requests in flight are answered for at most 5 s. What is still busy then is cut off.
    ///
    /// It returns at once when a handler or a hook of this server calls it, or when no loop is running. In the first
    /// case the running `serve_forever` ends soon, in the second the next one ends at once.
    pub fn shutdown(&self) {
        self.stop(SHUTDOWN_GRACE);
    }

    /// Asks the loop to end, or the next one if none runs, and does not wait for that.
    #[cfg(feature = "signals")]
    pub(crate) fn begin_drain(&self, grace: Duration) {
        self.ask_to_end(bounded(grace));
    }

    /// Asks the loop to end, and waits until it has. Returns false if no loop runs, or if this thread must not wait for
    /// it.
    fn stop(&self, grace: Duration) -> bool {
        // Waits for this loop alone. By the time this thread wakes, the next one may have begun.
        let Some(awaited) = self.ask_to_end(grace) else { return false };
        if self.is_served_by_this_thread() {
            return false;
        }
        let still = |running: &mut Running| running.engine.as_ref().is_some_and(|other| Arc::ptr_eq(other, &awaited));
        let ended = self.state.ended.wait_while(self.running(), still);
        drop(unpoisoned(ended));
        true
    }

    /// Asks the loop to end, and returns it if one runs.
    fn ask_to_end(&self, grace: Duration) -> Option<Arc<dyn RunningServer>> {
        // Under the lock, so that a loop which ends meanwhile either obeys the wish or leaves it to the next loop.
        let mut running = self.running();
        running.end_within(self.state.delay, grace);
        self.state.stopping.store(true, Ordering::SeqCst);
        let asked = running.engine.clone()?;
        asked.wake();
        Some(asked)
    }

    /// Shuts down gracefully: lets requests in flight run for up to `grace`, and reports the result.
    ///
    /// The order is that of [`shutdown`](Self::shutdown). The time begins when the server stops listening. Connections
    /// that are still busy after it are cut off. Of several deadlines for one loop the earliest counts, so that another
    /// `drain` or `shutdown` can hurry a drain.
    ///
    /// If no loop runs, the next one ends at once, and its time counts from its beginning. Returns `None` if no loop is
    /// running, or on a thread that works for this server.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # use std::time::{Duration, Instant};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// # let server = basehttp::testing::Server::start(Hello)?;
    /// # let handle = server.server_handle();
    /// if let Some(report) = handle.drain(Duration::from_secs(30)) {
    ///     println!("{} answered, {} cut off", report.finished, report.cut);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn drain(&self, grace: Duration) -> Option<DrainReport> {
        self.stop(bounded(grace)).then(|| self.last().report)
    }

    /// Returns the result of the last end of the server, also for a program that did not call
    /// [`drain`](Self::drain) itself. It is empty before the first one.
    pub fn drain_report(&self) -> DrainReport {
        self.last().report
    }

    /// Returns the server's counts so far. They are all zero before it serves.
    pub fn stats(&self) -> Stats {
        self.running_loop().map_or_else(|| self.last().stats, |running| running.stats())
    }

    /// Returns the running loop, if there is one.
    pub(crate) fn running_loop(&self) -> Option<Arc<dyn RunningServer>> {
        self.running().engine.clone()
    }

    /// Returns the time at which a loop that was asked to end cuts off requests in flight. Another drain may bring it
    /// forward.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.running().deadline
    }

    /// Returns whether new clients should come: the server was not asked to shut down, and the program has not said
    /// [`set_ready(false)`](Self::set_ready).
    ///
    /// This is the answer for the readiness probe of a load balancer. A server that is not ready serves all the same.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// struct Health;
    ///
    /// #[http_handler]
    /// impl Health {
    ///     #[path("/readyz")]
    ///     fn do_GET_readyz(&self, ex: &Exchange) -> (u16, &'static str) {
    ///         if ex.server.is_ready() { (200, "ready\n") } else { (503, "not ready\n") }
    ///     }
    /// }
    /// # assert!(basehttp::testing::respond(&Health, "GET /readyz HTTP/1.0\r\n\r\n").ends_with(b"\r\n\r\nready\n"));
    /// ```
    pub fn is_ready(&self) -> bool {
        !self.state.is_unready.load(Ordering::SeqCst) && !self.is_shutting_down()
    }

    /// Says whether the program is ready for clients. A program that must warm up, or whose database is away, is not.
    ///
    /// It changes [`is_ready`](Self::is_ready) alone. A new server is ready.
    pub fn set_ready(&self, is_ready: bool) {
        self.state.is_unready.store(!is_ready, Ordering::SeqCst);
    }

    /// Returns whether the server was asked to shut down and has not ended yet. Long handlers may check it.
    pub fn is_shutting_down(&self) -> bool {
        self.state.stopping.load(Ordering::SeqCst)
    }

    /// Returns the time until which a loop that was asked to end serves on.
    pub(crate) fn serves_until(&self) -> Option<Instant> {
        self.running().serves_until
    }

    /// Takes back a wish to end that no loop has heard, so that the next one serves.
    pub(crate) fn forget_wish(&self) {
        let mut running = self.running();
        if running.engine.is_none() {
            running.grace = None;
            self.state.stopping.store(false, Ordering::SeqCst);
        }
    }

    /// Registers the loop as running until the returned value is dropped, also by a panic.
    pub(crate) fn begin_loop(&self, running: Arc<dyn RunningServer>) -> RunningLoop {
        let mut now = self.running();
        now.engine = Some(running);
        if let Some(grace) = now.grace.take() {
            // It was asked before the first client could rely on it.
            now.end_within(Duration::ZERO, grace);
        }
        drop(now);
        RunningLoop { handle: self.clone() }
    }

    /// Marks this thread as working for the server until the returned value is dropped. Such a thread must not wait for
    /// the server's end.
    pub(crate) fn enter(&self) -> ServerThread {
        ServerThread { outer: SERVED_HERE.replace(self.identity()) }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        lock(&self.state.last)
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        lock(&self.state.running)
    }

    /// Returns whether this thread works for the server, and must not wait for its end.
    pub(crate) fn is_served_by_this_thread(&self) -> bool {
        SERVED_HERE.get() == self.identity()
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.state) as usize
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("server_addresses", &self.state.addresses)
            .field("is_shutting_down", &self.is_shutting_down())
            .finish_non_exhaustive()
    }
}

thread_local! {
    /// The server that this thread works for at present, as an address. 0 for none.
    static SERVED_HERE: Cell<usize> = const { Cell::new(0) };
}

/// A thread that works for a server, made by [`ServerHandle::enter`].
pub(crate) struct ServerThread {
    outer: usize,
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        SERVED_HERE.set(self.outer);
    }
}

/// A loop that is registered as running, made by [`ServerHandle::begin_loop`].
pub(crate) struct RunningLoop {
    handle: ServerHandle,
}

impl RunningLoop {
    /// Keeps the report of a loop that ends without a panic.
    pub(crate) fn end(self, report: DrainReport) {
        self.handle.last().report = report;
    }
}

impl Drop for RunningLoop {
    fn drop(&mut self) {
        let state = &self.handle.state;
        let mut running = self.handle.running();
        state.stopping.store(false, Ordering::SeqCst);
        let ended = running.engine.take();
        running.deadline = None;
        running.serves_until = None;
        drop(running);
        if let Some(ended) = ended {
            self.handle.last().stats = ended.stats();
        }
        state.ended.notify_all();
    }
}
