//! For tests: requests to a handler without a socket, a real server that remembers its requests, and responses that go
//! wrong on purpose.
//!
//! | to test | use |
//! |---|---|
//! | a handler | [`get`], [`post`] and so on, [`Request::send`], and the [`Response`] that comes back |
//! | a handler, byte by byte | [`respond`], [`respond_to_pieces`], [`Response::parse`] |
//! | a handler behind real sockets | [`Server`], [`Request::send_to`] |
//! | the same with TLS | `Server::start_tls`, `Request::send_to_tls`, `Certificate` (feature `tls-testing`) |
//! | what a client sends | [`Server::requests`], [`Server::wait_for_requests`] |
//! | what a client makes of a bad server | [`Fault`] |
//!
//! ```
//! use basehttp::{Exchange, http_handler, testing};
//!
//! struct Users;
//!
//! #[http_handler]
//! impl Users {
//!     fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
//!         match ex.segments()[..] {
//!             ["users", "7"] => Ok(ex.send_bytes(200, "application/json", r#"{"name": "Ada"}"#)?),
//!             _ => Ok(ex.send_error((404, "no such user"))?),
//!         }
//!     }
//! }
//!
//! let response = testing::get("/users/7").header("Accept", "application/json").send(&Users).expect_status(200);
//! assert_eq!(response.header("Content-Type"), Some("application/json"));
//! assert_eq!(response.text(), r#"{"name": "Ada"}"#);
//! testing::get("/users/8").send(&Users).expect_status(404);
//! ```
//!
//! A client that tries again, against a server that fails twice:
//!
//! ```
//! use basehttp::testing::{self, Fault, Server};
//! use basehttp::{Exchange, http_handler};
//! use std::sync::atomic::{AtomicUsize, Ordering};
//!
//! struct Recovering(AtomicUsize);
//!
//! #[http_handler(protocol_version = "HTTP/1.1")]
//! impl Recovering {
//!     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
//!         match self.0.fetch_add(1, Ordering::Relaxed) {
//!             0 => Fault::reset().send(ex),
//!             1 => Fault::close_after(3).send_bytes(ex, 200, "text/plain", "it works"),
//!             _ => ex.send_text(200, "it works"),
//!         }
//!     }
//! }
//!
//! # fn fetch(server: std::net::SocketAddr) -> Option<String> {
//! #     let attempts = (0..5).filter_map(|_| testing::get("/").send_to(server).ok());
//! #     attempts.filter(testing::Response::is_complete).map(|response| response.text().to_owned()).next()
//! # }
//! let server = Server::start(Recovering(AtomicUsize::new(0)))?;
//! assert_eq!(fetch(server.address()).as_deref(), Some("it works")); // `fetch` is the client.
//! assert_eq!(server.requests().len(), 3);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The kit blocks and needs no other crate, except with `tls-testing`. It is made for tests: a mistake in a test is a
//! panic that says what to write.

#[cfg(feature = "tls-testing")]
mod certificate;
mod credentials;
mod fault;
mod fields;
#[cfg(feature = "json")]
mod json;
mod memory;
mod reading;
mod received;
mod record;
mod request;
mod response;
mod sending;
mod server;
mod wire_steps;

#[cfg(feature = "tls-testing")]
pub use self::certificate::Certificate;
pub use self::fault::Fault;
pub use self::memory::{respond, respond_to_pieces};
pub use self::received::ReceivedRequest;
pub use self::request::{Request, delete, get, head, options, patch, post, put, request};
pub use self::response::Response;
pub use self::server::Server;
