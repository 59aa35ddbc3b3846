//! Writes status lines, fields and chunks as bytes. `reply` decides which of them a response has.

use std::ops::Range;

use super::{escape::safe_reason, field::push_latin1, version::Version};

/// Ends each chunk's content.
const CHUNK_END: &[u8] = b"\r\n";
/// Ends a chunked body without trailer fields.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends a status line. The space before an empty reason stays (RFC 9112, section 4). Characters that may not stand
/// in a reason are replaced.
pub(crate) fn push_status_line(out: &mut Vec<u8>, version: Version, code: u16, reason: &str) {
    out.extend_from_slice(format!("{version} {code} ").as_bytes());
    push_safe(out, &safe_reason(reason));
    out.extend_from_slice(b"\r\n");
}

/// Appends the `Server` field, unless its value is empty.
pub(crate) fn push_server(out: &mut Vec<u8>, version_string: &str) {
    if !version_string.is_empty() {
        out.extend_from_slice(b"Server: ");
        push_safe(out, &safe_reason(version_string));
        out.extend_from_slice(b"\r\n");
    }
}

fn push_safe(out: &mut Vec<u8>, text: &str) {
    push_latin1(out, text).expect("a safe reason has neither controls nor characters above U+00FF");
}

/// Appends a field line.
pub(crate) fn push_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends the `Content-Length` field.
pub(crate) fn push_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"Content-Length: ");
    push_decimal(out, length);
    out.extend_from_slice(b"\r\n");
}

/// Appends a number, without the cost of `format!`.
fn push_decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = number;
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return out.extend_from_slice(&digits[first..]);
        }
    }
}

/// Removes the field line `name` from the head that begins at `start`.
pub(crate) fn remove_field(out: &mut Vec<u8>, start: usize, name: &str) {
    if let Some(line) = find_field(out, start, name) {
        out.drain(line);
    }
}

/// Returns whether the head that begins at `start` has a field line `name`.
pub(crate) fn has_field(out: &[u8], start: usize, name: &str) -> bool {
    find_field(out, start, name).is_some()
}

/// Returns the place of the field line `name` in the head that begins at `start`.
fn find_field(out: &[u8], start: usize, name: &str) -> Option<Range<usize>> {
    let mut line = start;
    while let Some(length) = out[line..].windows(2).position(|pair| pair == b"\r\n") {
        let (before, value) = out[line..].split_at(name.len().min(length));
        if before.eq_ignore_ascii_case(name.as_bytes()) && value.starts_with(b":") {
            return Some(line..line + length + 2);
        }
        line += length + 2;
    }
    None
}

/// Appends a chunk with its size line. Its bytes must not be empty.
pub(crate) fn push_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    write_chunk_head(out, bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(CHUNK_END);
}

/// Appends the size line of a chunk. Appends nothing for a chunk of no bytes, since that would end the body.
fn write_chunk_head(out: &mut Vec<u8>, len: usize) {
    if len == 0 {
        return;
    }
    let digits = len.ilog2() / 4 + 1;
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[len >> (4 * place) & 0xF]);
    }
    out.extend_from_slice(CHUNK_END);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_shortest_form() {
        for (len, expected) in [(0, ""), (1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (65_536, "10000\r\n")] {
            let mut out = Vec::new();
            write_chunk_head(&mut out, len);
            assert_eq!(out, expected.as_bytes());
        }
        let mut out = Vec::new();
        write_chunk_head(&mut out, usize::MAX);
        assert_eq!(out, format!("{:x}\r\n", usize::MAX).as_bytes());
    }
}
