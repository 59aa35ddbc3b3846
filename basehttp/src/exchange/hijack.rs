//! A connection that a handler has taken over: the raw stream, from the first byte that the server has not used. From
//! then on the server only counts it, until the stream is dropped.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use super::reply::misuse;
use crate::sys::{Address, Permit, Socket, bounded};

/// The raw connection after [`Exchange::hijack`](crate::Exchange::hijack), for a protocol of your own.
///
/// Reads return the bytes first that the server has read already. Reads and writes block. A read waits for ever, unless
/// [`set_read_timeout`](Self::set_read_timeout) sets a time. A write waits for at most the server's write stall timeout
/// without progress, or the time of [`set_write_timeout`](Self::set_write_timeout). Dropping the value closes the
/// connection. [`into_split`](Self::into_split) makes two halves for two threads.
///
/// You may keep it after the handler has returned, for example on a thread of its own. It counts towards
/// `max_connections` until it is dropped. A server that ends does not wait for it, and leaves it open.
///
/// Switching protocols with 101 needs HTTP/1.1 on both sides. The handler needs `protocol_version = "HTTP/1.1"`, and an
/// HTTP/1.0 client gets a 500 instead (RFC 9110, section 15.2).
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
    // Dropped first, so that dropping the writer closes the socket at once.
    reader: ReadHalf,
    writer: WriteHalf,
}

/// The half of a [`Hijacked`] connection that reads. The connection is closed when both halves are dropped.
pub struct ReadHalf {
    shared: Arc<HijackedSocket>,
    /// Bytes that the server had read. Those before `start` were returned already.
    ahead: Vec<u8>,
    start: usize,
    timeout: Option<Duration>,
    /// Time for a message that says the end.
    stall_timeout: Duration,
}

/// The half of a [`Hijacked`] connection that writes. If it is dropped before the other half, the client reads to an
/// end and may still send.
pub struct WriteHalf {
    shared: Arc<HijackedSocket>,
    stall_timeout: Duration,
}

/// The socket that the halves share.
struct HijackedSocket {
    socket: Socket,
    peer: Address,
    /// A descriptor that is always ready, for a stream that is not a socket.
    stand_in: Option<UnixStream>,
    /// Stops counting the connection when it is dropped, after the socket. `None` if no server counts connections.
    _permit: Option<Permit>,
}

impl Hijacked {
    pub(crate) fn new(
        socket: Socket,
        peer: &Address,
        ahead: Vec<u8>,
        stall_timeout: Duration,
        permit: Option<Permit>,
    ) -> io::Result<Self> {
        // The other end is closed at once. Reads find the end and writes an error, so a poller calls it always ready.
        let stand_in = if socket.descriptor().is_some() { None } else { Some(UnixStream::pair()?.0) };
        let shared = Arc::new(HijackedSocket { socket, peer: peer.clone(), stand_in, _permit: permit });
        let mut reader = ReadHalf { shared: Arc::clone(&shared), ahead, start: 0, timeout: None, stall_timeout };
        reader.take_buffered();
        Ok(Hijacked { reader, writer: WriteHalf { shared, stall_timeout } })
    }

    /// Splits the connection into two halves, so that one thread can read while another writes. Timeouts stay as they
    /// are.
    ///
    /// A stream that is not a socket has one lock for both halves, so that a read that waits holds up the writes.
    ///
    /// ```
    /// use std::net::{Shutdown, TcpStream};
    /// use std::{io, thread};
    ///
    /// use basehttp::{Exchange, HTTPError, http_handler};
    ///
    /// /// Tunnels to the ports of this machine.
    /// struct Proxy;
    ///
    /// #[http_handler(protocol_version = "HTTP/1.1", pace = "pool")]
    /// impl Proxy {
    ///     fn do_CONNECT(&self, ex: &mut Exchange) -> basehttp::Result {
    ///         let port = ex.path.strip_prefix("localhost:").ok_or(HTTPError::from(403))?;
    ///         let far = TcpStream::connect(("127.0.0.1", port.parse()?)).map_err(|_| HTTPError::from(502))?;
    ///         ex.send_response(200).end_headers()?;
    ///         let (mut from_client, mut to_client) = ex.hijack()?.into_split();
    ///         let (mut from_far, mut to_far) = (far.try_clone()?, far);
    ///         let there = thread::spawn(move || {
    ///             io::copy(&mut from_client, &mut to_far)?;
    ///             to_far.shutdown(Shutdown::Write)
    ///         });
    ///         io::copy(&mut from_far, &mut to_client)?;
    ///         to_client.shutdown(Shutdown::Write)?;
    ///         there.join().expect("it does not panic")?;
    ///         Ok(())
    ///     }
    /// }
    /// # let reply = basehttp::testing::respond(&Proxy, b"CONNECT elsewhere:1 HTTP/1.1\r\nHost: elsewhere:1\r\n\r\n");
    /// # assert!(reply.starts_with(b"HTTP/1.1 403 "));
    /// ```
    pub fn into_split(self) -> (ReadHalf, WriteHalf) {
        (self.reader, self.writer)
    }

