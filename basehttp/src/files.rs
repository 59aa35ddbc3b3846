//! Files and folders: [`SimpleHTTPRequestHandler`] and what belongs to it. The feature `files`, which is on by default.

pub use crate::handlers::simple::{
    Content, ETag, Entry, EntryKind, LinkTarget, Listing, SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder,
};
