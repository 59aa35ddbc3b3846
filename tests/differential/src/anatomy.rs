//! A message in parts, for the rules to look at. It judges nothing, and unlike a parser never says where a message
//! ends.
//!
//! Lines end at LF, whatever stands in front of it, and a head ends at an empty one. So it finds all that any of the
//! parsers could have found. It reads chunks by the grammar of RFC 9112, section 7.1, written down a second time.

/// The bytes at which the readings part.
pub struct Message<'s> {
    /// CR and LF in front of the request line.
    pub lead: &'s [u8],
    /// Without its line end.
    pub request_line: &'s [u8],
    /// The field lines, without line ends.
    pub lines: Vec<&'s [u8]>,
    /// All of the above with the line ends, up to the empty line or the end of the stream.
    pub head: &'s [u8],
    /// The bytes behind the empty line.
    pub body: &'s [u8],
}

impl<'s> Message<'s> {
    /// Takes apart what begins here.
    pub fn of(rest: &'s [u8]) -> Self {
        let lead = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let mut at = lead;
        let mut lines = Vec::new();
        while let Some(length) = rest[at..].iter().position(|byte| *byte == b'\n') {
            let line = &rest[at..at + length];
            at += length + 1;
            match without_cr(line) {
                [] => break,
                line => lines.push(line),
            }
            if !rest[at..].contains(&b'\n') && at < rest.len() {
                // The line under way.
                lines.push(&rest[at..]);
                at = rest.len();
            }
        }
        if lines.is_empty() {
            lines.push(&rest[lead..]);
            at = rest.len();
        }
        let (head, body) = rest.split_at(at);
        let request_line = lines.remove(0);
        Self { lead: &rest[..lead], request_line, lines, head, body }
    }

