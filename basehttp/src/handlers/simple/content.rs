//! [`Content`]: the bytes of a response, from memory or from an open file, whole or in parts.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use basehttp::{Exchange, Result};

/// The content that must follow a head from [`send_head`](super::SimpleHTTPRequestHandler::send_head).
///
/// It has as many bytes as the head's `Content-Length`. Copy it to `ex.wfile`; it implements [`Read`]. If the file has
/// become shorter since, reading fails with [`UnexpectedEof`](io::ErrorKind::UnexpectedEof). The response then ends
/// early, so the client notices.
#[derive(Debug)]
pub struct Content {
    source: ContentSource,
    /// Read first, before `part`: the head of a part, or the end of all.
    text: Vec<u8>,
    part: Range<u64>,
    /// The texts and parts that follow.
    ahead: VecDeque<(Vec<u8>, Range<u64>)>,
    left: u64,
}

#[derive(Debug)]
pub(super) enum ContentSource {
    Memory(Arc<[u8]>),
    File(File),
}

impl Content {
    /// Makes the content of one part of the source.
    pub(super) fn part(source: ContentSource, part: Range<u64>) -> Self {
        Content { source, text: Vec::new(), left: part.end - part.start, part, ahead: VecDeque::new() }
    }

    /// Makes the content of several parts, each behind its own text, and a last text.
    pub(super) fn parts(source: ContentSource, parts: Vec<(Vec<u8>, Range<u64>)>, end: Vec<u8>) -> Self {
        let ahead: VecDeque<_> = parts.into_iter().chain([(end, 0..0)]).collect();
        let left = ahead.iter().map(|(text, part)| text.len() as u64 + (part.end - part.start)).sum();
        Content { source, text: Vec::new(), part: 0..0, ahead, left }
    }

    /// Returns the number of bytes left to read. At first it is the `Content-Length`.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Returns true if everything was read.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Reads from the current part, which is not empty, into the buffer.
    fn read_part(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &self.source {
            ContentSource::Memory(bytes) => (&bytes[in_memory(&self.part)]).read(buffer)?,
            ContentSource::File(file) => {
                let most = usize::try_from(self.part.end - self.part.start).unwrap_or(usize::MAX).min(buffer.len());
                file.read_at(&mut buffer[..most], self.part.start)?
            }
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.part.start += count as u64;
        Ok(count)
    }

    /// Ends the head that was begun, and sends everything.
    ///
    /// Several parts are written here, on the handler's thread. Everything else is sent after the handler has returned.
    pub(super) fn send(mut self, ex: &mut Exchange<'_>) -> Result {
        if self.ahead.is_empty() {
            let part = self.part;
            let is_whole = |bytes: &[u8]| part.end - part.start == bytes.len() as u64;
            return match self.source {
                ContentSource::File(file) => ex.send_file(file, part),
                ContentSource::Memory(bytes) if is_whole(&bytes) => ex.send_body(bytes),
                ContentSource::Memory(bytes) => ex.send_body(bytes[in_memory(&part)].to_vec()),
            }
            .map_err(Into::into);
        }
        ex.send_header("Content-Length", self.left).end_headers()?;
        io::copy(&mut self, &mut ex.wfile)?;
        Ok(())
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
        while self.text.is_empty() && self.part.is_empty() {
            match self.ahead.pop_front() {
                Some(next) => (self.text, self.part) = next,
                None => return Ok(0),
            }
        }
        let count = if self.text.is_empty() { self.read_part(buffer)? } else { take(&mut self.text, buffer) };
        self.left -= count as u64;
        Ok(count)
    }
}

fn take(text: &mut Vec<u8>, buffer: &mut [u8]) -> usize {
    let count = text.len().min(buffer.len());
    buffer[..count].copy_from_slice(&text[..count]);
    text.drain(..count);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_with_their_texts_however_small_the_buffer() {
        let parts = || vec![(b"<".to_vec(), 0..2), (b"|".to_vec(), 4..4), (b"-".to_vec(), 8..10)];
        for buffer in [1, 2, 3, 100] {
            let mut content = Content::parts(ContentSource::Memory((*b"0123456789").into()), parts(), b">".to_vec());
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
