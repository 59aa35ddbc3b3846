//! A connection that a handler has taken for itself: the raw stream, from the first byte the server has not used. The
//! server only counts it from then on, until the handler has returned and the stream is dropped.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::handle::Loop;
use super::reply::misuse;
use super::settings::bounded;
use super::socket::Socket;

/// The raw connection, after [`Exchange::hijack`](crate::Exchange::hijack): a protocol of your own from here on.
///
/// Reads yield first what the server had read already. Reads and writes block; a read for as long as
/// [`set_read_timeout`](Self::set_read_timeout) says (for ever at first), a write for at most the server's write stall
/// timeout without progress. Dropping it closes the connection.
///
/// It may be kept when the handler has returned, on a thread of its own for instance. It counts towards `max_connections`
/// until it is dropped; a server that ends does not wait for it, and leaves it open.
///
/// To switch protocols with 101 needs HTTP/1.1 on both sides: `protocol_version = "HTTP/1.1"` here, and a client of
/// HTTP/1.0 gets a 500 instead (RFC 9110, section 15.2).
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
    /// Counts it off when it is dropped, behind the socket.
    _counted: Counted,
}

impl Hijacked {
    pub(crate) fn new(socket: Socket, ahead: Vec<u8>, write_stall_timeout: Duration, counted: Counted) -> Self {
        Hijacked { socket, ahead, start: 0, read_timeout: None, write_stall_timeout, _counted: counted }
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

/// How the server counts a connection that was taken: as any other until the handler returns, then as a hijacked one. One
/// half ends with the handler, the other with the connection, in either order.
pub(crate) struct Counted(Arc<Count>);

/// The handler's half.
pub(crate) struct Handling(Arc<Count>);

struct Count {
    /// A server that is gone counts no more, and is not kept by its connections.
    server: Option<Weak<dyn Loop>>,
    has_one_ended: AtomicBool,
}

impl Counted {
    /// For a socket that is taken now; `server` watches it no more.
    pub fn new(socket: &Socket, server: Option<&Arc<dyn Loop>>) -> (Self, Handling) {
        if let (Some(server), Some(descriptor)) = (server, socket.descriptor()) {
            server.forget(descriptor);
        }
        let count = Arc::new(Count { server: server.map(Arc::downgrade), has_one_ended: AtomicBool::new(false) });
        (Counted(Arc::clone(&count)), Handling(count))
    }
}

impl Count {
    fn server(&self) -> Option<Arc<dyn Loop>> {
        self.server.as_ref().and_then(Weak::upgrade)
    }

    /// True for the second half.
    fn end(&self) -> bool {
        self.has_one_ended.swap(true, Ordering::SeqCst)
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let Some(server) = self.0.server() else { return };
        // First, so that it is counted when the other half finds out that it is the last.
        server.count_hijacked();
        if self.0.end() {
            server.count_off_hijacked();
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.end()
            && let Some(server) = self.0.server()
        {
            server.count_off_hijacked();
        }
    }
}
