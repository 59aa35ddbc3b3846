//! Reads the chunked coding (RFC 9112, section 7.1). Content passes through in place, and only the framing is looked
//! at. `write` has the other direction.
//!
//! ```text
//! Size -- CR --> SizeLf -- LF, size > 0 --> Data --> DataCr --> DataLf --> Size
//!  | `;` or space   ^  |
//!  v                |  `-- LF, size 0 --> TrailerLine <--> TrailerLf --> Done
//! Extension --- CR -'
//! ```
//!
//! A size is one to sixteen hexadecimal digits without a sign. Lines end in CRLF and nothing less. Extensions follow
//! their grammar. White space may stand around `;` and `=` of an extension, where the grammar has it, and nowhere else.
//!
//! Trailer fields that frame or route a message are refused, since only an attack sends them there. Fields that are of
//! use only before the body (RFC 9110, section 6.5.1) are dropped. The rest is kept apart from the head's fields.

use std::fmt;

use super::{
    field::{check_name, check_value, is_token_byte, is_value_byte, trim_whitespace},
    limits::Limits,
    refusal::Refusal,
};

/// Most digits of a chunk size, leading zeros included. They fit 64 bits.
const MAX_SIZE_DIGITS: u8 = 16;

/// One field of a trailer section.
#[derive(Clone, PartialEq, Eq)]
pub struct Trailer {
    name: Box<str>,
    value: Box<[u8]>,
}

impl Trailer {
    /// Returns the name as sent, a token in the sender's case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value without the white space around it. It may have HTAB, and any bytes except controls.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Debug for Trailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value.escape_ascii())
    }
}

/// Result of one call: `skip` bytes of framing, then `payload` bytes of content. The call has consumed all of them.
///
/// No payload of an incomplete body means that the call has consumed all bytes and needs more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// Bytes of framing before the payload.
    pub skip: usize,
    /// Bytes of content.
    pub payload: usize,
}

impl Decoded {
    /// Returns the number of bytes that the call has consumed.
    pub(crate) const fn consumed(self) -> usize {
        self.skip + self.payload
    }
}

/// Finds the content in chunks. Used through `body::BodyDecoder`, which remembers a refusal.
#[derive(Debug)]
pub(crate) struct ChunkDecoder {
    state: ChunkState,
    /// Bytes of extensions that may still come.
    extension_room: usize,
    /// Bytes of trailer fields that may still come.
    trailer_room: usize,
    /// Trailer fields that may still come.
    trailer_fields_room: usize,
    /// The trailer line that has begun.
    line: Vec<u8>,
    trailers: Vec<Trailer>,
}

#[derive(Clone, Copy, Debug)]
enum ChunkState {
    /// In the digits of a chunk size.
    Size { size: u64, digits: u8 },
    /// After the digits, before the line's CR.
    Extension { size: u64, place: ExtensionPlace },
    /// After the CR of a size line.
    SizeLf { size: u64 },
    /// In a chunk's content. `left` is never zero.
    Data { left: u64 },
    /// After a chunk's content.
    DataCr,
    /// After the CR behind a chunk's content.
    DataLf,
    /// In a line of the trailer section.
    TrailerLine,
    /// After the CR of a trailer line.
    TrailerLf,
    /// After the empty line that ends the body.
    Done,
}

