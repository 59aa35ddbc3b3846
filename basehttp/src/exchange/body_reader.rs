//! `rfile`: the request's body as a stream that ends where the body ends. The framing is decided in `proto`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::marker::PhantomData;
use std::ops::Range;

use super::error::HTTPError;
use super::exchange_io::ExchangeIo;
use crate::proto::{BODY_ENDED_EARLY, BodyDecoder, Refusal, Trailer};

/// The body of the request: [`Read`] and [`BufRead`], at its end where the body is, sized or chunked.
///
/// Reading may block until the client sends more, for at most the server's body stall timeout (30 s by default); the
/// first read answers `Expect: 100-continue`.
///
/// # Errors
/// A body that the client broke (bad chunk, early end) is an error; returned from the handler with `?` it becomes a
/// 400 and a closed connection. One that comes too slowly becomes a 408.
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
    /// What was read behind the head, before the handler was called.
    ahead: &'c [u8],
    /// How much of it was there at first.
    ahead_at_first: usize,
    /// What was read since, and which part of it is not consumed; looked at when `ahead` is used up.
    refill: Vec<u8>,
    unread: Range<usize>,
    /// How many of the next raw bytes are body.
    payload: usize,
    /// What the client did wrong. The body ends here, with this error at each read.
    fault: Option<HTTPError>,
    /// One exchange's reader cannot be exchanged for another's: the lifetimes differ, and neither bends.
    invariant: PhantomData<Cell<&'c ()>>,
}

/// How much one read asks for: 64 KiB, so that a large upload costs few system calls.
const READ_BYTES: usize = 64 * 1024;

/// The raw bytes that an exchange leaves for the next.
pub(crate) struct Leftover {
    /// How many of the bytes behind the head were used.
    pub used_ahead: usize,
    /// Bytes read since, in place of all of those; empty if there are none.
    pub refill: Vec<u8>,
}

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

    /// The trailer fields, once a chunked body was read to its end; none before that, and none for other bodies.
    pub fn trailers(&self) -> &[Trailer] {
        self.decoder.trailers()
    }

    /// Everything was read.
    pub(crate) fn is_finished(&self) -> bool {
        self.payload == 0 && self.decoder.is_complete()
    }

    /// What the client did wrong with the body.
    pub(crate) fn fault(&self) -> Option<&HTTPError> {
        self.fault.as_ref()
    }

    /// How many bytes of body are still to be read, where the request has told: `None` for a chunked one, 0 for none.
    pub fn remaining(&self) -> Option<u64> {
        self.decoder.remaining().map(|beyond| beyond + self.payload as u64)
    }

    /// Everything read and not used, for whoever takes the socket.
    pub(crate) fn take_raw(&mut self) -> Vec<u8> {
        let raw = [self.ahead, &self.refill[self.unread.clone()]].concat();
        self.ahead = &[];
        self.unread = 0..0;
        self.payload = 0;
        raw
    }

    /// Throws the rest of the body away, as far as it is here. About `most` bytes are read for that, without waiting. True:
    /// that was all of it.
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
                // What a read brings may hold the next request, too.
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
        // What is wrong with the socket shows when the reply is written.
        self.unread.end = read.unwrap_or(0);
        self.unread.end
    }

    /// What is left of the raw bytes.
    pub(crate) fn into_leftover(mut self) -> Leftover {
        // Payload that was announced and not consumed is behind the decoder already.
        self.advance(self.payload);
        let used_ahead = self.ahead_at_first - self.ahead.len();
        let refill = self.refill[self.unread].to_vec();
        Leftover { used_ahead, refill }
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

    /// Decodes and reads until there is payload, or the body's end.
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

    /// Looks for payload in what is here.
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
