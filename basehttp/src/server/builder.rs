//! The options of a server, each with its default. What each bounds stands with its constant.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::listen::{AddressFamily, ListenOptions};
use super::{BaseHTTPRequestHandler, Endpoint, HTTPServer, ListenAddress};
use crate::engine::{EngineOptions, MAX_LISTENERS, MAX_SLOTS};
use crate::exchange::sentence;
use crate::sys::{Settings, bounded, process_limit};

/// Options of an [`HTTPServer`], made by [`HTTPServer::builder`].
///
/// ```
/// # use basehttp::{Exchange, HTTPServer, http_handler};
/// # use std::time::Duration;
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let httpd = HTTPServer::builder()
///     .head_timeout(Duration::from_secs(5))
///     .max_head_bytes(16 * 1024)
///     .bind(("127.0.0.1", 0), Hello)?;
/// assert_ne!(httpd.server_port(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `bind`"]
pub struct HTTPServerBuilder {
    pub(super) settings: Settings,
    pub(super) listen: ListenOptions,
    /// What to listen on beside what `bind` is given.
    also: Vec<Result<Endpoint, Arc<io::Error>>>,
    pub(super) timeout: Option<Duration>,
    pub(super) poll_interval: Duration,
    pub(super) engine: EngineOptions,
}

/// How many connections may wait to be accepted: 1,024. The seed's 5 drops clients in any burst.
const REQUEST_QUEUE_SIZE: u32 = 1024;

/// How many connections the system keeps for a listener whose backlog is not known: 4,096, where Linux cuts it by default.
const USUAL_BACKLOG: usize = 4096;

/// How many connections may be open at once: 20,000. A few megabytes while they are idle.
const MAX_CONNECTIONS: usize = 20_000;

/// How many threads may serve requests that block: 512. Each costs a stack, of which it touches some 16 KiB.
const MAX_THREADS: usize = 512;

/// How many requests may wait for such a thread: 1,024. More would wait for longer than clients do.
const MAX_QUEUED: usize = 1024;

/// The most shards: 1,024, some more than the largest machines have cores.
const MOST_WORKERS: usize = 1024;

/// The shortest request that HTTP/1.1 knows. Limits that leave it out serve nothing.
const SHORTEST_REQUEST: &str = "GET / HTTP/1.1\r\nHost:\r\n\r\n";

/// How often a loop calls `service_actions`: every 500 ms, as the seed does.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// After how long a silence a client is asked whether it is there: 60 s.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

impl Default for HTTPServerBuilder {
    fn default() -> Self {
        let listen = ListenOptions {
            request_queue_size: REQUEST_QUEUE_SIZE.cast_signed(),
            allow_reuse_address: true,
            allow_reuse_port: false,
            address_family: None,
            tcp_keepalive: Some(TCP_KEEPALIVE),
        };
        HTTPServerBuilder {
            settings: Settings { max_connections: MAX_CONNECTIONS, ..Settings::default() },
            listen,
            also: Vec::new(),
            timeout: None,
            poll_interval: POLL_INTERVAL,
            engine: EngineOptions {
                workers: cores().min(most_workers()),
                max_threads: MAX_THREADS,
                max_queued: MAX_QUEUED,
                backlog: USUAL_BACKLOG,
                service_actions: None,
            },
        }
    }
}

/// The cores the process may use; 1 where the system does not say.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// How many shards there may be. Each has three descriptors, and they all may have half of the process's.
fn most_workers() -> usize {
    (process_limit() / 6).clamp(1, MOST_WORKERS)
}

