//! `wfile`: the reply's body as a stream. What becomes of the bytes is the `reply`'s to say.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use super::exchange_io::ExchangeIo;

/// The body of the reply: [`Write`], after `end_headers`.
///
/// Up to 64 KiB are buffered, and if the body ends within them it gets a `Content-Length`. Beyond that (or after
/// [`flush`](Write::flush), which puts what there is on the wire at once) a body without `Content-Length` is sent in
/// chunks to HTTP/1.1 clients and ended by closing for HTTP/1.0. What is written in reply to HEAD, or with a status
/// that has no body, is not sent. Such a reply is whole once its head is on the wire: after a flush, or after more than
/// is buffered. A write from then on is a [`BrokenPipe`](io::ErrorKind::BrokenPipe) that, returned with `?`, ends the
/// request well, so that a handler that writes without end has one.
///
/// A flush with nothing to send looks whether the client is still there, ten times a second at most.
///
/// Writing past the buffer may block, for at most the server's write stall timeout (30 s by default) without progress.
///
/// # Errors
/// Writing before `end_headers`, or more than the `Content-Length` says; a client that went away
/// ([`Exchange::is_client_gone`](crate::Exchange::is_client_gone)); a body where none is sent.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::io::Write;
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
    /// As in `BodyReader`.
    invariant: PhantomData<Cell<&'c ()>>,
}

impl<'c> BodyWriter<'c> {
    pub(crate) fn new(io: &'c RefCell<ExchangeIo>) -> Self {
        BodyWriter { io, invariant: PhantomData }
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
        self.io.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.io.borrow_mut().flush()
    }
}