impl ChunkDecoder {
    /// Makes a decoder before the first chunk.
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            state: ChunkState::Size { size: 0, digits: 0 },
            extension_room: limits.max_chunk_extension_bytes,
            trailer_room: limits.max_trailer_bytes,
            trailer_fields_room: limits.max_fields,
            line: Vec::new(),
            trailers: Vec::new(),
        }
    }

    /// Consumes framing byte by byte, and content in one piece.
    pub(crate) fn decode(&mut self, raw: &[u8]) -> Result<Decoded, Refusal> {
        for (skip, byte) in raw.iter().enumerate() {
            match self.state {
                ChunkState::Data { left } => {
                    return Ok(Decoded { skip, payload: self.take_content(left, raw.len() - skip) });
                }
                ChunkState::Done => return Ok(Decoded { skip, payload: 0 }),
                _ => self.state = self.after(*byte)?,
            }
        }
        Ok(Decoded { skip: raw.len(), payload: 0 })
    }

    /// Returns whether the body has ended.
    pub(crate) const fn is_complete(&self) -> bool {
        matches!(self.state, ChunkState::Done)
    }

    /// Returns the trailer fields so far.
    pub(crate) fn trailers(&self) -> &[Trailer] {
        &self.trailers
    }

    fn take_content(&mut self, left: u64, available: usize) -> usize {
        let payload = usize::try_from(left).map_or(available, |left| left.min(available));
        self.state = match left - payload as u64 {
            0 => ChunkState::DataCr,
            left => ChunkState::Data { left },
        };
        payload
    }

    /// Returns the state after one byte of framing.
    fn after(&mut self, byte: u8) -> Result<ChunkState, Refusal> {
        match (self.state, byte) {
            (ChunkState::Size { size, digits: 1.. }, b'\r') => Ok(ChunkState::SizeLf { size }),
            (ChunkState::Size { size, digits: 1.. }, b';' | b' ' | b'\t') => {
                self.extend(size, ExtensionPlace::BeforeSemicolon, byte)
            }
            (ChunkState::Size { size, digits }, _) => after_digit(size, digits, byte).ok_or(NOT_A_SIZE),
            (ChunkState::Extension { size, place }, b'\r') if place.may_end() => Ok(ChunkState::SizeLf { size }),
            (ChunkState::Extension { size, place }, _) => self.extend(size, place, byte),
            (ChunkState::SizeLf { size: 0 }, b'\n') => Ok(ChunkState::TrailerLine),
            (ChunkState::SizeLf { size }, b'\n') => Ok(ChunkState::Data { left: size }),
            (ChunkState::DataCr, b'\r') => Ok(ChunkState::DataLf),
            (ChunkState::DataLf, b'\n') => Ok(ChunkState::Size { size: 0, digits: 0 }),
            (ChunkState::DataCr | ChunkState::DataLf, _) => Err(TOO_MUCH_CONTENT),
            (ChunkState::TrailerLine, b'\r') => Ok(ChunkState::TrailerLf),
            (ChunkState::TrailerLine, _) => self.push_trailer_byte(byte),
            (ChunkState::TrailerLf, b'\n') => self.end_trailer_line(),
            (ChunkState::SizeLf { .. } | ChunkState::TrailerLf, _) => Err(BARE_CR),
            (ChunkState::Data { .. } | ChunkState::Done, _) => unreachable!("decode handles both before it asks"),
        }
    }

    /// Takes a byte between the digits and the CR. Every such byte counts, so that small chunks with extensions cannot
    /// go on for ever.
    fn extend(&mut self, size: u64, place: ExtensionPlace, byte: u8) -> Result<ChunkState, Refusal> {
        self.extension_room = self.extension_room.checked_sub(1).ok_or(EXTENSIONS_TOO_LONG)?;
        let place = place.after(byte).ok_or(NOT_AN_EXTENSION)?;
        Ok(ChunkState::Extension { size, place })
    }

    fn push_trailer_byte(&mut self, byte: u8) -> Result<ChunkState, Refusal> {
        if !is_value_byte(byte) {
            return Err(NOT_A_TRAILER);
        }
        self.trailer_room = self.trailer_room.checked_sub(1).ok_or(TRAILERS_TOO_LONG)?;
        self.line.push(byte);
        Ok(ChunkState::TrailerLine)
    }

    fn end_trailer_line(&mut self) -> Result<ChunkState, Refusal> {
        if self.line.is_empty() {
            return Ok(ChunkState::Done);
        }
        self.trailer_fields_room = self.trailer_fields_room.checked_sub(1).ok_or(TRAILERS_TOO_LONG)?;
        let (name, value) = split_field(&self.line).ok_or(NOT_A_TRAILER)?;
        match name.to_ascii_lowercase().as_str() {
            name if NEVER_IN_TRAILERS.contains(&name) => return Err(FRAMING_IN_TRAILERS),
            name if USELESS_IN_TRAILERS.contains(&name) => {}
            _ => self.trailers.push(Trailer { name: name.into(), value: value.into() }),
        }
        self.line.clear();
        Ok(ChunkState::TrailerLine)
    }
}

