//! Finds the end of a request head in bytes that arrive in pieces. Knows lines and limits, but not what the lines mean.
//!
//! ```text
//!            CRLF          line, CRLF           line, CRLF
//!           .----.                             .----.
//!           v    |                             v    |
//!   -> empty lines ------> request line ------> fields ---- CRLF ---> done
//! ```
//!
//! Every refusal is tied to the first byte that shows it, and bytes are looked at in order. So the answer does not
//! depend on how the bytes were cut into pieces, and it comes as early as it can be known.

use std::ops::Range;

use super::super::{field::is_token_byte, limits, limits::Limits, refusal::Refusal, version::Version};
use super::fields::TOO_MANY_FIELDS;

/// Looks for the end of a head, and remembers the bytes that it has seen.
///
/// After a head it is ready for the next one. After a refusal it repeats that refusal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadScanner {
    /// Start of the head, past the empty lines so far.
    start: usize,
    /// Start of the present line.
    line: usize,
    /// End of the bytes from `line` on that were seen. They have no CR and no LF.
    seen: usize,
    /// Empty lines before `start`.
    empty_lines: usize,
    /// Complete lines since `start`. With none, the present line is the request line.
    lines: usize,
}

impl HeadScanner {
    /// Makes a scanner of the field lines alone, for a head whose request line may be wrong. `None` if that line does
    /// not end in CRLF.
    pub(super) fn behind_request_line(bytes: &[u8]) -> Option<Self> {
        let start = bytes.iter().position(|byte| !is_line_break(*byte))?;
        let end = start + find_line_break(&bytes[start..])?;
        let line = end + 2;
        bytes[end..].starts_with(b"\r\n").then_some(Self { start, line, seen: line, empty_lines: 0, lines: 1 })
    }

    /// Returns the end of the request line with its CRLF, once that has arrived.
    pub(super) fn line_start(&self) -> usize {
        self.line
    }

    /// Returns whether it has seen nothing of a head yet.
    pub(crate) const fn is_new(&self) -> bool {
        self.seen == 0
    }

    /// Returns whether a head has begun in bytes that were scanned. Empty lines do not begin one (RFC 9112, section
    /// 2.2).
    pub(crate) fn has_begun(&self, bytes: &[u8]) -> bool {
        !matches!(bytes.get(self.start..).unwrap_or_default(), [] | [b'\r'])
    }

    /// Returns the place of the head, or `None` while its end has not arrived. It begins with the request line, since
    /// empty lines before that are skipped (RFC 9112, section 2.2), and ends with the empty line before the body.
    ///
    /// `bytes` is everything unread of the connection. Between calls it may only grow.
    pub(crate) fn scan(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<Range<usize>>, Refusal> {
        loop {
            let unseen = bytes.get(self.seen..).unwrap_or_default();
            self.seen += find_line_break(unseen).unwrap_or(unseen.len());
            let line = bytes.get(self.line..self.seen).unwrap_or_default();
            self.check_line_so_far(line, limits)?;
            match bytes.get(self.seen..).unwrap_or_default() {
                [] | [b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => {}
                [b'\r', ..] => return Err(BARE_CR),
                _ => return Err(BARE_LF),
            }
            if let Some(span) = self.end_line(line, limits)? {
                *self = Self::default();
                return Ok(Some(span));
            }
        }
    }

    /// Compares the present line, as far as it has arrived, with the limits. It looks no further than the first limit
    /// that is passed, so that of two faults the earlier is answered.
    fn check_line_so_far(&self, line: &[u8], limits: &Limits) -> Result<(), Refusal> {
        let head_room = limits.max_head_bytes.saturating_sub(self.line - self.start);
        let (line_room, line_too_long) = match self.lines {
            0 => (limits.max_request_line_bytes, REQUEST_LINE_TOO_LONG),
            _ => (limits.max_field_line_bytes, FIELD_LINE_TOO_LONG),
        };
        let room = line_room.min(head_room);
        if self.lines == 0 {
            check_method_so_far(&line[..line.len().min(room)], limits.max_method_bytes)?;
        } else if self.lines > limits.max_fields && !line.is_empty() {
            return Err(TOO_MANY_FIELDS);
        }
        match line.len() <= room {
            true => Ok(()),
            false if line_room <= head_room => Err(line_too_long),
            false => Err(HEAD_TOO_LONG),
        }
    }

    /// Takes a line whose CRLF has arrived, and moves on to the next one unless the head is done.
    fn end_line(&mut self, line: &[u8], limits: &Limits) -> Result<Option<Range<usize>>, Refusal> {
        let next = self.seen + 2;
        match (self.lines, line.is_empty()) {
            (0, true) if self.empty_lines == limits.max_empty_lines => return Err(TOO_MANY_EMPTY_LINES),
            (0, true) => {
                self.empty_lines += 1;
                self.start = next;
            }
            (_, true) if next - self.start > limits.max_head_bytes => return Err(HEAD_TOO_LONG),
            (_, true) => return Ok(Some(self.start..next)),
            (lines, false) => {
                if lines == 0 {
                    // Only so that a client of HTTP/0.9 or 2 is not left waiting. `parse` looks at the rest.
                    Version::of_request(last_word(line))?;
                }
                self.lines += 1;
            }
        }
        self.line = next;
        self.seen = next;
        Ok(None)
    }
}

/// Returns whether the bytes begin a TLS connection, with a record of type handshake, of any version (RFC 8446, section
/// 5.1).
pub(crate) const fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 0x03, 0x00..=0x04, ..])
}

