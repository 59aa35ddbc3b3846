//! Bounds the connections of one server, and the files that wait to be sent on them. Both are bounded together because
//! each takes a descriptor, and handlers need some as well.
//!
//! A count has an owner. A [`Permit`] travels with its socket and counts it off when it is dropped, on any path and in
//! any loop. Nothing here is counted by hand.
//!
//! A further bound belongs into [`Quota::has_room`], which is asked before accept(2), or into [`Permit::count_for`],
//! which is asked when the client is known.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::addresses::{AddressQuota, AddressShare};
use crate::sys::address::Address;
use crate::sys::handle::ServerHandle;
use crate::sys::settings::Settings;
use crate::sys::unwatched::assert_may_wait;

/// Returns the descriptors that are left to handlers and to the server itself: a quarter, at least 32, but no more than
/// half.
fn reserved(limit: usize) -> usize {
    (limit / 4).max(32).min(limit / 2)
}

/// Returns the number of descriptors that the process may have.
pub(crate) fn process_limit() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// Open connections and waiting files of one server, across all of its loops.
pub(crate) struct Quota {
    connections: AtomicUsize,
    /// Connections that a handler has taken and kept when it returned.
    hijacked: AtomicUsize,
    files: AtomicUsize,
    /// `None` if an address may have any number.
    addresses: Option<Arc<AddressQuota>>,
    max_connections: usize,
    /// Bound on connections and files together.
    max_descriptors: usize,
    /// Accepting pauses, and the running loop wants to know when something is closed.
    is_awaited: AtomicBool,
    handle: ServerHandle,
}

impl Quota {
    /// Makes a quota of the sizes that the settings give.
    pub(crate) fn new(settings: &Settings, handle: ServerHandle) -> Arc<Self> {
        let &Settings { max_connections, max_connections_per_address: most, max_descriptors, .. } = settings;
        Arc::new(Quota {
            connections: AtomicUsize::new(0),
            hijacked: AtomicUsize::new(0),
            files: AtomicUsize::new(0),
            addresses: (most < usize::MAX).then(|| AddressQuota::new(most)),
            max_connections,
            max_descriptors: (max_descriptors - reserved(max_descriptors)).max(1),
            is_awaited: AtomicBool::new(false),
            handle,
        })
    }

    /// Returns whether one more connection may be accepted.
    pub(crate) fn has_room(&self) -> bool {
        self.connections() < self.max_connections && self.descriptors() < self.max_descriptors
    }

    /// Returns whether more descriptors are in use than should be.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.descriptors() > self.max_descriptors
    }

    /// Returns the number of open connections, hijacked ones included.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Returns the number of connections that a handler has taken and kept when it returned.
    pub(crate) fn hijacked(&self) -> usize {
        self.hijacked.load(Ordering::SeqCst)
    }

    /// Says whether the running loop waits for room. While it does, each connection or file that is closed wakes it.
    pub(crate) fn await_room(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::SeqCst);
    }

    /// Counts a file that waits to be sent.
    pub(crate) fn queue(self: &Arc<Self>, file: File) -> QueuedFile {
        self.files.fetch_add(1, Ordering::SeqCst);
        QueuedFile { file, quota: Arc::clone(self) }
    }

    fn descriptors(&self) -> usize {
        self.connections.load(Ordering::SeqCst) + self.files.load(Ordering::SeqCst)
    }

    /// Counts one off `count`, and wakes a loop that waits for room. Such a loop says that it waits before it looks, so
    /// that no close escapes it.
    fn count_off(&self, count: &AtomicUsize) {
        count.fetch_sub(1, Ordering::SeqCst);
        if self.is_awaited.load(Ordering::SeqCst)
            && let Some(running) = self.handle.running_loop()
        {
            running.note_room();
        }
    }
}

/// Number of connections that a shard answers on. A loop ends when its shards have none.
#[derive(Clone, Default)]
pub(crate) struct Load(Arc<AtomicUsize>);

impl Load {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// One open connection. Dropped with its socket, it counts the connection off.
///
/// A connection that a handler takes has two owners from then on: the loop until the handler has returned, and the
/// handler until it closes the socket. Each has a half of the permit. The half that is dropped last counts the
/// connection off.
pub(crate) struct Permit {
    quota: Arc<Quota>,
    /// The shard that answers on it. `None` in the handler's half.
    load: Option<Load>,
    /// Set when the other half is gone. `None` if there is no other half.
    is_last: Option<Arc<AtomicBool>>,
    /// Counts it for its client's address. The halves share it.
    share: Option<Arc<AddressShare>>,
}

impl Permit {
    /// Counts a connection that was accepted for the shard with that load.
    pub(crate) fn new(quota: &Arc<Quota>, load: &Load) -> Self {
        quota.connections.fetch_add(1, Ordering::SeqCst);
        load.0.fetch_add(1, Ordering::SeqCst);
        Permit { quota: Arc::clone(quota), load: Some(load.clone()), is_last: None, share: None }
    }

