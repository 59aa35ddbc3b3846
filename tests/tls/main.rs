//! TLS: what clients of every version get, handshakes that fail or stall, and how sessions end.

#[path = "../support/mod.rs"]
mod support;

mod client_ends;
mod clients;
mod ends;
mod engine;
mod failures;
mod floods;
mod half_closed;
mod handshakes;
mod https_server;
mod proxied;
mod records;
mod secured;
mod serving;
mod slow_readers;
mod testing_kit;
