//! Takes replies apart, as far as they have come: one function for clients that wait and for those that do not.

use std::io;

/// One reply.
pub struct Reply {
    pub status: u16,
    /// Whether the server means to keep the connection.
    pub keeps_alive: bool,
    /// Without its framing.
    pub body: Vec<u8>,
    /// How many bytes it took.
    pub length: usize,
}

/// What can follow a reply's head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    Allowed,
    /// It answers a HEAD.
    None,
}

/// The first reply in `bytes`, if it is here as a whole. `has_ended`: nothing more will come.
///
/// # Errors
/// What is no reply, or will never be a whole one.
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

/// The body, and how many bytes its chunks take. `None`: they go on.
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

/// The status in the beginning of a reply.
pub fn status(beginning: &[u8]) -> Option<u16> {
    str::from_utf8(beginning.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()?.parse().ok()
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not well-formed: {what:?}"))
}
