//! [`ExchangeIo`]: the socket, the bytes to send, and the response under construction, which the parts of one exchange
//! share.
//!
//! Handlers call its methods, which may wait for the client for as long as the settings allow. Between exchanges
//! `drive` uses the socket and `out` itself, and never waits.
//!
//! `out` has complete earlier responses first (pipelining), and the current one from `reply.start()` on. The earlier
//! ones may be sent at any time, the current one only when its head is final.

mod client;
mod receiving;

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, mem};

use super::client_end::ClientEnd;
use super::context::Context;
use super::error::WholeWithoutBody;
use super::reply::{Reply, ReplyContext};
use crate::sys::{BRIEF, BlockingQuota, Direction, LocalCounts, Permit, QUEUE_WAIT, Settings, Socket};

/// Gets the raw bytes of a body that are read from the socket.
pub(crate) type BodyTap = Box<dyn FnMut(&[u8]) + Send>;

/// The socket, the bytes to send, and the response under construction.
pub(crate) struct ExchangeIo {
    pub socket: Socket,
    pub out: Vec<u8>,
    pub reply: Reply,
    /// A buffer for the value of a field, which user code writes that may call back here.
    pub scratch: String,
    pub counts: LocalCounts,
    /// The time at which the exchange began.
    began: Instant,
    settings: Settings,
    /// The permits of handlers that wait for slow clients.
    blocking: Arc<BlockingQuota>,
    /// The client waits for a 100 before it sends its body (RFC 9110, section 10.1.1).
    awaits_continue: bool,
    /// The time that the handler has waited for the body, and the number of bytes that came.
    body_clock: (Duration, u64),
    /// The time that the handler has waited for the client to read, over all its writes, and the number of bytes that
    /// were sent since it first waited.
    reader_clock: Option<(Duration, u64)>,
    /// The handler has read from the socket, so the poller's last report may be out of date.
    was_read: bool,
    /// The error of the socket when the client went away.
    gone: Option<io::ErrorKind>,
    /// The client's end, as far as it was seen during this exchange, and the time of the last check.
    client_end: ClientEnd,
    looked_at: Option<Instant>,
    /// Counts the connection. A handler that hijacks the socket gets a half of it.
    pub permit: Option<Permit>,
    /// Records the body of this exchange, for tests. The service sets it.
    pub tap: Option<BodyTap>,
}

impl ExchangeIo {
    /// Creates one that has no socket yet.
    pub(crate) fn new(context: &Context) -> Self {
        ExchangeIo {
            socket: Socket::Taken,
            out: Vec::new(),
            reply: Reply::new(context.settings.max_buffered_reply_bytes),
            scratch: String::new(),
            counts: LocalCounts::default(),
            began: Instant::now(),
            settings: context.settings.clone(),
            blocking: Arc::clone(&context.blocking),
            awaits_continue: false,
            body_clock: (Duration::ZERO, 0),
            reader_clock: None,
            was_read: false,
            gone: None,
            client_end: ClientEnd::Open,
            looked_at: None,
            permit: None,
            tap: None,
        }
    }

    /// Begins the exchange of a new request.
    pub(crate) fn begin(&mut self, asked: ReplyContext, awaits_continue: bool, now: Instant) {
        self.reply.begin(asked, &self.out);
        self.began = now;
        self.awaits_continue = awaits_continue;
        self.body_clock = (Duration::ZERO, 0);
        self.reader_clock = None;
        self.was_read = false;
        self.client_end = ClientEnd::Open;
        self.looked_at = None;
    }

    /// Takes the socket of another connection.
    pub(crate) fn attach(&mut self, socket: Socket) {
        self.socket = socket;
        self.gone = None;
    }

    /// Takes the socket of another connection, or gives it back.
    pub(crate) fn swap_socket(&mut self, socket: &mut Socket) {
        mem::swap(&mut self.socket, socket);
        self.gone = None;
    }

    /// Gives the socket back.
    pub(crate) fn detach(&mut self) -> Socket {
        mem::replace(&mut self.socket, Socket::Taken)
    }

    /// Returns the time since the exchange began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns whether the handler has read from the socket.
    pub(crate) fn was_read(&self) -> bool {
        self.was_read
    }

