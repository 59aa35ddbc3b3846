//! `rfile`, the request's body as a stream that ends where the body ends. `proto` decides the framing.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::marker::PhantomData;
use std::ops::Range;

use super::error::HTTPError;
use super::exchange_io::ExchangeIo;
use crate::proto::{BODY_ENDED_EARLY, BodyDecoder, Refusal, Trailer};

/// The body of the request, sized or chunked. Implements [`Read`] and [`BufRead`], and ends where the body ends.
///
/// Reading may block until the client sends more, for at most the server's body stall timeout (30 s by default). The
/// first read answers `Expect: 100-continue`.
///
/// # Errors
/// Returned from the handler with `?`, the error for a malformed or incomplete body becomes a 400, and that for a body
/// that comes too slowly a 408. The connection is then closed.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Echo;
/// # #[http_handler] impl Echo {
/// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
///     ex.send_response(200).end_headers()?;
///     std::io::copy(&mut ex.rfile, &mut ex.wfile)?;
///     Ok(())
/// }
/// # }
/// # let reply = basehttp::testing::respond(&Echo, b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
/// # assert!(reply.ends_with(b"\r\n\r\nhi"));
/// ```
pub struct BodyReader<'c> {
    io: &'c RefCell<ExchangeIo>,
    decoder: BodyDecoder,
    /// The unused bytes that were read behind the head, before the handler was called.
    ahead: &'c [u8],
    /// The number of bytes in `ahead` at first.
    ahead_at_first: usize,
    /// The bytes that were read since, and the part of them that is not consumed. Used when `ahead` is empty.
    refill: Vec<u8>,
    unread: Range<usize>,
    /// The number of the next raw bytes that are body.
    payload: usize,
    /// The client's mistake in the body. The body ends here, and each read returns this error.
    fault: Option<HTTPError>,
    /// Keeps the readers of two exchanges from being swapped, because their lifetimes differ.
    invariant: PhantomData<Cell<&'c ()>>,
}

/// Size of one read: 64 KiB, so that a large upload costs few system calls.
const READ_BYTES: usize = 64 * 1024;

impl<'c> BodyReader<'c> {
    pub(crate) fn new(io: &'c RefCell<ExchangeIo>, decoder: BodyDecoder, ahead: &'c [u8]) -> Self {
        BodyReader {
            io,
            decoder,
            ahead,
            ahead_at_first: ahead.len(),
            refill: Vec::new(),
            unread: 0..0,
            payload: 0,
            fault: None,
            invariant: PhantomData,
        }
    }

    /// Returns the trailer fields of a chunked body that was read to its end. Empty before that, and for other bodies.
    pub fn trailers(&self) -> &[Trailer] {
        self.decoder.trailers()
    }

    /// Returns whether the whole body was read.
    pub(crate) fn is_finished(&self) -> bool {
        self.payload == 0 && self.decoder.is_complete()
    }

    /// The error for the client's mistake in the body, if it made one.
    pub(crate) fn fault(&self) -> Option<&HTTPError> {
        self.fault.as_ref()
    }

    /// Returns the number of bytes that are left to read. It is 0 for a request without a body, and `None` for a
    /// chunked body, whose size is not known.
    pub fn remaining(&self) -> Option<u64> {
        self.decoder.remaining().map(|beyond| beyond + self.payload as u64)
    }

    /// Returns whether bytes have been received that were not read yet, so that a poller of
    /// [`socket_fd`](crate::Exchange::socket_fd) does not tell of them. Ask before you wait there: the next read does
    /// not depend on it.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # use std::io::BufRead;
    /// # struct Upload;
    /// # #[http_handler] impl Upload {
    /// fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
    ///     if !ex.rfile.has_buffered() {
    ///         // Wait for ex.socket_fd(), beside other descriptors.
    ///     }
    ///     let count = ex.rfile.fill_buf()?.len();
    ///     Ok(ex.send_text(200, format!("{count} bytes so far"))?)
    /// }
    /// # }
    /// # let request = b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi";
    /// # assert!(basehttp::testing::respond(&Upload, request).ends_with(b"\r\n\r\n2 bytes so far"));
    /// ```
    pub fn has_buffered(&self) -> bool {
        !self.raw().is_empty() || self.io.borrow().socket.has_buffered()
    }

