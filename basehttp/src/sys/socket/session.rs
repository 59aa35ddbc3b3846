//! A TLS session of rustls on a socket of the system: what is received is decrypted, and what is encrypted is sent, as
//! far as both go without waiting.

use std::io::{self, IoSlice, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustix::net::RecvFlags;
use rustls::{AlertDescription, Error, IoState, ProtocolVersion, ServerConfig, ServerConnection};

use super::handshake_records::HandshakeRecords;
use super::raw::{RawSocket, retried};

/// Bytes that may come in a row after the handshake and hold nothing for the reader: 64 KiB, four times the longest
/// record.
///
/// rustls counts empty records in a row, and updates of keys in a row. In turns they could go on for ever, and each
/// read would find more of them.
const MAX_BARREN_BYTES: usize = 64 * 1024;

/// Bytes that are encrypted at once: 64 KiB, four records. One system call sends them.
const MAX_CLAIMED_BYTES: usize = 64 * 1024;

#[allow(clippy::struct_excessive_bools)] // Four independent facts, in as many bytes.
pub(super) struct Session {
    pub(super) tls: ServerConnection,
    pub(super) stage: Stage,
    /// What the client has sent until the session was made.
    pub(super) handshake: HandshakeRecords,
    /// Bytes of the caller that are encrypted and not sent. The caller learns that they are written when they are sent.
    pub(super) claimed: usize,
    /// Tickets wait for the first response.
    pub(super) holds_tickets: bool,
    /// The caller's next bytes are its last ones.
    pub(super) is_ending: bool,
    /// The `close_notify` is encrypted, and sent or about to be. rustls makes no alert behind it.
    pub(super) has_said_end: bool,
    /// The last receive has emptied the system's buffer.
    pub(super) is_drained: bool,
    /// Bytes that were received since the last ones that could be decrypted, so that rustls may hold them.
    pub(super) undecrypted: usize,
    /// We have ended the reading direction ourselves, so that its end is no surprise.
    pub(super) ended_reading: bool,
    /// Why the session failed.
    pub(super) fault: Option<Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was received.
    Silent,
    Handshake,
    Traffic,
    /// No `close_notify` may follow: it was sent, or something is missing that the client must not take for the end.
    Over,
}

impl Session {
    /// # Errors
    /// The configuration cannot be used.
    pub(super) fn new(config: &Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(Session {
            tls: ServerConnection::new(Arc::clone(config))?,
            stage: Stage::Silent,
            handshake: HandshakeRecords::default(),
            claimed: 0,
            holds_tickets: false,
            is_ending: false,
            has_said_end: false,
            is_drained: false,
            undecrypted: 0,
            ended_reading: false,
            fault: None,
        })
    }

    pub(super) fn has_plaintext(&mut self) -> bool {
        match self.tls.reader().into_first_chunk() {
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
            Ok(_) => true,
        }
    }

    /// Returns whether rustls has records of its own to send: tickets, an answer to an update of keys, an alert.
    pub(super) fn is_owed(&self) -> bool {
        self.tls.wants_write() && self.claimed == 0
    }

    /// Returns whether the client waits for our last message before it sends a request. It ends the handshake of TLS
    /// 1.2.
    pub(super) fn has_last_word(&self) -> bool {
        self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_2)
    }

    /// Hands the first bytes to rustls.
    pub(super) fn take_first(&mut self, mut first: &[u8], raw: &RawSocket) -> io::Result<()> {
        while !first.is_empty() {
            self.undecrypted += self.tls.read_tls(&mut first)?;
            self.process(raw)?;
        }
        Ok(())
    }

    /// Receives once, and decrypts. Returns the number of bytes received, which is 0 at the end.
    pub(super) fn receive(&mut self, raw: &RawSocket, flags: RecvFlags) -> io::Result<usize> {
        let handshake = (self.stage == Stage::Handshake).then_some(&mut self.handshake);
        let mut receiver = Receiver { raw, flags, handshake, was_short: false };
        let result = self.tls.read_tls(&mut receiver);
        self.is_drained = receiver.was_short;
        let count = match result {
            // Not the socket's: a message of the handshake is longer than rustls takes.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(self.fail(Error::General(error.to_string())));
            }
            result => result?,
        };
        self.undecrypted += count;
        self.process(raw)?;
        if self.stage == Stage::Traffic && self.undecrypted > MAX_BARREN_BYTES {
            return Err(self.fail(Error::General("too many records without content".into())));
        }
        Ok(count)
    }

    /// Sends the records behind the handshake, such as tickets. If the first request is here they wait for its
    /// response, which takes them along.
    pub(super) fn send_tickets(&mut self, raw: &RawSocket) -> io::Result<()> {
        if self.is_owed() && !self.has_plaintext() {
            match self.receive(raw, RecvFlags::DONTWAIT) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => drop(received?),
            }
        }
        self.holds_tickets = self.has_plaintext();
        if !self.holds_tickets {
            // An error comes back when the response is written.
            let _ = self.flush(raw);
        }
        Ok(())
    }

    /// Ends the session for this reason.
    pub(super) fn fail(&mut self, fault: Error) -> io::Error {
        self.stage = Stage::Over;
        self.fault = Some(fault.clone());
        io::Error::new(io::ErrorKind::InvalidData, fault)
    }

    /// Has rustls look at what was received.
    fn process(&mut self, raw: &RawSocket) -> io::Result<()> {
        // A panic of the user's code leaves the session in a state that nothing must be said about.
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        match self.decrypt() {
            Ok(told) => {
                self.stage = stage;
                if told.plaintext_bytes_to_read() > 0 {
                    self.undecrypted = 0;
                }
                Ok(())
            }
            Err(error) => {
                // The alert. A client that does not take it sees the end alone.
                let _ = self.flush(raw);
                let is_end = |alert| matches!(alert, AlertDescription::CloseNotify | AlertDescription::UserCanceled);
                match error {
                    Error::AlertReceived(alert) if stage == Stage::Handshake && is_end(alert) => {
                        Err(io::ErrorKind::UnexpectedEof.into())
                    }
                    error => Err(self.fail(error)),
                }
            }
        }
    }

    /// Has rustls decrypt what was received. A client may send on after our end.
    ///
    /// rustls answers a wrong record by an alert. After our `close_notify` none may follow, and with debug assertions
    /// rustls panics instead of returning the error.
    fn decrypt(&mut self) -> Result<IoState, Error> {
        if !self.has_said_end {
            return self.tls.process_new_packets();
        }
        let decrypted = catch_unwind(AssertUnwindSafe(|| self.tls.process_new_packets()));
        decrypted.unwrap_or_else(|_| Err(Error::General("a wrong record came after the server's end".into())))
    }

    /// Answers a client that has ended its handshake. Returns the error of such an end.
    pub(super) fn end_handshake(&mut self, raw: &RawSocket) -> io::Error {
        self.say_end();
        self.stage = Stage::Over;
        // A client that does not take it sees the end alone.
        let _ = self.flush(raw);
        io::ErrorKind::UnexpectedEof.into()
    }

    /// Encrypts a part of `bytes` and sends it. The end of the session goes out with the last bytes.
    pub(super) fn write(&mut self, bytes: &[u8], raw: &RawSocket) -> io::Result<usize> {
        if self.stage != Stage::Traffic {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.claimed = self.tls.writer().write(&bytes[..bytes.len().min(MAX_CLAIMED_BYTES)])?;
        if self.is_ending && self.claimed == bytes.len() {
            self.say_end();
        }
        Ok(self.send_claim(raw)?.unwrap_or(0))
    }

    pub(super) fn say_end(&mut self) {
        self.tls.send_close_notify();
        self.has_said_end = true;
    }

    /// Sends what waits. Returns the number of bytes that the caller may count as written, if any were claimed: all of
    /// them when everything is sent, and before that some for what is sent, so that a slow client is seen to take it.
    pub(super) fn send_claim(&mut self, raw: &RawSocket) -> io::Result<Option<usize>> {
        let mut sender = Sender { raw, sent: 0 };
        match sender.flush(&mut self.tls) {
            Ok(()) => Ok(Some(std::mem::take(&mut self.claimed)).filter(|claimed| *claimed > 0)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && sender.sent > 0 && self.claimed > 1 => {
                let part = sender.sent.min(self.claimed - 1);
                self.claimed -= part;
                Ok(Some(part))
            }
            Err(error) => Err(error),
        }
    }

    /// Sends the records that wait.
    pub(super) fn flush(&mut self, raw: &RawSocket) -> io::Result<()> {
        Sender { raw, sent: 0 }.flush(&mut self.tls)
    }
}

/// Receives for rustls.
struct Receiver<'s> {
    raw: &'s RawSocket,
    flags: RecvFlags,
    handshake: Option<&'s mut HandshakeRecords>,
    /// The receive has emptied the system's buffer.
    was_short: bool,
}

impl Read for Receiver<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let receive = |buffer: &mut [u8]| self.raw.receive(buffer, self.flags);
        // A receive that waits is not repeated as it was, or it would wait for all of its time again.
        let received = if self.flags.is_empty() { receive(buffer) } else { retried(|| receive(buffer)) };
        if let (Some(handshake), Ok(count)) = (&mut self.handshake, &received) {
            handshake.look_at(&buffer[..*count]);
        }
        self.was_short = match &received {
            Ok(count) => *count < buffer.len(),
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        };
        received
    }
}

/// Sends for rustls, and counts.
struct Sender<'s> {
    raw: &'s RawSocket,
    sent: usize,
}

impl Sender<'_> {
    /// Sends all records that wait.
    fn flush(&mut self, tls: &mut ServerConnection) -> io::Result<()> {
        while tls.wants_write() {
            self.sent += tls.write_tls(&mut RecordWriter(self.raw))?;
        }
        Ok(())
    }
}

/// Sends several records by one call.
struct RecordWriter<'s>(&'s RawSocket);

impl Write for RecordWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        retried(|| self.0.send(bytes))
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        retried(|| self.0.send_parts(parts))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