fn after_digit(size: u64, digits: u8, byte: u8) -> Option<ChunkState> {
    let digit = char::from(byte).to_digit(16).filter(|_| digits < MAX_SIZE_DIGITS)?;
    Some(ChunkState::Size { size: size << 4 | u64::from(digit), digits: digits + 1 })
}

/// A position in a chunk extension, by the grammar `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`.
#[derive(Clone, Copy, Debug)]
enum ExtensionPlace {
    /// Past the digits, or past a value and a space. More spaces may follow, then `;` must.
    BeforeSemicolon,
    BeforeName,
    Name,
    /// After a name and a space. `=` or `;` must follow.
    AfterName,
    BeforeValue,
    Value,
    Quoted,
    /// After a backslash in a quoted string.
    Escaped,
    /// After the closing quote.
    AfterQuoted,
}

impl ExtensionPlace {
    fn after(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Quoted, b'"') => Some(Self::AfterQuoted),
            (Self::Quoted, b'\\') => Some(Self::Escaped),
            (Self::Quoted | Self::Escaped, byte) => is_value_byte(byte).then_some(Self::Quoted),

            (Self::BeforeSemicolon | Self::BeforeName | Self::AfterName | Self::BeforeValue, b' ' | b'\t') => {
                Some(self)
            }
            (Self::Name, b' ' | b'\t') => Some(Self::AfterName),
            (Self::Value | Self::AfterQuoted, b' ' | b'\t') => Some(Self::BeforeSemicolon),

            (Self::BeforeName | Self::BeforeValue, b';') => None,
            (_, b';') => Some(Self::BeforeName),
            (Self::Name | Self::AfterName, b'=') => Some(Self::BeforeValue),
            (Self::BeforeValue, b'"') => Some(Self::Quoted),

            (Self::BeforeName | Self::Name, byte) => is_token_byte(byte).then_some(Self::Name),
            (Self::BeforeValue | Self::Value, byte) => is_token_byte(byte).then_some(Self::Value),
            _ => None,
        }
    }

    const fn may_end(self) -> bool {
        matches!(self, Self::Name | Self::Value | Self::AfterQuoted)
    }
}

fn split_field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    check_name(&line[..colon]).ok()?;
    let name = str::from_utf8(&line[..colon]).ok()?;
    let value = trim_whitespace(&line[colon + 1..]);
    check_value(value).ok()?;
    Some((name, value))
}

/// Fields of framing, of routing and of the connection itself.
const NEVER_IN_TRAILERS: [&str; 7] =
    ["connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];

/// Fields of authentication and of content format, and request modifiers. In a trailer section they come too late to
/// have any effect.
const USELESS_IN_TRAILERS: [&str; 18] = [
    "authorization",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "pragma",
    "proxy-authorization",
    "range",
    "set-cookie",
];

const NOT_A_SIZE: Refusal = Refusal::bad_request("a chunk size is not 1 to 16 hexadecimal digits and cr lf");
const NOT_AN_EXTENSION: Refusal = Refusal::bad_request("a chunk extension is not ;name or ;name=value");
const EXTENSIONS_TOO_LONG: Refusal = Refusal::bad_request("the chunk extensions of the body are too long");
const TOO_MUCH_CONTENT: Refusal = Refusal::bad_request("a chunk does not end in cr lf where its size says");
const BARE_CR: Refusal = Refusal::bad_request("a carriage return stands alone in the chunk framing");
const NOT_A_TRAILER: Refusal = Refusal::bad_request("a trailer field is not NAME: VALUE and cr lf");
const FRAMING_IN_TRAILERS: Refusal = Refusal::bad_request("a trailer field frames or routes the message");
const TRAILERS_TOO_LONG: Refusal = Refusal::bad_request("the trailer section is too long");

#[cfg(test)]
mod tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod twin;
