//! [`ExchangeIo`]: the socket, the bytes to send, and the response under construction, which the parts of one exchange
//! share.
//!
//! Handlers call its methods, which may wait for the client for as long as the settings allow. Between exchanges
//! `drive` uses the socket and `out` itself, and never waits.
//!
//! `out` has complete earlier responses first (pipelining), and the current one from `reply.start()` on. The earlier
//! ones may be sent at any time, the current one only when its head is final.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

use super::client_end::ClientEnd;
use super::context::Context;
use super::error::{HTTPError, WholeWithoutBody};
use super::reply::{Reply, ReplyContext};
use crate::proto::BODY_TOO_SLOW;
use crate::sys::{
    BRIEF, BlockingQuota, CountedError, Direction, EndSeen, LocalCounts, Permit, QUEUE_WAIT, Settings, Socket,
};

/// Time between two checks for the client, of a handler that has nothing to send: 0.1 s.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

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

    // The request's body.

    /// Reads more of the request's body into `buffer`. Returns 0 if the client has ended its side.
    ///
    /// Before it waits, it sends earlier responses, a `100 Continue` that the client waits for, and a response that is
    /// streaming.
    pub(crate) fn read_body(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.awaits_continue || !self.reply.is_streaming() {
            self.send_earlier()?;
        } else {
            self.prepare_to_send();
            self.send_prepared()?;
        }
        self.send_continue()?;
        self.check_gone()?;
        self.was_read = true;
        let mut read = self.socket.read(buffer);
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            read = self.wait_for_body(buffer)?;
        }
        match read {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(too_slow()),
            // The framing says that the body is not whole.
            Err(error) if self.socket.was_cut(&error) => Ok(0),
            Ok(count) => {
                self.body_clock.1 += count as u64;
                self.note_received(&buffer[..count]);
                Ok(count)
            }
            Err(error) => self.noting_loss(Err(error)),
        }
    }

    /// Reads the part of the request's body that has come, without waiting.
    pub(crate) fn read_body_now(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.was_read = true;
        let count = self.socket.read_now(buffer)?;
        self.note_received(&buffer[..count]);
        Ok(count)
    }

    fn note_received(&mut self, bytes: &[u8]) {
        self.counts.bytes_received += bytes.len() as u64;
        if let Some(tap) = &mut self.tap {
            tap(bytes);
        }
    }

    /// Waits for more of the body. Pauses of the handler are not the client's fault and do not count. The outer error
    /// says that the handler may not wait, the inner one is the socket's.
    fn wait_for_body(&mut self, buffer: &mut [u8]) -> io::Result<io::Result<usize>> {
        let stall = self.settings.body_stall_timeout;
        let (waited, received) = self.body_clock;
        if self.settings.is_trickle(waited, received, stall) {
            return Err(too_slow());
        }
        let began = Instant::now();
        let read = match self.wait_for_client(Direction::Read, stall) {
            Err(error) if error.kind() == io::ErrorKind::Other => {
                return Err(HTTPError::busy("too many requests wait for their bodies already").into());
            }
            // The poller may have been wrong, so the read waits as well.
            waited => waited.and_then(|()| self.socket.read_waiting(buffer, Some(stall))),
        };
        self.body_clock.0 += began.elapsed();
        Ok(read)
    }

    /// Sends the 100 that the client waits for, unless the final response has begun (RFC 9110, section 10.1.1).
    fn send_continue(&mut self) -> io::Result<()> {
        if mem::take(&mut self.awaits_continue) && !self.reply.is_on_wire() {
            let sent = self.write_interim(b"HTTP/1.1 100 Continue\r\n\r\n");
            return self.noting_loss(sent);
        }
        Ok(())
    }

    fn write_interim(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let mut is_due = false;
        while !bytes.is_empty() {
            match self.socket.write(bytes) {
                Ok(count) => {
                    (bytes, is_due) = (&bytes[count..], false);
                    self.counts.bytes_sent += count as u64;
                }
                Err(error) => is_due = self.wait_to_write(error, is_due)?,
            }
        }
        Ok(())
    }

    // The client.

    /// Asks the socket, without waiting, whether the client is believed to be gone by the rule of `client_end`.
    pub(crate) fn is_client_gone(&mut self) -> bool {
        let now = Instant::now();
        // A socket that cannot tell counts as one whose client is there.
        let seen = self.socket.wait_for_end(self.client_end.seen(), now).unwrap_or_default();
        self.note_end(seen.unwrap_or(EndSeen::None), now);
        self.is_gone() || self.client_end.is_gone(now)
    }

    fn note_end(&mut self, seen: EndSeen, now: Instant) {
        self.client_end.note_seen(seen, now);
        if self.client_end == ClientEnd::Broken {
            self.note_gone(io::ErrorKind::ConnectionReset);
        }
    }

    /// Sleeps until that time, or until the client is believed to be gone.
    pub(crate) fn sleep_until(&mut self, until: Instant) -> io::Result<()> {
        loop {
            self.check_gone()?;
            let next = self.client_end.gone_at().map_or(until, |gone_at| until.min(gone_at));
            let next = if cfg!(target_os = "linux") { next } else { next.min(Instant::now() + LOOK_INTERVAL) };
            let seen = self.socket.wait_for_end(self.client_end.seen(), next)?;
            let now = Instant::now();
            match seen {
                Some(seen) => self.note_end(seen, now),
                // The socket cannot tell.
                None => thread::sleep(until.saturating_duration_since(now)),
            }
            self.expect_client(now)?;
            if now >= until || seen.is_none() {
                return Ok(());
            }
        }
    }

    /// Checks now and then whether the client is there, for a handler that has nothing to send and so would never know.
    fn look_for_client(&mut self) -> io::Result<()> {
        self.check_gone()?;
        let now = Instant::now();
        if self.looked_at.is_some_and(|looked_at| now < looked_at + LOOK_INTERVAL) {
            return Ok(());
        }
        self.looked_at = Some(now);
        self.is_client_gone();
        self.expect_client(now)
    }

    /// Fails if the client is believed to be gone. From then on it counts as gone.
    fn expect_client(&mut self, now: Instant) -> io::Result<()> {
        if self.client_end.is_gone(now) {
            self.note_gone(io::ErrorKind::ConnectionAborted);
        }
        self.check_gone()
    }

    fn note_gone(&mut self, kind: io::ErrorKind) {
        if self.gone.is_none() {
            self.gone = Some(kind);
            self.counts.note(CountedError::ClientGone);
        }
    }

    fn check_gone(&self) -> io::Result<()> {
        self.gone.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn noting_loss<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let (Err(error), None) = (&result, self.gone) {
            self.gone = Some(error.kind());
            self.counts.note(match error.kind() {
                io::ErrorKind::TimedOut => CountedError::SlowReader,
                // There was no permit to wait for it.
                io::ErrorKind::Other => CountedError::ResourceLimit,
                _ => CountedError::ClientGone,
            });
        }
        result
    }
}

/// The 408 for a body that comes too slowly (RFC 9110, section 15.5.9).
fn too_slow() -> io::Error {
    HTTPError::from(BODY_TOO_SLOW).into()
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
