//! The body of a response: writes become bytes in `out`, and the end depends on the framing.

use std::{io, mem};

use super::{Bare, Reply, ReplyStage, misuse};
use crate::exchange::payload::QueuedBody;
use crate::proto::{self, BodyRule, ReplyFraming, push_chunk};

impl Reply {
    /// Takes more of the body. The caller must check whether `out` has outgrown the buffer.
    pub(crate) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self.stage {
            ReplyStage::Unsent | ReplyStage::Head => {
                self.mark_fault("write to wfile before end_headers()".into());
                return Err(misuse("call end_headers() before writing to wfile"));
            }
            ReplyStage::Queued(_) | ReplyStage::Ended => return Err(misuse("the response has its whole body already")),
            ReplyStage::Buffering | ReplyStage::Streaming(_) => {}
        }
        let passed = self.passed + bytes.len() as u64;
        if self.keeps_body() && self.length().is_some_and(|length| passed > length) {
            self.mark_fault("more bytes of body than the Content-Length says".into());
            return Err(misuse("more bytes of body than the Content-Length says"));
        }
        self.passed = passed;
        if self.keeps_body() {
            self.take_body(bytes, out);
        } else if matches!(self.stage, ReplyStage::Buffering) && passed > self.max_buffered as u64 {
            // The body is not sent, and is longer than the buffer, so its length will not be known.
            self.commit(out);
        }
        Ok(())
    }

    /// The length that the head has declared.
    fn length(&self) -> Option<u64> {
        match self.stage {
            ReplyStage::Streaming(ReplyFraming::Length(length)) => Some(length),
            _ => None,
        }
    }

    fn take_body(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if matches!(self.stage, ReplyStage::Buffering) && self.body.len() + bytes.len() > self.max_buffered {
            self.commit(out);
        }
        match self.stage {
            ReplyStage::Streaming(ReplyFraming::Chunked) if self.body.len() + bytes.len() > self.max_buffered => {
                self.push_chunk(out);
                push_chunk(out, bytes);
            }
            ReplyStage::Streaming(ReplyFraming::Chunked) | ReplyStage::Buffering => self.body.extend_from_slice(bytes),
            _ => out.extend_from_slice(bytes),
        }
    }

    /// Moves all that was written into `out`, so that it can be sent before the body ends.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        if matches!(self.stage, ReplyStage::Buffering) {
            self.commit(out);
        }
        if matches!(self.stage, ReplyStage::Streaming(ReplyFraming::Chunked)) {
            self.push_chunk(out);
        }
    }

    /// Closes the head without a length, which will not be known.
    fn commit(&mut self, out: &mut Vec<u8>) {
        let framing = self.framing(None);
        self.stream(framing, out);
        if framing == ReplyFraming::UntilClose {
            out.append(&mut self.body);
        }
    }

    pub(super) fn push_chunk(&mut self, out: &mut Vec<u8>) {
        if !self.body.is_empty() {
            push_chunk(out, &self.body);
            self.body.clear();
        }
    }

    /// Ends the response of a handler that succeeded. Returns a queued body that is still to be sent.
    ///
    /// # Errors
    /// The calls of the handler did not make a response. The text says why.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<Option<QueuedBody>, String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        // The client would go on with another protocol, and no handler has taken the connection for it.
        self.closes |= self.opens_tunnel();
        match mem::replace(&mut self.stage, ReplyStage::Ended) {
            ReplyStage::Unsent => return Err("the handler sent no response: call send_response(...)".into()),
            ReplyStage::Head => return Err("the handler did not end the head: call end_headers()".into()),
            ReplyStage::Buffering => self.finish_buffered(out),
            ReplyStage::Streaming(ReplyFraming::Length(length)) if self.keeps_body() && self.passed < length => {
                return Err(format!("{} bytes of body for a Content-Length of {length}", self.passed));
            }
            ReplyStage::Streaming(ReplyFraming::Chunked) if self.keeps_body() => {
                self.push_chunk(out);
                out.extend_from_slice(proto::LAST_CHUNK);
            }
            ReplyStage::Queued(queued) => return Ok(Some(queued)),
            ReplyStage::Streaming(_) | ReplyStage::Ended => {}
        }
        Ok(None)
    }

    /// Writes a 500 or 503 without a call of the handler's methods, so that nothing can fail or take time.
    pub(crate) fn finish_bare(&mut self, bare: Bare, out: &mut Vec<u8>) {
        self.discard(out);
        self.close(out);
        self.stage = ReplyStage::Ended;
        out.extend_from_slice(self.asked.server.as_str().as_bytes());
        match bare {
            Bare::Failed => {
                self.code = 500;
                out.extend_from_slice(b" 500 Internal Server Error\r\n");
            }
            Bare::Busy => {
                self.code = 503;
                out.extend_from_slice(b" 503 Service Unavailable\r\nRetry-After: 1\r\n");
            }
        }
        self.close_head(ReplyFraming::Length(0), out);
    }

    /// Ends a body that fits the buffer, with its length in the head. So does the response to HEAD of such a body.
    fn finish_buffered(&mut self, out: &mut Vec<u8>) {
        let framing = match self.passed {
            // A `do_HEAD` that writes no body does not tell the length that it would have.
            0 if self.rule == BodyRule::HeadOnly => ReplyFraming::NoBody,
            passed if passed > self.max_buffered as u64 => self.framing(None),
            passed => self.framing(Some(passed)),
        };
        self.close_head(framing, out);
        out.append(&mut self.body);
    }
}