    /// Returns whether the client is gone, as far as the socket has shown.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// Returns whether a handler has taken the socket.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self.socket, Socket::Taken)
    }

    /// Returns whether the client still waits for a 100 before it sends its body.
    pub(crate) fn awaits_continue(&self) -> bool {
        self.awaits_continue
    }

    /// Notes that the handler has sent a 100 itself.
    pub(crate) fn forget_expectation(&mut self) {
        self.awaits_continue = false;
    }

    // The response.

    /// Takes more of the response's body, and sends it when the buffer is full.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // In pieces, so that the buffer stays small even if much is written at once.
        let max = self.settings.max_buffered_reply_bytes;
        bytes.chunks(self.settings.piece_bytes()).try_for_each(|piece| {
            if self.reply.is_whole_without_body() {
                return self.check_gone().and(Err(io::Error::new(io::ErrorKind::BrokenPipe, WholeWithoutBody)));
            }
            let ExchangeIo { reply, out, .. } = self;
            reply.write(piece, out)?;
            // While the response is buffering, its body is not in `out`, which then has only its head and earlier
            // responses.
            let is_full = self.out.len() > max && self.reply.is_streaming();
            if is_full || self.reply.has_outgrown_its_head() { self.send_out() } else { Ok(()) }
        })
    }

    /// Sends all that was written so far. If there is nothing to send, checks whether the client is still there.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.prepare_to_send();
        if self.out.is_empty() && self.reply.is_on_wire() {
            return self.look_for_client();
        }
        self.send_prepared()
    }

    fn prepare_to_send(&mut self) {
        let ExchangeIo { reply, out, .. } = self;
        reply.flush(out);
    }

    fn send_prepared(&mut self) -> io::Result<()> {
        if self.reply.is_streaming() { self.send_out() } else { self.send_earlier() }
    }

    /// Sends all of `out`.
    ///
    /// A response that leaves before its whole request has come says `close`. Otherwise a proxy that sees the response
    /// may send another client's request, which would be swallowed as body (RFC 9112, sections 9.3 and 11.2).
    pub(crate) fn send_out(&mut self) -> io::Result<()> {
        self.reply.close_unless_whole(&mut self.out);
        let sent = self.check_gone().and_then(|()| self.write_out(self.out.len()));
        self.out.clear();
        self.reply.note_sent();
        self.noting_loss(sent)
    }

    /// Writes `out` up to `end`, and waits for the client to read if it must. It fails if the client is too slow, or if
    /// too many other handlers wait.
    fn write_out(&mut self, end: usize) -> io::Result<()> {
        let (mut sent, mut is_due) = (0, false);
        while sent < end {
            match self.socket.write(&self.out[sent..end]) {
                Ok(count) => {
                    (sent, is_due) = (sent + count, false);
                    self.client_end.note_sent();
                    self.counts.bytes_sent += count as u64;
                    self.reader_clock.iter_mut().for_each(|(_, taken)| *taken += count as u64);
                }
                Err(error) => is_due = self.wait_to_write(error, is_due)?,
            }
        }
        Ok(())
    }

    /// Waits for the client. A handler that waits for longer than `BRIEF` needs a permit, of which there are few, and
    /// waits for one for `QUEUE_WAIT` (`sys/quota` has the rules).
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `stall`, and [`Other`](io::ErrorKind::Other) if there is no permit.
    fn wait_for_client(&self, direction: Direction, stall: Duration) -> io::Result<()> {
        let mut left = stall;
        let mut wait = |most: Duration| {
            let part = left.min(most);
            left -= part;
            match self.socket.wait(direction, Some(part)) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut && !left.is_zero() => Ok(false),
                waited => waited.map(|()| true),
            }
        };
        let too_many = || io::Error::other("too many handlers wait for slow clients: see max_blocked_on_clients");
        if wait(BRIEF)? {
            return Ok(());
        }
        let mut place = self.blocking.try_acquire();
        if place.is_none() {
            let _queued = self.blocking.try_queue().ok_or_else(too_many)?;
            if wait(QUEUE_WAIT)? {
                return Ok(());
            }
            place = self.blocking.try_acquire();
        }
        let _place = place.ok_or_else(too_many)?;
        wait(Duration::MAX).map(drop)
    }

    /// Waits after a write that failed with `error`, until the client takes more. Returns whether the next write is due:
    /// the client's time is over if it gets nowhere either.
    fn wait_to_write(&mut self, error: io::Error, is_due: bool) -> io::Result<bool> {
        match error.kind() {
            io::ErrorKind::WouldBlock if is_due => Err(io::ErrorKind::TimedOut.into()),
            io::ErrorKind::WouldBlock => self.wait_for_reader(),
            _ => Err(error),
        }
    }

    /// Waits until the client takes more. Returns whether its time is over, if the next write gets nowhere. Pauses of
    /// the handler are not the client's fault and do not count.
    fn wait_for_reader(&mut self) -> io::Result<bool> {
        let stall = self.settings.write_stall_timeout;
        let (waited, taken) = self.reader_clock.unwrap_or_default();
        if self.settings.is_trickle(waited, taken, stall) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let began = Instant::now();
        let result = self.wait_for_client(Direction::Write, stall);
        self.reader_clock = Some((waited + began.elapsed(), taken));
        match result {
            // The system reports room only when a third of its buffer is free. A slow client may have freed less. Any
            // other stream has waited.
            Err(error) if error.kind() == io::ErrorKind::TimedOut && self.socket.is_nonblocking() => Ok(true),
            result => result.map(|()| false),
        }
    }

    /// Sends the responses that come before the current one.
    fn send_earlier(&mut self) -> io::Result<()> {
        let earlier = self.reply.start();
        if earlier == 0 {
            return Ok(());
        }
        let sent = self.write_out(earlier);
        self.out.drain(..earlier);
        self.reply.note_earlier_sent();
        self.noting_loss(sent)
    }

    /// Sends the response as far as it was written, and gives the socket away.
    pub(crate) fn surrender(&mut self) -> io::Result<Socket> {
        let ExchangeIo { reply, out, .. } = self;
        reply.surrender(out);
        self.send_out()?;
        // A thread that kept the connection may have set blocking reads. An error means that it is not a socket, where
        // there is nothing to undo.
        let _ = self.socket.set_blocking_reads(None);
        Ok(mem::replace(&mut self.socket, Socket::Taken))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;
    use crate::exchange::context::HandlerSpec;

    use crate::sys::ServerHandle;

    #[test]
    fn a_socket_that_is_given_away_does_not_wait_by_itself() {
        let spec = HandlerSpec::of_plain_handler();
        let mut io = ExchangeIo::new(&Context::new(spec, Settings::default(), ServerHandle::detached()));
        let (ours, _theirs) = UnixStream::pair().expect("two sockets");
        let socket = Socket::raw(ours);
        socket.set_blocking_reads(Some(Duration::from_secs(60))).expect("a socket");
        io.attach(socket);
        let socket = io.surrender().expect("nothing is to be sent");
        let (began, read) = (Instant::now(), socket.read(&mut [0]));
        assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::WouldBlock));
        assert!(began.elapsed() < Duration::from_secs(30), "at once");
    }
}
