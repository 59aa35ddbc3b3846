//! A thread's buffers, which serve one connection after the other. When a connection must wait, it takes its unused
//! bytes along.

use std::cell::RefCell;
use std::mem;

use super::connection::Conn;
use super::read_buffer::{MAX_KEPT_BYTES, ReadBuffer};
use super::saved::{Pending, Saved};
use crate::exchange::{Context, ExchangeIo};
use crate::proto::FieldBuffer;
use crate::sys::LocalCounts;

/// Buffers of one thread, for the connection that it drives.
pub(crate) struct Buffers {
    /// Socket, outgoing bytes and response, as the handler sees them.
    pub(super) io: RefCell<ExchangeIo>,
    /// Number of bytes of `io.out` that the socket has taken.
    pub(super) sent: usize,
    pub(super) input: ReadBuffer,
    pub(super) pending: Pending,
    /// Room for the fields of the request that is served.
    pub(super) fields: FieldBuffer<'static>,
}

impl Buffers {
    pub(crate) fn new(context: &Context) -> Self {
        Buffers {
            io: RefCell::new(ExchangeIo::new(context)),
            sent: 0,
            input: ReadBuffer::new(),
            pending: Pending::default(),
            fields: FieldBuffer::new(),
        }
    }

    /// Returns what was counted since the caller last took the counts.
    pub(crate) fn counts(&mut self) -> &mut LocalCounts {
        &mut self.io.get_mut().counts
    }

    /// Takes over the connection's socket and its unfinished work.
    pub(super) fn load(&mut self, conn: &mut Conn) {
        let io = self.io.get_mut();
        io.swap_socket(&mut conn.socket);
        mem::swap(&mut io.permit, &mut conn.permit);
        let Some(saved) = conn.saved.take() else { return };
        let Saved { input, unsent, pending } = *saved;
        self.pending = pending;
        if !unsent.is_empty() {
            io.out = unsent;
        }
        if !input.is_empty() {
            self.input.load(&input);
        }
    }

    /// Gives socket and unfinished work back to the connection, and forgets about it.
    pub(super) fn unload(&mut self, conn: &mut Conn) {
        let io = self.io.get_mut();
        io.swap_socket(&mut conn.socket);
        mem::swap(&mut io.permit, &mut conn.permit);
        let has_rest =
            self.pending.share.is_some() || !self.input.is_empty() || !io.out.is_empty() || !self.pending.is_nothing();
        if has_rest && !conn.is_closed() {
            let (input, unsent) = (self.input.unread().to_vec(), io.out[self.sent..].to_vec());
            conn.saved = Some(Box::new(Saved { input, unsent, pending: mem::take(&mut self.pending) }));
        } else if !self.pending.is_untouched() {
            self.pending = Pending::default();
        }
        io.out.clear();
        self.sent = 0;
        self.input.reset();
        io.out.shrink_to(MAX_KEPT_BYTES);
    }
}
