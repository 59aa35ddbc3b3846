//! Bytes that were read from a connection and are not used yet.

use std::mem;

/// Size of a new buffer: 16 KiB. A browser's head fits several times over, and so do most bodies of forms.
const INITIAL_BYTES: usize = 16 * 1024;

/// Largest size that a buffer keeps when it has grown for one connection: 256 KiB.
pub(super) const MAX_KEPT_BYTES: usize = 256 * 1024;

/// A buffer that is filled at its end and used from its start.
///
/// ```text
///   used      | unread           | room
///   0 ... start ............... end ........ bytes.len()
/// ```
pub(super) struct ReadBuffer {
    /// Initialised throughout, so that a read needs no clearing.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl ReadBuffer {
    pub(crate) fn new() -> Self {
        ReadBuffer { bytes: vec![0; INITIAL_BYTES], start: 0, end: 0 }
    }

    /// Returns the bytes that are not used yet. Panics while they are lent, if there are any.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Returns the number of unread bytes.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns whether every byte is used.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Counts the next `count` unread bytes as used.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.end, "only what is unread can be used");
    }

    /// Counts all bytes as used.
    pub(crate) fn consume_all(&mut self) {
        self.start = self.end;
    }

    /// Returns room for the next read, at least 8 KiB. Moves the unread bytes or grows if it must.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        if self.bytes.len() - self.end < INITIAL_BYTES / 2 {
            self.make_room();
        }
        &mut self.bytes[self.end..]
    }

    #[cold]
    fn make_room(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
        if self.bytes.len() - self.end < INITIAL_BYTES / 2 {
            self.bytes.resize((self.bytes.len() * 2).max(INITIAL_BYTES), 0);
        }
    }

    /// Adds the first `count` bytes of the room to the unread ones.
    pub(crate) fn fill(&mut self, count: usize) {
        self.end += count;
        debug_assert!(self.end <= self.bytes.len(), "a read fills no more than the room");
    }

    /// Copies bytes into a buffer in which nothing is unread.
    pub(crate) fn load(&mut self, bytes: &[u8]) {
        if self.bytes.len() < bytes.len() {
            self.bytes.resize(bytes.len().next_power_of_two(), 0);
        }
        self.bytes[..bytes.len()].copy_from_slice(bytes);
        (self.start, self.end) = (0, bytes.len());
    }

    /// Replaces all bytes by these, which are unread.
    pub(crate) fn replace(&mut self, bytes: Vec<u8>) {
        (self.start, self.end) = (0, bytes.len());
        self.bytes = bytes;
    }

    /// Lends the bytes to a request that is served, so that it does not borrow from this buffer. Meanwhile this buffer
    /// can consume or replace its bytes, but not show them.
    pub(crate) fn lend(&mut self) -> ReadBuffer {
        ReadBuffer { bytes: mem::take(&mut self.bytes), start: self.start, end: self.end }
    }

    /// Takes the lent bytes back, unless they were replaced meanwhile.
    pub(crate) fn take_back(&mut self, lent: ReadBuffer) {
        if self.bytes.is_empty() {
            self.bytes = lent.bytes;
        }
    }

    /// Forgets all bytes, and gives up memory that one connection needed alone.
    pub(crate) fn reset(&mut self) {
        (self.start, self.end) = (0, 0);
        if self.bytes.len() > MAX_KEPT_BYTES {
            self.bytes = vec![0; INITIAL_BYTES];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(buffer: &mut ReadBuffer, bytes: &[u8]) {
        buffer.room()[..bytes.len()].copy_from_slice(bytes);
        buffer.fill(bytes.len());
    }

    #[test]
    fn bytes_are_unread_from_when_they_are_filled_until_they_are_consumed() {
        let mut buffer = ReadBuffer::new();
        assert_eq!((buffer.unread(), buffer.len(), buffer.is_empty()), (&b""[..], 0, true));
        read(&mut buffer, b"one two");
        buffer.consume(4);
        assert_eq!((buffer.unread(), buffer.len(), buffer.is_empty()), (&b"two"[..], 3, false));
        read(&mut buffer, b" three");
        assert_eq!(buffer.unread(), b"two three");
        buffer.consume_all();
        assert_eq!((buffer.unread(), buffer.is_empty()), (&b""[..], true));
    }

    #[test]
    fn room_is_made_by_moving_before_growing() {
        // Bytes in the buffer, how many of them are used, the room then, the size then, why.
        let table = [
            (0, 0, INITIAL_BYTES, INITIAL_BYTES, "nothing was read"),
            (INITIAL_BYTES, INITIAL_BYTES, INITIAL_BYTES, INITIAL_BYTES, "all is used"),
            (1000, 0, INITIAL_BYTES - 1000, INITIAL_BYTES, "half of it is left"),
            (1000, 10, INITIAL_BYTES - 1000, INITIAL_BYTES, "and nothing is moved then"),
            (INITIAL_BYTES - 1000, INITIAL_BYTES - 1010, INITIAL_BYTES - 10, INITIAL_BYTES, "moved"),
            (INITIAL_BYTES, 1000, INITIAL_BYTES + 1000, 2 * INITIAL_BYTES, "grown"),
        ];
        for (filled, used, room, size, why) in table {
            let mut buffer = ReadBuffer::new();
            let bytes: Vec<u8> = (0..=255).cycle().take(filled).collect();
            read(&mut buffer, &bytes);
            buffer.consume(used);
            assert_eq!(buffer.room().len(), room, "{why}");
            assert_eq!(buffer.bytes.len(), size, "{why}");
            assert!(buffer.unread() == &bytes[used..], "{why}");
        }
    }

    #[test]
    fn what_is_lent_comes_back_unless_it_was_replaced() {
        let mut buffer = ReadBuffer::new();
        read(&mut buffer, b"one two");
        let lent = buffer.lend();
        assert_eq!(lent.unread(), b"one two");
        buffer.consume(4);
        buffer.take_back(lent);
        assert_eq!(buffer.unread(), b"two", "what was consumed meanwhile is");
        let lent = buffer.lend();
        buffer.replace(b"three".to_vec());
        buffer.take_back(lent);
        assert_eq!(buffer.unread(), b"three");
        read(&mut buffer, b" four");
        assert_eq!(buffer.unread(), b"three four", "and it grows as before");
    }

    #[test]
    fn a_buffer_that_has_grown_a_lot_is_given_up() {
        let mut buffer = ReadBuffer::new();
        for (loaded, size) in [(MAX_KEPT_BYTES, MAX_KEPT_BYTES), (MAX_KEPT_BYTES + 1, INITIAL_BYTES)] {
            buffer.load(&vec![b'x'; loaded]);
            assert_eq!(buffer.len(), loaded);
            buffer.reset();
            assert_eq!((buffer.len(), buffer.bytes.len()), (0, size));
        }
    }
}
