//! The request's body, as it comes from the socket.

use std::time::Instant;
use std::{io, mem};

use super::ExchangeIo;
use crate::exchange::error::HTTPError;
use crate::proto::BODY_TOO_SLOW;
use crate::sys::Direction;

impl ExchangeIo {
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
}

/// The 408 for a body that comes too slowly (RFC 9110, section 15.5.9).
fn too_slow() -> io::Error {
    HTTPError::from(BODY_TOO_SLOW).into()
}
