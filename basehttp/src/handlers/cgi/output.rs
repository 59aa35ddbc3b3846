//! A script's standard output on its way to the client: first its header, then its content as it comes.

use std::io;

use basehttp::{Exchange, HTTPError, Result};

use super::head::{ScriptHeadReader, ScriptResponse};

/// Bytes of output that wait for a client that still sends its body: 64 KiB. Then the script waits, too.
const MAX_PENDING_BYTES: usize = 64 * 1024;

/// Bytes sent at once while the client may not be reading yet: 4 KiB. A socket that reports room has a third of its
/// buffer free at least, which is more than that on every system, so that this never waits.
const PIECE_BYTES: usize = 4096;

/// The state of the output, and the part of it that is not sent yet.
#[derive(Debug)]
pub(super) struct Output {
    state: OutputState,
    pending: Vec<u8>,
    /// Bytes of content still to come, if the script has told the length.
    left: Option<u64>,
}

#[derive(Debug)]
enum OutputState {
    /// The response is not begun. Next: `Content`, `Redirected`.
    Header(ScriptHeadReader),
    /// The head of the response is complete.
    Content,
    /// The script has named the path that answers instead. All further output is dropped.
    Redirected(String),
}

/// The outcome of a run without errors.
#[derive(Debug)]
pub(super) enum ScriptOutcome {
    /// The response is complete.
    Answered,
    /// The response is that of a GET of this path and query.
    LocalRedirect(String),
}

/// The side of the exchange that the client is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// It has sent its whole request, so writing may wait for it.
    Reads,
    /// It is still sending, so nothing may wait for it to read.
    Sends,
}

impl Output {
    pub(super) fn new(max_header_bytes: usize) -> Self {
        Output { state: OutputState::Header(ScriptHeadReader::new(max_header_bytes)), pending: Vec::new(), left: None }
    }

    /// Returns whether a response was begun.
    pub(super) fn has_begun(&self) -> bool {
        matches!(self.state, OutputState::Content)
    }

    /// Returns whether more output can be taken before some is sent.
    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < MAX_PENDING_BYTES
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes output of the script, and sends it if the client reads.
    ///
    /// # Errors
    /// The script sends a broken header, or more content than it has said (502), or the client has gone away.
    pub(super) fn take(&mut self, ex: &mut Exchange<'_>, bytes: &[u8], client: Client) -> Result {
        // The header comes first, and decides whether the rest is content.
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
                        begin_response(ex, code, reason.as_deref(), &fields)?;
                        self.state = OutputState::Content;
                    }
                }
                &bytes[used..]
            }
        };
        // More content than the script said is a mistake, found before it is sent.
        if let Some(left) = &mut self.left {
            *left = left
                .checked_sub(content.len() as u64)
                .ok_or_else(|| broken("the script sent more content than its Content-Length says"))?;
        }
        match client {
            // The run sends this later, as far as the socket takes it.
            Client::Sends => self.pending.extend_from_slice(content),
            Client::Reads => {
                self.send_pending(ex)?;
                ex.wfile.write_all(content)?;
            }
        }
        Ok(())
    }

    /// Sends all pending output, and waits for the client where necessary.
    pub(super) fn send_pending(&mut self, ex: &mut Exchange<'_>) -> io::Result<()> {
        let sent = ex.wfile.write_all(&self.pending);
        self.pending.clear();
        if self.has_begun() { sent } else { Ok(()) }
    }

    /// Sends one piece to a socket that has just reported room.
    pub(super) fn send_piece(&mut self, ex: &mut Exchange<'_>) -> io::Result<()> {
        let piece = self.pending.len().min(PIECE_BYTES);
        ex.wfile.write_all(&self.pending[..piece])?;
        self.pending.drain(..piece);
        ex.wfile.flush()
    }

    /// Ends the response, after the script has ended its output.
    ///
    /// # Errors
    /// There was no complete header in it, or less content than it has said (502).
    pub(super) fn finish(mut self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
        if let Some(left @ 1..) = self.left {
            return Err(broken(format!("the script sent {left} bytes fewer than its Content-Length says")).into());
        }
        self.send_pending(ex)?;
        match self.state {
            OutputState::Content => Ok(ScriptOutcome::Answered),
            OutputState::Redirected(path) => Ok(ScriptOutcome::LocalRedirect(path)),
            OutputState::Header(reader) if reader.is_empty() => {
                Err(broken("the script ended without any output").into())
            }
            OutputState::Header(_) => Err(broken("the script ended before the end of its header").into()),
        }
    }
}

/// Returns the bytes of content that the script has promised. `None` for a response without content, which may tell the
/// length that another request would get (RFC 9110, section 8.6).
fn content_length(method: &str, code: u16, fields: &[(String, String)]) -> Option<u64> {
    let has_content = method != "HEAD" && !matches!(code, 204 | 205 | 304);
    let (_, value) = fields.iter().find(|(name, _)| has_content && name.eq_ignore_ascii_case("content-length"))?;
    // A number that is too long is refused when the head is ended.
    value.parse().ok()
}

/// Sends the head of the response.
///
/// # Errors
/// The fields do not make a response (502). That is the script's fault, not the server's.
fn begin_response(ex: &Exchange<'_>, code: u16, reason: Option<&str>, fields: &[(String, String)]) -> Result {
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

/// Returns the error for a script at fault (RFC 9110, section 15.6.3). Its text is for the log, where the script's
/// author reads it.
pub(super) fn broken(what: impl Into<String>) -> HTTPError {
    HTTPError::from(502).with_source(what.into())
}
