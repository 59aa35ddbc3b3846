//! The head of a response: status line, fields, and framing.

use std::ops::Range;
use std::{io, mem};

use super::{Reply, ReplyStage, misuse};
use crate::exchange::payload::QueuedBody;
use crate::proto::{self, BodyRule, DateLine, ReplyFraming, Version, push_field, push_length, remove_field};
use crate::sys::clock;

/// The facts about the fields of the head under construction that later steps need.
#[derive(Default)]
pub(super) struct HeadFields {
    /// The `Content-Length` that the handler declared.
    declared: Option<u64>,
    /// The handler asked for `Transfer-Encoding: chunked`.
    wants_chunks: bool,
    /// Options of the handler's `Connection` other than `close` and `keep-alive`, each with a comma and a space behind
    /// it.
    connection_options: Vec<u8>,
    /// The fields that may come once and have come, a bit for each.
    singletons: u16,
    has_date: bool,
    pub has_allow: bool,
}

impl HeadFields {
    pub(super) fn clear(&mut self) {
        let mut connection_options = mem::take(&mut self.connection_options);
        connection_options.clear();
        *self = HeadFields { connection_options, ..HeadFields::default() };
    }
}

impl Reply {
    /// Begins a head with these lines: the status line, and `Server` if it has one.
    pub(crate) fn begin_head(&mut self, code: u16, lines: &[u8], out: &mut Vec<u8>) {
        if !self.is_unsent() {
            return self.mark_fault(format!("send_response({code}) after send_response({}): send one", self.code));
        }
        self.stage = ReplyStage::Head;
        self.code = code;
        self.rule = proto::body_allowed(code, self.asked.method);
        out.extend_from_slice(lines);
        self.add_early_fields(out);
    }

    /// Adds the server's own `Date`, unless the head has one.
    pub(crate) fn add_date(&mut self, line: &DateLine, out: &mut Vec<u8>) {
        if self.is_head_open() && !self.fields.has_date {
            self.fields.has_date = true;
            out.extend_from_slice(line);
        }
    }

    /// Adds a field of the handler's. A mistake in it is remembered, and [`end_head`](Self::end_head) returns it. A
    /// field that comes before the status line waits for it.
    pub(crate) fn add_field(&mut self, name: &str, value: &str, out: &mut Vec<u8>) {
        if !self.is_head_open() {
            return self.add_field_elsewhere(name, value);
        }
        if let Err(fault) = self.try_add_field(name, value, out) {
            self.mark_fault(fault);
        }
    }

    fn try_add_field(&mut self, name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), String> {
        if !proto::is_token(name.as_bytes()) {
            return Err(format!("{name:?} is not a field name: a token has letters, digits and !#$%&'*+-.^_`|~ only"));
        }
        // The names with a meaning for the server. Their lengths are compared first, which is fast.
        match name.len() {
            14 if name.eq_ignore_ascii_case("content-length") => return self.declare_length(value),
            17 if name.eq_ignore_ascii_case("transfer-encoding") => return self.declare_coding(value),
            10 if name.eq_ignore_ascii_case("connection") => return self.add_connection_options(value),
            4 if name.eq_ignore_ascii_case("date") && mem::replace(&mut self.fields.has_date, true) => {
                remove_field(out, self.start, "Date");
            }
            6 if name.eq_ignore_ascii_case("server") => remove_field(out, self.start, "Server"),
            5 => self.fields.has_allow |= name.eq_ignore_ascii_case("allow"),
            _ => {}
        }
        let singleton = proto::singleton(name);
        if self.fields.singletons & singleton != 0 {
            return Err(format!("a second {name}: a response has one"));
        }
        self.fields.singletons |= singleton;
        let line = out.len();
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        proto::push_latin1(out, value).map_err(|character| {
            out.truncate(line);
            let code = u32::from(character);
            format!("the value of {name} has U+{code:04X}: no controls, and nothing above U+00FF")
        })?;
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn declare_length(&mut self, value: &str) -> Result<(), String> {
        let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
        let length = value.parse::<u64>().ok().filter(|_| is_plain);
        let length = length.ok_or_else(|| format!("Content-Length {value:?} is not one plain number"))?;
        match self.fields.declared.replace(length) {
            Some(other) if other != length => Err(format!("Content-Length {length} after Content-Length {other}")),
            _ => Ok(()),
        }
    }

    fn declare_coding(&mut self, value: &str) -> Result<(), String> {
        self.fields.wants_chunks = true;
        if value.trim().eq_ignore_ascii_case("chunked") {
            return Ok(());
        }
        Err(format!("Transfer-Encoding {value:?}: the server frames the body itself, leave the field out"))
    }

    fn add_connection_options(&mut self, value: &str) -> Result<(), String> {
        for option in value.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            if !proto::is_token(option.as_bytes()) {
                return Err(format!("Connection {value:?} is not a list of tokens"));
            }
            if option.eq_ignore_ascii_case("close") {
                self.closes = true;
            } else if !option.eq_ignore_ascii_case("keep-alive") {
                self.fields.connection_options.extend_from_slice(option.as_bytes());
                self.fields.connection_options.extend_from_slice(b", ");
            }
        }
        Ok(())
    }

