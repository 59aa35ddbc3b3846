//! [`Exchange`]: one request and its response, as the handler sees them. Its `send_*` methods are in `sending`, its
//! shortcuts in `convenience`. It knows nothing of other connections.

mod addresses;
mod basic_auth;
mod body_parameters;
mod body_reader;
mod body_writer;
mod client_end;
mod context;
mod convenience;
mod cookie;
mod cors;
mod error;
mod exchange_io;
mod extensions;
mod form;
#[cfg(feature = "json")]
mod form_values;
mod guard;
mod hijack;
mod hooks;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "json")]
mod misfit;
#[cfg(feature = "multipart")]
mod multipart;
mod or_error;
mod outgoing;
mod parameters;
mod payload;
mod query;
mod redirect;
mod reply;
mod response;
mod route;
mod segments;
mod sending;
mod serve;
mod service;
mod status;
#[cfg(feature = "tls")]
mod tls;

pub use self::basic_auth::{BasicAuth, BasicUser, Credentials};
pub use self::body_parameters::{MAX_BODY_AHEAD, body_bytes, form_fields, json_text, of_body, of_form, of_json};
pub use self::body_reader::BodyReader;
pub use self::body_writer::BodyWriter;
pub(crate) use self::context::Context;
pub(crate) use self::context::HandlerSpec;
pub(crate) use self::context::class_variables;
pub use self::cookie::{Cookie, SameSite};
pub(crate) use self::error::sentence;
pub use self::error::{HTTPError, HandlerError, IntoHTTPError, IntoHandlerError, Result};
pub(crate) use self::exchange_io::{BodyTap, ExchangeIo};
pub use self::form::{Form, FormIter};
#[cfg(all(feature = "json", any(test, fuzzing)))]
pub(crate) use self::form_values::from_fields;
pub use self::guard::{Guard, guard};
pub use self::hijack::{Hijacked, ReadHalf, WriteHalf};
pub use self::hooks::Overrides;
pub(crate) use self::hooks::overridables;
pub(crate) use self::hooks::{Hooks, ServerHooks};
#[cfg(feature = "json")]
pub use self::json::Json;
#[cfg(all(feature = "json", any(test, fuzzing)))]
pub(crate) use self::json::from_json;
#[cfg(feature = "multipart")]
pub use self::multipart::{Multipart, MultipartLimits, Part};
pub use self::or_error::OrError;
pub(crate) use self::outgoing::OutgoingBody;
pub use self::parameters::{FromText, Texts, cookie, header, path, query};
pub(crate) use self::payload::QueuedBody;
pub use self::payload::{IntoPayload, Payload};
pub use self::query::{Query, QueryIter};
pub(crate) use self::reply::{Bare, ReplyContext};
pub use self::response::{Body, Html, IntoResponse, Response};
pub use self::route::{Piece, Route, link};
pub use self::segments::{DecodedPaths, is_value, raw_segments, rest, segments};
pub(crate) use self::serve::{answer_bare, catch_panic, drop_panic_payload, log_failure, serve, serve_bare};
pub(crate) use self::service::Next;
pub use self::service::Pace;
pub(crate) use self::service::{Served, Service};
pub use self::status::{IntoStatus, Status};

use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use std::{fmt, io};

use self::extensions::Extensions;
use crate::proto::{BodyDecoder, Field, Headers, RequestBody, Scheme};
use crate::sys::Address;
use crate::sys::ServerHandle;
use crate::sys::bounded;

/// One request and its response.
///
/// The fields have the names of the instance variables in Python's `http.server`. They are the handler's copy. The
/// server uses its own copy of the head to frame messages and to decide whether the connection stays open. `M` is the
/// type of `headers`, the handler's `MessageClass`.
///
/// A handler sends a status line, then fields, calls [`end_headers`](Self::end_headers), and writes the body to
/// `wfile`:
///
/// ```
/// use basehttp::{Exchange, Result, http_handler};
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
/// A function that returns a borrow from it must name the lifetime: `fn host<'c>(ex: &Exchange<'c>) -> &'c str`.
pub struct Exchange<'c, M = Headers<'c>> {
    /// The request's method, such as `GET`; empty if the request line could not be read.
    pub command: &'c str,
    /// The path and query of the request target, as sent, except that several leading slashes become one.
    ///
    /// It is `*` for `OPTIONS *`, and the authority for CONNECT. It is always ASCII. Raw bytes above ASCII are
    /// percent-encoded, and a path with `"`, `<`, `>`, `\` or a broken percent triplet gets a 400.
    /// [`segments`](Self::segments) has the decoded path without the query, and [`query`](Self::query) the decoded
    /// query.
    pub path: &'c str,
    /// The request line as sent, without its line end. Raw bytes of the target above ASCII are percent-encoded.
    pub requestline: &'c str,
    /// The request's version as sent, such as `HTTP/1.1`.
    pub request_version: &'c str,
    /// The request's fields.
    pub headers: M,
    /// The request's body.
    pub rfile: BodyReader<'c>,
    /// The response's body.
    pub wfile: BodyWriter<'c>,
    /// The address of the client. It is the proxy's word if the server was told to believe it, with the port 0 if the
    /// proxy does not say it, and [`Address::Unnamed`] for a client whose address the proxy does not tell.
    /// [`peer_address`](Self::peer_address) is always that of the connection.
    pub client_address: Address,
    /// A handle on the server, with its name, its port, and `shutdown`.
    pub server: &'c ServerHandle,
    /// Set this to `true` to close the connection after this response. `false` does not keep it open.
    pub close_connection: bool,
    pub(crate) request: &'c RequestHead<'c>,
    /// The request's fields, whatever the type of `headers`.
    pub(crate) fields: &'c [Field<'c>],
    pub(crate) peer: &'c Address,
    pub(crate) hooks: &'c dyn Hooks<'c, M>,
    pub(crate) io: &'c RefCell<ExchangeIo>,
    pub(crate) context: &'c Context,
    pub(crate) decoded: &'c DecodedPaths,
    pub(crate) extensions: Extensions,
    /// The `HTTPError` that is being sent, for its response fields.
    pub(crate) error_fields: RefCell<Option<HTTPError>>,
    /// The handler's `end_headers` or `send_error` is running. A call from inside it gets the default.
    pub(crate) in_end_headers: Cell<bool>,
    pub(crate) in_send_error: Cell<bool>,
}

