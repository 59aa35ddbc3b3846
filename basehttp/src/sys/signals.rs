//! Signals that end a server (feature `signals`). The first one lets the requests in flight finish, the second one ends
//! the program at once.
//!
//! | a signal comes                                        | the program ends       |
//! |-------------------------------------------------------|------------------------|
//! | first                                                 | in order, by the thread |
//! | while the program's `on_signal` runs for the first    | at once, by the system's handler, since the thread may be stuck |
//! | second                                                | at once, by the thread, which logs what is cut off |
//! | behind it, or when the server was dropped             | at once, by the system's handler |

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::{exit, signal_name};

use super::handle::ServerHandle;
use super::lock::lock;
use super::log;

/// Exit codes of programs that a signal has ended start above this number, in all shells.
const SIGNAL_EXIT_BASE: i32 = 128;

/// Signals that end a server. Dropped, it ends the thread that waits for them.
#[derive(Debug)]
pub(crate) struct WatchedSignals {
    thread: Handle,
    has_come: Arc<AtomicBool>,
    ends_at_once: Arc<AtomicBool>,
}

impl WatchedSignals {
    /// Watches for SIGTERM and SIGINT, on a thread of its own.
    pub(crate) fn watch(
        server: ServerHandle,
        grace: Duration,
        mut on_signal: impl FnMut(i32) + Send + 'static,
    ) -> io::Result<Self> {
        let ends_at_once = watch_for_the_second()?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let (thread, has_come) = (signals.handle(), Arc::new(AtomicBool::new(false)));
        let watched =
            WatchedSignals { thread, has_come: Arc::clone(&has_come), ends_at_once: Arc::clone(&ends_at_once) };
        thread::Builder::new().name("basehttp-signals".into()).spawn(move || {
            for signal in signals.forever() {
                if has_come.swap(true, Ordering::SeqCst) {
                    end_at_once(signal, &server);
                }
                on_signal(signal);
                // Before the drain shows anywhere, since the next signal is then the second one, with its line.
                ends_at_once.store(false, Ordering::SeqCst);
                // The loop's owner has the report.
                server.begin_drain(grace);
            }
            // It may have cleared the flag after the drop.
            ends_at_once.fetch_or(has_come.load(Ordering::SeqCst), Ordering::SeqCst);
        })?;
        Ok(watched)
    }
}

impl Drop for WatchedSignals {
    fn drop(&mut self) {
        // The thread takes no more signals, and none may be lost.
        self.ends_at_once.fetch_or(self.has_come.load(Ordering::SeqCst), Ordering::SeqCst);
        self.thread.close();
    }
}

/// Ends the program, with a line about what the first signal had left to be finished.
fn end_at_once(signal: i32, server: &ServerHandle) -> ! {
    if let Some(running) = server.running_loop() {
        let (name, busy) = (signal_name(signal).unwrap_or("signal"), running.busy());
        let connections = if busy == 1 { "connection" } else { "connections" };
        log::add_lines(&format!("basehttp: a second signal, {name}, has cut off {busy} {connections}\n"));
        log::flush();
    }
    exit(SIGNAL_EXIT_BASE + signal)
}

/// Has the first signal from now on be the first. The one behind it ends the program, as long as the returned flag is
/// set, which each signal sets.
fn watch_for_the_second() -> io::Result<Arc<AtomicBool>> {
    static ENDS_AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    static IS_REGISTERED: Mutex<bool> = Mutex::new(false);
    let ends_at_once = ENDS_AT_ONCE.get_or_init(Arc::default);
    ends_at_once.store(false, Ordering::SeqCst);
    let mut is_registered = lock(&IS_REGISTERED);
    if !*is_registered {
        for signal in [SIGINT, SIGTERM] {
            // The order matters, since the signal that begins the end must not cut it short as well.
            flag::register_conditional_shutdown(signal, SIGNAL_EXIT_BASE + signal, Arc::clone(ends_at_once))?;
            flag::register(signal, Arc::clone(ends_at_once))?;
        }
        *is_registered = true;
    }
    Ok(Arc::clone(ends_at_once))
}
