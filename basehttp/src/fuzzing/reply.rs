//! Replies as the strictest of clients reads them: whatever is not exactly as RFC 9112 wants it panics.

use crate::proto::is_token;

/// One reply, interim or final.
#[derive(Debug)]
pub(super) struct ReceivedReply {
    pub status: u16,
    /// Names as sent, values read as Latin-1.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection's end was the body's, or cut it off.
    pub may_be_cut: bool,
    /// No other reply may follow on the connection.
    pub is_last: bool,
}

impl ReceivedReply {
    /// The one field of that name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = named.next().map(|(_, value)| value.as_str());
        assert!(named.next().is_none(), "{name} twice: {self:?}");
        value
    }

    pub(super) fn is_interim(&self) -> bool {
        self.status < 200
    }
}

/// All of the replies in `bytes`, which end there; `is_to_head` tells which of the final ones answer HEAD.
pub(super) fn replies(mut bytes: &[u8], is_to_head: impl Fn(usize) -> bool) -> Vec<ReceivedReply> {
    let (mut replies, mut count) = (Vec::new(), 0);
    while !bytes.is_empty() {
        let (reply, used) =
            read(bytes, Reader { is_closed: true, is_to_head: is_to_head(count), is_to_http_1_0: false })
                .expect("whole replies");
        count += usize::from(!reply.is_interim());
        bytes = &bytes[used..];
        assert!(!reply.is_last || bytes.is_empty(), "more behind the last reply");
        replies.push(reply);
    }
    replies
}

/// Facts that the reader of a reply knows beforehand.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    /// Nothing follows the bytes that are there.
    pub is_closed: bool,
    pub is_to_head: bool,
    /// The client speaks HTTP/1.0, and so expects the end where it is not told otherwise.
    pub is_to_http_1_0: bool,
}

/// The reply at the start of `bytes`, and how long it is. `None`: not all of it is there.
pub(super) fn read(bytes: &[u8], reader: Reader) -> Option<(ReceivedReply, usize)> {
    let head_end = 4 + bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let mut lines = bytes[..head_end - 4].split(|&byte| byte == b'\n').peekable();
    let mut line = || {
        let line = lines.next()?;
        Some(if lines.peek().is_some() { line.strip_suffix(b"\r").expect("lines end in crlf") } else { line })
    };
    let (version, status) = status_line(line().expect("a status line"));
    let fields: Vec<_> = std::iter::from_fn(line).map(field).collect();
    let mut reply = ReceivedReply { status, fields, body: Vec::new(), may_be_cut: false, is_last: false };

    let length = reply.field("Content-Length").map(|digits| {
        assert!(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
        digits.parse::<usize>().expect("a length")
    });
    let is_chunked = reply.field("Transfer-Encoding").inspect(|coding| assert_eq!(*coding, "chunked")).is_some();
    assert!(!(is_chunked && length.is_some()), "framed twice");
    let connection = reply.field("Connection").map(str::to_ascii_lowercase);
    let has_option = |option: &str| connection.as_deref() == Some(option);
    if reply.is_interim() {
        assert!(length.is_none() && !is_chunked, "an interim reply has no framing");
        return Some((reply, head_end));
    }
    assert!(reply.field("Date").is_some(), "a date: {reply:?}");
    assert!(!is_chunked || version == "HTTP/1.1", "chunks are of http/1.1");
    let has_body = !reader.is_to_head && !matches!(status, 204 | 304);
    assert!(status != 204 || length.is_none() && !is_chunked, "204 has no framing");
    reply.is_last =
        has_option("close") || (version == "HTTP/1.0" || reader.is_to_http_1_0) && !has_option("keep-alive");
    let rest = &bytes[head_end..];
    let used = match (has_body, is_chunked, length) {
        (false, ..) => 0,
        (true, true, _) => {
            let (body, used) = chunks(rest)?;
            reply.body = body;
            used
        }
        (true, false, Some(length)) => {
            reply.body = rest.get(..length)?.to_vec();
            length
        }
        (true, false, None) => {
            assert!(reply.is_last, "without a length the connection's end is the body's: {reply:?}");
            if !reader.is_closed {
                return None;
            }
            reply.body = rest.to_vec();
            reply.may_be_cut = true;
            rest.len()
        }
    };
    Some((reply, head_end + used))
}

fn status_line(line: &[u8]) -> (&str, u16) {
    let line = str::from_utf8(line).expect("ascii");
    let (version, rest) = line.split_at(9);
    assert!(matches!(version, "HTTP/1.0 " | "HTTP/1.1 "), "{line}");
    let (code, reason) = rest.split_at(3);
    assert!(reason.starts_with(' ') && !reason.chars().any(char::is_control), "{line}");
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{line}");
    (version.trim_end(), code.parse().expect("three digits"))
}

fn field(line: &[u8]) -> (String, String) {
    let colon =
        line.iter().position(|&byte| byte == b':').unwrap_or_else(|| panic!("no field: {}", line.escape_ascii()));
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    assert!(is_token(name), "no name: {}", line.escape_ascii());
    assert!(!value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'), "{}", line.escape_ascii());
    let latin1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect();
    (latin1(name), latin1(value.trim_ascii()))
}

fn chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        let line_len = bytes[at..].windows(2).position(|bytes| bytes == b"\r\n")?;
        let digits = str::from_utf8(&bytes[at..at + line_len]).expect("ascii");
        assert!(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digits}");
        let length = usize::from_str_radix(digits, 16).expect("a size");
        at += line_len + 2;
        body.extend_from_slice(bytes.get(at..at + length)?);
        at += length;
        assert_eq!(bytes.get(at..at + 2)?, b"\r\n", "the end of a chunk");
        at += 2;
        if length == 0 {
            return Some((body, at));
        }
    }
}
