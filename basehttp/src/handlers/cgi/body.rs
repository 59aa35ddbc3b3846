//! The request's body on its way to the script.
//!
//! | body                                          | reaches the script                                             |
//! |-----------------------------------------------|----------------------------------------------------------------|
//! | none                                          | `/dev/null`                                                    |
//! | up to 64 KiB                                  | by a pipe, read before the script starts                       |
//! | longer, of known length                       | by a pipe, as it comes, and no faster than the script takes it |
//! | longer, of unknown length (chunked)           | as a file, so that `CONTENT_LENGTH` is right                   |
//! | longer, by a connection that cannot be polled | as a file                                                      |
//!
//! Some clients read no response before they have sent their whole body. A script that answers while it reads would
//! wait for such a client, and the client for the script. Then the body is read ahead of the script, into a file. Files
//! for bodies have no name, and their bound includes the bytes that the script has read already.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use basehttp::{BodyReader, HTTPError, Result};

/// Bytes of a body that are held in memory: 64 KiB, the capacity of a pipe on Linux.
pub(super) const MAX_HELD_BYTES: usize = 64 * 1024;

/// The directory for bodies that do not fit in memory, and the most bytes of one body in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpoolOptions<'o> {
    pub directory: &'o Path,
    pub max_bytes: u64,
}

/// A body, as far as it is here before the script starts.
#[derive(Debug)]
pub(super) enum ScriptInput {
    None,
    /// A body of `length` bytes that begins with `first`.
    Piped {
        first: Vec<u8>,
        length: u64,
    },
    /// The whole body, in a file that stands at its beginning.
    Filed {
        file: File,
        length: u64,
    },
}

impl ScriptInput {
    /// Reads the part of a body that has to be here before the script starts. If `can_wait`, the rest may come while
    /// the script runs.
    ///
    /// Blocks as `rfile` does.
    ///
    /// # Errors
    /// The client's mistake (400, 408), or a body beyond the bound (413).
    pub(super) fn begin(rfile: &mut BodyReader<'_>, can_wait: bool, spool: SpoolOptions<'_>) -> Result<Self> {
        if rfile.remaining() == Some(0) {
            return Ok(ScriptInput::None);
        }
        let told = rfile.remaining();
        let mut first = Vec::new();
        while first.len() < MAX_HELD_BYTES {
            let bytes = rfile.fill_buf()?;
            let count = bytes.len();
            if count == 0 {
                // The body fits in memory.
                return Ok(ScriptInput::Piped { length: first.len() as u64, first });
            }
            first.extend_from_slice(bytes);
            rfile.consume(count);
            if let (Some(length), true) = (told, can_wait) {
                // Its length is known, so the rest can follow while the script runs.
                return Ok(ScriptInput::Piped { first, length });
            }
        }
        // The script needs the length before the body, or cannot get the body from this client later.
        let mut file = nameless_file(spool.directory)?;
        file.write_all(&first)?;
        let mut length = first.len() as u64;
        loop {
            if length > spool.max_bytes {
                return Err(too_large(spool.max_bytes).into());
            }
            let bytes = rfile.fill_buf()?;
            let count = bytes.len();
            if count == 0 {
                file.rewind()?;
                return Ok(ScriptInput::Filed { file, length });
            }
            file.write_all(bytes)?;
            rfile.consume(count);
            length += count as u64;
        }
    }

    /// Returns the length of the body; `None` if there is no content.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            ScriptInput::None => None,
            ScriptInput::Piped { length, .. } | ScriptInput::Filed { length, .. } => Some(*length),
        }
    }
}

/// The part of a body that the script has not taken yet: in memory first, then in a file.
#[derive(Debug)]
pub(super) struct Feed<'o> {
    held: Vec<u8>,
    taken: usize,
    ahead: Option<Ahead>,
    spool: SpoolOptions<'o>,
}

/// Bytes in a file, behind those in memory.
#[derive(Debug)]
struct Ahead {
    file: File,
    read: u64,
    written: u64,
}

