//! A thread's buffers, which serve one connection after the other. A connection that must wait takes the few bytes in
//! between along.

use std::cell::RefCell;
use std::mem;

use super::connection::Conn;
use super::saved::{Pending, Saved};
use crate::exchange::{Context, ExchangeIo};
use crate::proto::FieldBuffer;
use crate::sys::{LocalCounts, Socket};

/// How much a read asks for at least: a browser's head several times over, and most bodies of forms.
pub(super) const READ_BYTES: usize = 16 * 1024;

/// How large a thread's buffers stay when they have grown for one connection: 256 KiB each.
const MAX_KEPT_BYTES: usize = 256 * 1024;

/// A thread's buffers.
pub(crate) struct Buffers {
    pub(super) io: RefCell<ExchangeIo>,
    /// How much of `io.out` the socket has taken.
    pub(super) sent: usize,
    /// Initialised throughout, so that a read needs no clearing; unread from `start` to `end`.
    pub(super) input: Vec<u8>,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) pending: Pending,
    /// Room for the fields of the request that is served.
    pub(super) fields: FieldBuffer<'static>,
}

impl Buffers {
    pub(crate) fn new(context: &Context) -> Self {
        Buffers {
            io: RefCell::new(ExchangeIo::new(context)),
            sent: 0,
            input: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            pending: Pending::default(),
            fields: FieldBuffer::new(),
        }
    }

    /// What was counted since somebody last looked.
    pub(crate) fn counts(&mut self) -> &mut LocalCounts {
        &mut self.io.get_mut().counts
    }

    /// Takes from the connection what it has: its socket, and what it was in the middle of.
    pub(super) fn load(&mut self, conn: &mut Conn) {
        let io = self.io.get_mut();
        io.attach(mem::replace(&mut conn.socket, Socket::Taken));
        io.permit = conn.permit.take();
        let Some(saved) = conn.saved.take() else { return };
        let Saved { input, unsent, pending } = *saved;
        self.pending = pending;
        if !unsent.is_empty() {
            io.out = unsent;
        }
        if !input.is_empty() {
            self.end = input.len();
            if self.input.len() < self.end {
                self.input.resize(self.end.next_power_of_two(), 0);
            }
            self.input[..self.end].copy_from_slice(&input);
        }
    }

    /// Gives it all back.
    pub(super) fn unload(&mut self, conn: &mut Conn) {
        let io = self.io.get_mut();
        conn.socket = io.detach();
        conn.permit = io.permit.take();
        let pending = mem::take(&mut self.pending);
        let has_rest = self.start < self.end || !io.out.is_empty() || !pending.is_nothing();
        if has_rest && !conn.is_closed() {
            let (input, unsent) = (self.input[self.start..self.end].to_vec(), io.out[self.sent..].to_vec());
            conn.saved = Some(Box::new(Saved { input, unsent, pending }));
        }
        io.out.clear();
        (self.sent, self.start, self.end) = (0, 0, 0);
        if self.input.len() > MAX_KEPT_BYTES {
            self.input = vec![0; READ_BYTES];
        }
        io.out.shrink_to(MAX_KEPT_BYTES);
    }
}
