//! Files and directories: [`SimpleHTTPRequestHandler`], its options and its types. Feature `files`, on by default.

#[doc(inline)]
pub use crate::handlers::simple::{
    Content, ETag, Entry, EntryKind, LinkTarget, Listing, SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder,
};
