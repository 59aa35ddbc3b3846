//! The body of a reply that is sent from memory or from a file, after its handler has returned.

use std::fmt::Write as _;
use std::io;

use super::scheduler::Scheduler;
use crate::exchange::QueuedBody;
use crate::sys::{Address, Socket, clock, log};

/// A tail, and how much of it is sent. Its request is logged when it is dropped: sent, or cut off.
pub(super) struct OutgoingBody {
    queued: QueuedBody,
    sent: u64,
    /// The request's log lines; empty if it has none, and then nothing is logged of its end either.
    lines: String,
    client: Address,
    /// The last piece of the file took long to be read.
    is_slow: bool,
}

impl OutgoingBody {
    pub(super) fn new(queued: QueuedBody, lines: String, client: &Address) -> Self {
        OutgoingBody { queued, sent: 0, lines, client: client.clone(), is_slow: false }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// How much memory it holds by itself.
    pub(super) fn own_bytes(&self) -> usize {
        self.queued.own_bytes()
    }

    /// Whether it has a descriptor.
    pub(super) fn is_file(&self) -> bool {
        self.queued.is_file()
    }

    /// Whether to drop it may block.
    pub(super) fn may_block(&self) -> bool {
        self.queued.may_block()
    }

    /// Whether it is a file, the last piece of which took long to be read.
    pub(super) fn is_slow(&self) -> bool {
        self.is_slow
    }

    /// Gives the socket as much as it takes, until all of it is sent, or about `most` bytes: then false.
    pub(super) fn send(&mut self, socket: &mut Socket, most: u64, scheduler: &mut dyn Scheduler) -> io::Result<bool> {
        let turn_ends = self.sent.saturating_add(most);
        while self.sent < self.queued.len() {
            if self.sent >= turn_ends {
                return Ok(false);
            }
            self.sent += match &mut self.queued {
                QueuedBody::Bytes(payload) => {
                    let start = usize::try_from(self.sent).expect("a part of what is in memory");
                    socket.write(&payload.as_slice()[start..])? as u64
                }
                QueuedBody::File { file, offset, length } => {
                    scheduler.begin_blocking();
                    let sent = socket.send_file(&mut file.file, *offset + self.sent, *length - self.sent);
                    self.is_slow = scheduler.end_blocking();
                    sent?
                }
            };
        }
        Ok(true)
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let (sent, length) = (self.sent, self.queued.len());
        if sent < length {
            let (client, date) = (self.client.log_name(), clock::log_date());
            // A String takes everything.
            let _ = writeln!(
                self.lines,
                "{client} - - [{date}] the response was cut off: {sent} of {length} bytes of body"
            );
        }
        log::add_lines(&self.lines);
    }
}
