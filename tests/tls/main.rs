//! TLS: what clients of every version get, handshakes that fail or stall, and how sessions end.

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod handshakes;
mod secured;
mod serving;
