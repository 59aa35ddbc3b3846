//! Signals that end a server (feature `signals`). The first one lets the requests in flight finish, the second one ends
//! the program at once.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

use super::handle::ServerHandle;
use super::lock::lock;

/// Exit codes of programs that a signal has ended start above this number, in all shells.
const SIGNAL_EXIT_BASE: i32 = 128;

/// Signals that end a server. Dropped, it ends the thread that waits for them.
#[derive(Debug)]
pub(crate) struct WatchedSignals(Handle);

impl WatchedSignals {
    /// Watches for SIGTERM and SIGINT, on a thread of its own.
    pub(crate) fn watch(
        server: ServerHandle,
        grace: Duration,
        mut on_signal: impl FnMut(i32) + Send + 'static,
    ) -> io::Result<Self> {
        arm()?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let watched = WatchedSignals(signals.handle());
        thread::Builder::new().name("basehttp-signals".into()).spawn(move || {
            for signal in signals.forever() {
                on_signal(signal);
                // The loop's owner has the report.
                server.drain(grace);
            }
        })?;
        Ok(watched)
    }
}

impl Drop for WatchedSignals {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Has the first signal from now on be the first. The one behind it ends the program.
fn arm() -> io::Result<()> {
    static HAS_COME: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    static IS_REGISTERED: Mutex<bool> = Mutex::new(false);
    let has_come = HAS_COME.get_or_init(Arc::default);
    has_come.store(false, Ordering::SeqCst);
    let mut is_registered = lock(&IS_REGISTERED);
    if !*is_registered {
        for signal in [SIGINT, SIGTERM] {
            // The order matters, since the signal that begins the end must not cut it short as well.
            flag::register_conditional_shutdown(signal, SIGNAL_EXIT_BASE + signal, Arc::clone(has_come))?;
            flag::register(signal, Arc::clone(has_come))?;
        }
        *is_registered = true;
    }
    Ok(())
}
