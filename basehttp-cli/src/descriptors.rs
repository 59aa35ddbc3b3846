//! The soft limit of file descriptors, raised when the program starts. A login has 1024, and a download takes two.
//!
//! Scripts get the old limit, since some of them use `select`, which cannot handle descriptors beyond 1023, or close
//! every descriptor that there may be.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A soft limit that is enough: 65,536, three descriptors for each of the 20,000 connections that a server takes.
const ENOUGH: u64 = 65_536;

/// Raises the soft limit as far as the hard one allows, to [`ENOUGH`] at most. Returns the old limit if it was lower.
pub(crate) fn raise_soft_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let soft = limit.current.filter(|soft| *soft < ENOUGH)?;
    let raised = limit.maximum.map_or(ENOUGH, |hard| hard.min(ENOUGH));
    // Fails where the system has a lower bound that it does not tell. The program then serves with the limit that it
    // has.
    setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }).ok()?;
    (raised > soft).then_some(soft)
}
