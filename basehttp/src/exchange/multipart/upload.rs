//! The body of a form with files, as far as it was read: the bytes at hand, the stage of reading, and the room that is
//! left under each limit. `proto/multipart` decides what the bytes are.
//!
//! ```text
//! Preamble -- delimiter --> Head -- empty line --> Content -- last delimiter --> Epilogue
//!    |                       ^                        |                             ^
//!    |                       `------- delimiter ------'                             |
//!    `------------------------------- last delimiter -------------------------------'
//! ```

use std::io::{self, Read};
use std::ops::Range;

use super::super::convenience::too_large;
use super::super::error::HTTPError;
use super::limits::MultipartLimits;
use super::saving::NewFile;
use crate::proto::{Boundary, Scanned};

/// Bytes that are at hand at most: 64 KiB, so that a large upload costs few system calls. A delimiter takes 142.
const WINDOW_BYTES: usize = 64 * 1024;

/// Longest name of a part in a message: 80 characters.
const MAX_QUOTED: usize = 80;

/// A body with a position.
pub(super) struct Upload<'e> {
    body: &'e mut dyn Read,
    boundary: Boundary,
    limits: MultipartLimits,
    stage: UploadStage,
    /// The next byte begins a line, so that a delimiter may stand here without a line break before it.
    is_line_start: bool,
    /// Memory for bytes of the body, and the part of it that holds unused ones.
    window: Vec<u8>,
    unread: Range<usize>,
    /// The number of the next bytes that belong to no delimiter.
    content: usize,
    /// The body has no more bytes than those at hand.
    is_at_end: bool,
    /// Bytes of the body, and of this part, that may still come.
    body_room: u64,
    part_room: u64,
    /// The number of parts that have begun.
    parts: usize,
    /// The name of this part for messages.
    label: String,
    /// The client's mistake, which each later call returns again.
    fault: Option<HTTPError>,
    /// The files that are removed unless the upload succeeds.
    pub(super) saved: Vec<NewFile>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum UploadStage {
    /// Before the first delimiter. The bytes here are discarded.
    Preamble,
    /// Behind a delimiter.
    Head,
    /// In the content of a part.
    Content,
    /// Behind the last delimiter. The bytes here are discarded.
    Epilogue,
}

impl<'e> Upload<'e> {
    pub(super) fn new(body: &'e mut dyn Read, boundary: Boundary, limits: MultipartLimits) -> Self {
        Upload {
            body,
            boundary,
            limits,
            stage: UploadStage::Preamble,
            is_line_start: true,
            window: vec![0; WINDOW_BYTES],
            unread: 0..0,
            content: 0,
            is_at_end: false,
            body_room: limits.body_bytes(),
            part_room: 0,
            parts: 0,
            label: String::new(),
            fault: None,
            saved: Vec::new(),
        }
    }

    /// Goes to the next part and reads its head, with the empty line. Returns `false` if the upload has ended.
    pub(super) fn next_head(&mut self, head: &mut Vec<u8>) -> io::Result<bool> {
        while !self.content()?.is_empty() {
            self.consume(self.content);
        }
        if self.stage == UploadStage::Epilogue {
            self.skip_epilogue()?;
            self.saved.drain(..).for_each(NewFile::keep);
            return Ok(false);
        }
        self.begin_part()?;
        self.read_head(head)?;
        self.stage = UploadStage::Content;
        self.is_line_start = true;
        Ok(true)
    }

