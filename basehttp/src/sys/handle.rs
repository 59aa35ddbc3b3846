//! What a handler may know and ask of its server. Not the server: it owns the sockets, this only their names and the
//! wish to stop.

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

/// A cloneable handle to a running server: its names, and how to stop it from anywhere.
///
/// Inside a handler it is [`Exchange::server`](crate::Exchange::server); outside, [`HTTPServer::handle`].
///
/// ```
/// # use basehttp::{Exchange, HTTPServer, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Hello)?;
/// let handle = httpd.handle();
/// let serving = std::thread::spawn(move || httpd.serve_forever());
/// handle.shutdown();
/// serving.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [`HTTPServer::handle`]: crate::HTTPServer::handle
#[derive(Clone)]
pub struct ServerHandle {
    state: Arc<ServerState>,
}

struct ServerState {
    name: String,
    /// All that are listened on, at least one; the first is the server's own.
    addresses: Vec<Address>,
    /// Somebody asked the loop to end; taken back when it has.
    stopping: AtomicBool,
    running: Mutex<Running>,
    ended: Condvar,
    /// Of the last loop.
    last: Mutex<Last>,
}

/// The loop of this moment, and when it shall be over.
#[derive(Default)]
struct Running {
    /// The loop that runs, if one does.
    engine: Option<Arc<dyn RunningServer>>,
    /// When requests in flight are cut off: the earliest time that was asked for. It is forgotten with its loop.
    deadline: Option<Instant>,
    /// The shortest grace that was asked for while no loop ran. It counts from the beginning of the next one.
    grace: Option<Duration>,
}

impl Running {
    /// The running loop shall end within `grace`, or the next one if none runs. Of two wishes the shorter counts.
    fn end_within(&mut self, grace: Duration) {
        if self.engine.is_none() {
            self.grace = Some(self.grace.map_or(grace, |asked| asked.min(grace)));
            return;
        }
        let deadline = Instant::now() + grace;
        self.deadline = Some(self.deadline.map_or(deadline, |asked| asked.min(deadline)));
    }
}

/// What a loop leaves behind.
#[derive(Clone, Copy, Default)]
struct Last {
    stats: Stats,
    report: DrainReport,
}

/// A loop that serves, as its handle sees it.
pub(crate) trait RunningServer: Send + Sync {
    /// Makes it look at whether it shall end.
    fn wake(&self);

    /// What it has counted.
    fn stats(&self) -> Stats;

    /// A handler has taken the connection: its socket is not watched any more.
    fn forget(&self, descriptor: BorrowedFd<'_>);

    /// A connection or a file is closed, while accepting waits for that.
    fn note_room(&self);
}

/// How long requests in flight may take once the loop was asked to end: 5 s.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

impl ServerHandle {
    pub(crate) fn new(name: String, addresses: Vec<Address>) -> Self {
        let state = ServerState {
            name,
            addresses,
            stopping: AtomicBool::new(false),
            running: Mutex::default(),
            ended: Condvar::new(),
            last: Mutex::default(),
        };
        ServerHandle { state: Arc::new(state) }
    }

    /// A handle to no server, for a connection that has none.
    pub(crate) fn detached() -> Self {
        ServerHandle::new(String::new(), vec![Address::Unnamed])
    }

    /// The host's name as the original has it: the name that was bound, or the machine's own for a wildcard address
    /// or a Unix socket.
    ///
    /// No resolver is asked.
    pub fn server_name(&self) -> &str {
        &self.state.name
    }

    /// The port that is listened on, the real one if 0 was asked for. 0 for a Unix socket.
    pub fn server_port(&self) -> u16 {
        self.server_address().port().unwrap_or(0)
    }

    /// The address that is listened on; with several, the one that `bind` was given.
    pub fn server_address(&self) -> &Address {
        &self.state.addresses[0]
    }

    /// All addresses that are listened on: the one that `bind` was given, then those of
    /// [`also_listen`](crate::HTTPServerBuilder::also_listen) in their order.
    pub fn server_addresses(&self) -> &[Address] {
        &self.state.addresses
    }

