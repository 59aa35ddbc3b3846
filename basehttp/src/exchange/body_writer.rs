//! `wfile`, the response's body as a stream. `reply` decides how the bytes are framed.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use super::exchange_io::ExchangeIo;

/// The body of the response, to be written after `end_headers`. Implements [`Write`].
///
/// `write!(ex.wfile, …)`, `ex.wfile.write_all(…)` and `ex.wfile.flush()` need no `use std::io::Write`.
///
/// Up to 64 KiB are buffered. A body that ends within them gets a `Content-Length`. A longer body without
/// `Content-Length`, or one that was flushed, is sent in chunks to HTTP/1.1 clients, and ends with the connection for
/// HTTP/1.0 clients.
///
/// A body in response to HEAD, or with a status that has no body, is not sent. Such a response is complete once its
/// head is sent, after a flush or after more bytes than the buffer holds. Writes then fail with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe), so that a handler that writes without end stops. The request counts as
/// successful if the handler returns that error with `?`.
///
/// Writing past the buffer may block, for at most the server's write stall timeout (30 s by default) without progress.
///
/// # Errors
/// `end_headers` was not called, the body is longer than its `Content-Length`, the client went away
/// ([`Exchange::is_client_gone`](crate::Exchange::is_client_gone)), or the response is complete without a body.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Ticks;
/// # #[http_handler(protocol_version = "HTTP/1.1")] impl Ticks {
/// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///     ex.send_response(200).send_header("Content-Type", "text/event-stream").end_headers()?;
///     for tick in 0..3 {
///         write!(ex.wfile, "data: {tick}\n\n")?;
///         ex.wfile.flush()?;
///     }
///     Ok(())
/// }
/// # }
/// # let reply = basehttp::testing::respond(&Ticks, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
/// # assert!(reply.ends_with(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"));
/// ```
pub struct BodyWriter<'c> {
    io: &'c RefCell<ExchangeIo>,
    /// Keeps the writers of two exchanges from being swapped, because their lifetimes differ.
    invariant: PhantomData<Cell<&'c ()>>,
}

impl<'c> BodyWriter<'c> {
    pub(crate) fn new(io: &'c RefCell<ExchangeIo>) -> Self {
        BodyWriter { io, invariant: PhantomData }
    }
}

/// The methods of [`Write`] that handlers call most, so that they need no import.
impl BodyWriter<'_> {
    /// Writes formatted text. `write!` and `writeln!` call it.
    ///
    /// # Errors
    /// Those of [`BodyWriter`], and an error if a value fails to format itself.
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        Write::write_fmt(self, text)
    }

    /// Writes all bytes.
    ///
    /// # Errors
    /// Those of [`BodyWriter`].
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.io.borrow_mut().write(bytes)
    }

    /// Sends the buffered bytes at once. Without bytes to send, it checks whether the client is still there, at most
    /// ten times a second.
    ///
    /// # Errors
    /// Those of [`BodyWriter`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.io.borrow_mut().flush()
    }
}

impl fmt::Debug for BodyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter").finish_non_exhaustive()
    }
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.io.borrow_mut().write(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        BodyWriter::write_all(self, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        BodyWriter::flush(self)
    }
}
