//! The parsers, which are ours and the peers it is compared with. Each makes [`Reading`]s of streams, and knows nothing
//! of the others.

mod child;
mod engine;
mod folder;
mod hyper;
mod nginx;
mod ours;
mod witness;

use std::io;

use crate::reading::Reading;

pub use ours::{Ours, read as read_ours};

/// Streams that a peer gets at once, enough that its answers need not be waited for one by one.
pub const BATCH: usize = 512;

/// The peers by name, in the order of the report.
pub const PEERS: [&str; 5] = ["engine", "hyper", "node", "h11", "nginx"];

/// A parser to compare ours with.
pub trait Peer: Send {
    /// One of [`PEERS`].
    fn name(&self) -> &'static str;

    /// Reads each of at most [`BATCH`] streams, as a connection of its own.
    ///
    /// # Errors
    /// The peer is gone, or says what is no answer.
    fn read(&mut self, streams: &[Vec<u8>]) -> io::Result<Vec<Reading>>;
}

/// Starts the peer of this name.
///
/// # Errors
/// A requirement is missing. The text says what to install.
pub fn start(name: &str) -> io::Result<Box<dyn Peer>> {
    match name {
        "engine" => Ok(Box::new(engine::Engine::start()?)),
        "hyper" => Ok(Box::new(hyper::Hyper)),
        "node" => Ok(Box::new(child::Child::node()?)),
        "h11" => Ok(Box::new(child::Child::h11()?)),
        "nginx" => Ok(Box::new(nginx::Nginx::start()?)),
        _ => Err(io::Error::other(format!("there is no peer {name}: take some of {}", PEERS.join(",")))),
    }
}
