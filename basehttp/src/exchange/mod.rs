//! [`Exchange`]: one request and its response, as the handler sees them. What its `send_*` methods do stands in
//! `sending`, the rest of the sugar in `sugar`.

mod body_reader;
mod body_writer;
mod client_end;
mod context;
mod convenience;
mod error;
mod exchange_io;
mod hijack;
mod hooks;
mod payload;
mod query;
mod reply;
mod sending;
mod serve;
mod service;
mod status;

pub use self::body_reader::BodyReader;
pub use self::body_writer::BodyWriter;
pub(crate) use self::context::Context;
pub(crate) use self::context::HandlerSpec;
pub(crate) use self::context::class_variables;
pub(crate) use self::error::sentence;
pub use self::error::{HTTPError, HandlerError, IntoHTTPError, IntoOutcome, Result};
pub(crate) use self::exchange_io::ExchangeIo;
pub use self::hijack::{Hijacked, ReadHalf, WriteHalf};
pub use self::hooks::Overrides;
pub(crate) use self::hooks::overridables;
pub(crate) use self::hooks::{Hooks, ServerHooks};
pub(crate) use self::payload::QueuedBody;
pub use self::payload::{IntoPayload, Payload};
pub use self::query::{Query, QueryIter};
pub(crate) use self::reply::{Bare, ReplyContext};
pub(crate) use self::serve::{answer_bare, catch_panic, drop_panic_payload, serve, serve_bare};
pub(crate) use self::service::Next;
pub use self::service::Pace;
pub(crate) use self::service::{Served, Service};
pub use self::status::{IntoStatus, Status};

use std::cell::{Cell, OnceCell, RefCell};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use std::{fmt, io};

use crate::proto::{BodyDecoder, Field, Headers, RequestBody};
use crate::sys::Address;
use crate::sys::ServerHandle;
use crate::sys::bounded;

/// One request and its response.
///
/// The fields are the seed's instance variables, and the handler's copy: how messages are framed and whether the
/// connection goes on is decided from the server's own parse of the head. `M` is the type of `headers`, the handler's
/// `MessageClass`.
///
/// A reply is a status line, fields, [`end_headers`](Self::end_headers), and then what is written to `wfile`:
///
/// ```
/// use basehttp::{Exchange, Result, http_handler};
/// use std::io::Write;
///
/// struct Hello;
///
/// #[http_handler]
/// impl Hello {
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         ex.send_response(200)
///             .send_header("Content-Type", "text/plain; charset=utf-8")
///             .end_headers()?;
///         writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
///         Ok(())
///     }
/// }
/// # let reply = basehttp::testing::respond(&Hello, b"GET /here HTTP/1.0\r\n\r\n");
/// # assert!(reply.ends_with(b"\r\n\r\nHello! You asked for /here\n"));
/// ```
///
/// A function that borrows from it names its lifetime: `fn host<'c>(ex: &Exchange<'c>) -> &'c str`.
pub struct Exchange<'c, M = Headers<'c>> {
    /// The request's method, such as `GET`; empty if the request line could not be read.
    pub command: &'c str,
    /// The request target in origin form as sent: path and query, of which leading slashes are made one. It is ASCII: raw
    /// bytes above that are given percent-encoded, and a path with `"`, `<`, `>`, `\` or a broken triplet is a 400. `*` for an
    /// `OPTIONS *`; the authority for CONNECT. Without the query, decoded: [`segments`](Self::segments); the query alone:
    /// [`query`](Self::query).
    pub path: &'c str,
    /// The request line as sent, without its line end, and with the target's raw bytes above ASCII percent-encoded.
    pub requestline: &'c str,
    /// The request's version as sent, such as `HTTP/1.1`.
    pub request_version: &'c str,
    /// The request's fields.
    pub headers: M,
    /// The request's body.
    pub rfile: BodyReader<'c>,
    /// The reply's body.
    pub wfile: BodyWriter<'c>,
    /// The client.
    pub client_address: Address,
    /// The server: its name and port, and its `shutdown`.
    pub server: &'c ServerHandle,
    /// Set it to close the connection after this reply. It can only close: `false` keeps nothing open.
    pub close_connection: bool,
    pub(crate) request: RequestHead<'c>,
    pub(crate) peer: &'c Address,
    pub(crate) hooks: &'c dyn Hooks<'c, M>,
    pub(crate) io: &'c RefCell<ExchangeIo>,
    pub(crate) context: &'c Context,
    pub(crate) segments: &'c OnceCell<Vec<String>>,
    /// The fields of the `HTTPError` that is being sent.
    pub(crate) error_fields: RefCell<Option<HTTPError>>,
    /// Which of the hooks that call back is running: the inner call is the original.
    pub(crate) in_end_headers: Cell<bool>,
    pub(crate) in_send_error: Cell<bool>,
}

/// The request's head as the server read it: what is decided is decided from here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestHead<'c> {
    pub command: &'c str,
    pub path: &'c str,
    pub requestline: &'c str,
    pub request_version: &'c str,
    pub authority: Option<&'c [u8]>,
    pub body: RequestBody,
    pub expects_continue: bool,
}

/// One request as the connection hands it to the service.
pub(crate) struct IncomingRequest<'c> {
    pub(crate) request: RequestHead<'c>,
    pub(crate) fields: &'c [Field<'c>],
    /// The head is no good: this is all there is to answer.
    pub(crate) refusal: Option<HTTPError>,
    /// What was read behind the head.
    pub(crate) ahead: &'c [u8],
    pub(crate) peer: &'c Address,
    pub(crate) io: &'c RefCell<ExchangeIo>,
    pub(crate) context: &'c Context,
    pub(crate) segments: &'c OnceCell<Vec<String>>,
}