    /// Asks the server's loop to end, and waits until it has.
    ///
    /// Clients that have connected already are served, and then the server stops listening: later ones are refused, or
    /// reach a successor. Idle connections are closed, and requests that a handler is working on are answered, for at
    /// most 5 s. Called from a handler or a hook of this server, before `serve_forever` or after it, it asks and returns at
    /// once: the next (or the running) `serve_forever` ends.
    pub fn shutdown(&self) {
        self.stop(SHUTDOWN_GRACE);
    }

    /// Asks the loop to end, and waits until it has. False where there is none, or where this thread must not wait.
    fn stop(&self, grace: Duration) -> bool {
        // Under the lock, so that a loop that ends meanwhile either takes the wish along or leaves it to the next.
        let mut running = self.running();
        running.end_within(grace);
        self.state.stopping.store(true, Ordering::SeqCst);
        // The one that runs now: by the time this thread wakes the next one may have begun.
        let Some(awaited) = running.engine.clone() else { return false };
        awaited.wake();
        if self.is_served_by_this_thread() {
            return false;
        }
        let still = |running: &mut Running| running.engine.as_ref().is_some_and(|other| Arc::ptr_eq(other, &awaited));
        let ended = self.state.ended.wait_while(running, still);
        drop(unpoisoned(ended));
        true
    }

    /// Shuts down as [`shutdown`](Self::shutdown) does, lets requests in flight run for up to `grace` from now, and
    /// reports how it went.
    ///
    /// Replies to requests in flight say `Connection: close`. What is still busy at the deadline is cut off. Of several
    /// deadlines for one loop the earliest counts, so that a drain can be hurried by another one or by `shutdown`. If no
    /// loop runs, the next one ends at once, and the time counts from its beginning. `None` where `shutdown` would not
    /// wait either.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # use std::time::{Duration, Instant};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// # let server = basehttp::testing::Server::start(Hello)?;
    /// # let handle = server.handle();
    /// if let Some(report) = handle.drain(Duration::from_secs(30)) {
    ///     println!("{} answered, {} cut off", report.finished, report.cut);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn drain(&self, grace: Duration) -> Option<DrainReport> {
        self.stop(bounded(grace)).then(|| self.last().report)
    }

    /// What the server has counted so far; all zeros before it serves.
    pub fn stats(&self) -> Stats {
        self.running_loop().map_or_else(|| self.last().stats, |running| running.stats())
    }

    /// The loop that runs, if one does.
    pub(crate) fn running_loop(&self) -> Option<Arc<dyn RunningServer>> {
        self.running().engine.clone()
    }

    /// When the loop, which was asked to end, cuts off requests in flight. Another drain may bring it forward.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.running().deadline
    }

    /// Whether somebody has asked the loop to end and it has not ended yet. Long handlers may look at it.
    pub fn is_shutting_down(&self) -> bool {
        self.state.stopping.load(Ordering::SeqCst)
    }

    /// The loop begins; it has ended when the value is dropped, also by a panic.
    pub(crate) fn begin_loop(&self, running: Arc<dyn RunningServer>) -> RunningLoop {
        let mut now = self.running();
        now.engine = Some(running);
        if let Some(grace) = now.grace.take() {
            now.end_within(grace);
        }
        drop(now);
        RunningLoop { handle: self.clone() }
    }

    /// Until the value is dropped, this thread works for the server, and must not wait for its end.
    pub(crate) fn enter(&self) -> ServerThread {
        ServerThread { outer: SERVED_HERE.replace(self.identity()) }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        lock(&self.state.last)
    }

    /// The running loop; a poisoned lock holds it all the same.
    fn running(&self) -> MutexGuard<'_, Running> {
        lock(&self.state.running)
    }

    fn is_served_by_this_thread(&self) -> bool {
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
    /// The server that this thread works for at the moment, by address; 0 for none.
    static SERVED_HERE: Cell<usize> = const { Cell::new(0) };
}

/// See [`ServerHandle::enter`].
pub(crate) struct ServerThread {
    outer: usize,
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        SERVED_HERE.set(self.outer);
    }
}

/// See [`ServerHandle::begin_loop`].
pub(crate) struct RunningLoop {
    handle: ServerHandle,
}

impl RunningLoop {
    /// The loop has ended in order.
    pub fn end(self, report: DrainReport) {
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
        drop(running);
        if let Some(ended) = ended {
            self.handle.last().stats = ended.stats();
        }
        state.ended.notify_all();
    }
}
