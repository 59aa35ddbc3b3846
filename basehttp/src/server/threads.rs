//! A thread per connection, bounded: serves until the engine takes its place. Not fast, and a slow client holds a
//! thread; everything else is as it will be.

use std::collections::HashMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use super::http_server::Shared;
use super::waiting::{Waker, accept, wait_readable};

/// How long requests in flight may take once the loop was asked to end: 5 s.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How long accepting pauses when the system has no descriptor or thread to give: 100 ms.
const PAUSE: Duration = Duration::from_millis(100);

/// The open connections: a second descriptor to end their wait, and whether they wait.
#[derive(Default)]
struct Open {
    links: Mutex<HashMap<u64, (TcpStream, Arc<AtomicBool>)>>,
    /// One has closed.
    closed: Condvar,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, (TcpStream, Arc<AtomicBool>)>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the server's handle is asked to shut down; calls `service_actions` every `round`.
pub(super) fn serve(
    listener: &TcpListener,
    waker: &Arc<Waker>,
    shared: &Arc<Shared>,
    max_connections: usize,
    round: Option<Duration>,
) -> io::Result<()> {
    let _serving = shared.site.handle.enter();
    let open = Arc::new(Open::default());
    let mut number = 0;
    while !shared.site.handle.is_shutting_down() {
        let is_full = open.lock().len() >= max_connections;
        let watched = if is_full { vec![waker.as_fd()] } else { vec![waker.as_fd(), listener.as_fd()] };
        let readable = wait_readable(&watched, round)?;
        waker.clear();
        if round.is_some() {
            shared.service.service_actions();
        }
        if readable.get(1) != Some(&true) {
            continue;
        }
        number += 1;
        if start(listener, waker, shared, &open, number).is_err() {
            wait_readable(&[waker.as_fd()], Some(PAUSE))?;
        }
    }
    end(&open);
    Ok(())
}

/// Accepts one connection and gives it a thread.
fn start(
    listener: &TcpListener,
    waker: &Arc<Waker>,
    shared: &Arc<Shared>,
    open: &Arc<Open>,
    number: u64,
) -> io::Result<()> {
    let Some((stream, peer)) = accept(listener)? else { return Ok(()) };
    let spare = stream.try_clone()?;
    let Some(mut link) = shared.admit(stream, peer.into()) else { return Ok(()) };
    open.lock().insert(number, (spare, link.is_waiting()));
    let (shared, waker, open_there) = (Arc::clone(shared), Arc::clone(waker), Arc::clone(open));
    let spawned = thread::Builder::new().name("basehttp".into()).spawn(move || {
        link.handle(&*shared.service, &shared.site);
        drop(link);
        open_there.lock().remove(&number);
        open_there.closed.notify_all();
        waker.wake();
    });
    spawned.map(drop).inspect_err(|_| drop(open.lock().remove(&number)))
}

/// Ends the wait of every idle connection, and waits for the others.
fn end(open: &Open) {
    let links = open.lock();
    for (stream, is_waiting) in links.values() {
        if is_waiting.load(Ordering::SeqCst) {
            // One that has just closed needs no end.
            let _ = stream.shutdown(Shutdown::Read);
        }
    }
    // What is still open after that is the process's to end.
    let _ = open.closed.wait_timeout_while(links, SHUTDOWN_GRACE, |links| !links.is_empty());
}
