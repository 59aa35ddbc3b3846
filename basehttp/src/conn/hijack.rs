//! A connection that a handler has taken for itself: the raw stream, from the first byte the server has not used.

use std::io::{self, Read, Write};
use std::time::Duration;

use super::reply::misuse;
use super::settings::bounded;
use super::socket::Socket;

/// The raw connection, after [`Exchange::hijack`](crate::Exchange::hijack): a protocol of your own from here on.
///
/// Reads yield first what the server had read already. Reads and writes block; a read for as long as
/// [`set_read_timeout`](Self::set_read_timeout) says (for ever at first), a write for at most the server's write stall
/// timeout without progress. Dropping it closes the connection.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::io::{Read, Write};
/// # struct Shout;
/// # #[http_handler(protocol_version = "HTTP/1.1")] impl Shout {
/// fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
///     ex.send_response(101).send_header("Upgrade", "shout").send_header("Connection", "Upgrade").end_headers()?;
///     let mut line = ex.hijack()?;
///     let mut heard = [0; 2];
///     line.read_exact(&mut heard)?;
///     line.write_all(&heard.to_ascii_uppercase())?;
///     Ok(())
/// }
/// # }
/// # let request = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\nhi";
/// # assert!(basehttp::testing::respond(&Shout, request).ends_with(b"\r\n\r\nHI"));
/// ```
pub struct Hijacked {
    socket: Socket,
    /// Read before, from `start` on not yet given out.
    ahead: Vec<u8>,
    start: usize,
    read_timeout: Option<Duration>,
    write_stall_timeout: Duration,
}

impl Hijacked {
    pub(crate) fn new(socket: Socket, ahead: Vec<u8>, write_stall_timeout: Duration) -> Self {
        Hijacked { socket, ahead, start: 0, read_timeout: None, write_stall_timeout }
    }

    /// Sets how long a read may wait for its first byte; `None`, the default, is for ever.
    ///
    /// A stream that is no socket has none: there a read waits as long as the stream does.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a zero.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(misuse("a read timeout of zero: `None` waits for ever"));
        }
        self.read_timeout = timeout.map(bounded);
        Ok(())
    }
}

impl Read for Hijacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = &self.ahead[self.start..];
        if ahead.is_empty() {
            return self.socket.read_waiting(buffer, self.read_timeout);
        }
        let count = ahead.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ahead[..count]);
        self.start += count;
        Ok(count)
    }
}

impl Write for Hijacked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write_all_waiting(bytes, self.write_stall_timeout)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
