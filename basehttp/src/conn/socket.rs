//! The bytes' way in and out: a TCP socket, or anything that reads and writes. Blocking, each call for a bounded time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use socket2::SockRef;

/// What a connection can be held over: whatever reads, writes and may move to another thread.
pub trait Stream: Read + Write + Send + 'static {}

impl<S: Read + Write + Send + 'static> Stream for S {}

/// A connection's own end of the line.
pub(crate) enum Socket {
    Tcp(TcpSocket),
    /// Memory, a pipe, standard input and output: no timeouts, no half-close.
    Other(Box<dyn Stream>),
    /// A handler has taken it.
    Taken,
}

/// A TCP socket that remembers the read timeout it has, so that an unchanged one costs no system call.
pub(crate) struct TcpSocket {
    stream: TcpStream,
    read_wait: Option<Duration>,
}

impl Socket {
    /// A socket whose every write may stall for `write_stall` at most.
    pub fn tcp(stream: TcpStream, write_stall: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(write_stall))?;
        Ok(Socket::Tcp(TcpSocket { stream, read_wait: None }))
    }

    /// Reads what there is, waiting for the first byte for at most `wait`: then [`io::ErrorKind::TimedOut`].
    pub fn read(&mut self, buffer: &mut [u8], wait: Duration) -> io::Result<usize> {
        if let Socket::Tcp(socket) = self {
            socket.wait_at_most(wait)?;
        }
        self.read_as_set(buffer)
    }

    /// Reads what there is, waiting for as long as was last set.
    pub fn read_as_set(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match self {
                Socket::Tcp(socket) => socket.stream.read(buffer),
                Socket::Other(stream) => stream.read(buffer),
                Socket::Taken => return Err(taken()),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map_err(as_timeout),
            }
        }
    }

    /// Writes all of it.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Socket::Tcp(socket) => socket.stream.write_all(bytes),
            Socket::Other(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Socket::Taken => Err(taken()),
        }
        .map_err(as_timeout)
    }

    /// Sends `length` bytes of `file` from `offset` on; by sendfile(2) where the system has it.
    ///
    /// A file that has become shorter is [`io::ErrorKind::UnexpectedEof`].
    pub fn write_file(&mut self, file: &mut File, offset: u64, length: u64) -> io::Result<()> {
        file.seek(SeekFrom::Start(offset))?;
        let mut part = file.take(length);
        let sent = match self {
            Socket::Tcp(socket) => io::copy(&mut part, &mut socket.stream),
            Socket::Other(stream) => io::copy(&mut part, stream),
            Socket::Taken => Err(taken()),
        };
        if sent.map_err(as_timeout)? < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Tells the client that nothing more comes, while it may still send.
    pub fn finish_writing(&mut self) -> io::Result<()> {
        match self {
            Socket::Tcp(socket) => socket.stream.shutdown(Shutdown::Write),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Makes the coming close a reset: the client must not take what it has for a whole reply.
    pub fn reset_on_close(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(socket) => SockRef::from(&socket.stream).set_linger(Some(Duration::ZERO)),
            Socket::Other(_) | Socket::Taken => Ok(()),
        }
    }

    /// Sets how long a read may wait, for a handler that has taken the socket.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Socket::Tcp(socket) => socket.stream.set_read_timeout(timeout),
            Socket::Other(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "this stream has no read timeout")),
            Socket::Taken => Err(taken()),
        }
    }
}

impl TcpSocket {
    fn wait_at_most(&mut self, wait: Duration) -> io::Result<()> {
        if self.read_wait != Some(wait) {
            // The system takes a zero for "for ever".
            self.stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
            self.read_wait = Some(wait);
        }
        Ok(())
    }
}

/// A socket option's timeout comes out as `WouldBlock` on Unix.
fn as_timeout(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection was hijacked")
}