/// Returns whether the line looks like `METHOD TARGET HTTP/1.1`, with visible characters and a version at the end.
pub(crate) fn is_request_line(line: &[u8]) -> bool {
    let is_method = |word: &[u8]| !word.is_empty() && word.iter().all(|byte| is_token_byte(*byte));
    let mut words = line.split(|byte| *byte == b' ');
    words.next().is_some_and(is_method)
        && last_word(line).starts_with(b"HTTP/")
        && line.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Returns the request line as far as it arrived, for the log of a refused request: at most 16 KiB, without its CRLF.
pub(crate) fn request_line(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !is_line_break(*byte)).unwrap_or(bytes.len());
    let line = &bytes[start..];
    let line = &line[..line.len().min(limits::MAX_REQUEST_LINE_BYTES)];
    &line[..find_line_break(line).unwrap_or(line.len())]
}

/// Finds the first CR or LF. This is our only loop that sees every byte of a head. So it takes sixteen at a time while
/// there is none, which the compiler makes vector code of, then eight, then one.
pub(super) fn find_line_break(bytes: &[u8]) -> Option<usize> {
    let is_clean = |block: &&[u8; 16]| !block.iter().fold(false, |found, byte| found | is_line_break(*byte));
    let clean = bytes.as_chunks::<16>().0.iter().take_while(is_clean).count() * 16;
    let (words, rest) = bytes[clean..].as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let hits = zero_bytes(word ^ (ONES * u64::from(b'\r'))) | zero_bytes(word ^ (ONES * u64::from(b'\n')));
        if hits != 0 {
            return Some(clean + index * 8 + hits.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| is_line_break(*byte)).map(|found| clean + words.len() * 8 + found)
}

const fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Sets the high bit of each byte that is zero. Bytes above the first such one may be marked wrongly, those below
/// never.
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Checks a method, as far as it has arrived. It is a token and ends in a space; it need not be one that we know.
fn check_method_so_far(line: &[u8], max_method_bytes: usize) -> Result<(), Refusal> {
    let start = &line[..line.len().min(max_method_bytes.saturating_add(1))];
    match start.iter().position(|byte| !is_token_byte(*byte)) {
        None if start.len() > max_method_bytes => Err(METHOD_TOO_LONG),
        None => Ok(()),
        Some(end) if end > 0 && start[end] == b' ' => Ok(()),
        Some(_) => Err(NO_METHOD),
    }
}

fn last_word(line: &[u8]) -> &[u8] {
    line.rsplit(|byte| *byte == b' ').next().unwrap_or_default()
}

const BARE_CR: Refusal = Refusal::bad_request("a carriage return stands alone in the head: end lines with cr lf");
const BARE_LF: Refusal = Refusal::bad_request("a line of the head ends in lf alone: end lines with cr lf");
const TOO_MANY_EMPTY_LINES: Refusal = Refusal::bad_request("too many empty lines before the request line");
const NO_METHOD: Refusal = Refusal::bad_request("the request line does not begin with a method and one space");
const METHOD_TOO_LONG: Refusal = Refusal::new(501, "the method is longer than any that exists");
const REQUEST_LINE_TOO_LONG: Refusal = Refusal::new(414, "the request line is too long");
const FIELD_LINE_TOO_LONG: Refusal = Refusal::new(431, "a field line is too long");
const HEAD_TOO_LONG: Refusal = Refusal::new(431, "the request head is too long");