    /// Sets the time that a read may wait for its first byte. `None`, the default, waits for ever.
    ///
    /// It has no effect on a stream that is not a socket, where a read waits as long as the stream does.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the time is zero.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.reader.set_read_timeout(timeout)
    }

    /// Sets the time that a write may wait without progress. The default is the server's `write_stall_timeout`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the time is zero.
    pub fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.writer.set_write_timeout(timeout)
    }

    /// Returns the bytes that were read from the socket and not returned yet. A poller does not report them.
    pub fn buffer(&self) -> &[u8] {
        self.reader.buffer()
    }

    /// Returns the address at the other end of the connection.
    pub fn peer_address(&self) -> &Address {
        &self.reader.shared.peer
    }

    /// Ends one direction or both. A stream that is not a socket stays as it is.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.reader.shutdown(how)
    }
}

impl ReadHalf {
    /// Sets the time that a read may wait for its first byte. `None`, the default, waits for ever.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the time is zero.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(misuse("a read timeout of zero: `None` waits for ever"));
        }
        self.timeout = timeout.map(bounded);
        Ok(())
    }

    /// Returns the bytes that were read from the socket and not returned yet. A poller does not report them.
    pub fn buffer(&self) -> &[u8] {
        &self.ahead[self.start..]
    }

    /// Returns the address at the other end of the connection.
    pub fn peer_address(&self) -> &Address {
        &self.shared.peer
    }

    /// Ends one direction or both. A read or write that waits in another thread ends, too.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shared.socket.shutdown_waiting(how, self.stall_timeout)
    }

    /// Takes the bytes that the socket holds already, so that a poller need not tell of them.
    fn take_buffered(&mut self) {
        /// The contents of one record of TLS.
        const RECORD_BYTES: usize = 16 * 1024;
        while self.shared.socket.has_buffered() {
            let length = self.ahead.len();
            self.ahead.resize(length + RECORD_BYTES, 0);
            // The next read finds the end, or an error, once more.
            let count = self.shared.socket.read_now(&mut self.ahead[length..]).unwrap_or(0);
            self.ahead.truncate(length + count);
            if count == 0 {
                return;
            }
        }
    }
}

impl WriteHalf {
    /// Sets the time that a write may wait without progress. The default is the server's `write_stall_timeout`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the time is zero.
    pub fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        if timeout.is_zero() {
            return Err(misuse("a write timeout of zero: nothing could be written"));
        }
        self.stall_timeout = bounded(timeout);
        Ok(())
    }

    /// Returns the address at the other end of the connection.
    pub fn peer_address(&self) -> &Address {
        &self.shared.peer
    }

    /// Ends one direction or both. A read or write that waits in another thread ends, too.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shared.socket.shutdown_waiting(how, self.stall_timeout)
    }
}

impl Drop for WriteHalf {
    fn drop(&mut self) {
        if Arc::strong_count(&self.shared) > 1 {
            // An error means that the client is gone, and then it need not be told.
            let _ = self.shutdown(Shutdown::Write);
        }
    }
}

impl Read for Hijacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Read for ReadHalf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = &self.ahead[self.start..];
        if ahead.is_empty() {
            let read = self.shared.socket.read_waiting(buffer, self.timeout);
            if self.shared.socket.has_buffered() {
                (self.start, self.ahead) = (0, Vec::new());
                self.take_buffered();
            }
            return read;
        }
        let count = ahead.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ahead[..count]);
        self.start += count;
        Ok(count)
    }
}

impl Write for Hijacked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for WriteHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.shared.socket.write_all_waiting(bytes, self.stall_timeout)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// For a poller. Look at [`buffer`](Hijacked::buffer) before you wait. The socket is non-blocking, and the reads and
/// writes of this type wait by themselves. For a stream that is not a socket, the descriptor is always ready.
impl AsFd for Hijacked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.shared.as_fd()
    }
}

/// For a poller, with the rules of [`Hijacked`]'s `as_fd`.
impl AsFd for ReadHalf {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.as_fd()
    }
}

/// For a poller, with the rules of [`Hijacked`]'s `as_fd`.
impl AsFd for WriteHalf {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.as_fd()
    }
}

impl HijackedSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let stand_in = || self.stand_in.as_ref().map(UnixStream::as_fd);
        self.socket.descriptor().or_else(stand_in).expect("a stream that is not a socket has a stand-in")
    }
}

impl fmt::Debug for Hijacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hijacked").field("peer", &self.reader.shared.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for ReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").field("peer", &self.shared.peer).finish_non_exhaustive()
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").field("peer", &self.shared.peer).finish_non_exhaustive()
    }
}
