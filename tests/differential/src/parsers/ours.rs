//! basehttp, through its public API, as a connection over memory.
//!
//! Every stream is read in several ways that must agree. It comes in one piece, byte by byte (which tells where each
//! request ended), in pieces, and to a handler that leaves bodies unread, so that the server skips them.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use basehttp::Connection;

use super::witness::{Bodies, Witness};
use crate::reading::{End, Reading, Taken};

/// Our reading of a stream.
#[derive(Clone, Debug)]
pub struct Ours {
    /// Read in one piece.
    pub reading: Reading,
    /// The ends of its requests in the stream.
    pub ends: Vec<usize>,
    /// The ways to read it that came to something else.
    pub odd: Vec<(&'static str, Reading)>,
}

/// Reads a stream in all ways.
pub fn read(stream: &[u8]) -> Ours {
    let (reading, _) = read_in_pieces(stream, usize::MAX, Bodies::Read);
    let (bytewise, ends) = read_in_pieces(stream, 1, Bodies::Read);
    // Of another length for each stream, so that all sorts of things are cut.
    let (piecewise, _) = read_in_pieces(stream, 2 + stream.len() % 61, Bodies::Read);
    let (unread, _) = read_in_pieces(stream, usize::MAX, Bodies::Leave);
    let mut odd = vec![("byte by byte", bytewise), ("in pieces", piecewise)];
    odd.retain(|(_, other)| *other != reading);
    if !skips_the_same(&reading, &unread) {
        odd.push(("without reading bodies", unread));
    }
    Ours { reading, ends, odd }
}

/// Returns whether a handler that leaves bodies unread was called for requests only. It may have been called for one
/// whose body is broken or missing, and the server may have closed where it would have had to skip too much.
fn skips_the_same(read: &Reading, unread: &Reading) -> bool {
    let is_same = |(read, unread): (&Taken, &Taken)| read.method == unread.method && read.target == unread.target;
    let common = read.taken.iter().zip(&unread.taken).all(is_same);
    let is_early = unread.taken.len() < read.taken.len();
    let is_late = unread.taken.len() > read.taken.len();
    common
        && (!is_early || unread.end == End::Closed)
        && (!is_late || (read.end != End::Closed && unread.taken.len() == read.taken.len() + 1))
}

fn read_in_pieces(stream: &[u8], piece: usize, bodies: Bodies) -> (Reading, Vec<usize>) {
    let witness = Witness::new(bodies);
    let tape = Tape { bytes: stream.to_vec(), piece, given: Arc::clone(&witness.given) };
    let mut connection = Connection::new(tape, &witness);
    let mut taken = 0;
    let end = loop {
        let goes_on = connection.handle_one_request();
        let mut seen = witness.lock();
        match seen.end.take() {
            Some(end) => break end,
            None if goes_on => taken = seen.taken.len(),
            None if seen.taken.len() > taken => break End::Closed,
            None => break End::More,
        }
    };
    drop(connection);
    let seen = witness.take_seen();
    (Reading { taken: seen.taken, end }, seen.ends)
}

/// The client's side.
struct Tape {
    bytes: Vec<u8>,
    /// The most that one read gives.
    piece: usize,
    given: Arc<AtomicUsize>,
}

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.given.load(Relaxed);
        let count = (self.bytes.len() - at).min(self.piece).min(buffer.len());
        buffer[..count].copy_from_slice(&self.bytes[at..at + count]);
        self.given.store(at + count, Relaxed);
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
        assert_eq!(ours.odd, []);
        assert_eq!(ours.ends, [first.len(), first.len() + second.len()]);
    }

    #[test]
    fn an_end_is_a_refusal_a_close_or_a_wish_for_more() {
        let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
        for stream in ["GET / HTTP/1.1\r\n\r\n", chunked, "G\0"] {
            let end = read(stream.as_bytes()).reading.end;
            assert!(matches!(&end, End::Refused { status: 400, reason } if !reason.is_empty()), "{stream:?} {end}");
        }
        let cut = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na";
        for stream in ["", "GET / HTTP/1.1\r\nHost: h\r\n", cut] {
            assert_eq!(read(stream.as_bytes()).reading.end, End::More, "{stream:?}");
        }
        let ours = read(b"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n");
        assert_eq!((ours.reading.taken.len(), ours.reading.end), (1, End::Closed));
    }

    #[test]
    fn a_handler_that_skips_bodies_may_see_one_broken_request_more_and_no_other() {
        let reading = |targets: &[&str], end: End| {
            let taken = targets.iter().map(|target| Taken::new("GET", *target, "")).collect();
            Reading { taken, end }
        };
        let read = reading(&["/a", "/b"], End::refused(400, ""));
        for (unread, expected, why) in [
            (reading(&["/a", "/b"], End::refused(400, "")), true, "the same"),
            (reading(&["/a", "/b", "/broken"], End::Closed), true, "one whose body is broken"),
            (reading(&["/a"], End::Closed), true, "too much to skip"),
            (reading(&["/a"], End::More), false, "one is gone"),
            (reading(&["/a", "/x"], End::Closed), false, "another"),
            (reading(&["/a", "/b", "/broken", "/smuggled"], End::Closed), false, "out of a body"),
        ] {
            assert_eq!(skips_the_same(&read, &unread), expected, "{why}");
        }
        let closed = reading(&["/a"], End::Closed);
        assert!(!skips_the_same(&closed, &reading(&["/a", "/b"], End::More)), "behind the last request");
    }
}
