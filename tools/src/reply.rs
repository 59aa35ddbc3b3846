//! Parses replies, as far as they have arrived. Blocking and non-blocking clients share it.

use std::io;

/// One reply.
pub struct Reply {
    pub status: u16,
    /// True if the server keeps the connection.
    pub keeps_alive: bool,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// Length in bytes, with head and framing.
    pub length: usize,
}

/// Whether a body can follow the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    Allowed,
    /// It answers a HEAD.
    None,
}

/// Parses the first reply in `bytes`. Returns `None` if it is incomplete, unless `has_ended` says that nothing more
/// will come.
///
/// # Errors
/// If the reply is malformed, or cut off.
pub fn first(bytes: &[u8], bodies: Bodies, has_ended: bool) -> io::Result<Option<Reply>> {
    let cut = || if has_ended { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(None) };
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return cut() };
    let head = str::from_utf8(&bytes[..end]).map_err(|_| malformed("a head that is no text"))?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status: u16 = status.ok_or_else(|| malformed(status_line))?;
    let field = |wanted: &str| {
        let fields = lines.clone().filter_map(|line| line.split_once(": "));
        fields.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value).next()
    };
    let keeps_alive = !field("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let rest = &bytes[end + 4..];
    let (body, used) = if bodies == Bodies::None || matches!(status, 100..=199 | 204 | 304) {
        (Vec::new(), 0)
    } else if field("Transfer-Encoding").is_some() {
        let Some(chunks) = chunks(rest)? else { return cut() };
        chunks
    } else if let Some(length) = field("Content-Length") {
        let length = length.parse().map_err(|_| malformed(length))?;
        let Some(body) = rest.get(..length) else { return cut() };
        (body.to_vec(), length)
    } else if has_ended {
        (rest.to_vec(), rest.len())
    } else {
        return Ok(None);
    };
    Ok(Some(Reply { status, keeps_alive, body, length: end + 4 + used }))
}

/// Decodes chunks. Returns the body and the length of its chunks, or `None` if they are incomplete.
fn chunks(bytes: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
    let (mut body, mut used) = (Vec::new(), 0);
    loop {
        let rest = &bytes[used..];
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let size = str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or_else(|| malformed("a chunk's size"))?;
        let Some(chunk) = rest.get(end + 2..end + 2 + size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            return Err(malformed("a chunk's end"));
        }
        body.extend_from_slice(&chunk[..size]);
        used += end + 2 + size + 2;
        // The servers here send no trailers.
        if size == 0 {
            return Ok(Some((body, used)));
        }
    }
}

/// The status, if the reply has come so far.
pub fn status(beginning: &[u8]) -> Option<u16> {
    str::from_utf8(beginning.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?.parse().ok()
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not well-formed: {what:?}"))
}
