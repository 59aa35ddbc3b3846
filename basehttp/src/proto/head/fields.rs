//! The fields of a head as borrowed slices. httparse tokenizes them into a buffer that serves one head after the other.

use std::fmt;

use httparse::{EMPTY_HEADER, Error::TooManyHeaders, Header, Status};

use super::super::{limits::Limits, refusal::Refusal};

/// One field of a request, borrowed from the bytes of its head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'b> {
    name: &'b str,
    value: &'b [u8],
}

impl<'b> Field<'b> {
    /// Makes a field of this name and value, for tests and for code that gets fields from elsewhere.
    pub const fn new(name: &'b str, value: &'b [u8]) -> Self {
        Self { name, value }
    }

    /// Returns the name as sent, a token in the sender's case.
    pub const fn name(&self) -> &'b str {
        self.name
    }

    /// Returns the value without the white space around it. It may have HTAB, and any bytes except controls.
    pub const fn value(&self) -> &'b [u8] {
        self.value
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value.escape_ascii())
    }
}

/// Number of fields that are tokenized without the heap. A browser behind a proxy sends about 20.
pub(super) const USUAL_FIELDS: usize = 24;

/// Memory for the fields of one head, used again for the next one.
#[derive(Default)]
pub(crate) struct FieldBuffer<'b>(Vec<Field<'b>>);

impl<'b> FieldBuffer<'b> {
    /// Makes an empty buffer. Allocates nothing.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the fields in the order they came.
    pub(crate) fn as_slice(&self) -> &[Field<'b>] {
        &self.0
    }

    /// Forgets the fields and keeps the memory, for a head in other bytes.
    pub(crate) fn recycle<'other>(mut self) -> FieldBuffer<'other> {
        self.0.clear();
        // Collecting into the same shape takes over the allocation. There is nothing to collect.
        FieldBuffer(self.0.into_iter().map(|_| Field::new("", b"")).collect())
    }

    /// Reads the field lines of a head, the empty line at their end included.
    pub(crate) fn read(&mut self, lines: &'b [u8], limits: &Limits) -> Result<(), Refusal> {
        let mut tokens = [EMPTY_HEADER; USUAL_FIELDS];
        match httparse::parse_headers(lines, &mut tokens) {
            Ok(Status::Complete((used, found))) if used == lines.len() && found.len() <= limits.max_fields => {
                self.take(found);
                Ok(())
            }
            Err(TooManyHeaders) if limits.max_fields > USUAL_FIELDS => self.read_many(lines, limits),
            outcome => Err(refusal_of(&outcome, lines)),
        }
    }

    /// Replaces the fields with these tokens.
    pub(super) fn take(&mut self, tokens: &[Header<'b>]) {
        self.0.clear();
        self.0.extend(tokens.iter().map(|token| Field::new(token.name, token.value)));
    }

    #[cold]
    fn read_many(&mut self, lines: &'b [u8], limits: &Limits) -> Result<(), Refusal> {
        // Not for `max_fields`: the program chooses that number, and it may be huge.
        let most = lines.split(|byte| *byte == b'\n').count();
        let mut tokens = vec![EMPTY_HEADER; limits.max_fields.min(most)];
        match httparse::parse_headers(lines, &mut tokens) {
            Ok(Status::Complete((used, found))) if used == lines.len() => {
                self.take(found);
                Ok(())
            }
            outcome => Err(refusal_of(&outcome, lines)),
        }
    }
}

/// Finds out why these lines were not taken. httparse says little, so this looks for the first bad line again.
#[cold]
fn refusal_of(outcome: &httparse::Result<(usize, &[Header<'_>])>, lines: &[u8]) -> Refusal {
    match outcome {
        Err(TooManyHeaders) => return TOO_MANY_FIELDS,
        Ok(Status::Complete((used, _))) if *used == lines.len() => return TOO_MANY_FIELDS,
        Ok(_) => return NOT_ONE_HEAD,
        Err(_) => {}
    }
    let reason = lines.split(|byte| *byte == b'\n').find_map(fault_of).unwrap_or("a field line is malformed");
    Refusal::bad_request(reason)
}

fn fault_of(line: &[u8]) -> Option<&'static str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line {
        [] => return None,
        [b' ' | b'\t', ..] => {
            return Some("a field line begins with a space: folded lines are obsolete, write one line");
        }
        _ => {}
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Some("a field line has no colon: write NAME: VALUE");
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if let [.., b' ' | b'\t'] = name {
        return Some("there is white space between a field name and its colon");
    }
    super::super::field::check_name(name).and_then(|()| super::super::field::check_value(value)).err()
}

pub(super) const TOO_MANY_FIELDS: Refusal = Refusal::new(431, "the request head has too many fields");
const NOT_ONE_HEAD: Refusal = Refusal::bad_request("the head does not end in an empty line");
