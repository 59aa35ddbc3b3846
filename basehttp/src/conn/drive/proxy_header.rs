//! The PROXY header, before the first request and before a TLS handshake. It has the time of the first head.
//!
//! Only trusted proxies may connect, and each begins with a header. Anything else is closed without an answer: whether
//! bytes are a header or a request must not depend on the bytes, or a client could write the header itself.

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Drive;
use crate::conn::connection::{Failure, State, Wait};
use crate::exchange::ExchangeIo;
use crate::proto::{ProxySource, proxy_header};
use crate::sys::{Address, CountedError, Direction};

impl Drive<'_> {
    /// Goes on with the header.
    pub(super) fn read_proxy_header(&mut self) -> ControlFlow<Wait> {
        if !self.context.settings.is_trusted_proxy(&self.conn.peer) {
            return self.turn_away(format_args!("only trusted proxies may connect to this port"));
        }
        if !self.conn.may_read {
            return ControlFlow::Break(Wait::For(Direction::Read));
        }
        // The bytes behind the header may be TLS, so they stay in the socket.
        let before = self.buffers.input.len();
        let ExchangeIo { socket, .. } = self.buffers.io.get_mut();
        let seen = match socket.peek(self.buffers.input.room()) {
            Ok(seen) if seen > 0 => seen,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.conn.may_read = false;
                return ControlFlow::Break(Wait::For(Direction::Read));
            }
            // A look at whether the port is open is no fault.
            _ if before == 0 => return self.close(),
            _ => {
                self.note(CountedError::ClientGone);
                return self.fail(Failure::of_connection("refused: the connection ended in its PROXY header"));
            }
        };
        self.buffers.input.fill(seen);
        let (used, client) = match proxy_header(self.buffers.input.unread()) {
            Ok(None) => (seen, None),
            Ok(Some(header)) => {
                self.conn.was_over_tls = header.was_over_tls;
                (header.len - before, Some(address(header.source)))
            }
            Err(reason) => return self.turn_away(format_args!("{reason}")),
        };
        if self.take_from_socket(used).is_err() {
            return self.close();
        }
        match client {
            None => {
                self.conn.may_read = self.conn.may_have_ended;
                ControlFlow::Continue(())
            }
            Some(client) => {
                self.buffers.input.consume_all();
                self.conn.client = client.map(Box::new);
                self.conn.is_from_proxy = self.context.settings.is_trusted_proxy(self.conn.client());
                if let Some(permit) = &mut self.buffers.io.get_mut().permit
                    && !self.conn.is_from_proxy
                    && !permit.count_for(self.conn.client())
                {
                    self.note(CountedError::ResourceLimit);
                    return self.close();
                }
                self.conn.state = State::Verifying;
                ControlFlow::Continue(())
            }
        }
    }

    /// Takes bytes that were seen out of the socket.
    fn take_from_socket(&mut self, mut count: usize) -> io::Result<()> {
        let ExchangeIo { socket, counts, .. } = self.buffers.io.get_mut();
        counts.bytes_received += count as u64;
        while count > 0 {
            let room = self.buffers.input.room();
            let part = count.min(room.len());
            count -= socket.take_peeked(&mut room[..part])?;
        }
        Ok(())
    }

    /// Closes a connection that is not served, with a line in the log.
    fn turn_away(&mut self, reason: fmt::Arguments<'_>) -> ControlFlow<Wait> {
        self.note(CountedError::BadHead);
        self.fail(Failure::of_connection(format!("refused: {reason}")))
    }
}

/// Returns the client's address, or `None` if it is the peer's.
fn address(source: ProxySource<'_>) -> Option<Address> {
    match source {
        ProxySource::Peer => None,
        ProxySource::Ip(address) => Some(address.into()),
        ProxySource::Unix(b"") => Some(Address::Unix(None)),
        ProxySource::Unix(path) => Some(Address::Unix(Some(Path::new(std::ffi::OsStr::from_bytes(path)).to_owned()))),
    }
}
