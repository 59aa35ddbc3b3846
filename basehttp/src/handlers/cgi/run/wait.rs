//! The wait of a run for everything at once: three pipes, the client's socket, and the script's exit.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use basehttp::Exchange;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::super::output::Client;
use super::super::process::{EXIT_CHECK_INTERVAL, timespec};
use super::Run;

/// Interval between two checks of things that no descriptor reports: 250 ms. These are time limits, and the end of the
/// server.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// The events of one wait, for each stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunEvents {
    pub stdin: PollFlags,
    pub stdout: PollFlags,
    pub stderr: PollFlags,
    pub client: PollFlags,
}

const NO_EVENTS: RunEvents = RunEvents {
    stdin: PollFlags::empty(),
    stdout: PollFlags::empty(),
    stderr: PollFlags::empty(),
    client: PollFlags::empty(),
};

/// Events of a pipe that can be read, or has ended.
pub(super) const READABLE: PollFlags = PollFlags::IN.union(PollFlags::HUP).union(PollFlags::ERR);

/// Events of a socket whose other end is gone for good.
pub(super) const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR);

/// Events of a client that has closed its sending side. Some systems do not report it, and writing has to find out.
#[cfg(target_os = "linux")]
pub(super) const ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
pub(super) const ENDED: PollFlags = PollFlags::empty();

impl Run<'_> {
    /// Waits for the first events, or for the next check.
    pub(super) fn wait(&mut self, ex: &Exchange<'_>) -> io::Result<RunEvents> {
        let side = self.client_side(ex);
        let client_flags = self.client_flags(ex);
        let stdin_flags = if self.feed.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let (until_flush, has_room) = (self.clock.until_flush(Instant::now()), self.output.has_room());
        // Output that waits to be flushed shortens the wait, if the client reads.
        let mut wait = until_flush.filter(|_| side == Client::Reads).unwrap_or(CHECK_INTERVAL);
        // Bytes of the body that are here already are no event of the socket.
        let is_body_here = client_flags.contains(PollFlags::IN) && ex.rfile.has_buffered();
        if is_body_here {
            wait = Duration::ZERO;
        }
        // The exit matters once the output has ended. Before that, the end of the output wakes the run.
        let mut exit = None;
        if self.stdout.is_none() && self.process.status().is_none() {
            exit = self.process.watch();
            if exit.is_none() {
                wait = wait.min(EXIT_CHECK_INTERVAL);
            }
        }
        let (mut events, mut exited) = (NO_EVENTS, PollFlags::empty());
        // Each stream that is open, with the events to wait for, and the place for those that come. A script whose
        // output has no room has to wait.
        let mut all: [(Option<BorrowedFd<'_>>, PollFlags, &mut PollFlags); 5] = [
            (self.stdin.as_ref().map(AsFd::as_fd), stdin_flags, &mut events.stdin),
            (self.stdout.as_ref().filter(|_| has_room).map(AsFd::as_fd), PollFlags::IN, &mut events.stdout),
            (self.stderr.as_ref().map(AsFd::as_fd), PollFlags::IN, &mut events.stderr),
            (self.client.as_ref().map(AsFd::as_fd), client_flags, &mut events.client),
            (exit, PollFlags::IN, &mut exited),
        ];
        let watched = all.iter().filter_map(|(descriptor, flags, _)| Some((*descriptor.as_ref()?, *flags)));
        let mut watched: Vec<_> =
            watched.map(|(descriptor, flags)| PollFd::from_borrowed_fd(descriptor, flags)).collect();
        match poll(&mut watched, Some(&timespec(wait))) {
            Ok(count) => self.was_idle = count == 0 && !is_body_here,
            // An interrupted wait has no events, and the run looks again.
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut seen = watched.iter().map(PollFd::revents);
        for (_, _, events) in all.iter_mut().filter(|(descriptor, ..)| descriptor.is_some()) {
            **events = seen.next().expect("there is one for each descriptor");
        }
        if is_body_here {
            events.client |= PollFlags::IN;
        }
        Ok(events)
    }

    /// Returns the events to wait for at the client's socket.
    fn client_flags(&self, ex: &Exchange<'_>) -> PollFlags {
        let mut flags = if self.has_client_ended { PollFlags::empty() } else { ENDED };
        if self.client_side(ex) == Client::Sends {
            // Input that the script will never take is read all the same, or the client might never come to read. Input
            // that it cannot take yet is read only if the script itself waits for the client.
            let is_stuck = !self.output.has_room() && self.feed.has_room();
            if self.stdin.is_none() || self.feed.is_empty() || is_stuck {
                flags |= PollFlags::IN;
            }
            if self.clock.unsent.is_some() || self.output.has_pending() {
                flags |= PollFlags::OUT;
            }
        }
        flags
    }
}
