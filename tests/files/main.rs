//! `SimpleHTTPRequestHandler`, with files, their states and changes, options, listings and attacks on paths.

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod browser;
mod changes;
mod descriptors;
mod guarded;
mod listing;
mod options;
mod serving;
mod states;
