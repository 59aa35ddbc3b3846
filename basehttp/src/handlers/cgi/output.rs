//! A script's standard output on its way to the client: first its header, then its content as it comes.

use std::io::{self, Write};

use basehttp::{Exchange, HTTPError, Result};

use super::head::{ScriptHeadReader, ScriptResponse};

/// How much output waits for a client that still sends its body: 64 KiB. Then the script waits, too.
const MAX_PENDING_BYTES: usize = 64 * 1024;

/// How much is sent at once while the client may not be reading yet: 4 KiB. A socket that says it takes more takes a
/// third of its buffer at least, which is more than that on every system, so that this never waits.
const PIECE_BYTES: usize = 4096;

/// How far the output is, and what of it could not be sent yet.
#[derive(Debug)]
pub struct Output {
    state: OutputState,
    pending: Vec<u8>,
    /// Bytes of content still to come, if the script has told the length.
    left: Option<u64>,
}

#[derive(Debug)]
enum OutputState {
    /// Nothing of the reply is composed. Next: `Content`, `Redirected`.
    Header(ScriptHeadReader),
    /// The reply's head is ended.
    Content,
    /// The script has named the path that answers. What else it says goes nowhere.
    Redirected(String),
}

/// What the output came to.
#[derive(Debug)]
pub enum ScriptOutcome {
    /// The reply is whole.
    Answered,
    /// It is what a GET of this path and query answers.
    LocalRedirect(String),
}

/// Whether the client is known to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// It has sent all of its request: writing may wait for it.
    Reads,
    /// It is still sending: nothing may wait for it to read.
    Sends,
}

impl Output {
    pub fn new(max_header_bytes: usize) -> Self {
        Output { state: OutputState::Header(ScriptHeadReader::new(max_header_bytes)), pending: Vec::new(), left: None }
    }

    /// Whether a reply was begun.
    pub fn has_begun(&self) -> bool {
        matches!(self.state, OutputState::Content)
    }

    /// Whether more can be taken before some is sent.
    pub fn has_room(&self) -> bool {
        self.pending.len() < MAX_PENDING_BYTES
    }

    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes what the script has written.
    ///
    /// # Errors
    /// A script that writes no header, or more content than it has said (502); a client that went away.
    pub fn take(&mut self, ex: &mut Exchange<'_>, bytes: &[u8], client: Client) -> Result {
        let content = match &mut self.state {
            OutputState::Content => bytes,
            OutputState::Redirected(_) => return Ok(()),
            OutputState::Header(reader) => {
                let Some((head, used)) = reader.push(bytes).map_err(broken)? else { return Ok(()) };
                match head.response().map_err(broken)? {
                    ScriptResponse::LocalRedirect(path) => {
                        self.state = OutputState::Redirected(path);
                        return Ok(());
                    }
                    ScriptResponse::Document { code, reason, fields } => {
                        self.left = content_length(ex.command, code, &fields);
                        begin_reply(ex, code, reason.as_deref(), &fields)?;
                        self.state = OutputState::Content;
                    }
                }
                &bytes[used..]
            }
        };
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(content.len() as u64)
                .ok_or_else(|| broken("the script sent more content than its Content-Length says"))?;
        }
        match client {
            Client::Sends => self.pending.extend_from_slice(content),
            Client::Reads => {
                self.send_pending(ex)?;
                ex.wfile.write_all(content)?;
            }
        }
        Ok(())
    }

    /// Sends what waits, and waits itself where it must.
    pub fn send_pending(&mut self, ex: &mut Exchange<'_>) -> io::Result<()> {
        let sent = ex.wfile.write_all(&self.pending);
        self.pending.clear();
        if self.has_begun() { sent } else { Ok(()) }
    }

    /// Sends as much as a socket takes that has just said it takes some.
    pub fn send_piece(&mut self, ex: &mut Exchange<'_>) -> io::Result<()> {
        let piece = self.pending.len().min(PIECE_BYTES);
        ex.wfile.write_all(&self.pending[..piece])?;
        self.pending.drain(..piece);
        ex.wfile.flush()
    }

    /// The script has ended its output.
    ///
    /// # Errors
    /// There was no whole header in it, or less content than it says (502).
    pub fn finish(mut self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
        if let Some(left @ 1..) = self.left {
            return Err(broken(format!("the script sent {left} bytes less than its Content-Length says")).into());
        }
        self.send_pending(ex)?;
        match self.state {
            OutputState::Content => Ok(ScriptOutcome::Answered),
            OutputState::Redirected(path) => Ok(ScriptOutcome::LocalRedirect(path)),
            OutputState::Header(reader) if reader.is_empty() => Err(broken("the script ended without a word").into()),
            OutputState::Header(_) => Err(broken("the script ended within its header").into()),
        }
    }
}

/// Bytes of content that the script has promised. `None` for a reply without content, which may tell the length that
/// another request would get (RFC 9110, section 8.6).
fn content_length(method: &str, code: u16, fields: &[(String, String)]) -> Option<u64> {
    let has_content = method != "HEAD" && !matches!(code, 204 | 205 | 304);
    let (_, value) = fields.iter().find(|(name, _)| has_content && name.eq_ignore_ascii_case("content-length"))?;
    // A number that is too long is refused when the head is ended.
    value.parse().ok()
}

/// # Errors
/// The fields do not make a reply (502). That is the script's fault, not the server's.
fn begin_reply(ex: &Exchange<'_>, code: u16, reason: Option<&str>, fields: &[(String, String)]) -> Result {
    match reason {
        Some(reason) => ex.send_response((code, reason)),
        None => ex.send_response(code),
    };
    for (name, value) in fields {
        ex.send_header(name, value);
    }
    match ex.end_headers() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(broken(error.to_string()).into()),
        ended => Ok(ended?),
    }
}

/// The script is at fault (RFC 9110, section 15.6.3). What it did is for the log: its author reads that.
pub fn broken(what: impl Into<String>) -> HTTPError {
    HTTPError::from(502).with_source(what.into())
}
