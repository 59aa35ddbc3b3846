//! Forms with files: against a reader that has the whole body and goes line by line, with the body cut in pieces.

use std::io::{self, Read};

use crate::exchange::{Multipart, MultipartLimits};
use crate::proto::multipart::{Boundary, MAX_PADDING};
use crate::{HTTPError, Part};

const BOUNDARIES: [&str; 4] = ["b", "--b", "a b", "----WebKitFormBoundary7MA4YWxkTrZu0gW"];

/// The same numbers for both readers.
#[derive(Clone, Copy)]
struct Most {
    parts: usize,
    head: usize,
    part: usize,
    body: usize,
}

const FEW: Most = Most { parts: 3, head: 120, part: 20, body: 600 };
const MANY: Most = Most { parts: 100, head: 16 * 1024, part: 16 << 20, body: 64 << 20 };

/// Name, file name and content of each part that came whole, and the status if the body is refused.
type Outcome = (Vec<(String, Option<String>, Vec<u8>)>, Option<u16>);

/// Runs this target on `bytes`.
pub fn multipart_form(bytes: &[u8]) {
    let [choices, piece, body @ ..] = bytes else { return };
    let boundary = BOUNDARIES[usize::from(choices & 3)];
    let most = if choices & 4 == 0 { MANY } else { FEW };
    let expected = plain(body, boundary, most);
    for piece in [usize::from(*piece) + 1, 1, usize::MAX] {
        let found = streamed(body, boundary, most, piece);
        if body.len() > most.body {
            // How far it gets depends on the pieces.
            assert!(expected.0.starts_with(&found.0), "the parts before");
            assert!(found.1 == Some(413) || found.1 == expected.1, "{found:?}");
        } else {
            assert_eq!(found, expected, "pieces of {piece}");
        }
    }
    check_skipped(body, boundary, most, &expected);
}

/// The body in pieces.
struct InPieces<'b> {
    rest: &'b [u8],
    piece: usize,
}

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.piece);
        self.rest.read(&mut buffer[..most])
    }
}

fn streamed(body: &[u8], boundary: &str, most: Most, piece: usize) -> Outcome {
    let mut pieces = InPieces { rest: body, piece };
    let mut form = form(&mut pieces, boundary, most);
    let mut parts = Vec::new();
    let error = loop {
        let mut part = match form.next_part() {
            Ok(Some(part)) => part,
            Ok(None) => return (parts, None),
            Err(error) => break error,
        };
        check_file_name(&part);
        let (name, file_name) = (part.name().to_owned(), part.file_name().map(str::to_owned));
        let mut content = Vec::new();
        if let Err(error) = part.read_to_end(&mut content) {
            break error;
        }
        assert_eq!(part.read(&mut [0]).ok(), Some(0), "the end stays the end");
        parts.push((name, file_name, content));
    };
    let code = code(&error);
    assert_eq!(form.next_part().map(drop).map_err(|error| self::code(&error)), Err(code), "it stays refused");
    (parts, Some(code))
}

fn form<'b>(body: &'b mut dyn Read, boundary: &str, most: Most) -> Multipart<'b> {
    let limits = MultipartLimits::new().max_parts(most.parts).max_part_head_bytes(most.head);
    let limits = limits.max_part_bytes(most.part as u64).max_body_bytes(most.body as u64);
    Multipart::new(body, Boundary::new(boundary).expect("it is one"), limits)
}

fn code(error: &io::Error) -> u16 {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<HTTPError>()).expect("an error response");
    assert!(error.explain().is_some_and(|text| text.len() < 600), "{error}");
    error.code()
}

fn check_file_name(part: &Part) {
    let safe = part.safe_file_name();
    assert_eq!(safe.is_some(), part.file_name().is_some());
    if let Some(name) = &safe {
        assert!(name.starts_with(char::is_alphanumeric) && name.len() <= 200, "{name}");
        assert!(!name.contains(['/', '\\']) && !name.contains(char::is_control), "{name}");
    }
}

