//! A reader of replies that takes what RFC 9112 allows a server to send, and nothing else. `Reply::read` is for tests
//! that look at one thing; this one is for those that look at whether a reply is one at all.
//!
//! | reply                                  | body                       |
//! |----------------------------------------|----------------------------|
//! | 1xx, 204, 304, to HEAD, 2xx to CONNECT | none                       |
//! | Transfer-Encoding: chunked             | chunks, to HTTP/1.1 alone  |
//! | Content-Length: n                      | n octets                   |
//! | neither                                | until the connection ends  |
//!
//! Reads one reply by section 6.3. The error's text tells the mistake, and a reply that is cut off is `UnexpectedEof`.

use std::io::{self, BufRead, ErrorKind, Read};

/// The mark of a body's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length,
    Chunked,
    UntilClose,
}

/// One reply, interim or final.
#[derive(Debug)]
pub(crate) struct Strict {
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub version: String,
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub framing: Framing,
    pub body: Vec<u8>,
}

impl Strict {
    /// Reads one reply to a request of this method and version.
    pub(crate) fn read(reader: &mut impl BufRead, method: &str, version: &str) -> io::Result<Self> {
        let line = read_line(reader)?;
        let mut reply = Strict::of_status_line(&line).ok_or_else(|| wrong("no status line", &line))?;
        loop {
            let line = read_line(reader)?;
            if line.is_empty() {
                break;
            }
            reply.fields.push(field_of(&line).ok_or_else(|| wrong("no field line", &line))?);
        }
        reply.framing = reply.framing_to(method, version).map_err(|why| wrong(why, format!("{reply:?}").as_bytes()))?;
        reply.body = reply.read_body(reader)?;
        Ok(reply)
    }

    /// The interim replies to a request, and the final one.
    pub(crate) fn read_all(reader: &mut impl BufRead, method: &str, version: &str) -> io::Result<(Vec<u16>, Self)> {
        let mut interim = Vec::new();
        loop {
            let reply = Strict::read(reader, method, version)?;
            match reply.status {
                // The last HTTP message on this connection (RFC 9110, section 15.2.2).
                100 | 102..=199 => interim.push(reply.status),
                _ => return Ok((interim, reply)),
            }
        }
    }

    /// Every value of that name.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Returns whether its client may send another request by section 9.3. `asked` is true if the client said
    /// `keep-alive`.
    pub(crate) fn persists(&self, asked: bool) -> bool {
        let has = |option: &str| {
            let options = self.values("Connection").into_iter().flat_map(|value| value.split(','));
            options.map(str::trim).any(|found| found.eq_ignore_ascii_case(option))
        };
        !has("close") && (self.version == "HTTP/1.1" || asked && has("keep-alive"))
    }

    /// The status line of section 4, `HTTP-version SP 3DIGIT SP [reason-phrase]`.
    fn of_status_line(line: &[u8]) -> Option<Self> {
        let (version, rest) = line.split_at_checked(8)?;
        let [b' ', code @ .., b' '] = rest.get(..5)? else { return None };
        let is_reason = rest[5..].iter().all(|&byte| is_text(byte));
        let is_code = code.iter().all(u8::is_ascii_digit) && code[0] != b'0';
        if !matches!(version, b"HTTP/1.0" | b"HTTP/1.1") || !is_code || !is_reason {
            return None;
        }
        let status = str::from_utf8(code).ok()?.parse().ok()?;
        let version = String::from_utf8(version.to_vec()).ok()?;
        Some(Strict { version, status, fields: Vec::new(), framing: Framing::None, body: Vec::new() })
    }

    /// Sections 6.1 to 6.3; RFC 9110, sections 6.6.1, 7.6.1, 8.6 and 9.3.6.
    fn framing_to(&self, method: &str, version: &str) -> Result<Framing, &'static str> {
        let lengths = self.values("Content-Length");
        let codings = self.values("Transfer-Encoding");
        let is_tunnel = method == "CONNECT" && (200..300).contains(&self.status);
        let has_framing = !lengths.is_empty() || !codings.is_empty();
        if lengths.len() + codings.len() > 1 {
            return Err("framed twice");
        }
        if lengths.iter().any(|length| length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err("a length that is no number");
        }
        if codings.iter().any(|coding| *coding != "chunked") {
            return Err("another coding than chunked");
        }
        if !codings.is_empty() && (self.version != "HTTP/1.1" || version == "HTTP/1.0") {
            return Err("a coding in HTTP/1.0");
        }
        if has_framing && (matches!(self.status, 100..=199 | 204) || is_tunnel) {
            return Err("framing where it is forbidden");
        }
        if (100..200).contains(&self.status) && version == "HTTP/1.0" {
            return Err("an interim reply to HTTP/1.0");
        }
        if self.values("Date").len() != usize::from(self.status >= 200) && self.status != 101 {
            return Err("not one date in a final reply");
        }
        if self.values("Connection").iter().any(|value| value.split(',').any(|option| option.trim().is_empty())) {
            return Err("an empty member of a list");
        }
        Ok(match (lengths.first(), codings.first()) {
            _ if method == "HEAD" || is_tunnel || matches!(self.status, 100..=199 | 204 | 304) => Framing::None,
            (Some(_), _) => Framing::Length,
            (_, Some(_)) => Framing::Chunked,
            _ => Framing::UntilClose,
        })
    }

    fn read_body(&self, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        match self.framing {
            Framing::None => {}
            Framing::Length => {
                let length = self.values("Content-Length")[0].parse().map_err(|_| wrong("a length beyond all", b""))?;
                read_exactly(reader, length, &mut body)?;
            }
            Framing::Chunked => read_chunks(reader, &mut body)?,
            Framing::UntilClose => drop(reader.read_to_end(&mut body)?),
        }
        Ok(body)
    }
}

/// Chunks of section 7.1, without extensions and trailers, which no server here sends.
fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(reader)?;
        let is_size = (1..=16).contains(&line.len()) && line.iter().all(u8::is_ascii_hexdigit);
        let size = str::from_utf8(&line).ok().filter(|_| is_size).and_then(|text| u64::from_str_radix(text, 16).ok());
        let size = size.ok_or_else(|| wrong("no chunk size", &line))?;
        read_exactly(reader, size, body)?;
        let end = read_line(reader)?;
        if !end.is_empty() {
            return Err(wrong("no end of a chunk", &end));
        }
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_exactly(reader: &mut impl BufRead, count: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let came = reader.take(count).read_to_end(body)? as u64;
    if came == count { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// A field of section 5, which has a token, a colon, and text with white space around it.
fn field_of(line: &[u8]) -> Option<(String, String)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_token = !name.is_empty() && name.iter().all(|&byte| is_tchar(byte));
    let is_value = value.iter().all(|&byte| is_text(byte));
    let latin1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    (is_token && is_value).then(|| (latin1(name), latin1(value).trim_matches([' ', '\t']).to_owned()))
}

fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Bytes of a value or a reason, which are all but controls, and HTAB.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || byte >= b' ' && byte != 0x7f
}

/// Reads one line, without its CRLF. A bare CR or LF inside is refused later, with the line.
fn read_line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    line.pop();
    match line.pop() {
        Some(b'\r') => Ok(line),
        _ => Err(wrong("a bare LF", &line)),
    }
}

fn wrong(why: &str, what: &[u8]) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{why}: {}", what.escape_ascii()))
}
