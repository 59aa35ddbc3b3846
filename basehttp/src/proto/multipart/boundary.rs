//! The boundary of a multipart body, and the search for its lines. Content passes through in place.
//!
//! A delimiter is a line of its own: CRLF, `--`, the boundary, spaces, CRLF. The last one has `--` behind the boundary
//! and may end with the body. Anything else is content, however much it looks like one. RFC 2046, section 5.1.1 lets a
//! line that only begins with the boundary end a part, too, which would cut off parts whose own boundary is longer.

use super::super::content_type::ContentType;

/// Longest boundary (RFC 2046, section 5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;

/// Most white space behind a boundary: 64 bytes. RFC 2046, section 5.1.1 asks to take what a mail transport adds. HTTP
/// adds none, and a line with more is content.
pub(crate) const MAX_PADDING: usize = 64;

/// The boundary of one body.
#[derive(Debug)]
pub(crate) struct Boundary {
    /// CRLF, `--` and the boundary. CR is nowhere in it except at the start.
    delimiter: Vec<u8>,
}

/// The meaning of the bytes at the start of a slice of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// So many bytes, at least one, that belong to no delimiter.
    Content(usize),
    /// A delimiter of so many bytes. The head of a part follows.
    Delimiter(usize),
    /// The last delimiter, of so many bytes.
    LastDelimiter(usize),
    /// Fewer bytes than it takes to decide.
    Unfinished,
}

/// The meaning of a line that may begin with the boundary.
enum Line {
    Delimiter(usize),
    LastDelimiter(usize),
    Unfinished,
    Other,
}

impl Boundary {
    /// Returns the boundary of a multipart type. `None` if it has none, more than one, or one that breaks the grammar.
    pub(crate) fn of(media_type: ContentType<'_>) -> Option<Self> {
        let boundary = media_type.boundary().filter(|_| media_type.param_count("boundary") == 1)?;
        Self::new(&boundary)
    }

    /// Takes a boundary without quotes.
    pub(crate) fn new(boundary: &str) -> Option<Self> {
        let is_valid = (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len())
            && boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte))
            && !boundary.ends_with(' ');
        is_valid.then(|| Self { delimiter: format!("\r\n--{boundary}").into_bytes() })
    }

    /// Looks for the first delimiter in `bytes`. `is_line_start` says that a line begins with them, and `is_end` that
    /// the body ends behind them.
    pub(crate) fn scan(&self, bytes: &[u8], is_line_start: bool, is_end: bool) -> Scanned {
        let delimiter = &self.delimiter[..];
        if is_line_start {
            match line(bytes, &delimiter[2..], is_end) {
                Line::Delimiter(length) => return Scanned::Delimiter(length),
                Line::LastDelimiter(length) => return Scanned::LastDelimiter(length),
                Line::Unfinished => return Scanned::Unfinished,
                Line::Other => {}
            }
        }
        let mut from = 0;
        while let Some(at) = find(&bytes[from..], delimiter).map(|at| from + at) {
            match line(&bytes[at..], delimiter, is_end) {
                Line::Other => from = at + delimiter.len(),
                _ if at > 0 => return Scanned::Content(at),
                Line::Delimiter(length) => return Scanned::Delimiter(length),
                Line::LastDelimiter(length) => return Scanned::LastDelimiter(length),
                Line::Unfinished => return Scanned::Unfinished,
            }
        }
        let kept = if is_end { 0 } else { begun(bytes, delimiter) };
        match bytes.len() - kept {
            0 => Scanned::Unfinished,
            content => Scanned::Content(content),
        }
    }
}

/// Finds the delimiter. The time is linear, since CR begins a delimiter and is nowhere else in it.
fn find(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find_cr(&bytes[from..])?;
        if bytes[at..].starts_with(delimiter) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn find_cr(bytes: &[u8]) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<32>();
    // The inner loop has no early end, so that it takes many bytes at a time.
    let has_cr = |block: &[u8; 32]| block.iter().fold(0, |found, byte| found | u8::from(*byte == b'\r')) != 0;
    let from = blocks.iter().position(has_cr).unwrap_or(blocks.len()) * 32;
    bytes[from..].iter().position(|byte| *byte == b'\r').map(|at| from + at)
}

/// Decides about the line at the start of these bytes.
fn line(bytes: &[u8], delimiter: &[u8], is_end: bool) -> Line {
    let undecided = if is_end { Line::Other } else { Line::Unfinished };
    let Some(rest) = bytes.strip_prefix(delimiter) else {
        return if delimiter.starts_with(bytes) { undecided } else { Line::Other };
    };
    let (is_last, rest) = match rest {
        [b'-', b'-', rest @ ..] => (true, rest),
        [] | [b'-'] => return undecided,
        _ => (false, rest),
    };
    let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let length = bytes.len() - rest.len() + padding;
    match (&rest[padding..], is_last) {
        _ if padding > MAX_PADDING => Line::Other,
        // The line's end may belong to the epilogue. It is not counted.
        ([b'\r', b'\n', ..], true) => Line::LastDelimiter(length),
        ([], true) if is_end => Line::LastDelimiter(length),
        ([b'\r', b'\n', ..], false) => Line::Delimiter(length + 2),
        ([] | [b'\r'], _) => undecided,
        _ => Line::Other,
    }
}

