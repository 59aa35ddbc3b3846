//! The options of a server, each with its default and the limit it sets.

mod access;
#[cfg(feature = "tls")]
mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use self::access::AccessOptions;
#[cfg(feature = "tls")]
pub(crate) use self::tls::checked_tls;
use super::listen::{AddressFamily, ListenOptions};
use super::{BaseHTTPRequestHandler, Endpoint, HTTPServer, ListenAddress};
use crate::engine::{EngineOptions, MAX_LISTENERS, MAX_SLOTS};
use crate::exchange::{Service, sentence};
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
    /// Addresses to listen on beside the one that `bind` is given.
    also: Vec<Result<Endpoint, Arc<io::Error>>>,
    pub(super) timeout: Option<Duration>,
    pub(super) poll_interval: Duration,
    pub(super) engine: EngineOptions,
    access: AccessOptions,
    pub(super) shutdown_delay: Duration,
}

/// Connections that may wait to be accepted: 1,024. The 5 of Python's `http.server` drop clients in any burst.
const REQUEST_QUEUE_SIZE: u32 = 1024;

/// Connections that the system keeps for a listener whose backlog is not known: 4,096, where Linux cuts it by default.
const USUAL_BACKLOG: usize = 4096;

/// Connections that may be open at once: 20,000. They cost a few megabytes while they are idle.
const MAX_CONNECTIONS: usize = 20_000;

/// Threads that may serve requests that block: 512. Each costs a stack, of which it touches some 16 KiB.
const MAX_THREADS: usize = 512;

/// Requests that may wait for such a thread: 1,024. More would wait for longer than clients do.
const MAX_QUEUED: usize = 1024;

/// The most shards: 1,024, some more than the largest machines have cores.
const MOST_WORKERS: usize = 1024;

/// The shortest request that HTTP/1.1 knows. Limits that leave it out serve nothing.
const SHORTEST_REQUEST: &str = "GET / HTTP/1.1\r\nHost:\r\n\r\n";

/// Time between two calls of `service_actions`: 500 ms, as in Python's `http.server`.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Silence after which the system asks a client whether it is still there: 60 s.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

impl Default for HTTPServerBuilder {
    fn default() -> Self {
        let listen = ListenOptions {
            request_queue_size: REQUEST_QUEUE_SIZE.cast_signed(),
            allow_reuse_address: true,
            allow_reuse_port: false,
            address_family: None,
            unix_mode: None,
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
                notifier: None,
            },
            access: AccessOptions::default(),
            shutdown_delay: Duration::ZERO,
        }
    }
}

