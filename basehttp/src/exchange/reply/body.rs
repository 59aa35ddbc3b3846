//! The body of a reply: what is written becomes bytes in `out`, and how it ends.

use std::{io, mem};

use super::{Bare, Reply, ReplyStage, misuse};
use crate::exchange::payload::QueuedBody;
use crate::proto::{self, BodyRule, ReplyFraming, push_chunk};

impl Reply {
    /// Takes more of the body. Whether `out` has grown past the buffer's size is the caller's to see.
    pub(crate) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self.stage {
            ReplyStage::Unsent | ReplyStage::Head => {
                self.mark_fault("write to wfile before end_headers()".into());
                return Err(misuse("call end_headers() before writing to wfile"));
            }
            ReplyStage::Queued(_) | ReplyStage::Ended => return Err(misuse("the reply has its whole body already")),
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
            // The length of a body that is not sent, and too long to be known.
            self.commit(out);
        }
        Ok(())
    }

    /// The length that the head has told.
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

    /// Makes all that was written ready to be sent, whatever may follow.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        if matches!(self.stage, ReplyStage::Buffering) {
            self.commit(out);
        }
        if matches!(self.stage, ReplyStage::Streaming(ReplyFraming::Chunked)) {
            self.push_chunk(out);
        }
    }

    /// The length will not be known: closes the head without it.
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

    /// The handler has returned well. Ends the reply, or says why what it sent is none.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<Option<QueuedBody>, String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        // What would follow is another protocol, and nobody speaks it.
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

    /// A 500 or 503 without anything that could go wrong or take time: none of the handler's hooks is called for it.
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

    /// A whole body that fits the buffer tells its length; so does the HEAD of one.
    fn finish_buffered(&mut self, out: &mut Vec<u8>) {
        let framing = match self.passed {
            // A `do_HEAD` writes no body, and what the body's length would be is not known then.
            0 if self.rule == BodyRule::HeadOnly => ReplyFraming::NoBody,
            passed if passed > self.max_buffered as u64 => self.framing(None),
            passed => self.framing(Some(passed)),
        };
        self.close_head(framing, out);
        out.append(&mut self.body);
    }
}
