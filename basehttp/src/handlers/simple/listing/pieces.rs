//! Where a listing is written to: one page in memory, or piece by piece to a client.

use std::io::{self, Write};

/// How much is collected before it is passed on: 32 KiB, half of the reply's own buffer.
const PIECE_BYTES: usize = 32 * 1024;

/// Bytes on their way.
pub(super) struct Pieces<'w> {
    buffer: Vec<u8>,
    /// Where full pieces go; `None` keeps everything.
    to: Option<&'w mut dyn Write>,
}

impl<'w> Pieces<'w> {
    /// Keeps everything.
    pub fn kept() -> Self {
        Pieces { buffer: Vec::new(), to: None }
    }

    /// Passes everything on.
    pub fn passed_to(to: &'w mut dyn Write) -> Self {
        Pieces { buffer: Vec::with_capacity(2 * PIECE_BYTES), to: Some(to) }
    }

    /// What is to be added to.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// To be called now and then, behind each entry: passes a piece on when it is large enough. May block.
    pub fn pass_on(&mut self) -> io::Result<()> {
        match &mut self.to {
            Some(to) if self.buffer.len() >= PIECE_BYTES => {
                to.write_all(&self.buffer)?;
                self.buffer.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What is kept; nothing if it was passed on. May block.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        if let Some(to) = &mut self.to {
            to.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(self.buffer)
    }
}