impl<'c, M> Exchange<'c, M> {
    pub(crate) fn new(incoming: &IncomingRequest<'c>, headers: M, hooks: &'c dyn Hooks<'c, M>) -> Self {
        let request = incoming.request;
        let decoder = BodyDecoder::new(request.body, &incoming.context.settings.limits);
        Exchange {
            command: request.command,
            path: request.path,
            requestline: request.requestline,
            request_version: request.request_version,
            headers,
            rfile: BodyReader::new(incoming.io, decoder, incoming.ahead),
            wfile: BodyWriter::new(incoming.io),
            client_address: incoming.peer.clone(),
            server: &incoming.context.handle,
            close_connection: false,
            request,
            peer: incoming.peer,
            hooks,
            io: incoming.io,
            context: incoming.context,
            segments: incoming.segments,
            error_fields: RefCell::new(None),
            in_end_headers: Cell::new(false),
            in_send_error: Cell::new(false),
        }
    }

    /// The other end of the connection itself. It differs from `client_address` when a proxy speaks for the client and
    /// the server was told to believe it.
    pub fn peer_address(&self) -> &'c Address {
        self.peer
    }

    /// The host and port that the client asked: of the request target if it names them, else of `Host`.
    ///
    /// `None` only for an HTTP/1.0 request without either. It is the client's word: check it before you build links
    /// from it. (RFC 9112, section 3.3.)
    pub fn authority(&self) -> Option<&'c str> {
        // What was checked is ASCII.
        self.request.authority.and_then(|authority| str::from_utf8(authority).ok())
    }

    /// A descriptor of the connection's socket, to be waited for beside others with poll(2): whether the client has gone
    /// while the handler works for it, whether more of its body has come, whether it takes more of the reply.
    ///
    /// Nothing is to be read from it or written to it, which would tear the messages apart: that is what `rfile` and `wfile`
    /// are for. The connection stays open as long as it does, so let it not outlive the exchange.
    /// `None` where readiness tells nothing: a connection in memory, a pipe, one that was hijacked.
    ///
    /// # Errors
    /// The process has no descriptors left.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let socket = ex.socket_fd()?;
    ///     ex.send_text(200, if socket.is_some() { "by a socket\n" } else { "by memory\n" })
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&Hello, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"by memory\n"));
    /// ```
    pub fn socket_fd(&self) -> io::Result<Option<OwnedFd>> {
        self.io.borrow().socket.duplicate()
    }
}

/// For handlers that wait for something else than the client, which may leave meanwhile.
impl<M> Exchange<'_, M> {
    /// Returns whether the client is believed to be gone, so that a handler may stop its work. Never blocks; one system call.
    ///
    /// A client is gone when its connection is broken (it has reset it, or refused what was sent to it). It is believed to be
    /// gone when it has ended its side and for 2 s nothing was sent to it: a client that has closed its connection cannot be
    /// told from one that only sends no more and waits for its answer, until something is sent. However long a client is
    /// silent, it is there. A reply may still be sent to one that is only believed to be gone.
    ///
    /// A connection in memory, a pipe, and one that was hijacked cannot tell: always `false`.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Search;
    /// # #[http_handler] impl Search {
    /// fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
    ///     let mut found = Vec::new();
    ///     for part in 0..100_u8 {
    ///         if ex.is_client_gone() {
    ///             return Err("the client has gone".into());
    ///         }
    ///         found.push(part);
    ///     }
    ///     Ok(ex.send_bytes(200, "application/octet-stream", found)?)
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&Search, b"GET / HTTP/1.0\r\n\r\n").ends_with(&[97, 98, 99]));
    /// ```
    pub fn is_client_gone(&self) -> bool {
        self.io.borrow_mut().is_client_gone()
    }

    /// Sleeps, and wakes up early with an error if the client goes: for handlers that send something now and then.
    ///
    /// The client is gone as [`is_client_gone`](Self::is_client_gone) says; from then on nothing more is sent to it, and the
    /// error, returned with `?`, ends the request with a line in the log. Sends nothing itself: call
    /// [`flush`](std::io::Write::flush) first. Blocks; a server that shuts down does not wake it, so let the time be short
    /// or ask [`is_shutting_down`](crate::ServerHandle::is_shutting_down) in between. On a connection that
    /// cannot tell of its client, it sleeps to the end.
    ///
    /// # Errors
    /// The client is gone: [`ConnectionReset`](io::ErrorKind::ConnectionReset) or
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), or what an earlier write has found.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # use std::io::Write;
    /// # use std::time::Duration;
    /// # struct Ticks;
    /// # #[http_handler(protocol_version = "HTTP/1.1")] impl Ticks {
    /// fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
    ///     ex.send_response(200).send_header("Content-Type", "text/event-stream").end_headers()?;
    ///     for tick in 0..3 {
    ///         write!(ex.wfile, "data: {tick}\n\n")?;
    ///         ex.wfile.flush()?;
    ///         ex.sleep(Duration::from_millis(20))?;
    ///     }
    ///     Ok(())
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Ticks, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    /// # assert!(reply.ends_with(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"));
    /// ```
    pub fn sleep(&self, duration: Duration) -> io::Result<()> {
        self.io.borrow_mut().sleep_until(Instant::now() + bounded(duration))
    }
}

impl<M: fmt::Debug> fmt::Debug for Exchange<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("client_address", &self.client_address)
            .field("requestline", &self.requestline)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
