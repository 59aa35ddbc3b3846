//! Programs as pages: [`CGIHTTPRequestHandler`] and its options. The feature `cgi`.

pub use crate::handlers::cgi::{CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder};
