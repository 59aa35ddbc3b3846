//! [`MultipartLimits`]: sizes and counts of a form with files. `upload` holds a body to them.

/// A form has some ten fields. A client could otherwise make a handler open many files.
const MAX_PARTS: usize = 100;
/// A name, a file's name and a media type take some hundred bytes.
const MAX_PART_HEAD_BYTES: usize = 16 * 1024;
/// A photograph or a document.
const MAX_PART_BYTES: u64 = 16 * 1024 * 1024;
/// Some photographs. Files may be written to disk, which is not endless either.
const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;

/// Upper bounds on a form with files, for [`Exchange::read_multipart`](crate::Exchange::read_multipart).
///
/// Each is checked before memory is taken, and bounds what reaches a disk. Beyond it the client gets a 413 (Content Too
/// Large). Memory of an upload is about 128 KiB and the head of one part, whatever its size.
///
/// ```
/// use basehttp::MultipartLimits;
///
/// /// One film and its title.
/// const FILM: MultipartLimits =
///     MultipartLimits::new().max_parts(2).max_part_bytes(4 << 30).max_body_bytes(4 << 30);
/// # let _ = FILM;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "give it to read_multipart"]
pub struct MultipartLimits {
    parts: usize,
    part_head_bytes: usize,
    part_bytes: u64,
    body_bytes: u64,
}

impl MultipartLimits {
    /// Returns the defaults.
    pub const fn new() -> Self {
        MultipartLimits {
            parts: MAX_PARTS,
            part_head_bytes: MAX_PART_HEAD_BYTES,
            part_bytes: MAX_PART_BYTES,
            body_bytes: MAX_BODY_BYTES,
        }
    }

    /// Most parts of a form. Default 100; beyond it 413.
    pub const fn max_parts(mut self, parts: usize) -> Self {
        self.parts = parts;
        self
    }

    /// Largest head of a part, in bytes, with the empty line behind it. Default 16 KiB; beyond it 413.
    pub const fn max_part_head_bytes(mut self, bytes: usize) -> Self {
        self.part_head_bytes = bytes;
        self
    }

    /// Largest content of a part, in bytes. Default 16 MiB; beyond it 413. Parts that the handler skips count, too.
    pub const fn max_part_bytes(mut self, bytes: u64) -> Self {
        self.part_bytes = bytes;
        self
    }

    /// Largest body, in bytes, with all that stands between the parts. Default 64 MiB; beyond it 413, which a client
    /// with a `Content-Length` gets before it has sent the body.
    pub const fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.body_bytes = bytes;
        self
    }

    pub(super) const fn parts(self) -> usize {
        self.parts
    }

    pub(super) const fn part_head_bytes(self) -> usize {
        self.part_head_bytes
    }

    pub(super) const fn part_bytes(self) -> u64 {
        self.part_bytes
    }

    pub(super) const fn body_bytes(self) -> u64 {
        self.body_bytes
    }
}

impl Default for MultipartLimits {
    fn default() -> Self {
        Self::new()
    }
}