/// The request's head as the server read it. The server decides from this copy, never from the handler's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestHead<'c> {
    pub command: &'c str,
    pub path: &'c str,
    pub requestline: &'c str,
    pub request_version: &'c str,
    pub authority: Option<&'c [u8]>,
    /// The scheme by which the client has sent it.
    pub scheme: Scheme,
    pub body: RequestBody,
    pub expects_continue: bool,
}

/// One request as the connection hands it to the service.
pub(crate) struct IncomingRequest<'c> {
    pub(crate) request: &'c RequestHead<'c>,
    pub(crate) fields: &'c [Field<'c>],
    /// The error to answer with, if the head was refused.
    pub(crate) refusal: Option<HTTPError>,
    /// The bytes that were read behind the head.
    pub(crate) ahead: &'c [u8],
    pub(crate) peer: &'c Address,
    /// The peer, or the client for which it speaks.
    pub(crate) client: &'c Address,
    pub(crate) io: &'c RefCell<ExchangeIo>,
    pub(crate) context: &'c Context,
    pub(crate) decoded: &'c DecodedPaths,
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
            client_address: incoming.client.clone(),
            server: &incoming.context.handle,
            close_connection: false,
            request,
            fields: incoming.fields,
            peer: incoming.peer,
            hooks,
            io: incoming.io,
            context: incoming.context,
            decoded: incoming.decoded,
            extensions: Extensions::default(),
            error_fields: RefCell::new(None),
            in_end_headers: Cell::new(false),
            in_send_error: Cell::new(false),
        }
    }

    /// Returns the time since the server began with this request. Its head was complete then, and so was a body of up
    /// to 64 KiB. The time in which it waited for a thread is not part of it.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Timed;
    /// # #[http_handler] impl Timed {
    /// # fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "") }
    /// fn log_request(&self, ex: &Exchange, code: u16, size: Option<u64>) {
    ///     ex.log_message(format_args!("\"{}\" {code} {} ms", ex.requestline, ex.elapsed().as_millis()));
    /// }
    /// # }
    /// # basehttp::testing::respond(&Timed, b"GET / HTTP/1.0\r\n\r\n");
    /// ```
    pub fn elapsed(&self) -> Duration {
        self.io.borrow().elapsed()
    }

    /// Duplicates the descriptor of the connection's socket, so that the handler can wait for it with poll(2) beside
    /// others.
    ///
    /// It shows whether the client has gone, whether more of the request's body has come, and whether the client takes
    /// more of the response. Bytes that have come already are in [`rfile`](BodyReader::has_buffered). With TLS a part
    /// of a record counts as more, so that a read may wait for the rest. Do not read from it or write to it, which
    /// would break the messages. Use `rfile` and `wfile` for that. The connection stays open as long as the descriptor
    /// does, so drop it before the exchange ends.
    ///
    /// Returns `None` if the connection cannot be polled: it is in memory, a pipe, or was hijacked.
    ///
    /// # Errors
    /// The process has no descriptor left.
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

/// For handlers that wait for something other than the client, which may leave in the meantime.
impl<M> Exchange<'_, M> {
    /// Returns whether the client is believed to be gone, so that a handler can stop its work. It makes one system call
    /// and never blocks.
    ///
    /// A client is gone when its connection is broken: it has reset it, or refused bytes that were sent. A client is
    /// believed to be gone when it has ended its side and the server has sent nothing for 2 s. Until something is sent,
    /// a client that has closed its connection looks like one that has only finished sending and waits for its
    /// response. A client that is just silent is never taken for gone. A response may still be sent to a client that is
    /// only believed to be gone.
    ///
    /// It is always `false` for a connection in memory, a pipe, and a connection that was hijacked.
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

    /// Sleeps, and wakes up early with an error if the client goes. For handlers that send something now and then.
    ///
    /// [`is_client_gone`](Self::is_client_gone) says when a client counts as gone. From then on nothing more is sent to
    /// it. The error, returned with `?`, ends the request with a line in the log.
    ///
    /// It sends nothing itself, so call [`flush`](BodyWriter::flush) first. It blocks, and a server that shuts down
    /// does not wake it: keep the time short, or ask [`is_shutting_down`](crate::ServerHandle::is_shutting_down) in
    /// between. On a connection that cannot tell whether its client is there, it sleeps to the end.
    ///
    /// # Errors
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset) or [`ConnectionAborted`](io::ErrorKind::ConnectionAborted)
    /// if the client is gone, or the error that an earlier write met.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
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
