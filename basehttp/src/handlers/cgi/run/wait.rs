//! What a run waits for, all at once: three pipes, the client's socket, and the script's exit.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use basehttp::Exchange;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::super::output::Client;
use super::super::process::timespec;
use super::Run;

/// How often a run looks at what no descriptor tells: every 250 ms. Whether the server ends, whether time is up.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// How often it looks whether the script has exited, where the system has no descriptor for that: every 2 ms.
const EXIT_LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// Who is events, and for what.
#[derive(Clone, Copy, Debug)]
pub struct RunEvents {
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

/// What `poll` says of a pipe that can be read, or has ended.
pub const READABLE: PollFlags = PollFlags::IN.union(PollFlags::HUP).union(PollFlags::ERR);

/// What it says of a socket whose other end is gone for good.
pub const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR);

/// What it says of a client that has ended its side; where the system does not tell, it is found out by writing.
#[cfg(target_os = "linux")]
pub const ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
pub const ENDED: PollFlags = PollFlags::empty();

impl Run<'_> {
    /// Waits for whatever comes first.
    pub(super) fn wait(&mut self, ex: &Exchange<'_>) -> io::Result<RunEvents> {
        let side = self.client_side(ex);
        let client_flags = self.client_flags(ex);
        let stdin_flags = if self.feed.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let (until_flush, has_room) = (self.clock.until_flush(Instant::now()), self.output.has_room());
        let mut wait = until_flush.filter(|_| side == Client::Reads).unwrap_or(LOOK_INTERVAL);
        let mut exit = None;
        if self.stdout.is_none() && self.process.status().is_none() {
            exit = self.process.watch();
            if exit.is_none() {
                wait = wait.min(EXIT_LOOK_INTERVAL);
            }
        }
        let (mut events, mut exited) = (NO_EVENTS, PollFlags::empty());
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
            Ok(count) => self.was_idle = count == 0,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut seen = watched.iter().map(PollFd::revents);
        for (_, _, events) in all.iter_mut().filter(|(descriptor, ..)| descriptor.is_some()) {
            **events = seen.next().expect("there is one for each descriptor");
        }
        Ok(events)
    }

    /// What is waited for at the client's socket.
    fn client_flags(&self, ex: &Exchange<'_>) -> PollFlags {
        let mut flags = if self.has_client_ended { PollFlags::empty() } else { ENDED };
        if self.client_side(ex) == Client::Sends {
            // What the script will not take is taken all the same, or the client might never come to read. What it cannot
            // take yet is, only if it waits for the client itself.
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