/// The cores the process may use; 1 where the system does not say.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Returns the largest number of shards. Each has three descriptors, and all of them together may use half of those
/// that the process may open.
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
    /// Bytes of an unread request body that the server reads and discards to keep the connection. Default 256 KiB.
    ///
    /// Only bytes that have arrived by the time of the response count, since a response does not wait for the rest of
    /// its request. If more is missing, the response says `close`.
    max_drained_bytes: u64 => settings.max_drained_bytes;
    /// Memory for unfinished requests, in bytes, all connections together. Default 128 MiB.
    ///
    /// It holds heads, and bodies that are read before the handler is called. Each connection has another 4 KiB of its
    /// own, which is enough for nearly all requests.
    ///
    /// A request that needs more than is left gets 503 with `Retry-After`. Pipelined requests behind responses that the
    /// client does not read are dropped with their connection.
    max_unfinished_bytes: usize => settings.max_unfinished_bytes;
    /// Memory for responses that clients have not read yet, in bytes, all connections together. Default 256 MiB.
    ///
    /// It holds buffered output, and bodies that a handler gave as a `Vec` or `String`. Each connection has another 4
    /// KiB of its own. One response that is larger than the whole bound may take all of it.
    ///
    /// A response that needs more than is left is cut off by a reset of its connection. Files and bodies that
    /// connections can share (an `Arc`, a `'static` slice) are not counted. With TLS, a part of up to 64 KiB is
    /// encrypted for each client that does not read on, and is counted whatever it is a part of. Some 4,000 such
    /// clients have room by default.
    max_unsent_bytes: usize => settings.max_unsent_bytes;
    /// Time a client has to send a request's head, from its first byte on. Default 15 s; then 408 and close.
    ///
    /// For the first request the time runs from the beginning of the connection.
    head_timeout: Duration => settings.head_timeout;
    /// Longest pause of a client in the middle of a request body. Default 30 s; then the read fails, and the request
    /// with 408.
    body_stall_timeout: Duration => settings.body_stall_timeout;
    /// Least average speed of a body, in bytes a second. Default 256; 0 turns it off.
    ///
    /// The server measures a request body once `body_stall_timeout` has passed, and a slowly read response once
    /// `write_stall_timeout` (or `paused_reader_timeout`) has. The speed of a reader is that since its first pause, so
    /// that bytes which the system's buffers took before count for nothing.
    min_body_bytes_per_second: u64 => settings.min_body_bytes_per_second;
    /// Longest pause of a client in reading its response. Default 30 s; then the connection is reset.
    ///
    /// The server sees what the system's buffers take, which for a moment is more than the client reads. So a client
    /// that reads nothing is reset after once or twice this time. One that reads a little now and then must also keep
    /// up `min_body_bytes_per_second`. With large buffers, the system reports room only after the client has read
    /// hundreds of kilobytes. Until then the client counts as pausing.
    write_stall_timeout: Duration => settings.write_stall_timeout;
    /// Longest pause of a client in reading a response whose handler has returned: a file, or a body that was given as
    /// a whole. Default as `write_stall_timeout`; then the connection is reset.
    ///
    /// Such a reader holds no thread, but a connection and, for a file, a descriptor. A longer time lets people pause
    /// their downloads.
    paused_reader_timeout: Duration => settings.paused_reader_timeout;
    /// Longest silence of a connection between requests. Default 75 s; then it is closed.
    ///
    /// Behind a proxy it must be longer than the proxy keeps idle connections, usually 60 s. Otherwise the proxy now
    /// and then sends a request on a connection that is just being closed.
    idle_timeout: Duration => settings.idle_timeout;
    /// Shards, each with a poller and a thread that leads it. Default one for each core that the process may use.
    ///
    /// At most 1,024, and at most one for every six descriptors that the process may open.
    workers: usize => engine.workers;
    /// The most threads for requests that block, beside the workers. Default 512; beyond it requests queue.
    max_threads: usize => engine.max_threads;
    /// The most handlers that may block on slow clients at once, while they stream a response or read a body. Default
    /// 256.
    ///
    /// Each holds a thread, so that the bound is at most half of `max_threads`. A client that takes or sends something
    /// within 0.1 s is not slow. Beyond the bound a handler waits up to 1 s for its turn, if no more than half of the
    /// other threads do. After that a response is cut off (reset), and a read of a body fails with an error that
    /// becomes a 503 with `Retry-After`.
    max_blocked_on_clients: usize => settings.max_blocked_on_clients;
    /// The most requests that wait for such a thread. Default 1,024; more are answered with 503 and `Retry-After`.
    max_queued: usize => engine.max_queued;
    /// The most connections at once. Default 20,000, and never more than three quarters of the descriptors that the
    /// process may have, so that handlers can open files; more are accepted when one closes. An idle one costs some
    /// hundred bytes, or 8 KiB with TLS, one in the middle of a request what
    /// [`max_unfinished_bytes`](Self::max_unfinished_bytes) allows, one that does not take its replies what
    /// [`max_unsent_bytes`](Self::max_unsent_bytes) does.
    max_connections: usize => settings.max_connections;
    /// The most connections that one client's address has at once, in [`HTTPServer::serve_forever`]. Default no limit;
    /// further ones are closed without an answer.
    ///
    /// Clients with IPv6 count by their network of 64 bits, and clients of a Unix socket do not count. With
    /// [`proxy_protocol`](Self::proxy_protocol) the client that a proxy names counts. Proxies that are trusted do not
    /// count themselves. Many people may share an address, so leave room for browsers, which open six connections each.
    max_connections_per_address: usize => settings.max_connections_per_address;
    /// Time that [`HTTPServer::handle_request`] waits for a request before it calls `handle_timeout`. Default `None`,
    /// for ever.
    timeout: impl Into<Option<Duration>> => timeout;
    /// Time between two calls of `service_actions`, for a handler that defines it. Default 500 ms.
    poll_interval: Duration => poll_interval;
    /// Time for which a server that was asked to end serves on before it stops listening. Default 0.
    ///
    /// Meanwhile [`ServerHandle::is_ready`](crate::ServerHandle::is_ready) is false, and responses say `Connection:
    /// close`. A load balancer that asks for the readiness sees that, and sends its clients elsewhere. Choose more than
    /// the time that it takes to see it, in Kubernetes some 10 s.
    shutdown_delay: Duration => shutdown_delay;
    /// Binds the address even while connections of an earlier server linger (`SO_REUSEADDR`). Default `true`.
    allow_reuse_address: bool => listen.allow_reuse_address;
    /// Lets several servers bind the address and share its clients (`SO_REUSEPORT`). Default `false`.
    ///
    /// [`bind`](Self::bind) refuses it if the server binds no port, as with Unix sockets alone.
    ///
    /// On Linux each server has a queue of its own, and no call empties a queue and closes it in one step. A server
    /// that ends serves all clients in its queue. The system resets a client that gets there in the microseconds before
    /// the queue is closed, and one whose handshake is under way. `sysctl net.ipv4.tcp_migrate_req=1`, set before the
    /// servers start, gives such clients to another server of the address instead (Linux 5.14). Servers that share one
    /// listening socket lose none either: [`bind`](Self::bind) takes a [`TcpListener`](std::net::TcpListener) of a
    /// service manager.
    allow_reuse_port: bool => listen.allow_reuse_port;
    /// Silence after which the system asks a TCP client whether it is still there (`SO_KEEPALIVE`). Default 60 s;
    /// `None` never asks.
    ///
    /// The time is cut to whole seconds, and to nine hours. A client that vanished without a word counts as gone after
    /// twice that time. It matters where no other bound applies: a hijacked connection that is only read from would be
    /// kept for ever.
    tcp_keepalive: impl Into<Option<Duration>> => listen.tcp_keepalive;
    /// The IP version to listen with, where the address leaves a choice. Default `None`, the first that comes.
    ///
    /// [`bind`](Self::bind) refuses it for a host without such an address, and if the server binds no host at all.
    address_family: impl Into<Option<AddressFamily>> => listen.address_family;
    /// Permissions of the file of a Unix socket, such as `0o660`. Default `None`, those that the umask leaves.
    ///
    /// Users who may write to the file may connect. The file has the permissions before the first client can.
    /// [`bind`](Self::bind) refuses them if the server makes no Unix socket.
    unix_mode: impl Into<Option<u32>> => listen.unix_mode;
}