/// Returns the number of bytes at the end that may be the start of a delimiter.
fn begun(bytes: &[u8], delimiter: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(delimiter.len() - 1)..];
    let from_cr = tail.iter().rposition(|byte| *byte == b'\r').map_or(&[][..], |at| &tail[at..]);
    if delimiter.starts_with(from_cr) { from_cr.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_has_up_to_70_characters_of_the_grammar() {
        let longest = "-".repeat(70);
        for text in
            ["x", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "===============7330==", "a b", "'()+_,-./:=?", &longest]
        {
            assert!(Boundary::new(text).is_some(), "{text}");
        }
        let too_long = longest.clone() + "-";
        for text in ["", " ", "a ", "a\r\nb", "a\tb", "a\"b", "a*b", "caf\u{e9}", &too_long] {
            assert!(Boundary::new(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_media_type_has_one_boundary() {
        for (text, has_one) in [
            ("multipart/form-data; boundary=x", true),
            ("multipart/form-data; charset=utf-8; BOUNDARY=\"x\\y\"", true),
            ("multipart/form-data", false),
            ("multipart/form-data; boundary=\"\"", false),
            ("multipart/form-data; boundary=x; boundary=x", false),
            ("multipart/form-data; boundary=x; Boundary=y", false),
        ] {
            assert_eq!(ContentType::parse(text).and_then(Boundary::of).is_some(), has_one, "{text}");
        }
    }

    #[test]
    fn a_delimiter_is_a_line_of_its_own() {
        use Scanned::{Content, Delimiter, LastDelimiter, Unfinished};
        let table: [(&str, bool, Scanned, Scanned, &str); 26] = [
            ("--b\r\n", true, Delimiter(5), Delimiter(5), "the first line"),
            ("\r\n--b\r\nx", false, Delimiter(7), Delimiter(7), "behind content"),
            ("\r\n--b \t\r\n", false, Delimiter(9), Delimiter(9), "white space behind it"),
            ("\r\n--b--\r\nx", false, LastDelimiter(7), LastDelimiter(7), "the last one, and an epilogue"),
            ("\r\n--b-- \t\r\n", true, LastDelimiter(9), LastDelimiter(9), "the last one, and white space"),
            ("--b--", true, Unfinished, LastDelimiter(5), "the body may end behind it"),
            ("--b-- ", true, Unfinished, LastDelimiter(6), "the body may end behind white space"),
            ("--b", true, Unfinished, Content(3), "its line may go on"),
            ("--b\r", true, Unfinished, Content(4), "its line may go on"),
            ("--b-", true, Unfinished, Content(4), "its line may go on"),
            ("--b--\r", true, Unfinished, Content(6), "half a line's end"),
            ("-", true, Unfinished, Content(1), "it may go on"),
            ("", true, Unfinished, Unfinished, "nothing"),
            ("x\r\n--b\r\n", false, Content(1), Content(1), "content comes first"),
            ("x\r\n--b", false, Content(1), Content(6), "content, and what may be one"),
            ("x\r\n--", false, Content(1), Content(5), "content, and what may be one"),
            ("x\r", false, Content(1), Content(2), "content, and what may be one"),
            ("\r\r", false, Content(1), Content(2), "the last cr counts"),
            ("--b\r\n", false, Content(5), Content(5), "in the middle of a line"),
            ("\n--b\r\n", false, Content(6), Content(6), "behind a bare lf"),
            ("\r\n--bb\r\n", false, Content(8), Content(8), "a longer boundary, and what may be one"),
            ("\r\n--b\n", false, Content(6), Content(6), "ended by a bare lf"),
            ("\r\n--b-\r\n", false, Content(6), Content(8), "one dash"),
            ("\r\n--b--x\r\n", false, Content(8), Content(10), "text behind the last one"),
            ("\r\n--B\r\n", false, Content(5), Content(7), "another case"),
            ("\r\n--bx\r\n--b\r\n", false, Content(6), Content(6), "one behind what is none"),
        ];
        let boundary = Boundary::new("b").unwrap();
        for (text, is_line_start, expected, expected_at_end, why) in table {
            let scan = |is_end| boundary.scan(text.as_bytes(), is_line_start, is_end);
            let found = match (scan(false), expected) {
                // A line's end that is still open is kept for the next call.
                (Content(count), Content(most)) if text.ends_with("\r\n") && count + 2 == most => expected,
                (found, _) => found,
            };
            assert_eq!((found, scan(true)), (expected, expected_at_end), "{why}: {text:?}");
        }
    }

    #[test]
    fn white_space_behind_a_boundary_is_bounded() {
        let boundary = Boundary::new("b").unwrap();
        for (spaces, is_one) in [(MAX_PADDING, true), (MAX_PADDING + 1, false), (100_000, false)] {
            let line = format!("--b{}\r\n", " ".repeat(spaces));
            let found = boundary.scan(line.as_bytes(), true, false);
            assert_eq!(matches!(found, Scanned::Delimiter(_)), is_one, "{spaces}");
            let open = boundary.scan(&line.as_bytes()[..line.len() - 2], true, false);
            assert_eq!(open == Scanned::Unfinished, is_one, "{spaces}");
        }
    }
}
