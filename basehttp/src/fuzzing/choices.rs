//! Bytes read as decisions: which variant, how many, how far. When they run out every answer is the first one.

use crate::proto::Limits;

/// The rest of the input.
pub(super) struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Choices { bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte; zero when there is none.
    pub(super) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// A number below `end`, which is at most 256.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// One of these.
    pub(super) fn of<T: Copy>(&mut self, table: &[T]) -> T {
        table[self.below(table.len())]
    }

    /// Any number, small ones as likely as large ones.
    pub(super) fn number(&mut self) -> u64 {
        let mut bytes = [0; 8];
        let count = self.below(9);
        let taken = self.take(count);
        bytes[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(bytes)
    }

    /// The next `count` bytes, or as many as there are.
    pub(super) fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// Returns the bytes before the next line feed, or all there are.
    pub(super) fn line(&mut self) -> &'b [u8] {
        let end = self.bytes.iter().position(|&byte| byte == b'\n').unwrap_or(self.bytes.len());
        let line = self.take(end);
        self.take(1);
        line
    }

    /// All there is.
    pub(super) fn rest(&mut self) -> &'b [u8] {
        self.take(usize::MAX)
    }

    /// The default limits, or some that a few bytes reach.
    pub(super) fn limits(&mut self) -> Limits {
        if self.below(2) == 0 {
            return Limits::default();
        }
        Limits {
            max_method_bytes: self.below(10),
            max_request_line_bytes: self.below(64),
            max_field_line_bytes: self.below(64),
            max_head_bytes: self.below(200),
            max_fields: self.below(5),
            max_empty_lines: self.below(4),
            max_chunk_extension_bytes: self.below(20),
            max_trailer_bytes: self.below(40),
        }
    }
}

/// The ends of pieces of `length` bytes, each up to `piece` long: what has arrived after each read.
pub(super) fn ends(length: usize, piece: usize) -> impl Iterator<Item = usize> {
    (1..length).filter(move |at| at % piece == 0).chain([length])
}
