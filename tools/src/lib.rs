//! The common part of the siege and the soak. It has a server process, honest clients that measure it, and attackers.
//!
//! ```text
//! server          the child: a handler of each kind       server_process  the parent's view of it: /proc, counters, log
//! honest          open-loop clients that check every byte request         a request, and the reply that must come back
//! attacker        one hostile connection: a list of steps swarm           thousands of them on one thread
//! scripts         the lists of steps                      content         bytes that both sides can make
//! reply           a parser of replies                     verdict         a count of checks
//! stalling        a file system with slow calls           transport       in the clear, or over TLS
//! ```

// A library of two programs only, and nothing prints its values.
#![allow(missing_docs, missing_debug_implementations, clippy::missing_panics_doc)]

pub mod attacker;
pub mod content;
pub mod honest;
pub mod reply;
pub mod request;
pub mod scripts;
pub mod server;
pub mod server_process;
pub mod stalling;
pub mod swarm;
pub mod transport;
pub mod verdict;