    /// Counts the connection for its client's address. Returns whether that may have one more.
    pub(crate) fn count_for(&mut self, client: &Address) -> bool {
        let Some(addresses) = &self.quota.addresses else { return true };
        let taken = addresses.take(client).map(|share| self.share = share.map(Arc::new));
        taken.is_ok()
    }

    /// Splits off the handler's half, when it takes the connection.
    pub(crate) fn split(&mut self) -> Permit {
        let is_last = Arc::<AtomicBool>::default();
        self.is_last = Some(Arc::clone(&is_last));
        Permit { quota: Arc::clone(&self.quota), load: None, is_last: Some(is_last), share: self.share.clone() }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(is_last) = &self.is_last {
            if self.load.is_some() {
                // First, so that the connection counts as hijacked before the other half can find out that it is the
                // last.
                self.quota.hijacked.fetch_add(1, Ordering::SeqCst);
            }
            if is_last.swap(true, Ordering::SeqCst) {
                self.quota.hijacked.fetch_sub(1, Ordering::SeqCst);
                self.quota.count_off(&self.quota.connections);
            }
        } else {
            self.quota.count_off(&self.quota.connections);
        }
        // Last, because a loop that has nothing left to answer on must have counted everything.
        if let Some(load) = &self.load {
            load.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// A file that waits to be sent. Dropped, it is counted off.
pub(crate) struct QueuedFile {
    pub file: File,
    quota: Arc<Quota>,
}

impl Drop for QueuedFile {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_may_wait("a file is closed");
        }
        self.quota.count_off(&self.quota.files);
    }
}

impl std::fmt::Debug for QueuedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.file.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(max_connections: usize, max_descriptors: usize) -> Arc<Quota> {
        let settings = Settings { max_connections, max_descriptors, ..Settings::default() };
        Quota::new(&settings, ServerHandle::detached())
    }

    #[test]
    fn connections_and_queued_files_share_what_is_not_reserved() {
        let (quota, load) = (quota(100, 8), Load::default());
        let file = || File::open("/dev/null").expect("it is everywhere");
        let mut permits: Vec<_> = (0..3)
            .map(|_| {
                assert!(quota.has_room());
                Permit::new(&quota, &load)
            })
            .collect();
        let queued = quota.queue(file());
        assert!(!quota.has_room() && !quota.is_exceeded(), "all four are taken");
        let another = quota.queue(file());
        assert!(quota.is_exceeded());
        drop(another);
        assert!(!quota.is_exceeded());
        permits.pop();
        assert!(quota.has_room(), "now there is");
        drop(queued);
        assert!(self::quota(1, usize::MAX).has_room());
        assert_eq!([4, 64, 256, 1024, 20_000].map(reserved), [2, 32, 64, 256, 5000]);
    }

    #[test]
    fn connections_have_a_bound_of_their_own() {
        let (quota, load) = (quota(2, 1000), Load::default());
        let permits = [0, 1].map(|_| Permit::new(&quota, &load));
        assert!(!quota.has_room() && quota.connections() == 2 && load.get() == 2);
        drop(permits);
        assert!(quota.has_room() && quota.connections() == 0 && load.get() == 0);
    }

    #[test]
    fn a_connection_that_was_taken_is_counted_once_whichever_half_ends_first() {
        for handler_first in [true, false] {
            let (quota, load) = (quota(10, 1000), Load::default());
            let mut of_loop = Permit::new(&quota, &load);
            let of_handler = of_loop.split();
            let counts = || (quota.connections(), quota.hijacked(), load.get());
            assert_eq!(counts(), (1, 0, 1));
            if handler_first {
                drop(of_handler);
                assert_eq!(counts(), (1, 0, 1), "its handler is at work");
                drop(of_loop);
            } else {
                drop(of_loop);
                assert_eq!(counts(), (1, 1, 0), "its handler has returned, and the loop does not wait for it");
                drop(of_handler);
            }
            assert_eq!(counts(), (0, 0, 0));
        }
    }
}
