//! basehttp, through its public API: a connection over memory, and a handler that takes every method and reads each body.
//!
//! Every stream is read twice, in one piece and byte by byte. The second way tells where each request ended, and both have to
//! come to the same.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use basehttp::{Address, BaseHTTPRequestHandler, Connection, Exchange, HandlerError, Headers, Outcome, Version};

use crate::reading::{End, Reading, Taken};

/// What we made of a stream.
#[derive(Clone, Debug)]
pub struct Ours {
    /// Read in one piece.
    pub reading: Reading,
    /// Read byte by byte.
    pub bytewise: Reading,
    /// Where each request of `bytewise` ended in the stream.
    pub ends: Vec<usize>,
}

/// Reads a stream in both ways.
pub fn read(stream: &[u8]) -> Ours {
    let (reading, _) = read_in_pieces(stream, usize::MAX);
    let (bytewise, ends) = read_in_pieces(stream, 1);
    Ours { reading, bytewise, ends }
}

fn read_in_pieces(stream: &[u8], piece: usize) -> (Reading, Vec<usize>) {
    let progress = Arc::new(Progress::default());
    let witness = Witness { progress: Arc::clone(&progress), seen: Mutex::default() };
    let tape = Tape { bytes: stream.to_vec(), piece, progress };
    let mut connection = Connection::new(tape, &witness);
    let mut taken = 0;
    let end = loop {
        let goes_on = connection.handle_one_request();
        let mut seen = witness.lock();
        match seen.refusal.take() {
            Some(end) => break end,
            None if goes_on => taken = seen.taken.len(),
            None if seen.taken.len() > taken => break End::Closed,
            None => break End::More,
        }
    };
    drop(connection);
    let seen = witness.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    (Reading { taken: seen.taken, end }, seen.ends)
}

/// How far a connection has read.
#[derive(Default)]
struct Progress {
    given: AtomicUsize,
    /// It asked for more than there is. An error after that is about the end of the stream, not about what is in it.
    has_ended: AtomicBool,
}

/// The client's side.
struct Tape {
    bytes: Vec<u8>,
    piece: usize,
    progress: Arc<Progress>,
}

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.progress.given.load(Relaxed);
        let count = (self.bytes.len() - at).min(self.piece).min(buffer.len());
        buffer[..count].copy_from_slice(&self.bytes[at..at + count]);
        self.progress.given.store(at + count, Relaxed);
        if count == 0 {
            self.progress.has_ended.store(true, Relaxed);
        }
        Ok(count)
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A handler that remembers what it was called for. Written by hand, since `#[http_handler]` wants the methods named.
struct Witness {
    progress: Arc<Progress>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    taken: Vec<Taken>,
    ends: Vec<usize>,
    refusal: Option<End>,
}

impl Witness {
    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, ex: &mut Exchange<'_>) -> Outcome {
        let mut body = Vec::new();
        ex.rfile.read_to_end(&mut body)?;
        let line = ex.requestline.as_bytes();
        let is_blank = |byte: &u8| *byte == b' ';
        let first = line.iter().position(is_blank).unwrap_or(line.len());
        let last = line.iter().rposition(is_blank).unwrap_or(line.len());
        let taken = Taken::new(&line[..first], line.get(first + 1..last).unwrap_or_default(), body);
        let mut seen = self.lock();
        seen.taken.push(taken);
        seen.ends.push(self.progress.given.load(Relaxed));
        drop(seen);
        Ok(ex.send_response(200).end_headers()?)
    }
}

impl BaseHTTPRequestHandler for Witness {
    type MessageClass<'c> = Headers<'c>;

    const METHODS: &'static [&'static str] = &[];
    const PROTOCOL_VERSION: Version = Version::Http11;

    fn dispatch(&self, ex: &mut Exchange<'_>) -> Option<Outcome> {
        Some(self.take(ex))
    }

    fn send_error(&self, ex: &Exchange<'_>, code: u16, message: &str, explain: &str) -> io::Result<()> {
        let has_ended = self.progress.has_ended.load(Relaxed);
        let end = if has_ended { End::More } else { End::refused(code, explain) };
        self.lock().refusal.get_or_insert(end);
        basehttp::defaults::send_error(self, ex, code, message, explain)
    }

    fn log_message(&self, _: &Exchange<'_>, _: fmt::Arguments<'_>) {}

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_with_their_ends() {
        let first = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        let second = "SPAM /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nde";
        let ours = read(format!("{first}{second}GET / HT").as_bytes());
        assert_eq!(ours.reading.taken, [Taken::new("POST", "/a", "abc"), Taken::new("SPAM", "/b", "de")]);
        assert_eq!(ours.reading.end, End::More);
        assert_eq!(ours.bytewise, ours.reading);
        assert_eq!(ours.ends, [first.len(), first.len() + second.len()]);
    }

    #[test]
    fn an_end_is_a_refusal_a_close_or_a_wish_for_more() {
        let is_refused = |end: &End| matches!(end, End::Refused { status: 400, reason } if !reason.is_empty());
        for stream in
            ["GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "G\0"]
        {
            let ours = read(stream.as_bytes());
            assert!(is_refused(&ours.reading.end) && is_refused(&ours.bytewise.end), "{stream:?} {}", ours.reading);
        }
        for stream in ["", "GET / HTTP/1.1\r\nHost: h\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na"]
        {
            let ours = read(stream.as_bytes());
            assert_eq!((ours.reading.end, ours.bytewise.end), (End::More, End::More), "{stream:?}");
        }
        let ours = read(b"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n");
        assert_eq!((ours.reading.taken.len(), ours.reading.end), (1, End::Closed));
    }
}
