//! What the parts of one exchange share: the socket, the bytes that wait to be sent, and the reply under construction.
//! Everything here may wait for the peer, for as long as the settings allow.
//!
//! `out` holds, in this order: whole earlier replies (pipelining), then the current one from `reply.start()` on. The
//! earlier ones may leave at any time, the current one only when its head is final.

use std::io;
use std::time::Instant;

use super::error::HTTPError;
use super::payload::Tail;
use super::reply::{Asked, Reply};
use super::settings::Settings;
use super::socket::Socket;

/// How much one read asks for: what a loopback or LAN sender has ready, twice a default MSS-sized burst.
const READ_BYTES: usize = 16 * 1024;

/// See the module.
pub(crate) struct Wire {
    pub socket: Socket,
    pub out: Vec<u8>,
    pub reply: Reply,
    /// A text that is being put together by code that may call back here.
    pub scratch: String,
    settings: Settings,
    /// The client asked to be told before it sends its body (RFC 9110, section 10.1.1).
    awaits_continue: bool,
    /// When the body was first waited for, and what came since.
    body_clock: Option<(Instant, u64)>,
    /// What the socket said when the peer went away.
    gone: Option<io::ErrorKind>,
}

impl Wire {
    pub fn new(socket: Socket, settings: Settings) -> Self {
        Wire {
            socket,
            out: Vec::new(),
            reply: Reply::new(settings.max_buffered_reply_bytes),
            scratch: String::new(),
            settings,
            awaits_continue: false,
            body_clock: None,
            gone: None,
        }
    }

    /// A new request was read.
    pub fn begin(&mut self, asked: Asked, awaits_continue: bool) {
        self.reply.begin(asked, &self.out);
        self.awaits_continue = awaits_continue;
        self.body_clock = None;
    }

    /// The peer went away, as the socket told us.
    pub fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// A handler has taken the socket.
    pub fn is_taken(&self) -> bool {
        matches!(self.socket, Socket::Taken)
    }

    /// The client still waits to be told to send its body.
    pub fn awaits_continue(&self) -> bool {
        self.awaits_continue
    }

    /// The handler has looked at the expectation itself.
    pub fn forget_expectation(&mut self) {
        self.awaits_continue = false;
    }

    // The reply.

    /// Takes more of the reply's body, and sends what no longer fits the buffer.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Wire { reply, out, .. } = self;
        reply.write(bytes, out)?;
        // A reply that still buffers has its body elsewhere: then `out` is its head and what came before.
        if self.out.len() > self.settings.max_buffered_reply_bytes && self.reply.is_streaming() {
            return self.send_out();
        }
        Ok(())
    }

    /// Puts on the wire what was written so far.
    pub fn flush(&mut self) -> io::Result<()> {
        let Wire { reply, out, .. } = self;
        reply.flush(out);
        if self.reply.is_streaming() { self.send_out() } else { self.send_earlier() }
    }

    /// Sends all of `out`.
    pub fn send_out(&mut self) -> io::Result<()> {
        let sent = self.check_gone().and_then(|()| self.socket.write_all(&self.out));
        self.out.clear();
        self.reply.note_sent();
        self.noting_loss(sent)
    }

    /// Sends the replies that stand before the current one.
    fn send_earlier(&mut self) -> io::Result<()> {
        let earlier = self.reply.start();
        if earlier == 0 {
            return Ok(());
        }
        let sent = self.socket.write_all(&self.out[..earlier]);
        self.out.drain(..earlier);
        self.reply.note_earlier_sent();
        self.noting_loss(sent)
    }

    /// Sends what was composed, and gives the socket away.
    pub fn surrender(&mut self) -> io::Result<Socket> {
        let Wire { reply, out, .. } = self;
        reply.surrender(out);
        self.send_out()?;
        Ok(std::mem::replace(&mut self.socket, Socket::Taken))
    }

    /// Sends a body that was given whole, after what stands before it.
    pub fn send_tail(&mut self, tail: Tail) -> io::Result<()> {
        match tail {
            Tail::Bytes(payload) if payload.as_slice().len() <= self.settings.max_buffered_reply_bytes => {
                self.out.extend_from_slice(payload.as_slice());
                Ok(())
            }
            Tail::Bytes(payload) => {
                self.send_out()?;
                let sent = self.socket.write_all(payload.as_slice());
                self.noting_loss(sent)
            }
            Tail::File { mut file, offset, length } => {
                self.send_out()?;
                // Whatever fails here, the reply cannot be saved: a file that shrank ends like a lost peer.
                let sent = self.socket.write_file(&mut file, offset, length);
                self.noting_loss(sent)
            }
        }
    }

    // The request's body.

    /// Reads more of the request's body behind what `buffer` holds. Zero bytes: the client has ended its side.
    ///
    /// Sends before it waits: earlier replies, `100 Continue` where it is awaited, and what streams already.
    pub fn read_body(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        if self.reply.is_streaming() {
            self.flush()?;
        } else {
            self.send_earlier()?;
        }
        self.send_continue()?;
        let (began, received) = *self.body_clock.get_or_insert_with(|| (Instant::now(), 0));
        self.check_rate(began, received)?;
        let count = self.read_into(buffer)?;
        self.body_clock = Some((began, received + count as u64));
        Ok(count)
    }

    /// RFC 9110, section 10.1.1: no 100 once the final response has begun.
    fn send_continue(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.awaits_continue) && !self.reply.is_on_wire() {
            let sent = self.socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            return self.noting_loss(sent);
        }
        Ok(())
    }

    fn check_rate(&self, began: Instant, received: u64) -> io::Result<()> {
        let elapsed = began.elapsed();
        let is_slow = received < elapsed.as_secs().saturating_mul(self.settings.min_body_bytes_per_second);
        if elapsed > self.settings.body_stall_timeout && is_slow {
            return Err(too_slow());
        }
        Ok(())
    }

    fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.check_gone()?;
        let held = buffer.len();
        buffer.resize(held + READ_BYTES, 0);
        let read = self.socket.read(&mut buffer[held..], self.settings.body_stall_timeout);
        buffer.truncate(held + *read.as_ref().unwrap_or(&0));
        match read {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(too_slow()),
            other => self.noting_loss(other),
        }
    }

    // The peer.

    fn check_gone(&self) -> io::Result<()> {
        self.gone.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn noting_loss<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.gone.get_or_insert(error.kind());
        }
        result
    }
}

/// RFC 9110, section 15.5.9.
fn too_slow() -> io::Error {
    HTTPError::from(408).with_explain("the request's body came too slowly").into()
}