/// Parts that are not read, or read in part, change nothing for those behind them.
fn check_skipped(body: &[u8], boundary: &str, most: Most, expected: &Outcome) {
    let mut rest = body;
    let mut form = form(&mut rest, boundary, most);
    let mut names = Vec::new();
    while let Ok(Some(mut part)) = form.next_part() {
        names.push(part.name().to_owned());
        let mut start = [0; 3];
        if names.len() % 2 == 0 && part.read(&mut start).is_err() {
            break;
        }
    }
    let expected: Vec<_> = expected.0.iter().map(|(name, ..)| name.clone()).collect();
    assert!(names.starts_with(&expected) || expected.starts_with(&names) && body.len() > most.body, "{names:?}");
}

/// Reads the body line by line. A line ends in CRLF and nothing less.
fn plain(body: &[u8], boundary: &str, most: Most) -> Outcome {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut started = None;
    loop {
        let content_start = at;
        let (content_end, next) = match delimiter(body, &mut at, boundary) {
            Some(next) => (content_start.max(at.saturating_sub(2)), next),
            None => (body.len(), Delimiter::Nothing),
        };
        if let Some((name, file_name)) = started.take() {
            let content = &body[content_start..content_end];
            if content.len() > most.part {
                return (parts, Some(413));
            }
            if next != Delimiter::Nothing {
                parts.push((name, file_name, content.to_vec()));
            }
        }
        match next {
            Delimiter::Nothing => return (parts, Some(400)),
            Delimiter::End => return (parts, None),
            Delimiter::Part(_) if parts.len() == most.parts => return (parts, Some(413)),
            Delimiter::Part(head_start) => at = head_start,
        }
        let head_start = at;
        if let Err(code) = end_of_head(body, &mut at, most.head) {
            return (parts, Some(code));
        }
        match names(&body[head_start..at]) {
            Ok((name, file_name)) => started = Some((name, file_name.filter(|name| !name.is_empty()))),
            Err(code) => return (parts, Some(code)),
        }
    }
}

#[derive(PartialEq)]
enum Delimiter {
    /// A part, whose head starts here.
    Part(usize),
    End,
    Nothing,
}

/// Goes to the next line that is a delimiter.
fn delimiter(body: &[u8], at: &mut usize, boundary: &str) -> Option<Delimiter> {
    loop {
        let line_end = body[*at..].windows(2).position(|bytes| bytes == b"\r\n").map(|length| *at + length);
        let line = &body[*at..line_end.unwrap_or(body.len())];
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()));
        let is_padding = |bytes: &[u8]| bytes.len() <= MAX_PADDING && bytes.iter().all(|byte| b" \t".contains(byte));
        match (rest, line_end) {
            (Some(rest), Some(line_end)) if is_padding(rest) => return Some(Delimiter::Part(line_end + 2)),
            (Some([b'-', b'-', rest @ ..]), _) if is_padding(rest) => return Some(Delimiter::End),
            _ => *at = line_end? + 2,
        }
    }
}

fn end_of_head(body: &[u8], at: &mut usize, most: usize) -> Result<(), u16> {
    let start = *at;
    loop {
        let byte = body.get(*at).ok_or(400_u16)?;
        *at += 1;
        let head = &body[start..*at];
        if head.len() > most {
            return Err(413);
        }
        if *byte == b'\n' {
            if !head.ends_with(b"\r\n") {
                return Err(400);
            }
            if head == b"\r\n" || head.ends_with(b"\r\n\r\n") {
                return Ok(());
            }
        }
    }
}

/// The names in a head, or the status it gets.
fn names(head: &[u8]) -> Result<(String, Option<String>), u16> {
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').collect();
    let fields = &lines[..lines.len() - 2];
    if fields.len() > 32 {
        return Err(413);
    }
    let (mut encoding, mut dispositions) = (None, Vec::new());
    for line in fields {
        let line = line.strip_suffix(b"\r").ok_or(400_u16)?;
        let colon = line.iter().position(|byte| *byte == b':').ok_or(400_u16)?;
        let name = str::from_utf8(&line[..colon]).map_err(|_| 400_u16)?.to_ascii_lowercase();
        let value = &line[colon + 1..];
        let is_value = value.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control());
        if name.is_empty() || !name.chars().all(is_token) || !is_value {
            return Err(400);
        }
        let value = String::from_utf8_lossy(value).trim_matches([' ', '\t']).to_owned();
        match name.as_str() {
            "content-transfer-encoding" => encoding = encoding.or(Some(value.to_ascii_lowercase())),
            "content-disposition" => dispositions.push(value),
            _ => {}
        }
    }
    let [disposition] = &dispositions[..] else { return Err(400) };
    let names = params(disposition).ok_or(400_u16)?;
    let is_plain = encoding.is_none_or(|encoding| ["7bit", "8bit", "binary"].contains(&&*encoding));
    if is_plain { Ok(names) } else { Err(415) }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// Reads `form-data; name=...` one character after the other.