impl<'o> Feed<'o> {
    pub(super) fn new(first: Vec<u8>, spool: SpoolOptions<'o>) -> Self {
        Feed { held: first, taken: 0, ahead: None, spool }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.held.len() && self.ahead.as_ref().is_none_or(|ahead| ahead.read == ahead.written)
    }

    /// Returns whether more of the body may be read ahead.
    pub(super) fn has_room(&self) -> bool {
        self.ahead.as_ref().is_none_or(|ahead| ahead.written < self.spool.max_bytes)
    }

    /// Adds more of the body behind the rest.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_empty() {
            self.held.clear();
            self.held.extend_from_slice(bytes);
            self.taken = 0;
            self.ahead = None;
            return Ok(());
        }
        let ahead = match &mut self.ahead {
            Some(ahead) => ahead,
            None => self.ahead.insert(Ahead { file: nameless_file(self.spool.directory)?, read: 0, written: 0 }),
        };
        ahead.file.write_all_at(bytes, ahead.written)?;
        ahead.written += bytes.len() as u64;
        Ok(())
    }

    /// Returns the next bytes for the script; empty if there are none.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.held.len()
            && let Some(ahead) = &mut self.ahead
        {
            let left = usize::try_from(ahead.written - ahead.read).unwrap_or(usize::MAX);
            self.held.resize(left.min(MAX_HELD_BYTES), 0);
            ahead.file.read_exact_at(&mut self.held, ahead.read)?;
            ahead.read += self.held.len() as u64;
            self.taken = 0;
        }
        Ok(&self.held[self.taken..])
    }

    /// Removes bytes that the script has taken.
    pub(super) fn consume(&mut self, count: usize) {
        self.taken += count;
    }

    /// Drops everything, for a script that takes no more.
    pub(super) fn clear(&mut self) {
        self.taken = 0;
        self.held = Vec::new();
        self.ahead = None;
    }
}

fn too_large(max: u64) -> HTTPError {
    HTTPError::from(413)
        .with_explain(format!("a body that is stored before the script starts may have {max} bytes at most"))
}

/// Creates a file that only this descriptor leads to.
fn nameless_file(directory: &Path) -> io::Result<File> {
    /// Names to try: 16. A single one that exists is an accident already.
    const TRIES: usize = 16;
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..TRIES {
        let path = directory.join(format!(".basehttp-{:016x}", RandomState::new().hash_one(TRIES)));
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return fs::remove_file(&path).map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(feed: &mut Feed<'_>, count: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let bytes = feed.next().expect("the file can be read");
            assert!(!bytes.is_empty(), "there is more: {} of {count}", taken.len());
            let bytes = bytes[..bytes.len().min(count - taken.len())].to_vec();
            feed.consume(bytes.len());
            taken.extend(bytes);
        }
        taken
    }

    #[test]
    fn what_is_fed_comes_out_in_order_whether_it_was_held_or_filed() {
        let directory = std::env::temp_dir();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        let mut feed = Feed::new(bytes[..10].to_vec(), SpoolOptions { directory: &directory, max_bytes: 1 << 20 });
        feed.push(&bytes[10..400_000]).expect("a file can be made");
        assert!(take(&mut feed, 100_000) == bytes[..100_000]);
        feed.push(&bytes[400_000..900_000]).expect("a file can be written");
        assert!(take(&mut feed, 800_000) == bytes[100_000..900_000]);
        assert!(feed.is_empty() && feed.next().expect("there is nothing to read").is_empty());
        feed.push(&bytes[900_000..]).expect("it is held");
        assert!(take(&mut feed, 100_000) == bytes[900_000..]);
        assert!(feed.is_empty());
    }

    #[test]
    fn no_more_is_read_ahead_than_the_bound_says() {
        let directory = std::env::temp_dir();
        let mut feed = Feed::new(vec![0; 10], SpoolOptions { directory: &directory, max_bytes: 100 });
        assert!(feed.has_room());
        feed.push(&[0; 99]).expect("a file can be made");
        assert!(feed.has_room());
        feed.push(&[0; 1]).expect("a file can be written");
        assert!(!feed.has_room());
    }
}
