//! A socket of the system that a test plays: bytes in memory, and a wait that the test sees. Not a part of the library.
//!
//! Unlike any other stream it has readiness, so that TLS can be put on it.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use rustix::event::PollFlags;

/// The calls of a socket that never blocks.
pub(crate) trait MemorySocket: Send + Sync + 'static {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize>;

    fn send(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits for these events, and returns the ones that came. Returns none when the time is over.
    fn wait(&self, flags: PollFlags) -> PollFlags;

    fn shutdown(&self, how: Shutdown);

    fn reset_on_close(&self);
}

/// Returns a descriptor for questions that need one. It is never read or waited for.
pub(super) fn stand_in() -> BorrowedFd<'static> {
    static UNUSED: OnceLock<UnixStream> = OnceLock::new();
    UNUSED.get_or_init(|| UnixStream::pair().expect("two descriptors").0).as_fd()
}