/// One method an option: its documentation, its name, its type, the field it sets.
macro_rules! options {
    ($($(#[$doc:meta])* $name:ident: $type:ty => $($field:ident).+;)+) => {
        impl HTTPServerBuilder {$(
            $(#[$doc])*
            pub fn $name(mut self, $name: $type) -> Self {
                self.$($field).+ = $name.into();
                self
            }
        )+}
    };
}

options! {
    /// The longest request line, in bytes without its end. Default 16 KiB; a longer one is 414.
    max_request_line_bytes: usize => settings.limits.max_request_line_bytes;
    /// The longest field line of a head, in bytes without its end. Default 32 KiB; a longer one is 431.
    max_field_line_bytes: usize => settings.limits.max_field_line_bytes;
    /// The longest head, in bytes. Default 64 KiB; a longer one is 431.
    max_head_bytes: usize => settings.limits.max_head_bytes;
    /// The most fields of a head. Default 100; more are 431.
    max_fields: usize => settings.limits.max_fields;
    /// The largest reply body that is buffered to find its length, in bytes. Default 64 KiB; a longer one is sent in
    /// chunks. With 0 nothing is buffered: each write of the handler's goes out by itself, in pieces of up to 16 KiB.
    max_buffered_reply_bytes: usize => settings.max_buffered_reply_bytes;
    /// How much of a request body that the handler left unread is read to keep the connection, in bytes. Default 256 KiB.
    ///
    /// Only what has come by the time of the reply is read, since a reply does not wait for the rest of its request. Where
    /// more is missing the reply says `close`.
    max_drained_bytes: u64 => settings.max_drained_bytes;
    /// What unfinished requests may hold of memory, all connections together, in bytes: heads, and bodies that are read
    /// before the handler is called. Default 128 MiB. Each connection has 4 KiB of its own beside that, which nearly all
    /// requests fit into.
    ///
    /// A request that needs more while there is none is answered with 503 and `Retry-After`, and pipelined ones behind
    /// replies that nobody reads are dropped with their connection.
    max_unfinished_bytes: usize => settings.max_unfinished_bytes;
    /// What replies that their readers do not take may hold of memory, all connections together, in bytes: what is buffered
    /// of them, and bodies that a handler gave as a `Vec` or `String`. Default 256 MiB. Each connection has 4 KiB of its own
    /// beside that; a single reply that is larger than all of it may have all of it.
    ///
    /// A reply that needs more while there is none is cut off: its connection is reset. What many connections share (an
    /// `Arc`, a `'static` slice) and files are not counted.
    max_unsent_bytes: usize => settings.max_unsent_bytes;
    /// How long a client may take for a request's head, from its first byte on (from the connection's beginning for
    /// the first). Default 15 s; then 408 and close.
    head_timeout: Duration => settings.head_timeout;
    /// How long a client may send nothing of a body it owes. Default 30 s; then the read fails, and with it the request
    /// (408).
    body_stall_timeout: Duration => settings.body_stall_timeout;
    /// How many bytes a second a body must move on average, looked at once `body_stall_timeout` has passed, and for a
    /// reply that is read slowly once `write_stall_timeout` (or `paused_reader_timeout`) has. Default 256; 0 turns it off.
    min_body_bytes_per_second: u64 => settings.min_body_bytes_per_second;
    /// How long a client may take none of its reply. Default 30 s; then the connection is reset.
    write_stall_timeout: Duration => settings.write_stall_timeout;
    /// How long a client may take none of what is left of a reply when its handler has returned: a file, or a body that was
    /// given as a whole. Default as `write_stall_timeout`; then the connection is reset.
    ///
    /// Such a reader holds no thread, but a connection and, for a file, a descriptor. A longer time lets people pause their
    /// downloads.
    paused_reader_timeout: Duration => settings.paused_reader_timeout;
    /// How long a connection may be silent between requests. Default 75 s; then it is closed. Behind a proxy it must be
    /// longer than the proxy keeps idle connections, for which 60 s are usual: otherwise the proxy sends a request now and
    /// then on a connection that is just being closed.
    idle_timeout: Duration => settings.idle_timeout;
    /// Shards, each with a poller and a thread that leads it. Default: one for each core the process may use. At most 1,024,
    /// and at most one for every six descriptors that the process may have.
    workers: usize => engine.workers;
    /// The most threads for requests that block, beside the workers. Default 512; beyond it requests queue.
    max_threads: usize => engine.max_threads;
    /// The most handlers that may wait, at once, for slow clients: for one that does not take a streamed reply, or that does
    /// not send its body. Each holds a thread, so that at most half of `max_threads` do, and by default 256. A client that
    /// takes or sends something within 0.1 s is not slow. Beyond it a handler waits up to 1 s for a place, if no more than half
    /// of the other threads do; then such a reply is cut off (reset), and a read of such a body fails with what becomes a 503
    /// with `Retry-After`.
    max_blocked_on_clients: usize => settings.max_blocked_on_clients;
    /// The most requests that wait for such a thread. Default 1,024; more are answered with 503 and `Retry-After`.
    max_queued: usize => engine.max_queued;
    /// The most connections at once. Default 20,000, and never more than three quarters of the descriptors that the process
    /// may have, so that handlers can open files; more are accepted when one closes. An idle one costs some hundred bytes,
    /// one in the middle of a request what [`max_unfinished_bytes`](Self::max_unfinished_bytes) allows, one that does not
    /// take its replies what [`max_unsent_bytes`](Self::max_unsent_bytes) does.
    max_connections: usize => settings.max_connections;
    /// How long [`HTTPServer::handle_request`] waits for a request. Default `None`: for ever. Then `handle_timeout`.
    timeout: Option<Duration> => timeout;
    /// How often the loop calls `service_actions`, for a handler that defines it. Default 500 ms.
    poll_interval: Duration => poll_interval;
    /// Whether the address may be bound although connections of an earlier server linger (`SO_REUSEADDR`). Default
    /// `true`.
    allow_reuse_address: bool => listen.allow_reuse_address;
    /// Whether several servers may bind the address and share its clients (`SO_REUSEPORT`). Default `false`.
    allow_reuse_port: bool => listen.allow_reuse_port;
    /// After how long a silence the system asks a TCP client whether it is there (`SO_KEEPALIVE`), in whole seconds, at most
    /// nine hours. Default 60 s; `None`: never.
    ///
    /// A client that vanished without a word is taken for gone after twice that time. It matters where nothing else waits
    /// with a bound: a hijacked connection that is only read from would be kept for ever.
    tcp_keepalive: Option<Duration> => listen.tcp_keepalive;
    /// The IP version to listen with, where the address leaves a choice. Default `None`: whichever comes first.
    address_family: Option<AddressFamily> => listen.address_family;
}

impl HTTPServerBuilder {
    /// How many connections may wait to be accepted, the backlog of listen(2). Default 1,024; the system may cut it.
    pub fn request_queue_size(mut self, request_queue_size: u32) -> Self {
        self.listen.request_queue_size = i32::try_from(request_queue_size).unwrap_or(i32::MAX);
        self
    }

    /// Listens on one more address, or on a socket that listens already; up to 256 in all.
    ///
    /// All of them feed the one server: one set of limits, one `shutdown`. A name is resolved here and may block; what is
    /// wrong with it comes out of [`bind`](Self::bind). Whoever clones the builder shares a socket given here.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// // As from a service manager.
    /// let ready = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    /// let httpd = HTTPServer::builder().also_listen(ready).bind(("127.0.0.1", 0), Hello)?;
    /// assert_eq!(httpd.server_addresses().len(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn also_listen(mut self, address: impl ListenAddress) -> Self {
        self.also.push(address.into_endpoint().map_err(Arc::new));
        self
    }

    /// Binds `address` and listens: see [`HTTPServer::bind`].
    ///
    /// # Errors
    /// The system's: a taken or forbidden address, no such name, here or in [`also_listen`](Self::also_listen);
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for an option with which nothing could be served (a timeout of zero, a
    /// limit that the shortest request does not fit), too many workers or addresses. Its text says what to write. Any other
    /// value works: the largest of a type means that there is no bound.
    pub fn bind<H: BaseHTTPRequestHandler>(
        mut self,
        address: impl ListenAddress,
        handler: H,
    ) -> io::Result<HTTPServer> {
        self.check()?;
        let address = address.into_endpoint().map_err(|error| sentence(error.kind(), error.to_string()))?;
        let mut endpoints = vec![address];
        for also in self.also.drain(..) {
            endpoints.push(also.map_err(|error| sentence(error.kind(), error.to_string()))?);
        }
        let Settings { head_timeout, body_stall_timeout, write_stall_timeout, idle_timeout, .. } = &mut self.settings;
        for duration in [head_timeout, body_stall_timeout, write_stall_timeout, idle_timeout, &mut self.poll_interval] {
            *duration = bounded(*duration);
        }
        self.settings.paused_reader_timeout = self.settings.paused_reader_timeout.map(bounded);
        self.timeout = self.timeout.map(bounded);
        self.engine.backlog = usize::try_from(self.listen.request_queue_size).unwrap_or(0).max(USUAL_BACKLOG);
        self.settings.max_blocked_on_clients =
            self.settings.max_blocked_on_clients.min((self.engine.max_threads / 2).max(1));
        // Half of the others: what blocks for reasons of its own has a quarter of the threads whatever clients do.
        self.settings.max_queued_streaming =
            self.engine.max_threads.saturating_sub(self.settings.max_blocked_on_clients) / 2;
        // Each shard has a poller, a second name of it, and a waker.
        self.settings.max_connections = self.settings.max_connections.min(MAX_SLOTS);
        self.settings.max_descriptors = process_limit().saturating_sub(3 * self.engine.workers);
        HTTPServer::listen_on(self, endpoints, handler)
    }

    /// Refuses what nothing could be served with.
    fn check(&self) -> io::Result<()> {
        let settings = &self.settings;
        let durations = [
            ("head_timeout", settings.head_timeout),
            ("body_stall_timeout", settings.body_stall_timeout),
            ("write_stall_timeout", settings.write_stall_timeout),
            ("paused_reader_timeout", settings.patience_with_readers()),
            ("idle_timeout", settings.idle_timeout),
            ("poll_interval", self.poll_interval),
            ("tcp_keepalive", self.listen.tcp_keepalive.unwrap_or(TCP_KEEPALIVE)),
        ];
        if let Some((name, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(refused(format!("{name} is zero: write a longer time, or Duration::MAX to wait for ever")));
        }
        let lines = || SHORTEST_REQUEST.lines().map(str::len);
        let counts = [
            ("max_request_line_bytes", settings.limits.max_request_line_bytes, lines().next().unwrap_or_default()),
            ("max_field_line_bytes", settings.limits.max_field_line_bytes, lines().nth(1).unwrap_or_default()),
            ("max_head_bytes", settings.limits.max_head_bytes, SHORTEST_REQUEST.len()),
            ("max_fields", settings.limits.max_fields, 1),
            ("workers", self.engine.workers, 1),
            ("max_threads", self.engine.max_threads, 1),
            ("max_connections", settings.max_connections, 1),
        ];
        if let Some((name, count, least)) = counts.iter().find(|(_, count, least)| count < least) {
            return Err(refused(format!("{name} is {count}, and nothing could be served: write {least} or more")));
        }
        let (workers, most) = (self.engine.workers, most_workers());
        if workers > most {
            return Err(refused(format!(
                "workers is {workers}: write {most} or less; each has three descriptors, and all may have half of those that \
                 the process may open (ulimit -n), up to {MOST_WORKERS} workers"
            )));
        }
        let addresses = self.also.len().saturating_add(1);
        if addresses > MAX_LISTENERS {
            return Err(refused(format!("also_listen makes it {addresses} addresses: write {MAX_LISTENERS} at most")));
        }
        Ok(())
    }
}

fn refused(text: String) -> io::Error {
    sentence(io::ErrorKind::InvalidInput, text)
}
