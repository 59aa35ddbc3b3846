//! The end of the program. The first SIGINT or SIGTERM lets the requests in flight finish, the second does not wait.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use basehttp::ServerHandle;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

/// Time for requests in flight once the program was asked to end: 5 s, well below the 10 s after which service managers
/// kill it.
const GRACE: Duration = Duration::from_secs(5);

/// Exit codes of programs that a signal has ended start above this number, in all shells.
const SIGNAL_EXIT_BASE: i32 = 128;

/// Makes signals end the server. After the first one `serve_forever` returns within 5 seconds, also if it is called
/// later. The second one ends the program at once, with the exit code that shells give a program that was killed by it.
pub(crate) fn on_signals(server: ServerHandle) -> io::Result<()> {
    let is_ending = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters, since the signal that begins the end must not cut it short as well.
        flag::register_conditional_shutdown(signal, SIGNAL_EXIT_BASE + signal, Arc::clone(&is_ending))?;
        flag::register(signal, Arc::clone(&is_ending))?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("basehttp-signals".into()).spawn(move || {
        let signal = signals.forever().next();
        if signal == Some(SIGINT) {
            crate::say("\nKeyboard interrupt received, exiting.\n");
        }
        // The report is not needed here.
        server.drain(GRACE);
    })?;
    Ok(())
}
