//! Reads one response from a stream: the head by httparse, the body by the server's own decoder. It decides how the
//! body is framed (RFC 9112, section 6.3), and what is wrong with a response that is not whole.
//!
//! | the response                             | its body                                       |
//! |------------------------------------------|------------------------------------------------|
//! | to HEAD, 1xx, 204, 304, 2xx to CONNECT   | none                                           |
//! | Transfer-Encoding: …, chunked            | chunks                                         |
//! | Transfer-Encoding: anything else         | up to the end of the connection                |
//! | Content-Length: n                        | n bytes                                        |
//! | neither                                  | up to the end of the connection                |
//! | both, or a length that is not one number | up to the end of the connection, and it is flawed |

use std::io::{self, ErrorKind, Read};

use super::fields::OwnedFields;
use super::response::Response;
use crate::exchange::sentence;
use crate::proto::{BodyDecoder, BodyRule, Limits, RequestBody, body_allowed, latin1};

/// Bytes of one read: 64 KiB.
const READ_BYTES: usize = 64 * 1024;

/// Most bytes of a head: 1 MiB, far above any that a server sends.
const MAX_HEAD_BYTES: usize = 1024 * 1024;

impl Response {
    /// Takes the first response in `bytes` apart, for instance what [`respond`](super::respond) has returned.
    ///
    /// `method` is that of the request, since a response to HEAD has no body. The end of the bytes is taken for the end
    /// of the connection. [`rest`](Self::rest) has the bytes behind the response.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if there is no whole head, and
    /// [`InvalidData`](io::ErrorKind::InvalidData) if it is not the head of a response.
    ///
    /// ```
    /// use basehttp::testing::Response;
    ///
    /// let first = Response::parse("GET", b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut")?;
    /// assert!(first.is_complete());
    /// let second = Response::parse("GET", first.rest())?;
    /// assert_eq!(second.flaw(), Some("the body ended after 3 of 9 bytes: the connection was closed"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn parse(method: &str, bytes: &[u8]) -> io::Result<Self> {
        read_response(method, bytes, AfterEnd::ReadOn)
    }
}

/// The bytes behind a response that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterEnd {
    /// They are read up to the end of the connection.
    ReadOn,
    /// They are read only if the response says that the connection ends. Otherwise the end may never come.
    ReadOnIfClosing,
}

/// The end of the bytes of a connection in memory.
pub(super) enum MemoryEnd {
    Close,
    Abort,
}

impl Read for MemoryEnd {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self {
            MemoryEnd::Close => Ok(0),
            MemoryEnd::Abort => Err(ErrorKind::ConnectionAborted.into()),
        }
    }
}

/// Reads the final response to `method`, with the interim ones before it.
///
/// # Errors
/// There is no whole head, or it is not the head of a response.
pub(super) fn read_response(method: &str, stream: impl Read, after: AfterEnd) -> io::Result<Response> {
    let mut incoming = Incoming { stream, unused: Vec::new(), end: None };
    let mut interim = Vec::new();
    let mut response = loop {
        let response = incoming.read_head()?;
        // 101 is the last response on its connection.
        if !(100..200).contains(&response.status) || response.status == 101 {
            break response;
        }
        interim.push(response);
    };
    response.interim = interim;
    match body_framing(method, &response) {
        Ok(framing) => response.flaw = incoming.read_body(framing, &mut response.body).err(),
        Err(flaw) => {
            // An end of the connection is not worse than that.
            let _ = incoming.read_body(BodyFraming::UntilClose, &mut response.body);
            response.flaw = Some(flaw);
        }
    }
    if after == AfterEnd::ReadOn || closes(&response) {
        while incoming.read_more() {}
    }
    response.rest = incoming.unused;
    Ok(response)
}

/// The bytes of a connection, as they come.
struct Incoming<R> {
    stream: R,
    unused: Vec<u8>,
    /// The end of the connection, once it was seen, and its error.
    end: Option<Result<(), io::Error>>,
}

