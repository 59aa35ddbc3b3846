//! The body of a response that is sent from memory or from a file, after its handler has returned. The connection sends
//! it.

use std::mem;

use super::payload::QueuedBody;
use crate::sys::{Address, log};

/// A body under way to the client. Dropping it writes the request's log lines, whether it was sent or cut off.
pub(crate) struct OutgoingBody {
    pub(crate) queued: QueuedBody,
    /// Number of bytes that were sent.
    pub(crate) sent: u64,
    /// The last piece took long to be read from the file.
    pub(crate) is_slow: bool,
    pub(crate) client: Address,
    /// Log lines of the request. If they are empty, a cut is not logged either.
    lines: String,
}

impl OutgoingBody {
    pub(crate) fn new(queued: QueuedBody, client: Address, lines: String) -> Self {
        OutgoingBody { queued, sent: 0, is_slow: false, client, lines }
    }

    /// Returns the bytes of memory that it holds.
    pub(crate) fn own_bytes(&self) -> usize {
        self.queued.own_bytes()
    }

    /// Returns whether it holds a descriptor.
    pub(crate) fn is_file(&self) -> bool {
        self.queued.is_file()
    }

    /// Returns whether dropping it may block.
    pub(crate) fn may_block(&self) -> bool {
        self.queued.may_block()
    }

    /// Writes the lines of a request whose body cannot be sent to its end. Returns what is to be logged behind them.
    pub(crate) fn cut_off(&mut self) -> Option<String> {
        let (sent, length, lines) = (self.sent, self.queued.len(), mem::take(&mut self.lines));
        if lines.is_empty() {
            return None;
        }
        log::add_lines(&lines);
        (sent < length).then(|| format!("the response was cut off: {sent} of {length} bytes of body"))
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        // The server cuts the connection at its end, and does not ask the hooks again.
        if let Some(reason) = self.cut_off() {
            log::add_lines(&log::default_line(&self.client, &reason));
        }
    }
}