impl HTTPServerBuilder {
    /// Connections that may wait to be accepted, the backlog of listen(2). Default 1,024; the system may cut it.
    pub fn request_queue_size(mut self, request_queue_size: u32) -> Self {
        self.listen.request_queue_size = i32::try_from(request_queue_size).unwrap_or(i32::MAX);
        self
    }

    /// Listens on one more address, or on a socket that listens already; up to 256 in all.
    ///
    /// All of them feed the one server: one set of limits, one `shutdown`. A name is resolved here and may block; an
    /// error comes out of [`bind`](Self::bind). Clones of the builder share a socket given here.
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

    /// Binds `address` and listens. Clients may connect from now on.
    ///
    /// # Errors
    /// The system's: a taken or forbidden address, no such name, here or in [`also_listen`](Self::also_listen);
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for an option with which nothing could be served (a timeout of
    /// zero, a limit that the shortest request does not fit) or that applies to none of the addresses, too many workers
    /// or addresses. Its text says what to write. Any other value works: the largest of a type means that there is no
    /// bound.
    pub fn bind<H: BaseHTTPRequestHandler>(self, address: impl ListenAddress, handler: H) -> io::Result<HTTPServer> {
        self.bind_service(address, Arc::new(handler))
    }

    /// Binds `address` for a handler whose type is not known any more.
    pub(crate) fn bind_service(
        mut self,
        address: impl ListenAddress,
        service: Arc<dyn Service>,
    ) -> io::Result<HTTPServer> {
        self.check()?;
        self.settings.admission = self.access.rules().map_err(refused)?;
        #[cfg(feature = "tls")]
        self.prepare_tls()?;
        let address = address.into_endpoint().map_err(|error| sentence(error.kind(), error.to_string()))?;
        let mut endpoints = vec![address];
        for also in self.also.drain(..) {
            endpoints.push(also.map_err(|error| sentence(error.kind(), error.to_string()))?);
        }
        self.listen.check(&endpoints)?;
        let Settings { head_timeout, body_stall_timeout, write_stall_timeout, idle_timeout, .. } = &mut self.settings;
        for duration in [head_timeout, body_stall_timeout, write_stall_timeout, idle_timeout, &mut self.poll_interval] {
            *duration = bounded(*duration);
        }
        self.settings.paused_reader_timeout = self.settings.paused_reader_timeout.map(bounded);
        self.timeout = self.timeout.map(bounded);
        self.shutdown_delay = bounded(self.shutdown_delay);
        self.engine.backlog = usize::try_from(self.listen.request_queue_size).unwrap_or(0).max(USUAL_BACKLOG);
        self.settings.max_blocked_on_clients =
            self.settings.max_blocked_on_clients.min((self.engine.max_threads / 2).max(1));
        // Half of the others. So handlers that block for reasons of their own have a quarter of the threads, whatever
        // clients do.
        self.settings.max_queued_streaming =
            self.engine.max_threads.saturating_sub(self.settings.max_blocked_on_clients) / 2;
        // Each shard has a poller, a second name of it, and a waker.
        self.settings.max_connections = self.settings.max_connections.min(MAX_SLOTS);
        self.settings.max_descriptors = process_limit().saturating_sub(3 * self.engine.workers);
        HTTPServer::listen_on(self, &endpoints, service)
    }

    /// Refuses options with which no request could be served.
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
            ("max_connections_per_address", settings.max_connections_per_address, 1),
        ];
        if let Some((name, count, least)) = counts.iter().find(|(_, count, least)| count < least) {
            return Err(refused(format!("{name} is {count}, and nothing could be served: write {least} or more")));
        }
        if let Some(mode) = self.listen.unix_mode.filter(|mode| *mode > 0o777) {
            return Err(refused(format!("unix_mode is 0o{mode:o}: write 0o777 at most, as in 0o660")));
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
