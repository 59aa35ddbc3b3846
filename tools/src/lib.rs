//! What the siege and the soak share: a server in a process of its own, honest clients that measure it, and besiegers.
//!
//! ```text
//! server    the child: a handler of each kind           castle    the parent's view of it: /proc, its counters, its log
//! honest    open-loop clients that check every byte      errand    what they ask for, and what must come back
//! besieger  one hostile connection, as a list of moves   swarm     thousands of them on one thread
//! weapons   the lists of moves                           content   bytes that both sides can make
//! reply     takes replies apart                          verdict   counts checks
//! stalling  a file system whose calls take long
//! ```

// Two programs share this; it is not a library for other crates, and nothing prints its values.
#![allow(missing_docs, missing_debug_implementations, clippy::missing_panics_doc)]

pub mod besieger;
pub mod castle;
pub mod content;
pub mod errand;
pub mod honest;
pub mod reply;
pub mod server;
pub mod stalling;
pub mod swarm;
pub mod verdict;
pub mod weapons;
