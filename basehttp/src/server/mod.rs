//! The server: the handler's trait, the listening socket, and the loop that serves.

mod background;
mod builder;
pub mod defaults;
mod endpoint;
mod handler;
mod http_server;
mod listen;
mod service;
mod shared;
#[cfg(feature = "signals")]
mod signals;
mod waiting;

pub use background::BackgroundServer;
pub use builder::HTTPServerBuilder;
#[cfg(feature = "tls")]
pub(crate) use builder::checked_tls;
pub use endpoint::{Endpoint, ListenAddress};
pub use handler::{BaseHTTPRequestHandler, MessageClass};
pub use http_server::HTTPServer;
pub use listen::AddressFamily;
