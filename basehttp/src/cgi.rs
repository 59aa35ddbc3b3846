//! Programs as pages: [`CGIHTTPRequestHandler`] and its options. Feature `cgi`.

pub use crate::handlers::cgi::{CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder};
