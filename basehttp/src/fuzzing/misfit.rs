//! The errors of bodies, for the targets that read them.

use crate::HTTPError;

/// Checks that the client's text is cut short in the error of a body. Returns the status.
pub(super) fn expect_short(error: &HTTPError) -> u16 {
    let explain = error.explain().expect("it says what is wrong");
    assert!(explain.chars().count() < 600, "{explain}");
    assert_eq!(error.message(), None, "the status line is the server's");
    error.code()
}
