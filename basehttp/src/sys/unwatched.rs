//! Checks in debug builds that a leader makes no call that may wait outside its watch. A release build checks nothing
//! and pays nothing.
//!
//! A leader drives all connections of its shard. While it is in user code, or reads a file, its watch says so, and
//! another leader replaces it if that takes long. Outside its watch it must not wait for anything: see "Rules" in
//! `ARCHITECTURE.md`.

use std::cell::Cell;

thread_local! {
    static IS_UNWATCHED_LEADER: Cell<bool> = const { Cell::new(false) };
}

/// Says whether this thread is a leader outside its watch. The monitor would not notice if it waited.
pub(crate) fn set_unwatched_leader(is_one: bool) {
    if cfg!(debug_assertions) {
        IS_UNWATCHED_LEADER.set(is_one);
    }
}

/// Checks that this thread may make a call that may wait. It stands before every such call.
///
/// # Panics
/// On a leader outside its watch. That is a mistake in the server, and only tests look for it.
pub(crate) fn assert_may_wait(what: &str) {
    if cfg!(debug_assertions) {
        assert!(!IS_UNWATCHED_LEADER.get(), "{what} on a leader that is not watched");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_call_that_may_wait_is_found_out_on_a_leader_that_is_not_watched() {
        let may_wait = || catch_unwind(|| assert_may_wait("a call")).is_ok();
        assert!(may_wait(), "on any other thread");
        set_unwatched_leader(true);
        assert_eq!(may_wait(), !cfg!(debug_assertions));
        set_unwatched_leader(false);
        assert!(may_wait());
    }
}
