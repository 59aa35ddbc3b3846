//! How the program ends: the first SIGINT or SIGTERM lets the requests in flight finish, the second does not wait.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use basehttp::ServerHandle;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

/// How long requests in flight may take once the program was asked to end: 5 s, well below the 10 s after which service
/// managers lose their patience.
const GRACE: Duration = Duration::from_secs(5);

/// Exit codes of programs that a signal ended begin behind this, in all shells.
const SIGNAL_EXIT_BASE: i32 = 128;

/// From now on, signals end the server: `serve_forever` returns within 5 seconds of the first, also if it is called
/// later; the second ends the program at once, with the exit code that shells give a program that it killed.
pub fn on_signals(server: ServerHandle) -> io::Result<()> {
    let is_ending = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the signal that says that the end has begun is not the one that cuts it short.
        flag::register_conditional_shutdown(signal, SIGNAL_EXIT_BASE + signal, Arc::clone(&is_ending))?;
        flag::register(signal, Arc::clone(&is_ending))?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("basehttp-signals".into()).spawn(move || {
        let signal = signals.forever().next();
        if signal == Some(SIGINT) {
            crate::say("\nKeyboard interrupt received, exiting.\n");
        }
        // What it would report, nobody has asked for.
        server.drain(GRACE);
    })?;
    Ok(())
}
