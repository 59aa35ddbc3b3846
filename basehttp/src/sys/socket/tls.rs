//! A socket that ends TLS by rustls: the handshake, records in both directions, and the end of the session.
//!
//! rustls has no socket. It takes bytes that we have received and gives bytes that we send. So a read may leave
//! decrypted bytes behind that no poller reports, and a write may leave records behind that the client has not taken.
//!
//! ```text
//!   Handshake --> Traffic ----------------------> Over        a fault, a reset, or our close_notify
//!       |
//!       +--> plain text, not TLS: the socket is taken out again, so that the client can be told
//! ```
//!
//! Methods that run for each request are marked cold. Otherwise the compiler puts them into the paths of connections
//! without TLS, which then cost 200 instructions more for each request.
//!
//! The handshake runs code of the user's: certificate resolvers and verifiers. So it has a method of its own, which the
//! caller guards. No other method runs such code.

use std::io::{self, Read};
use std::mem;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::net::RecvFlags;
use rustls::pki_types::CertificateDer;
use rustls::{Error, ServerConfig};

use super::super::lock::lock;
use super::Direction;
use super::raw::{RawSocket, retried};
use super::session::{Session, Stage};
use super::tls_info::TlsInfo;

/// Size of the first read: 4 KiB. Nearly every first message of a client fits.
const FIRST_READ_BYTES: usize = 4096;

/// The first byte of a TLS handshake (RFC 8446, section 5.1).
const HANDSHAKE_RECORD: u8 = 22;

/// The first byte of an alert.
const ALERT_RECORD: u8 = 21;

/// A socket of the system with a TLS session on it. The lock lets two halves share it; it is never held while one
/// waits, except in a read after `set_blocking_reads`, when the connection has one thread.
pub(crate) struct TlsSocket {
    /// `None` when it was taken out.
    raw: Option<RawSocket>,
    session: Mutex<Session>,
}

/// State of a handshake after a step.
pub(crate) enum Handshake {
    Complete,
    /// The next step needs this direction of the socket.
    Waits(Direction),
    /// The client does not speak TLS. These are its first bytes.
    PlainText(Vec<u8>),
}

/// State of our end of a session.
pub(crate) enum OwnEnd {
    /// It is not encrypted, or there is no session.
    Open,
    /// The `close_notify` is encrypted, and nothing more can be. The client has not taken all of it.
    Queued,
    Sent,
}

impl TlsSocket {
    /// # Errors
    /// The configuration cannot be used.
    pub(super) fn new(raw: RawSocket, config: &Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(TlsSocket { raw: Some(raw), session: Mutex::new(Session::new(config)?) })
    }

    /// Returns the socket below.
    pub(super) fn raw(&self) -> &RawSocket {
        self.raw.as_ref().expect("it is there until it is taken out")
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        lock(&self.session)
    }

    /// Takes the socket out, to speak to a client that does not know TLS.
    pub(super) fn into_raw(mut self) -> RawSocket {
        self.raw.take().expect("it is there until it is taken out")
    }

    // The handshake.

    pub(super) fn is_handshaking(&self) -> bool {
        matches!(self.session().stage, Stage::Silent | Stage::Handshake)
    }

