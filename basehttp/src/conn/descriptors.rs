//! How many descriptors the connections take together with the files that they are sent after their handlers have returned.
//!
//! A client that asks for a file and does not read holds two. Where nearly all of the process's are taken that way, nothing
//! more is accepted, and the next file that has to wait for its reader is given up: so handlers can open files at any time.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is left to handlers and to the server itself: a sixteenth, at least 32, but no more than half.
fn reserved(limit: usize) -> usize {
    (limit / 16).max(32).min(limit / 2)
}

/// How many descriptors the process may have.
pub(crate) fn process_limit() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// The descriptors of one server.
pub(crate) struct Descriptors {
    connections: AtomicUsize,
    files: AtomicUsize,
    max: usize,
}

/// A file that waits to be sent.
pub(crate) struct QueuedFile {
    pub file: File,
    descriptors: Arc<Descriptors>,
}

impl Descriptors {
    /// `limit` is how many the process may have.
    pub fn new(limit: usize) -> Arc<Self> {
        let max = (limit - reserved(limit)).max(1);
        Arc::new(Descriptors { connections: AtomicUsize::new(0), files: AtomicUsize::new(0), max })
    }

    /// Whether there is one more to be had.
    pub fn has_room(&self) -> bool {
        self.taken() < self.max
    }

    /// Whether more are taken than should be.
    pub fn are_short(&self) -> bool {
        self.taken() > self.max
    }

    pub fn add_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether there was no room until now.
    pub fn remove_connection(&self) -> bool {
        self.connections.fetch_sub(1, Ordering::Relaxed) + self.files.load(Ordering::Relaxed) >= self.max
    }

    pub fn queue(self: &Arc<Self>, file: File) -> QueuedFile {
        self.files.fetch_add(1, Ordering::Relaxed);
        QueuedFile { file, descriptors: Arc::clone(self) }
    }

    fn taken(&self) -> usize {
        self.connections.load(Ordering::Relaxed) + self.files.load(Ordering::Relaxed)
    }
}

impl Drop for QueuedFile {
    fn drop(&mut self) {
        self.descriptors.files.fetch_sub(1, Ordering::Relaxed);
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

    #[test]
    fn connections_and_queued_files_share_what_is_not_reserved() {
        let descriptors = Descriptors::new(8);
        let file = || File::open("/dev/null").expect("it is everywhere");
        for _ in 0..3 {
            assert!(descriptors.has_room());
            descriptors.add_connection();
        }
        let queued = descriptors.queue(file());
        assert!(!descriptors.has_room() && !descriptors.are_short(), "all four are taken");
        let another = descriptors.queue(file());
        assert!(descriptors.are_short());
        drop(another);
        assert!(!descriptors.are_short());
        assert!(descriptors.remove_connection() && descriptors.has_room(), "now there is");
        drop(queued);
        assert!(Descriptors::new(usize::MAX).has_room());
        assert_eq!([4, 256, 1024, 20_000].map(reserved), [2, 32, 64, 1250]);
    }
}