    /// Adds a `Content-Type`, unless the head has one.
    pub(crate) fn add_default_content_type(&mut self, media_type: &str, out: &mut Vec<u8>) {
        // Only a field that came before the status line can be here already.
        if self.fields.singletons == 0 || self.fields.singletons & proto::singleton("Content-Type") == 0 {
            self.add_field("Content-Type", media_type, out);
        }
    }

    /// Returns whether this is the head of an interim response, which the final one follows.
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.code) && self.code != 101
    }

    /// Ends an interim head. For an HTTP/1.0 client it is dropped, since HTTP/1.0 has none (RFC 9110, section 15.2).
    pub(crate) fn end_interim(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.queued.take().is_some() {
            self.mark_fault(format!("{} has no body: the final response has", self.code));
        }
        if let Some(fault) = &self.fault {
            return Err(misuse(fault));
        }
        if self.asked.version == Version::Http10 {
            out.truncate(self.start);
        } else {
            out.extend_from_slice(b"\r\n");
        }
        // The final head starts from nothing.
        self.fields.clear();
        self.stage = ReplyStage::Unsent;
        Ok(())
    }

    /// Ends the head, or returns the first mistake in it.
    pub(crate) fn end_head(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if !self.is_head_open() {
            self.mark_fault("end_headers() without send_response() before it".into());
        }
        // RFC 9110, section 15.2: no 1xx to an HTTP/1.0 client, which would take the next protocol for the response.
        if self.code == 101 && self.asked.version == Version::Http10 {
            self.mark_fault("101 needs HTTP/1.1 on both sides: set protocol_version, refuse HTTP/1.0 clients".into());
        }
        if let Some(fault) = &self.fault {
            return Err(misuse(fault));
        }
        if self.may_have_body() && self.fields.declared.is_none() && !self.fields.wants_chunks {
            self.stage = ReplyStage::Buffering;
        } else {
            self.stream(self.framing(None), out);
        }
        if let Some(queued) = self.queued.take() {
            self.take_whole_body(queued, out);
        }
        Ok(())
    }

    /// Takes a whole body. A short one goes out with its head, a longer one after the handler has returned.
    fn take_whole_body(&mut self, queued: QueuedBody, out: &mut Vec<u8>) {
        self.passed = queued.len();
        match queued {
            _ if !self.keeps_body() => {}
            QueuedBody::Bytes(bytes) if bytes.as_slice().len() <= self.max_buffered => {
                out.extend_from_slice(bytes.as_slice());
                self.stage = ReplyStage::Ended;
            }
            queued => self.stage = ReplyStage::Queued(queued),
        }
    }

    /// Gives the whole body, before the head ends.
    pub(crate) fn queue(&mut self, queued: QueuedBody) {
        let length = queued.len();
        if !self.is_head_open() {
            return self.mark_fault("a body is given whole in place of end_headers(), not after it".into());
        }
        if self.fields.declared.is_some_and(|declared| declared != length) {
            self.mark_fault(format!("the body has {length} bytes, not the Content-Length's"));
        }
        self.fields.declared = Some(length);
        self.fields.wants_chunks = false;
        self.queued = Some(queued);
    }

    /// Ends the response for a handler that hijacks the connection. The bytes so far are moved to `out`, without
    /// framing behind.
    pub(crate) fn surrender(&mut self, out: &mut Vec<u8>) {
        match self.stage {
            ReplyStage::Buffering => {
                self.stream(ReplyFraming::UntilClose, out);
                out.append(&mut self.body);
            }
            _ => self.push_chunk(out),
        }
        self.stage = ReplyStage::Ended;
    }

    /// Decides how the client finds the end of the body. `complete` is the length of the body, if it is known.
    pub(super) fn framing(&self, complete: Option<u64>) -> ReplyFraming {
        let declared = self.fields.declared.filter(|_| !self.fields.wants_chunks);
        proto::reply_framing(self.rule, declared, complete, self.asked.version)
    }

    /// Returns whether the status and the method allow a body, or at least its length.
    pub(crate) fn may_have_body(&self) -> bool {
        matches!(self.rule, BodyRule::Allowed | BodyRule::HeadOnly)
    }

    pub(super) fn opens_tunnel(&self) -> bool {
        self.code == 101 || self.asked.method == "CONNECT" && (200..300).contains(&self.code)
    }

    pub(super) fn keeps_body(&self) -> bool {
        self.rule == BodyRule::Allowed
    }

    pub(super) fn stream(&mut self, framing: ReplyFraming, out: &mut Vec<u8>) {
        self.close_head(framing, out);
        self.stage = ReplyStage::Streaming(framing);
    }

    /// Writes the fields that frame the message, and the empty line.
    pub(super) fn close_head(&mut self, framing: ReplyFraming, out: &mut Vec<u8>) {
        if !self.fields.has_date && self.code >= 200 {
            out.extend_from_slice(&clock::date_line());
        }
        match framing {
            ReplyFraming::Length(length) => push_length(out, length),
            ReplyFraming::Chunked => push_field(out, b"Transfer-Encoding", b"chunked"),
            ReplyFraming::UntilClose => self.closes = true,
            // RFC 9110, section 8.6: only a 304 may have a length without a body, that of the 200 in its place.
            ReplyFraming::NoBody => match self.fields.declared {
                Some(length) if self.code == 304 => push_length(out, length),
                _ => {}
            },
        }
        let at = out.len() - self.start;
        self.push_connection(out);
        self.connection = at..out.len() - self.start;
        out.extend_from_slice(b"\r\n");
    }

    /// Rewrites the `Connection` line of a closed head, after a new decision. A head that was sent stays as it is.
    pub(super) fn rewrite_connection(&mut self, out: &mut Vec<u8>) {
        if self.on_wire || self.connection.end == 0 {
            return;
        }
        let mut line = Vec::new();
        self.push_connection(&mut line);
        let Range { start, end } = self.connection.clone();
        self.connection.end = start + line.len();
        out.splice(self.start + start..self.start + end, line);
    }

    /// Writes the `Connection` line: `close` or `keep-alive` if the client would expect the opposite (RFC 9112,
    /// sections 9.3 and 9.6).
    ///
    /// The client goes by our status line, not by its own version: HTTP/1.1 stays open, HTTP/1.0 does not.
    fn push_connection(&self, out: &mut Vec<u8>) {
        let persistence: &[u8] = match (self.closes, self.asked.server, self.asked.version) {
            // Another protocol follows.
            _ if self.opens_tunnel() => b"",
            (true, Version::Http11, _) => b"close",
            (false, _, Version::Http10) => b"keep-alive",
            _ => b"",
        };
        let options = &self.fields.connection_options;
        match (persistence, options.strip_suffix(b", ")) {
            (b"", None) => {}
            (b"", Some(options)) => push_field(out, b"Connection", options),
            (persistence, _) => {
                out.extend_from_slice(b"Connection: ");
                out.extend_from_slice(options);
                out.extend_from_slice(persistence);
                out.extend_from_slice(b"\r\n");
            }
        }
    }
}
