//! The body of a response that is sent from memory or from a file, after its handler has returned.

use std::{io, mem};

use super::connection::Failure;
use super::scheduler::Scheduler;
use crate::exchange::{QueuedBody, QueuedReply};
use crate::sys::{Address, Socket, log};

/// A body under way to the client. Dropping it writes the request's log lines, whether it was sent or cut off.
pub(super) struct OutgoingBody {
    queued: QueuedBody,
    sent: u64,
    /// Log lines of the request. If they are empty, a cut is not logged either.
    lines: String,
    client: Address,
    /// The last piece took long to be read from the file.
    is_slow: bool,
}

impl OutgoingBody {
    pub(super) fn new(reply: QueuedReply) -> Self {
        let QueuedReply { body: queued, client, lines } = reply;
        OutgoingBody { queued, sent: 0, lines, client, is_slow: false }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the bytes of memory that it holds.
    pub(super) fn own_bytes(&self) -> usize {
        self.queued.own_bytes()
    }

    /// Returns whether it holds a descriptor.
    pub(super) fn is_file(&self) -> bool {
        self.queued.is_file()
    }

    /// Returns whether dropping it may block.
    pub(super) fn may_block(&self) -> bool {
        self.queued.may_block()
    }

    /// Returns whether it is a file whose last piece took long to be read.
    pub(super) fn is_slow(&self) -> bool {
        self.is_slow
    }

    /// Writes to the socket until the body ends, or about `most` bytes are sent. Returns whether all of it is sent.
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

    /// Writes the lines of a request whose body cannot be sent to its end. Returns what is to be logged behind them.
    pub(super) fn cut_off(&mut self) -> Option<Failure> {
        let (sent, length, lines) = (self.sent, self.queued.len(), mem::take(&mut self.lines));
        if lines.is_empty() {
            return None;
        }
        log::add_lines(&lines);
        (sent < length).then(|| Failure {
            reason: format!("the response was cut off: {sent} of {length} bytes of body"),
            client: Some(self.client.clone()),
        })
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        // The server cuts the connection at its end, and does not ask the hooks again.
        if let Some(failure) = self.cut_off() {
            log::add_lines(&log::default_line(&self.client, &failure.reason));
        }
    }
}