    /// Takes all bytes that were read and not used, for the handler that hijacks the socket.
    pub(crate) fn take_raw(&mut self) -> Vec<u8> {
        let raw = [self.ahead, &self.refill[self.unread.clone()]].concat();
        self.ahead = &[];
        self.unread = 0..0;
        self.payload = 0;
        raw
    }

    /// Discards the rest of the body as far as it has come, and reads about `most` more bytes of it without waiting.
    /// Returns whether the body has ended.
    pub(crate) fn receive_rest(&mut self, most: u64) -> bool {
        let mut left = most;
        loop {
            self.advance(self.payload);
            self.payload = 0;
            if self.decoder.is_complete() {
                return true;
            }
            if self.raw().is_empty() {
                let count = if left == 0 { 0 } else { self.read_what_is_here() };
                if count == 0 {
                    return false;
                }
                // The next request may be among the bytes of a read, so this counts more than the body.
                left = left.saturating_sub(count as u64);
            }
            if self.decode().is_err() {
                return false;
            }
        }
    }

    /// Reads once, without waiting. Returns how many bytes came.
    fn read_what_is_here(&mut self) -> usize {
        self.refill.resize(READ_BYTES, 0);
        self.unread = 0..0;
        let read = self.io.borrow_mut().read_body_now(&mut self.refill);
        // An error of the socket comes back when the response is written.
        self.unread.end = read.unwrap_or(0);
        self.unread.end
    }

    /// Ends the reading of the body. Returns the number of bytes behind the head that were used.
    pub(crate) fn end(&mut self) -> usize {
        // The decoder has passed the payload that it announced, even if the handler has not consumed it.
        self.advance(self.payload);
        self.payload = 0;
        self.ahead_at_first - self.ahead.len()
    }

    /// Returns the bytes that were read later and not used.
    pub(crate) fn into_refill(self) -> Vec<u8> {
        self.refill[self.unread].to_vec()
    }

    fn raw(&self) -> &[u8] {
        if self.ahead.is_empty() { &self.refill[self.unread.clone()] } else { self.ahead }
    }

    fn advance(&mut self, count: usize) {
        if self.ahead.is_empty() {
            self.unread.start += count;
        } else {
            self.ahead = &self.ahead[count..];
        }
    }

    /// Decodes and reads until there is payload, or the body ends.
    fn prepare(&mut self) -> io::Result<()> {
        while self.payload == 0 && !self.decoder.is_complete() {
            if let Some(fault) = &self.fault {
                return Err(fault.clone().into());
            }
            if self.raw().is_empty() {
                self.read_more()?;
            }
            if let Err(refusal) = self.decode() {
                self.fault = Some(refusal.into());
            }
        }
        Ok(())
    }

    /// Looks for payload in the bytes that have come.
    fn decode(&mut self) -> Result<(), Refusal> {
        let raw = if self.ahead.is_empty() { &self.refill[self.unread.clone()] } else { self.ahead };
        let decoded = self.decoder.decode(raw)?;
        self.advance(decoded.skip);
        self.payload = decoded.payload;
        if self.decoder.is_complete() {
            self.io.borrow_mut().reply.request_is_whole();
        }
        Ok(())
    }

    fn read_more(&mut self) -> io::Result<()> {
        self.refill.resize(READ_BYTES, 0);
        self.unread = 0..0;
        let read = self.io.borrow_mut().read_body(&mut self.refill);
        self.unread.end = *read.as_ref().unwrap_or(&0);
        match read {
            Ok(0) => self.fault = Some(BODY_ENDED_EARLY.into()),
            Ok(_) => {}
            Err(error) => {
                self.fault = error.get_ref().and_then(|error| error.downcast_ref()).cloned();
                return Err(error);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BodyReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyReader").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}

impl BufRead for BodyReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.prepare()?;
        Ok(&self.raw()[..self.payload])
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.payload);
        self.advance(count);
        self.payload -= count;
    }
}

impl Read for BodyReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let payload = self.fill_buf()?;
        let count = payload.len().min(buffer.len());
        buffer[..count].copy_from_slice(&payload[..count]);
        self.consume(count);
        Ok(count)
    }
}
