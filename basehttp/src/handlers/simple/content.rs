//! [`Content`]: the bytes that a head has announced, from memory or from an open file, whole or in parts.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use basehttp::{Exchange, Result};

/// The bytes that [`send_head`](super::SimpleHTTPRequestHandler::send_head) has announced: as many as its
/// `Content-Length` says.
///
/// It is a [`Read`], to be copied to `ex.wfile`. A file that has become shorter since is an error
/// ([`UnexpectedEof`](io::ErrorKind::UnexpectedEof)), which ends the reply before its length is reached, so that the
/// client can tell.
#[derive(Debug)]
pub struct Content {
    source: Source,
    pieces: VecDeque<Piece>,
    left: u64,
}

#[derive(Debug)]
pub(super) enum Source {
    Memory(Arc<[u8]>),
    File(File),
}

#[derive(Debug)]
enum Piece {
    /// What stands between parts.
    Text(Vec<u8>),
    /// A part of the source.
    Part(Range<u64>),
}

impl Content {
    /// One part of the source, or all of it.
    pub(super) fn part(source: Source, part: Range<u64>) -> Self {
        Content { source, left: part.end - part.start, pieces: [Piece::Part(part)].into() }
    }

    /// Several parts, each behind its own text, and a last text.
    pub(super) fn parts(source: Source, parts: Vec<(Vec<u8>, Range<u64>)>, end: Vec<u8>) -> Self {
        let pieces = parts.into_iter().flat_map(|(text, part)| [Piece::Text(text), Piece::Part(part)]);
        let pieces: VecDeque<_> = pieces.chain([Piece::Text(end)]).collect();
        Content { source, left: pieces.iter().map(Piece::len).sum(), pieces }
    }

    /// How many bytes are left to be read: at first the `Content-Length`.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Ends the head that was begun, and sends everything.
    ///
    /// Parts together are written here, on the handler's thread; all else after it has returned.
    pub(super) fn send(mut self, ex: &mut Exchange<'_>) -> Result {
        if let ([Piece::Part(part)], []) = self.pieces.as_slices() {
            let part = part.clone();
            let is_whole = |bytes: &[u8]| part.end - part.start == bytes.len() as u64;
            return match self.source {
                Source::File(file) => ex.send_file(file, part),
                Source::Memory(bytes) if is_whole(&bytes) => ex.send_body(bytes),
                Source::Memory(bytes) => ex.send_body(bytes[in_memory(&part)].to_vec()),
            }
            .map_err(Into::into);
        }
        ex.send_header("Content-Length", self.left).end_headers()?;
        io::copy(&mut self, &mut ex.wfile)?;
        Ok(())
    }
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Piece::Text(text) => text.len() as u64,
            Piece::Part(part) => part.end - part.start,
        }
    }
}

fn in_memory(part: &Range<u64>) -> Range<usize> {
    let index = |at| usize::try_from(at).expect("a part of what is in memory");
    index(part.start)..index(part.end)
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(piece) = self.pieces.front_mut() else { return Ok(0) };
            let count = match (piece, &self.source) {
                (Piece::Text(text), _) => take(text, buffer),
                (Piece::Part(part), _) if part.is_empty() => 0,
                (Piece::Part(part), Source::Memory(bytes)) => {
                    let count = (&bytes[in_memory(part)]).read(buffer)?;
                    part.start += count as u64;
                    count
                }
                (Piece::Part(part), Source::File(file)) => read_part(file, part, buffer)?,
            };
            if count > 0 {
                self.left -= count as u64;
                return Ok(count);
            }
            self.pieces.pop_front();
        }
    }
}

fn take(text: &mut Vec<u8>, buffer: &mut [u8]) -> usize {
    let count = text.len().min(buffer.len());
    buffer[..count].copy_from_slice(&text[..count]);
    text.drain(..count);
    count
}

fn read_part(file: &File, part: &mut Range<u64>, buffer: &mut [u8]) -> io::Result<usize> {
    let count = usize::try_from(part.end - part.start).unwrap_or(usize::MAX).min(buffer.len());
    match file.read_at(&mut buffer[..count], part.start)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            part.start += count as u64;
            Ok(count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_with_their_texts_however_small_the_buffer() {
        let parts = || vec![(b"<".to_vec(), 0..2), (b"|".to_vec(), 4..4), (b"-".to_vec(), 8..10)];
        for buffer in [1, 2, 3, 100] {
            let mut content = Content::parts(Source::Memory((*b"0123456789").into()), parts(), b">".to_vec());
            assert_eq!(content.len(), 8);
            let mut read = Vec::new();
            let mut piece = vec![0; buffer];
            loop {
                let count = content.read(&mut piece).expect("memory can be read");
                read.extend_from_slice(&piece[..count]);
                if count == 0 {
                    break;
                }
            }
            assert_eq!((read.as_slice(), content.is_empty()), (&b"<01|-89>"[..], true), "by {buffer}");
        }
    }
}
