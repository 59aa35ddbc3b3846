//! SIGHUP. A terminal that goes away sends it, and so do users and service managers that want files to be read again.
//!
//! | the program             | at SIGHUP                                                                          |
//! |-------------------------|------------------------------------------------------------------------------------|
//! | has `--tls-cert`        | reads the certificate again, or ends in order if the terminal that it had is gone   |
//! | has a terminal          | ends, as the system has it, unless it was started by `nohup`                        |
//! | has neither             | says that there is nothing to read again: a reload must not end a service           |

use std::fs::{self, OpenOptions};
use std::io;
use std::thread;

use basehttp::systemd::Notifier;
use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;

/// Reads files again, and returns what has come of it.
pub(crate) type Renewal = Box<dyn Fn() -> String + Send>;

/// Takes SIGHUP from now on, unless it is the terminal's alone. A line on standard error says what has come of it, and
/// the service manager is told of the beginning and the end.
///
/// # Errors
/// The system takes no handler or no thread.
pub(crate) fn watch(renewal: Option<Renewal>, manager: Option<Notifier>) -> io::Result<()> {
    let had_terminal = has_terminal();
    if had_terminal && renewal.is_none() {
        return Ok(());
    }
    let ends_with_terminal = had_terminal && !is_ignored();
    let mut signals = Signals::new([SIGHUP])?;
    thread::Builder::new().name("basehttp-hangup".into()).spawn(move || {
        for _ in signals.forever() {
            if ends_with_terminal && !has_terminal() {
                // The same end in order. The program may always signal itself.
                let _ = kill_process(getpid(), Signal::TERM);
                continue;
            }
            // A manager that is gone does not matter.
            let _ = manager.as_ref().map(Notifier::reloading);
            let nothing = || "SIGHUP: there is no certificate of --tls-cert to read again".to_owned();
            crate::complain(&renewal.as_ref().map_or_else(nothing, |renew| renew()));
            let _ = manager.as_ref().map(Notifier::ready);
        }
    })?;
    Ok(())
}

/// Returns whether the program has a terminal that can hang up. The device can be opened by these programs alone.
fn has_terminal() -> bool {
    OpenOptions::new().read(true).open("/dev/tty").is_ok()
}

/// Returns whether SIGHUP was ignored when the program started, as `nohup` has it. Only Linux tells; elsewhere a
/// program that may have been started so is not ended.
fn is_ignored() -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return true };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 << (SIGHUP - 1) != 0)
}