impl<R: Read> Incoming<R> {
    /// Reads more bytes. Returns `false` at the end of the connection.
    fn read_more(&mut self) -> bool {
        if self.end.is_some() {
            return false;
        }
        let before = self.unused.len();
        self.unused.resize(before + READ_BYTES, 0);
        let read = loop {
            match self.stream.read(&mut self.unused[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.unused.truncate(before + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => self.end = Some(Ok(())),
            Ok(_) => return true,
            Err(error) => self.end = Some(Err(error)),
        }
        false
    }

    /// The end of the connection in words.
    fn end_text(&self) -> String {
        match &self.end {
            Some(Err(error)) if error.kind() == ErrorKind::ConnectionAborted => "the server aborted it".to_owned(),
            Some(Err(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                "nothing came for too long".to_owned()
            }
            Some(Err(error)) => error.to_string(),
            Some(Ok(())) | None => "the connection was closed".to_owned(),
        }
    }

    fn read_head(&mut self) -> io::Result<Response> {
        loop {
            match parse_head(&self.unused) {
                Ok(Some((length, response))) => {
                    self.unused.drain(..length);
                    return Ok(response);
                }
                Ok(None) if self.unused.len() <= MAX_HEAD_BYTES => {}
                Ok(None) => return Err(self.no_head(ErrorKind::InvalidData, "the head does not end")),
                Err(error) => return Err(self.no_head(ErrorKind::InvalidData, &error.to_string())),
            }
            if !self.read_more() {
                let kind = match &self.end {
                    Some(Err(error)) if error.kind() == ErrorKind::WouldBlock => ErrorKind::TimedOut,
                    Some(Err(error)) => error.kind(),
                    _ => ErrorKind::UnexpectedEof,
                };
                return Err(self.no_head(kind, &self.end_text()));
            }
        }
    }

    fn no_head(&self, kind: ErrorKind, why: &str) -> io::Error {
        let shown = &self.unused[..self.unused.len().min(200)];
        if shown.is_empty() {
            return sentence(kind, format!("no response came: {why}"));
        }
        sentence(kind, format!("this is not the head of a response: \"{}\" ({why})", shown.escape_ascii()))
    }

    /// Reads the body. The error says what is wrong with it.
    fn read_body(&mut self, framing: BodyFraming, body: &mut Vec<u8>) -> Result<(), String> {
        let (mut progress, length) = match framing {
            BodyFraming::UntilClose => return self.read_until_close(body),
            BodyFraming::Marked(framing) => {
                let length = if let RequestBody::Sized(length) = framing { Some(length) } else { None };
                (BodyDecoder::new(framing, &Limits::default()), length)
            }
        };
        while !progress.is_complete() {
            if self.unused.is_empty() && !self.read_more() {
                let of = length.map_or_else(String::new, |length| format!(" of {length}"));
                return Err(format!("the body ended after {}{of} bytes: {}", body.len(), self.end_text()));
            }
            let decoded = progress.decode(&self.unused).map_err(|refusal| {
                format!("the chunks are malformed after {} bytes of body: {}", body.len(), refusal.reason)
            })?;
            body.extend_from_slice(&self.unused[decoded.skip..decoded.consumed()]);
            self.unused.drain(..decoded.consumed());
        }
        Ok(())
    }

    fn read_until_close(&mut self, body: &mut Vec<u8>) -> Result<(), String> {
        while self.read_more() {}
        body.append(&mut self.unused);
        if let Some(Err(_)) = self.end {
            return Err(format!("the body ended after {} bytes: {}", body.len(), self.end_text()));
        }
        Ok(())
    }
}

/// Parses a head. `None` means that more bytes are needed.
fn parse_head(bytes: &[u8]) -> Result<Option<(usize, Response)>, httparse::Error> {
    let mut fields = vec![httparse::EMPTY_HEADER; 64];
    loop {
        let mut head = httparse::Response::new(&mut fields);
        match head.parse(bytes) {
            Ok(httparse::Status::Partial) => return Ok(None),
            Ok(httparse::Status::Complete(length)) => {
                let mut owned = OwnedFields::default();
                head.headers.iter().for_each(|field| owned.push(field.name, field.value));
                let version = if head.version == Some(0) { "HTTP/1.0" } else { "HTTP/1.1" };
                let response = Response::new(version, head.code.unwrap_or_default(), reason(bytes), owned);
                return Ok(Some((length, response)));
            }
            Err(httparse::Error::TooManyHeaders) if fields.len() < MAX_HEAD_BYTES / 4 => {
                fields = vec![httparse::EMPTY_HEADER; 4 * fields.len()];
            }
            Err(error) => return Err(error),
        }
    }
}

/// The reason phrase of a head, as Latin-1. httparse drops one with bytes above ASCII.
fn reason(head: &[u8]) -> String {
    let line = head.trim_ascii_start();
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    latin1(line.get("HTTP/1.1 200 ".len()..).unwrap_or_default()).into_owned()
}

#[derive(Clone, Copy)]
enum BodyFraming {
    /// Its length or its chunks mark the end.
    Marked(RequestBody),
    UntilClose,
}

fn body_framing(method: &str, response: &Response) -> Result<BodyFraming, String> {
    if matches!(body_allowed(response.status, method), BodyRule::Never | BodyRule::HeadOnly) {
        return Ok(BodyFraming::Marked(RequestBody::None));
    }
    let codings: Vec<_> = response.header_all("Transfer-Encoding").collect();
    let lengths: Vec<_> = response.header_all("Content-Length").collect();
    match (codings.last(), lengths.first()) {
        (Some(_), Some(_)) => Err("it has both Content-Length and Transfer-Encoding".to_owned()),
        (Some(codings), None) => {
            let last = codings.rsplit(',').next().unwrap_or_default().trim();
            let is_chunked = last.eq_ignore_ascii_case("chunked");
            Ok(if is_chunked { BodyFraming::Marked(RequestBody::Chunked) } else { BodyFraming::UntilClose })
        }
        (None, Some(first)) => {
            let is_plain =
                first.bytes().all(|byte| byte.is_ascii_digit()) && lengths.iter().all(|length| length == first);
            let length = first.parse().ok().filter(|_| is_plain);
            let length = length.ok_or_else(|| format!("its Content-Length is not one plain number: {lengths:?}"))?;
            Ok(BodyFraming::Marked(RequestBody::Sized(length)))
        }
        (None, None) => Ok(BodyFraming::UntilClose),
    }
}

/// Returns whether the connection ends after the response (RFC 9112, section 9.3).
fn closes(response: &Response) -> bool {
    let has = |option: &str| {
        let options = response.header_all("Connection").flat_map(|value| value.split(','));
        options.map(str::trim).any(|found| found.eq_ignore_ascii_case(option))
    };
    has("close") || response.version == "HTTP/1.0" && !has("keep-alive")
}

#[cfg(test)]
mod tests;
