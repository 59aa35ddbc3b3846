//! Checks if the process would die of SIGPIPE. Sockets are written to with a flag that suppresses the signal, but
//! sendfile(2) has no such flag. Unless the process ignores the signal, a client that leaves in the middle of a file
//! would end it.
//!
//! Rust programs ignore the signal by default. A program may not if it is called from another language, or if it has
//! restored the signal's default for the sake of its output.

use std::fs;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::process::Signal;

const NOT_LOOKED: u8 = 0;
const HARMLESS: u8 = 1;
const DEADLY: u8 = 2;

/// The process's disposition when it was last looked at.
static DISPOSITION: AtomicU8 = AtomicU8::new(NOT_LOOKED);

/// Looks at the disposition. Called when a server is bound, and when it begins to serve.
pub(crate) fn look_at_sigpipe() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    DISPOSITION.store(if is_harmless(&status) { HARMLESS } else { DEADLY }, Ordering::Relaxed);
}

/// Returns whether a write that raises the signal may end the process.
pub(crate) fn is_deadly() -> bool {
    if DISPOSITION.load(Ordering::Relaxed) == NOT_LOOKED {
        look_at_sigpipe();
    }
    DISPOSITION.load(Ordering::Relaxed) == DEADLY
}

/// Returns whether the process ignores or handles the signal, by the text that proc(5) describes. Without that text the
/// answer is no.
fn is_harmless(status: &str) -> bool {
    let bit = 1_u64 << (Signal::PIPE.as_raw() - 1);
    let masks = status.lines().filter_map(|line| line.strip_prefix("SigIgn:").or(line.strip_prefix("SigCgt:")));
    masks.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok()).any(|mask| mask & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_is_harmless_where_it_is_ignored_or_handled() {
        let table = [
            ("Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000000\n", true),
            ("SigIgn:\t0000000000000000\nSigCgt:\t0000000100001440\n", true),
            ("SigIgn:\t0000000000000000\nSigCgt:\t0000000100000440\n", false),
            // Blocked in one thread only, and not in the one that sends.
            ("SigBlk:\t0000000000001000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n", false),
            ("SigIgn:\tno number\n", false),
            ("", false),
        ];
        for (status, expected) in table {
            assert_eq!(is_harmless(status), expected, "{status:?}");
        }
    }

    #[test]
    fn a_rust_program_ignores_it() {
        look_at_sigpipe();
        assert!(!is_deadly());
    }
}
