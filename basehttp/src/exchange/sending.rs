//! The sending methods of Python's `http.server`, such as `send_response`, `send_header`, `end_headers` and
//! `send_error`, and those for whole bodies and files.
//!
//! No user code (a hook, a value's `Display`) runs while the `ExchangeIo` is borrowed.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::fs::File;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::time::SystemTime;

use rustix::fs::FileType;

use super::Exchange;
use super::error::IntoHTTPError;
use super::hijack::Hijacked;
use super::payload::{IntoPayload, QueuedBody};
use super::reply::{Reply, misuse};
use super::status::{IntoStatus, Status};
use crate::proto::{self, Scheme};
use crate::sys::{Permit, clock};

impl<M> Exchange<'_, M> {
    /// Begins the response with the status line, `Server` and `Date`. They stay in the buffer.
    ///
    /// Takes a code, or a code and a reason phrase: `ex.send_response((200, "Script output follows"))`. Without a
    /// phrase, that of the `responses` map is sent. A code outside 100..=999 and a second response are errors that
    /// [`end_headers`](Self::end_headers) returns. (RFC 9112, section 4.)
    pub fn send_response<'s>(&self, status: impl IntoStatus<'s>) -> &Self {
        let status = status.into();
        let overrides = &self.context.spec.overrides;
        match self.context.ready_head(status.code()) {
            Some(head) if status.reason().is_none() && !overrides.version_string => {
                self.begin_head(status.code(), head);
            }
            _ => self.begin_formatted(status, Some(&self.hooks.version_string())),
        }
        if overrides.date_time_string {
            let date = self.hooks.date_time_string(SystemTime::now());
            self.send_header("Date", date);
        } else {
            let line = clock::date_line();
            self.with_reply(|reply, out| reply.add_date(&line, out));
        }
        self
    }

    /// Begins the response with the status line alone, without `Server`. Mainly for interim responses (100, 103).
    ///
    /// A final response still gets its `Date` when the head ends. (RFC 9110, section 6.6.1.)
    pub fn send_response_only<'s>(&self, status: impl IntoStatus<'s>) -> &Self {
        self.begin_formatted(status.into(), None);
        self
    }

    fn begin_formatted(&self, status: Status<'_>, server: Option<&str>) {
        let code = status.code();
        if !(100..=999).contains(&code) {
            return self
                .with_reply(|reply, _| reply.mark_fault(format!("{code} is not a status code: use 100 to 999")));
        }
        let reason = status.reason().unwrap_or_else(|| self.context.response(code).0);
        if let Some(offender) = reason.chars().find(|&character| character.is_control()) {
            let fault = format!("the reason of {code} has U+{:04X}: no control characters", u32::from(offender));
            return self.with_reply(|reply, _| reply.mark_fault(fault));
        }
        let mut head = Vec::new();
        proto::push_status_line(&mut head, self.context.spec.protocol_version, code, reason);
        if let Some(server) = server {
            proto::push_server(&mut head, server);
        }
        self.begin_head(code, &head);
    }

    fn begin_head(&self, code: u16, lines: &[u8]) {
        self.with_reply(|reply, out| reply.begin_head(code, lines, out));
    }

    /// Adds a field to the response. It stays in the buffer.
    ///
    /// Before `send_response`, the field is kept for the response that follows, whichever method sends it: also
    /// `send_text`, `send_error`, or the value that the handler's method returns. If the method fails instead, the
    /// error response does not get the field, as it gets none of a response that was begun.
    ///
    /// The value is sent as Latin-1, as in Python. The server acts on `Connection`, `Content-Length` and
    /// `Transfer-Encoding` instead of copying them: `Connection: close` closes, and the body is checked against the
    /// length. `Server` and `Date` replace those that the server sends by itself.
    ///
    /// These fields may come once, and the second is an error: `Age`, `Content-Location`, `Content-Range`,
    /// `Content-Type`, `ETag`, `Expires`, `Last-Modified`, `Location` and `Retry-After` (RFC 9110, section 5.3). In one
    /// chain of literals, the second does not compile.
    ///
    /// A name must be a token, and a value must have no control character (such as CR, LF or NUL) and none above
    /// U+00FF. Otherwise [`end_headers`](Self::end_headers) returns an error, and the client gets a 500.
    pub fn send_header(&self, name: &str, value: impl Display) -> &Self {
        // The value's `Display` is user code and may call back, so it writes into a text that is not borrowed.
        let mut text = std::mem::take(&mut self.io.borrow_mut().scratch);
        text.clear();
        let written = write!(text, "{value}");
        self.with_reply(|reply, out| match written {
            Ok(()) => reply.add_field(name, &text, out),
            Err(fmt::Error) => reply.mark_fault(format!("the value of {name} failed to format")),
        });
        self.io.borrow_mut().scratch = text;
        self
    }

    /// Ends the head. A final head is not sent yet, so that a short response is one write. An interim head is sent at
    /// once.
    ///
    /// If the handler defines `end_headers`, that method is called first and may add fields.
    ///
    /// # Errors
    /// A method was misused, or a code, name or value is not allowed. The client then gets a 500, even if the handler
    /// does not return the error.
    pub fn end_headers(&self) -> io::Result<()> {
        let (is_head_open, is_interim) = self.with_reply(|reply, _| (reply.is_head_open(), reply.is_interim()));
        if is_interim && is_head_open {
            return self.end_interim();
        }
        if is_head_open && self.context.spec.overrides.end_headers && !self.in_end_headers.replace(true) {
            let added = self.hooks.end_headers(self);
            self.in_end_headers.set(false);
            added?;
            // The hook may have ended the head itself.
            if !self.with_reply(|reply, _| reply.is_head_open()) {
                return Ok(());
            }
        }
        self.end_head_by_default()
    }

    pub(crate) fn end_head_by_default(&self) -> io::Result<()> {
        self.add_last_fields();
        self.with_reply(Reply::end_head)
    }

    fn end_interim(&self) -> io::Result<()> {
        let code = self.with_reply(|reply, out| {
            reply.end_interim(out)?;
            io::Result::Ok(reply.code())
        })?;
        let mut io = self.io.borrow_mut();
        if code == 100 {
            io.forget_expectation();
        }
        io.send_out()
    }

    /// Adds the fields of the `HTTPError` that is being sent, and those that the code asks for.
    fn add_last_fields(&self) {
        if let Some(error) = self.error_fields.take() {
            for (name, value) in error.headers() {
                self.send_header(name, value);
            }
        }
        let (lacks_allow, lacks_cookies) = self.with_reply(|reply, _| (reply.lacks_allow(), reply.lacks_cookies()));
        if lacks_allow {
            self.send_header("Allow", self.allowed_methods());
        }
        if let Some(origin) = self.context.spec.cors {
            self.add_allow_origin(origin);
        }
        if lacks_cookies {
            self.add_cookies();
        }
        self.decide_close();
    }

    #[cold]
    fn add_cookies(&self) {
        let io = &mut *self.io.borrow_mut();
        let is_secured = self.request.scheme == Scheme::Https;
        io.reply.add_cookies(is_secured, &mut io.out);
    }

    /// The value of `Allow`: all methods except the refused one. GET and HEAD are refused together.
    fn allowed_methods(&self) -> String {
        let refused: &[&str] = match self.request.command {
            "GET" | "HEAD" => &["GET", "HEAD"],
            command => &[command],
        };
        let methods = self.context.spec.methods.iter().copied();
        methods.filter(|method| !refused.contains(method)).collect::<Vec<_>>().join(", ")
    }

    /// Sends the buffered head and the bytes that were written to `wfile`, as `wfile.flush()` does.
    ///
    /// From then on a body without `Content-Length` is sent in chunks. To an HTTP/1.0 client it is sent as it is, and
    /// ends when the connection closes. Blocks for at most the write stall timeout without progress.
    pub fn flush_headers(&self) -> io::Result<()> {
        self.io.borrow_mut().flush()
    }

    /// Logs an error and sends a whole error response, with the page of `error_message_format`.
    ///
    /// A code below 400, such as a redirect, is logged only if the error has a source. Takes a code, `(code, message)`,
    /// `(code, message, explain)` or an [`HTTPError`](crate::HTTPError). Texts that are not given come from the
    /// `responses` map. They are escaped for the media type `error_content_type`. No body is sent in response to HEAD,
    /// and with 204, 205 and 304. It replaces a response that was begun, unless a part has been sent.
    ///
    /// # Errors
    /// The code is not allowed or interim (1xx, which needs a final response behind it), or a part of a response has
    /// been sent already.
    pub fn send_error(&self, error: impl IntoHTTPError) -> io::Result<()> {
        let error = error.into();
        let (phrase, long) = self.context.response(error.code());
        let code = error.code();
        let message = error.message().map_or(Cow::Borrowed(phrase), |text| Cow::Owned(text.to_owned()));
        let explain = error.explain().map_or(Cow::Borrowed(long), |text| Cow::Owned(text.to_owned()));
        self.error_fields.replace(Some(error));
        if self.in_send_error.replace(true) {
            return self.send_error_by_default(code, &message, &explain);
        }
        let sent = self.hooks.send_error(self, code, &message, &explain);
        self.in_send_error.set(false);
        sent
    }

    pub(crate) fn send_error_by_default(&self, code: u16, message: &str, explain: &str) -> io::Result<()> {
        if self.io.borrow().reply.is_on_wire() {
            return Err(misuse(
                "send_error after the response's head was sent: return an error to abort the connection",
            ));
        }
        if (100..200).contains(&code) {
            return Err(misuse(
                "send_error takes no interim status (1xx): use send_response_only, and send a response behind it",
            ));
        }
        let error = self.error_fields.borrow().clone();
        match error.map_or(Some(String::new()), |error| error.log_note()).as_deref() {
            None => {}
            // A guard that sends the client to a login page does it by an error, and nothing is wrong then.
            Some("") if code < 400 => {}
            Some("") => self.log_error(format_args!("code {code}, message {message}")),
            Some(note) => self.log_error(format_args!("code {code}, message {message} ({note})")),
        }
        self.with_reply(Reply::discard);
        let spec = &self.context.spec;
        let page = proto::render(spec.error_message_format, spec.error_content_type, code, message, explain);
        self.send_response((code, &*proto::safe_reason(message)));
        if self.with_reply(|reply, _| !reply.may_have_body()) {
            return self.end_headers();
        }
        self.send_header("Content-Type", spec.error_content_type);
        self.send_tail(QueuedBody::Bytes(page.into()))
    }

    /// Sends a whole response: status line, `Content-Type`, `Content-Length`, and a body of any size.
    ///
    /// A large body is sent after the handler has returned, without a copy.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Logo;
    /// # #[http_handler] impl Logo {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.send_bytes(200, "application/json", r#"{"ok": true}"#)
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&Logo, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"\r\n\r\n{\"ok\": true}"));
    /// ```
    pub fn send_bytes<'s>(
        &self,
        status: impl IntoStatus<'s>,
        content_type: &str,
        body: impl IntoPayload,
    ) -> io::Result<()> {
        self.send_response(status);
        self.with_reply(|reply, out| reply.add_field("Content-Type", content_type, out));
        self.send_tail(QueuedBody::Bytes(body.into()))
    }

    /// Ends the head and sends `body` as the whole body. It takes the place of `end_headers`.
    ///
    /// Like [`send_bytes`](Self::send_bytes), for responses with more fields: call `send_response` and `send_header`
    /// first. A large body is sent after the handler has returned, without a copy.
    ///
    /// # Errors
    /// `send_response` was not called before, or a `Content-Length` differs from the length of the body.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Logo;
    /// # #[http_handler] impl Logo {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.send_response(200).send_header("Content-Type", "image/x-icon").send_header("Cache-Control", "max-age=60");
    ///     ex.send_body(b"pixels")
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Logo, b"GET / HTTP/1.0\r\n\r\n");
    /// # assert!(reply.ends_with(b"\r\nCache-Control: max-age=60\r\nContent-Length: 6\r\n\r\npixels"));
    /// ```
    pub fn send_body(&self, body: impl IntoPayload) -> io::Result<()> {
        self.send_tail(QueuedBody::Bytes(body.into()))
    }

    /// Ends the head and sends `range` of an open file as the body. It takes the place of `end_headers`.
    ///
    /// The file is sent after the handler has returned. The system copies it (sendfile(2)), in any size. Without a call
    /// of `send_response` before, the response is a 200 without `Content-Type`. If the file shrinks while it is sent,
    /// the connection is aborted.
    ///
    /// # Errors
    /// The file is not a regular one, the range ends behind the file's end or before its own start, or a
    /// `Content-Length` differs from the length of the range.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Page;
    /// # #[http_handler] impl Page {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let missing = |error| basehttp::HTTPError::from(404).with_source(error);
    ///     let file = std::fs::File::open("Cargo.toml").map_err(missing)?;
    ///     ex.send_response(200).send_header("Content-Type", "text/plain").send_file(file, ..)
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&Page, b"GET / HTTP/1.0\r\n\r\n").starts_with(b"HTTP/1.0 200 OK\r\n"));
    /// ```
    pub fn send_file(&self, file: File, range: impl RangeBounds<u64>) -> io::Result<()> {
        let stat = rustix::io::retry_on_intr(|| rustix::fs::fstat(&file))?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(misuse("send_file takes a regular file, not a directory, pipe or device"));
        }
        let (offset, end) = bounds(&range, u64::try_from(stat.st_size).unwrap_or(0))?;
        if self.io.borrow().reply.is_unsent() {
            self.send_response(200);
        }
        let file = self.context.quota.queue(file);
        self.send_tail(QueuedBody::File { file, offset, length: end - offset })
    }

    fn send_tail(&self, queued: QueuedBody) -> io::Result<()> {
        self.with_reply(|reply, _| reply.queue(queued));
        self.end_headers()
    }

    /// Takes the connection away from the server, after the response so far was sent.
    ///
    /// From then on the server does not parse, frame or log anything for it. The connection closes when the
    /// [`Hijacked`] is dropped. Reads return the bytes first that the server has read already.
    ///
    /// # Errors
    /// A head was begun and not ended, the socket is gone, or no descriptor is left for a stream that is not a socket.
    pub fn hijack(&mut self) -> io::Result<Hijacked> {
        let mut io = self.io.borrow_mut();
        if io.is_taken() {
            return Err(misuse("the connection was hijacked already"));
        }
        if io.reply.is_head_open() {
            return Err(misuse("hijack() between send_response and end_headers: end the head first"));
        }
        let ahead = self.rfile.take_raw();
        let socket = io.surrender()?;
        if let (Some(server), Some(descriptor)) = (self.context.handle.running_loop(), socket.descriptor()) {
            server.forget(descriptor);
        }
        let permit = io.permit.as_mut().map(Permit::split);
        Hijacked::new(socket, self.peer, ahead, self.context.settings.write_stall_timeout, permit)
    }

    pub(crate) fn with_reply<R>(&self, act: impl FnOnce(&mut Reply, &mut Vec<u8>) -> R) -> R {
        let io = &mut *self.io.borrow_mut();
        act(&mut io.reply, &mut io.out)
    }
}

/// Returns the first byte and the end of `range` in a file of `length` bytes.
fn bounds(range: &impl RangeBounds<u64>, length: u64) -> io::Result<(u64, u64)> {
    let start = match range.start_bound() {
        Bound::Included(&start) => Some(start),
        Bound::Excluded(&start) => start.checked_add(1),
        Bound::Unbounded => Some(0),
    };
    let end = match range.end_bound() {
        Bound::Included(&end) => end.checked_add(1),
        Bound::Excluded(&end) => Some(end),
        Bound::Unbounded => Some(length),
    };
    match (start, end) {
        (Some(start), Some(end)) if start <= end && end <= length => Ok((start, end)),
        _ => Err(misuse(&format!("the range is not within the file's {length} bytes"))),
    }
}