    /// Goes on with the handshake as far as it goes without waiting. It runs code of the user's, which may block or
    /// panic. After a panic the session is over.
    ///
    /// # Errors
    /// The handshake has failed, and the client was told why if it could be. [`fault`](Self::take_fault) knows more.
    #[cold]
    #[inline(never)]
    pub(super) fn shake_hands(&self) -> io::Result<Handshake> {
        let (session, raw) = (&mut *self.session(), self.raw());
        if session.stage == Stage::Silent {
            let mut first = [0; FIRST_READ_BYTES];
            let count = match retried(|| raw.receive(&mut first, RecvFlags::DONTWAIT)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Handshake::Waits(Direction::Read));
                }
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                received => received?,
            };
            let first = &first[..count];
            // A request line begins with a letter, or there are empty lines before it. Everything else gets an alert.
            if first[0] != HANDSHAKE_RECORD && (first[0].is_ascii_alphabetic() || matches!(first[0], b'\r' | b'\n')) {
                session.stage = Stage::Over;
                return Ok(Handshake::PlainText(first.to_vec()));
            }
            session.stage = Stage::Handshake;
            session.take_first(first, raw)?;
            // rustls passes over warnings, such as `user_canceled`. Without a hello before one, no handshake follows.
            if first[0] == ALERT_RECORD {
                return Err(session.fail(Error::General("the client has sent an alert before its hello".into())));
            }
            session.handshake.look_at(first);
        }
        loop {
            let is_made = !session.tls.is_handshaking();
            if !is_made && session.handshake.has_ended() {
                return Err(session.end_handshake(raw));
            }
            // A client that takes nothing is not read, so that what waits for it stays small. Once the session of TLS
            // 1.3 is made, only tickets are left.
            if !is_made || session.has_last_word() {
                match session.flush(raw) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return Ok(Handshake::Waits(Direction::Write));
                    }
                    flushed => flushed?,
                }
            }
            if is_made {
                session.stage = Stage::Traffic;
                session.undecrypted = 0;
                session.send_tickets(raw)?;
                return Ok(Handshake::Complete);
            }
            match session.receive(raw, RecvFlags::DONTWAIT) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Handshake::Waits(Direction::Read));
                }
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                received => received.map(drop)?,
            }
        }
    }

    // The questions.

    /// Returns whether a read returns bytes, or the end, whatever the system's socket says.
    #[cold]
    #[inline(never)]
    pub(super) fn has_buffered(&self) -> bool {
        let session = &mut *self.session();
        match session.stage {
            Stage::Silent | Stage::Handshake => false,
            Stage::Traffic | Stage::Over => session.has_plaintext(),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn wants(&self, direction: Direction) -> PollFlags {
        let session = self.session();
        match direction {
            Direction::Write => PollFlags::OUT,
            Direction::Read if session.is_owed() && session.stage == Stage::Handshake => PollFlags::OUT,
            // An answer of rustls', such as to an update of keys. The reader sends it on its way.
            Direction::Read if session.is_owed() => PollFlags::IN | PollFlags::OUT,
            Direction::Read => PollFlags::IN,
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn is_drained(&self) -> bool {
        let session = &mut *self.session();
        session.is_drained && !session.has_plaintext()
    }

    /// Returns the bytes that the session holds of the client's, not decrypted.
    #[cold]
    #[inline(never)]
    pub(super) fn held_input(&self) -> usize {
        self.session().undecrypted
    }

    /// Returns the bytes that the session holds for the client.
    #[cold]
    #[inline(never)]
    pub(super) fn held_output(&self) -> usize {
        self.session().claimed
    }

    // Bytes.

    /// Reads decrypted bytes. The end without the client's `close_notify` is an
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    #[cold]
    #[inline(never)]
    pub(super) fn read(&self, buffer: &mut [u8], mut flags: RecvFlags) -> io::Result<usize> {
        let (session, raw) = (&mut *self.session(), self.raw());
        loop {
            match session.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && session.ended_reading => return Ok(0),
                read => return read,
            }
            if let Some(fault) = &session.fault {
                return Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone()));
            }
            if session.is_owed() {
                // An error comes back when the response is written.
                let _ = session.flush(raw);
            }
            session.receive(raw, flags)?;
            // A part of a record must not prolong the wait.
            flags = RecvFlags::DONTWAIT;
        }
    }

    /// Encrypts a part of `bytes` and sends it. After `WouldBlock` the next call must be with the same bytes: they are
    /// encrypted already, and are reported as written when they are sent.
    #[cold]
    #[inline(never)]
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let (session, raw) = (&mut *self.session(), self.raw());
        if !mem::take(&mut session.holds_tickets)
            && let Some(count) = session.send_claim(raw)?
        {
            return Ok(count.min(bytes.len()));
        }
        session.write(bytes, raw)
    }

    /// Sends the part that an earlier call has encrypted, if there is one. Returns the bytes of it that count as
    /// written.
    #[cold]
    #[inline(never)]
    pub(super) fn finish_claim(&self) -> io::Result<Option<usize>> {
        self.session().send_claim(self.raw())
    }

    /// Forgets about the part that is encrypted. It is sent before the next one.
    pub(super) fn give_up_write(&self) {
        self.session().claimed = 0;
    }

    // The end.

    /// Says that the next bytes are the last ones, so that the `close_notify` goes out with them.
    #[cold]
    #[inline(never)]
    pub(super) fn end_with_next_write(&self) {
        self.session().is_ending = true;
    }

    /// Tells the client that nothing is missing, by a `close_notify` (RFC 8446, section 6.1). Does nothing if something
    /// is.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the client takes nothing now.
    #[cold]
    #[inline(never)]
    pub(super) fn end_session(&self) -> io::Result<()> {
        let (session, raw) = (&mut *self.session(), self.raw());
        match session.stage {
            Stage::Traffic if session.claimed == 0 => {
                session.say_end();
                session.flush(raw)?;
                session.stage = Stage::Over;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Ends one direction of the socket or both, without a word.
    #[cold]
    #[inline(never)]
    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Write {
            self.session().ended_reading = true;
        }
        self.raw().shutdown(how)
    }

    /// Makes the coming close a reset, without a `close_notify`, so that the client sees that something is missing.
    #[cold]
    #[inline(never)]
    pub(super) fn reset_on_close(&self) -> io::Result<()> {
        self.session().stage = Stage::Over;
        self.raw().reset_on_close()
    }

    pub(super) fn own_end(&self) -> OwnEnd {
        let session = self.session();
        match session.has_said_end {
            false => OwnEnd::Open,
            true if session.tls.wants_write() => OwnEnd::Queued,
            true => OwnEnd::Sent,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.session().fault.is_some()
    }

    /// Takes the reason why the session failed, if it did.
    pub(super) fn take_fault(&self) -> Option<String> {
        let fault = self.session().fault.take()?;
        // These words are complete, most of them are ours, and rustls would call each an unexpected error.
        Some(if let Error::General(reason) = fault { reason } else { fault.to_string() })
    }

    // The rest.

    pub(super) fn info(&self) -> TlsInfo {
        TlsInfo::of(&self.session().tls)
    }

    pub(super) fn peer_certificates(&self) -> Vec<CertificateDer<'static>> {
        self.session().tls.peer_certificates().unwrap_or_default().to_vec()
    }

    pub(super) fn set_blocking_reads(&self, wait: Option<Duration>) -> io::Result<()> {
        self.raw().set_blocking_reads(wait)
    }
}

impl AsFd for TlsSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.raw().as_fd()
    }
}

impl Drop for TlsSocket {
    fn drop(&mut self) {
        // The client may take nothing now. Then it is not told, since a drop must not wait.
        if self.raw.is_some() {
            let _ = self.end_session();
        }
    }
}