    /// Returns the next bytes of the part, which are none at its end.
    pub(super) fn content(&mut self) -> io::Result<&[u8]> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone().into());
        }
        while self.content == 0 && matches!(self.stage, UploadStage::Preamble | UploadStage::Content) {
            let unread = &self.window[self.unread.clone()];
            match self.boundary.scan(unread, self.is_line_start, self.is_at_end) {
                Scanned::Content(count) => self.found_content(count)?,
                Scanned::Delimiter(count) => {
                    self.unread.start += count;
                    self.stage = UploadStage::Head;
                }
                Scanned::LastDelimiter(count) => {
                    self.unread.start += count;
                    self.stage = UploadStage::Epilogue;
                }
                Scanned::Unfinished => self.read_more()?,
            }
        }
        Ok(&self.window[self.unread.start..self.unread.start + self.content])
    }

    /// Counts bytes that [`content`](Self::content) has returned as used.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.content);
        self.content -= count;
        self.unread.start += count;
    }

    /// Ends the upload because of a mistake of the client in this part.
    pub(super) fn fault_of_part(&mut self, status: u16, reason: &str) -> io::Error {
        let explain = format!("{}: {reason}", self.label);
        self.fault(HTTPError::from(status).with_explain(explain))
    }

    /// Calls the part by its name in messages.
    pub(super) fn name_part(&mut self, name: &str) {
        let end = name.char_indices().nth(MAX_QUOTED);
        self.label = match end {
            Some((end, _)) => format!("part \"{}…\"", &name[..end]),
            None => format!("part \"{name}\""),
        };
    }

    fn fault(&mut self, fault: HTTPError) -> io::Error {
        self.fault = Some(fault.clone());
        fault.into()
    }

    fn found_content(&mut self, count: usize) -> io::Result<()> {
        if self.stage == UploadStage::Content {
            let Some(room) = self.part_room.checked_sub(count as u64) else {
                let most = self.limits.part_bytes();
                return Err(self.fault_of_part(413, &format!("it may have at most {most} bytes")));
            };
            self.part_room = room;
        }
        self.content = count;
        self.is_line_start = false;
        Ok(())
    }

    fn begin_part(&mut self) -> io::Result<()> {
        let most = self.limits.parts();
        if self.parts == most {
            return Err(self.fault(HTTPError::from(413).with_explain(format!("a form may have at most {most} parts"))));
        }
        self.parts += 1;
        self.label = format!("part {}", self.parts);
        self.part_room = self.limits.part_bytes();
        Ok(())
    }

    fn read_head(&mut self, head: &mut Vec<u8>) -> io::Result<()> {
        head.clear();
        loop {
            while self.unread.is_empty() {
                self.read_more()?;
            }
            let unread = &self.window[self.unread.clone()];
            let line_end = unread.iter().position(|byte| *byte == b'\n').map_or(unread.len(), |at| at + 1);
            let most = self.limits.part_head_bytes();
            if line_end > most - head.len() {
                return Err(self.fault_of_part(413, &format!("its head may have at most {most} bytes")));
            }
            head.extend_from_slice(&unread[..line_end]);
            self.unread.start += line_end;
            match head[..] {
                [.., b'\r', b'\n', b'\r', b'\n'] | [b'\r', b'\n'] => return Ok(()),
                [.., b'\r', b'\n'] => {}
                [.., b'\n'] => return Err(self.fault_of_part(400, "a line of its head does not end in cr lf")),
                _ => {}
            }
        }
    }

    fn skip_epilogue(&mut self) -> io::Result<()> {
        while !self.is_at_end {
            self.unread = 0..0;
            self.read_once()?;
        }
        Ok(())
    }

    /// Reads bytes that must come, since the form has not ended.
    fn read_more(&mut self) -> io::Result<()> {
        if !self.is_at_end {
            return self.read_once();
        }
        Err(match self.stage {
            UploadStage::Preamble => {
                let explain = "no line of the body is its boundary, between cr lf and cr lf";
                self.fault(HTTPError::from(400).with_explain(explain))
            }
            _ => self.fault_of_part(400, "the body ends before its last boundary"),
        })
    }

    /// Reads once, behind the bytes at hand.
    fn read_once(&mut self) -> io::Result<()> {
        self.window.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let count = self.body.read(&mut self.window[self.unread.end..])?;
        self.is_at_end = count == 0;
        self.unread.end += count;
        let Some(room) = self.body_room.checked_sub(count as u64) else {
            return Err(self.fault(too_large(self.limits.body_bytes())));
        };
        self.body_room = room;
        Ok(())
    }
}
