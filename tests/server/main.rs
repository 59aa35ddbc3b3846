//! The server as a value, with addresses, options, limits, counts and shutdown.

#[path = "../support/mod.rs"]
mod support;

mod admission;
mod connections_per_address;
mod extreme_options;
mod life;
mod listeners;
mod proxies;
mod proxy_protocol;
mod refused_clients;
mod security_limits;
mod servers;
mod shutdown;
mod stats;
mod unix_sockets;
