//! Fields and chunks as bytes.

use crate::proto;

pub fn push_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

pub fn push_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"Content-Length: ");
    push_decimal(out, length);
    out.extend_from_slice(b"\r\n");
}

pub fn push_decimal(out: &mut Vec<u8>, number: u64) {
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

pub fn push_chunk(out: &mut Vec<u8>, bytes: &[u8]) {
    proto::write_chunk_head(out, bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(proto::CHUNK_END);
}

/// Takes the field line `name` out of the head that begins at `start`.
pub fn remove_field(out: &mut Vec<u8>, start: usize, name: &str) {
    let mut line = start;
    while let Some(length) = out[line..].windows(2).position(|pair| pair == b"\r\n") {
        let (before, value) = out[line..].split_at(name.len().min(length));
        if before.eq_ignore_ascii_case(name.as_bytes()) && value.starts_with(b":") {
            out.drain(line..line + length + 2);
            return;
        }
        line += length + 2;
    }
}
