//! `SimpleHTTPRequestHandler`: files, their states, listings and attacks on paths.

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod browser;
mod descriptors;
mod listing;
mod serving;
mod states;