fn params(text: &str) -> Option<(String, Option<String>)> {
    let (kind, rest) = text.split_at(text.find(';')?);
    if !kind.trim_end_matches([' ', '\t']).eq_ignore_ascii_case("form-data") {
        return None;
    }
    let (mut name, mut file_name, mut extended) = (None, None, None);
    let mut chars = rest.chars().peekable();
    loop {
        while chars.next_if(|c| " \t".contains(*c)).is_some() {}
        match chars.next() {
            None => break,
            Some(';') => {}
            Some(_) => return None,
        }
        while chars.next_if(|c| " \t".contains(*c)).is_some() {}
        if matches!(chars.peek(), None | Some(';')) {
            continue;
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| is_token(*c)) {
            key.push(c.to_ascii_lowercase());
        }
        chars.next_if_eq(&'=').filter(|_| !key.is_empty())?;
        let mut value = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match (chars.next()?, chars.peek()) {
                    ('"', _) => break,
                    ('\\', Some('"' | '\\')) => value.extend(chars.next()),
                    (c, _) => value.push(c),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| is_token(*c)) {
                value.push(c);
            }
            if value.is_empty() {
                return None;
            }
        }
        let place = match key.as_str() {
            "name" => &mut name,
            "filename" => &mut file_name,
            "filename*" => &mut extended,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let file_name = match (file_name, extended) {
        (None, Some(extended)) => Some(decoded(&extended)?),
        (file_name, _) => file_name,
    };
    Some((name?, file_name))
}

fn decoded(text: &str) -> Option<String> {
    let [charset, _, encoded] = text.splitn(3, '\'').collect::<Vec<_>>().try_into().ok()?;
    let mut rest = encoded.as_bytes();
    let mut decoded = Vec::new();
    while let [byte, behind @ ..] = rest {
        let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let triplet = digit(0).zip(digit(1)).filter(|_| *byte == b'%');
        decoded.push(triplet.map_or(*byte, |(high, low)| u8::try_from(high * 16 + low).expect("two digits")));
        rest = if triplet.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(decoded).ok().filter(|_| charset.eq_ignore_ascii_case("utf-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fragment() -> impl Strategy<Value = Vec<u8>> {
        let texts = [
            "\r\n--b\r\n",
            "--b\r\n",
            "\r\n--b--\r\n",
            "--b--",
            "\r\n",
            "\r",
            "\n",
            "-",
            "b",
            " ",
            "\t",
            ";",
            "\"",
            "\\",
            "Content-Disposition: form-data; name=\"a\"\r\n\r\n",
            "Content-Disposition: form-data; name=\"a\"; filename=\"../\\\"b\\\\c\"\r\n",
            "Content-Disposition: form-data; name=x; filename*=UTF-8''caf%C3%A9\r\n\r\n",
            "Content-Type: text/plain\r\n",
            "Content-Transfer-Encoding: base64\r\n",
            "caf\u{e9}",
            "--b\r\nContent-Disposition: form-data; name=y\r\n\r\n",
        ];
        let choose = prop::sample::select(texts.map(|text| text.as_bytes().to_vec()).to_vec());
        prop_oneof![20 => choose, 1 => prop::collection::vec(any::<u8>(), 1..20)]
    }

    proptest! {
        #[test]
        fn however_a_body_is_cut_its_parts_are_those_of_a_plain_reader(
            choices in any::<[u8; 2]>(),
            fragments in prop::collection::vec(fragment(), 0..30),
        ) {
            multipart_form(&[&[choices[0] & 4, choices[1]], &fragments.concat()[..]].concat());
        }
    }
}
