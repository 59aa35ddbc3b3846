//! An HTTP/1.x server for Rust programs that do not want async: Python's `BaseHTTPServer`, checked by the compiler.
//!
//! Annotate an impl block with [`#[http_handler]`](macro@http_handler), write `do_GET`-style methods, and serve it:
//!
//! ```no_run
//! use basehttp::{HTTPServer, http_handler};
//!
//! struct Hello;
//!
//! #[http_handler(server_version = "Hello/1.0", protocol_version = "HTTP/1.1")]
//! impl Hello {
//!     fn do_GET(&self) -> &'static str {
//!         "Hello!\n"
//!     }
//! }
//!
//! fn main() -> std::io::Result<()> {
//!     HTTPServer::bind(("127.0.0.1", 8000), Hello)?.serve_forever()
//! }
//! ```
//!
//! The value that a method returns is the response ([`IntoResponse`]). Methods can have paths, and parameters from the
//! path, the query, the fields and the cookies of the request:
//!
//! ```
//! use basehttp::http_handler;
//!
//! struct Library;
//!
//! #[http_handler(protocol_version = "HTTP/1.1")]
//! impl Library {
//!     #[path("/books/{id}")]
//!     fn do_GET_book(&self, id: u64, #[query] lang: Option<&str>) -> String {
//!         format!("book {id} in {}\n", lang.unwrap_or("en"))
//!     }
//! }
//! # let reply = |request: &str| String::from_utf8(basehttp::testing::respond(&Library, request)).unwrap();
//! # assert!(reply("GET /books/7?lang=fr HTTP/1.0\r\n\r\n").ends_with("book 7 in fr\n"));
//! # assert!(reply("GET /books/x HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 404 "));
//! # assert!(reply("PUT /books/7 HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 501 "));
//! ```
//!
//! A method that needs more takes the [`Exchange`], which has the request and the response as Python's handler has
//! them:
//!
//! ```
//! use basehttp::{Exchange, Result, http_handler};
//!
//! struct Hello;
//!
//! #[http_handler(protocol_version = "HTTP/1.1")]
//! impl Hello {
//!     fn do_GET(&self, ex: &mut Exchange) -> Result {
//!         ex.send_response(200)
//!             .send_header("Content-Type", "text/plain; charset=utf-8")
//!             .end_headers()?;
//!         writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
//!         Ok(())
//!     }
//! }
//! # let reply = basehttp::testing::respond(&Hello, "GET /there HTTP/1.0\r\n\r\n");
//! # assert!(reply.ends_with(b"Hello! You asked for /there\n"));
//! ```
//!
//! # From the top
//!
//! 1. **A request comes.** A few threads, the workers, read all connections. The method is not called before the head
//!    is complete. A client that is slow to send it costs memory, not a thread.
//! 2. **A thread runs the method.** The worker that read the request calls `do_GET` itself, so that a fast method costs
//!    no change of threads. If the method blocks, another thread takes over the worker's connections, and later
//!    requests for methods that have blocked go to a pool.
//! 3. **The method returns.** The response that it has sent, or the value that it returns ([`IntoResponse`]), goes out,
//!    and the connection waits for the next request. An `Err` is logged and becomes a 500, unless there is an
//!    [`HTTPError`] in the error's chain of sources, which becomes the response. A panic costs this one exchange.
//! 4. **Everything is bounded.** Sizes, times, threads, connections and memory each have a limit with a default. All of
//!    them are options of [`HTTPServerBuilder`].
//!
//! The methods are ordinary blocking Rust. All connections share the handler (`&self`, `Send + Sync`), so put state
//! behind a `Mutex` or into an atomic.
//!
//! # The parts
//!
//! * [`http_handler`](macro@http_handler) is the attribute: its arguments, the names it knows, what it refuses.
//! * [`Exchange`] is what a method gets: one request and its response. [`IntoResponse`] is what a method can return.
//! * [`Cookie`], [`Form`], [`OrError`] and [`html_escape`] are for what most programs do: sessions, forms, errors,
//!   pages.
//! * [`BaseHTTPRequestHandler`] has the class variables and the overridable methods.
//! * [`HTTPServer`] serves; [`HTTPServerBuilder`] has its options; [`ServerHandle`] stops it, and so do signals
//!   (`HTTPServer::serve_until_terminated`, feature `signals`). [`systemd`] is for services.
//! * [`SimpleHTTPRequestHandler`] serves files and directories, on its own or for a handler of yours (feature `files`).
//! * `CGIHTTPRequestHandler` runs programs as pages, beside files (feature `cgi`).
//! * `Json` and `Exchange::read_json` send and read JSON by serde (feature `json`).
//! * `Exchange::read_multipart` reads forms with files, part by part (feature `multipart`).
//! * `HTTPSServer` serves `https` with a certificate from files, `HTTPServerBuilder::tls` with any configuration of
//!   `rustls` (feature `tls`). A program adds a line to its `Cargo.toml` and one to its `main`; the module `tls` has
//!   them.
//! * [`testing`] is for your tests: requests to a handler without a socket, a server that remembers its requests, and
//!   responses that go wrong on purpose.

#![forbid(unsafe_code)]

#[cfg(not(unix))]
compile_error!("basehttp needs a Unix system: Linux is tested, and other systems are not supported");

// The crate uses its own macro, whose expansion names the crate.
#[allow(unused_extern_crates)] // Used by macro expansions alone.
extern crate self as basehttp;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "cgi")]
pub mod cgi;
mod conn;
mod connection;
mod engine;
mod exchange;
#[cfg(feature = "files")]
pub mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
// A target that lacks its feature leaves helpers without a user.
#[cfg_attr(not(feature = "tls-testing"), allow(dead_code))]
pub mod fuzzing;
mod handlers;
mod proto;
mod server;
mod sys;
pub mod systemd;
pub mod testing;
#[cfg(feature = "tls")]
pub mod tls;

pub use basehttp_macros::http_handler;

pub use crate::exchange::{
    BasicAuth, BasicUser, Body, BodyReader, BodyWriter, Cookie, Credentials, Exchange, Form, FormIter, FromText, Guard,
    HTTPError, HandlerError, Hijacked, Html, IntoHTTPError, IntoHandlerError, IntoPayload, IntoResponse, IntoStatus,
    OrError, Overrides, Pace, Payload, Query, QueryIter, ReadHalf, Result, Route, SameSite, Status, WriteHalf,
};
#[cfg(feature = "tls")]
pub use crate::sys::TlsInfo;
pub use crate::sys::{Address, DrainReport, ErrorCounts, ServerHandle, Stats, Stream};
#[cfg(feature = "cgi")]
#[doc(inline)]
pub use cgi::{CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder};
pub use connection::Connection;
#[cfg(feature = "json")]
pub use exchange::Json;
#[cfg(feature = "multipart")]
pub use exchange::{Multipart, MultipartLimits, Part};
#[cfg(feature = "files")]
#[doc(inline)]
pub use files::{ETag, SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder};
pub use proto::{ContentType, Field, Headers, HeadersIter, RESPONSES, Responses, Trailer, Version, html_escape};
#[cfg(feature = "tls")]
pub use rustls;
pub use server::{
    AddressFamily, BackgroundServer, BaseHTTPRequestHandler, Endpoint, HTTPServer, HTTPServerBuilder, ListenAddress,
    MessageClass, defaults,
};
#[cfg(feature = "tls")]
#[doc(inline)]
pub use tls::HTTPSServer;