    /// The words of the request line, between single blanks.
    pub fn words(&self) -> Vec<&'s [u8]> {
        self.request_line.split(|byte| *byte == b' ').collect()
    }

    /// The first word.
    pub fn method(&self) -> &'s [u8] {
        self.words()[0]
    }

    /// The text between the first space and the last one.
    pub fn target(&self) -> &'s [u8] {
        let blank = |byte: &u8| *byte == b' ';
        let line = self.request_line;
        let (first, last) = (line.iter().position(blank), line.iter().rposition(blank));
        first.zip(last).and_then(|(first, last)| line.get(first + 1..last)).unwrap_or_default()
    }

    /// The last word.
    pub fn version(&self) -> &'s [u8] {
        self.words().last().copied().unwrap_or_default()
    }

    /// The values of the fields of this name, without white space around them.
    pub fn values(&self, name: &str) -> Vec<&'s [u8]> {
        let of_name = |line: &&'s [u8]| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            line[..colon].eq_ignore_ascii_case(name.as_bytes()).then(|| line[colon + 1..].trim_ascii())
        };
        self.lines.iter().filter_map(of_name).collect()
    }

    /// Returns whether there is a field of this name.
    pub fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// Returns whether a field of this name has this member in its list.
    pub fn says(&self, name: &str, member: &str) -> bool {
        let is_member = |word: &[u8]| word.trim_ascii().eq_ignore_ascii_case(member.as_bytes());
        self.values(name).iter().any(|value| value.split(|byte| *byte == b',').any(is_member))
    }

    /// Returns whether the predicate holds for a raw field line.
    pub fn any_line(&self, is_so: impl Fn(&[u8]) -> bool) -> bool {
        self.lines.iter().any(|line| is_so(line))
    }

    /// Returns whether a line of the head ends in LF alone.
    pub fn has_bare_lf(&self) -> bool {
        self.head.iter().enumerate().any(|(at, byte)| *byte == b'\n' && (at == 0 || self.head[at - 1] != b'\r'))
    }

    /// Returns whether a CR in the head is followed by something other than LF.
    pub fn has_bare_cr(&self) -> bool {
        self.head.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
    }

    /// Returns the first fault in the chunks, if the body has chunks.
    pub fn chunk_fault(&self) -> Option<ChunkFault> {
        chunk_fault(self.body)
    }

    /// Returns whether the stream ends behind the last chunk and before the empty line that would end the trailer
    /// section.
    pub fn ends_in_trailers(&self) -> bool {
        let ends_here =
            |trailers: &[u8]| !trailers.starts_with(b"\r\n") && !trailers.windows(4).any(|four| four == b"\r\n\r\n");
        matches!(trailer_section(self.body), Ok(Some(trailers)) if ends_here(trailers))
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The first fault in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkFault {
    /// No digits, more than sixteen, or something behind them that may not be there.
    Size,
    /// An extension that is none.
    Extension,
    /// A CR without LF behind a size or a trailer line.
    BareCr,
    /// No CRLF where the content of a chunk ends.
    Content,
    /// A trailer line that is no field, or does not end in CRLF.
    Trailer,
    /// A trailer field that frames or routes the message.
    Forbidden,
}

/// Finds the first fault; `None` where there is none, or none so far.
fn chunk_fault(body: &[u8]) -> Option<ChunkFault> {
    match trailer_section(body) {
        Ok(trailers) => trailer_fault(trailers?),
        Err(fault) => Some(fault),
    }
}

/// The bytes behind the last chunk. `None` if it has not come.
fn trailer_section(mut rest: &[u8]) -> Result<Option<&[u8]>, ChunkFault> {
    loop {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits > 16 || (digits == 0 && !rest.is_empty()) {
            return Err(ChunkFault::Size);
        }
        let size = rest[..digits]
            .iter()
            .fold(0, |size, byte| size << 4 | char::from(*byte).to_digit(16).unwrap_or(0) as usize);
        rest = &rest[digits..];
        let line_end = rest.iter().position(|byte| *byte == b'\r').unwrap_or(rest.len());
        match rest.first() {
            None => return Ok(None),
            Some(b'\r') => {}
            Some(b';' | b' ' | b'\t') if begins_extensions(&rest[..line_end], line_end < rest.len()) => {}
            Some(b';' | b' ' | b'\t') => return Err(ChunkFault::Extension),
            Some(_) => return Err(ChunkFault::Size),
        }
        match rest.get(line_end + 1..) {
            None | Some([]) => return Ok(None),
            Some([b'\n', behind @ ..]) => rest = behind,
            Some(_) => return Err(ChunkFault::BareCr),
        }
        if size == 0 {
            return Ok(Some(rest));
        }
        match rest.get(size..) {
            None | Some([] | [b'\r']) => return Ok(None),
            Some([b'\r', b'\n', behind @ ..]) => rest = behind,
            Some(_) => return Err(ChunkFault::Content),
        }
    }
}

/// Returns whether this is `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, or begins it if it is not
/// complete.
fn begins_extensions(text: &[u8], is_complete: bool) -> bool {
    let mut rest = text;
    loop {
        rest = skip_blanks(rest);
        let [b';', behind @ ..] = rest else { return rest.is_empty() && (!is_complete || text.is_empty()) };
        rest = skip_blanks(behind);
        let name = token_length(rest);
        rest = &rest[name..];
        if name == 0 {
            return rest.is_empty() && !is_complete;
        }
        let behind_name = skip_blanks(rest);
        if let [b'=', behind @ ..] = behind_name {
            rest = skip_blanks(behind);
            let value = if rest.first() == Some(&b'"') { quoted_length(rest) } else { Some(token_length(rest)) };
            match value {
                Some(0) => return rest.is_empty() && !is_complete,
                Some(length) => rest = &rest[length..],
                // An unfinished quoted string, in which every byte may stand so far.
                None => return !is_complete && rest.iter().all(|byte| is_text(*byte)),
            }
        }
        if rest.is_empty() {
            return true;
        }
    }
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..]
}

/// Bytes of the token at the start.
pub fn token_length(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)).count()
}

const fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Bytes of the quoted string at the start, with its quotes; nothing if a byte may not stand there, `None` without an
/// end.
fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            byte if !is_text(*byte) => return Some(0),
            b'\\' if !is_text(*text.get(at + 1)?) => return Some(0),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn trailer_fault(mut rest: &[u8]) -> Option<ChunkFault> {
    const FORBIDDEN: [&str; 7] =
        ["connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];
    loop {
        let length = rest.iter().position(|byte| !is_text(*byte))?;
        let line = &rest[..length];
        match &rest[length..] {
            [b'\r', b'\n', behind @ ..] => rest = behind,
            [b'\r'] => return None,
            [b'\r', ..] => return Some(ChunkFault::BareCr),
            _ => return Some(ChunkFault::Trailer),
        }
        if line.is_empty() {
            return None;
        }
        let name = token_length(line);
        if name == 0 || line.get(name) != Some(&b':') {
            return Some(ChunkFault::Trailer);
        }
        if FORBIDDEN.iter().any(|forbidden| line[..name].eq_ignore_ascii_case(forbidden.as_bytes())) {
            return Some(ChunkFault::Forbidden);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_apart_at_line_feeds() {
        let message = Message::of(b"\r\nGET /a HTTP/1.1\r\nHost: h\nX: a\rb\r\n\r\nbody");
        assert_eq!(message.lead, b"\r\n");
        assert_eq!(message.words(), [&b"GET"[..], b"/a", b"HTTP/1.1"]);
        assert_eq!(message.values("host"), [b"h"]);
        assert_eq!(message.lines.len(), 2);
        assert!(message.has_bare_lf() && message.has_bare_cr());
        assert_eq!(message.body, b"body");
        for cut in ["", "GET / HT", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h"] {
            let message = Message::of(cut.as_bytes());
            assert_eq!((message.head, message.body), (cut.as_bytes(), &b""[..]), "{cut:?}");
        }
        assert_eq!(Message::of(b"GET / HTTP/1.1\r\nHost: h").values("host"), [b"h"]);
    }

    #[test]
    fn a_trailer_section_without_an_end_is_seen() {
        for (body, expected) in [
            ("", false),
            ("5\r\nhello\r\n", false),
            ("0\r\n", true),
            ("0\r\n\r", true),
            ("0\r\nX: y\r\n", true),
            ("0\r\n\r\n", false),
            ("0\r\nX: y\r\n\r\nGET", false),
        ] {
            let message = format!("POST / HTTP/1.1\r\n\r\n{body}");
            assert_eq!(Message::of(message.as_bytes()).ends_in_trailers(), expected, "{body:?}");
        }
    }

    #[test]
    fn the_first_fault_of_chunks_is_found() {
        use ChunkFault::{BareCr, Content, Extension, Forbidden, Size, Trailer};
        let table = [
            ("5\r\nhello\r\n0\r\n\r\n", None),
            ("5;a=b ; c = \"\\\"\"\r\nhello\r\n0\r\nX: y\r\n\r\nGET", None),
            ("", None),
            ("5;a=\"", None),
            ("5\r\nhel", None),
            ("0\r\nX", None),
            ("x", Some(Size)),
            ("+5\r\n", Some(Size)),
            ("5\nhello", Some(Size)),
            ("00000000000000005\r\n", Some(Size)),
            ("5;\r\n", Some(Extension)),
            ("5 \r\n", Some(Extension)),
            ("5;a\n\r\n", Some(Extension)),
            ("5;a=\"\n\"\r\n", Some(Extension)),
            ("5\rX", Some(BareCr)),
            ("5\r\nhello0\r\n", Some(Content)),
            ("5\r\nhello\n0\r\n", Some(Content)),
            ("0\r\nX\r\n\r\n", Some(Trailer)),
            ("0\r\nX: y\n\r\n", Some(Trailer)),
            ("0\r\n\n", Some(Trailer)),
            ("0\r\nX: y\r\r\n", Some(BareCr)),
            ("0\r\n\r\r\n", Some(BareCr)),
            ("0\r\nHost: h\r\n\r\n", Some(Forbidden)),
        ];
        for (chunks, expected) in table {
            assert_eq!(chunk_fault(chunks.as_bytes()), expected, "{chunks:?}");
        }
    }
}
