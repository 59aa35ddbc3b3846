//! The output of a listing: one page in memory, or pieces that go to a client.

use std::io::{self, Write};

/// Size at which a piece is passed on: 32 KiB, half of the response's own buffer.
const PIECE_BYTES: usize = 32 * 1024;

/// Collects the bytes of a listing.
pub(super) struct Pieces<'w> {
    buffer: Vec<u8>,
    /// The receiver of full pieces. `None` keeps everything in memory.
    to: Option<&'w mut dyn Write>,
}

impl<'w> Pieces<'w> {
    /// Keeps everything in memory.
    pub(super) fn kept() -> Self {
        Pieces { buffer: Vec::new(), to: None }
    }

    /// Passes pieces on to `to`.
    pub(super) fn passed_to(to: &'w mut dyn Write) -> Self {
        Pieces { buffer: Vec::with_capacity(2 * PIECE_BYTES), to: Some(to) }
    }

    /// Returns the buffer, for the caller to append to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Passes the buffer on if it is large enough. Call it after each entry. May block.
    pub(super) fn pass_on(&mut self) -> io::Result<()> {
        match &mut self.to {
            Some(to) if self.buffer.len() >= PIECE_BYTES => {
                to.write_all(&self.buffer)?;
                self.buffer.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns the kept bytes, or passes the last piece on and returns none. May block.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        if let Some(to) = &mut self.to {
            to.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(self.buffer)
    }
}
