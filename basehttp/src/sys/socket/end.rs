//! The methods of a socket that end it, in one direction or both. None of them waits.

use std::io;
use std::net::Shutdown;

use super::Socket;

impl Socket {
    /// Says that the next bytes to be written are the last ones. TLS then sends with them the message that says so.
    pub(crate) fn end_with_next_write(&self) {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.end_with_next_write(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => {}
        }
    }

    /// Tells the client that the bytes so far are all, before the socket is closed. TLS alone has a message for that.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the client takes nothing now: try again.
    #[cfg_attr(not(feature = "tls"), allow(clippy::unnecessary_wraps))]
    pub(crate) fn end_session(&self) -> io::Result<()> {
        match self {
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.end_session(),
            Socket::Raw(_) | Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Tells the client that no more bytes come. It may still send.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the client takes nothing now: try again.
    pub(crate) fn finish_writing(&self) -> io::Result<()> {
        self.end_session()?;
        self.shutdown(Shutdown::Write)
    }

    /// Ends one direction or both. Other streams have no such end.
    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Socket::Raw(socket) => socket.shutdown(how),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.shutdown(how),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Makes the coming close a reset, so that the client does not take its part of a response for the whole. A Unix
    /// socket has no resets, so that only the framing of the response tells.
    pub(crate) fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Socket::Raw(socket) => socket.reset_on_close(),
            #[cfg(feature = "tls")]
            Socket::Tls(socket) => socket.reset_on_close(),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }
}
