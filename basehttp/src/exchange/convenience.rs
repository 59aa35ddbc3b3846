//! What the seed does not have and nobody wants to write twice: whole texts, whole bodies, path segments, the query;
//! and the overridables as methods of the exchange.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

use percent_encoding::percent_decode_str;

use super::Exchange;
use super::error::HTTPError;
use super::query::Query;
use super::status::IntoStatus;

/// How much is reserved for a body on its `Content-Length`'s word alone: 64 KiB.
const MAX_TRUSTED_CAPACITY: u64 = 64 * 1024;

impl<'c, M> Exchange<'c, M> {
    /// Sends a whole reply of `text/plain; charset=utf-8`.
    pub fn send_text<'s>(&self, status: impl IntoStatus<'s>, text: impl Into<String>) -> io::Result<()> {
        self.send_bytes(status, "text/plain; charset=utf-8", text.into())
    }

    /// Reads the whole request body, of at most `max` bytes. Blocks as [`rfile`](Self::rfile) does.
    ///
    /// # Errors
    /// A longer body is an [`HTTPError`] that, returned with `?`, becomes 413 (Content Too Large); a body that the
    /// client broke becomes 400.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Upper;
    /// # #[http_handler] impl Upper {
    /// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let mut body = ex.read_body(1024 * 1024)?;
    ///     body.make_ascii_uppercase();
    ///     ex.send_bytes(200, "application/octet-stream", body)
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Upper, b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    /// # assert!(reply.ends_with(b"\r\n\r\nHI"));
    /// ```
    pub fn read_body(&mut self, max: usize) -> io::Result<Vec<u8>> {
        let max = max as u64;
        let announced = self.rfile.remaining().unwrap_or(0);
        if announced > max {
            return Err(too_large(max));
        }
        let mut body = Vec::with_capacity(usize::try_from(announced.min(MAX_TRUSTED_CAPACITY)).unwrap_or(0));
        (&mut self.rfile).take(max.saturating_add(1)).read_to_end(&mut body)?;
        if body.len() as u64 > max { Err(too_large(max)) } else { Ok(body) }
    }

    /// Reads the whole request body as UTF-8, of at most `max` bytes.
    ///
    /// # Errors
    /// As [`read_body`](Self::read_body); a body that is no UTF-8 becomes 400.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Upper;
    /// # #[http_handler] impl Upper {
    /// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let text = ex.read_text(1024 * 1024)?;
    ///     ex.send_text(200, text.to_uppercase())
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Upper, b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    /// # assert!(reply.ends_with(b"\r\n\r\nHI"));
    /// # let reply = basehttp::testing::respond(&Upper, b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\n\xff");
    /// # assert!(reply.starts_with(b"HTTP/1.0 400 "));
    /// ```
    pub fn read_text(&mut self, max: usize) -> io::Result<String> {
        String::from_utf8(self.read_body(max)?).map_err(|error| {
            HTTPError::from(400).with_explain("the request's body is no utf-8").with_source(error).into()
        })
    }

    /// The segments of the path, percent-decoded, without the query: `/users/7` is `["users", "7"]`, `/` is empty, and
    /// a slash at the end is an empty last segment. An encoded slash stays inside its segment; bytes that are no UTF-8
    /// become U+FFFD; dots are not resolved.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPError, http_handler};
    /// # struct Users;
    /// # #[http_handler] impl Users {
    /// fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
    ///     match ex.segments()[..] {
    ///         [] => ex.send_text(200, "home")?,
    ///         ["users", id] => ex.send_text(200, format!("user {id}"))?,
    ///         _ => return Err(HTTPError::from(404).into()),
    ///     }
    ///     Ok(())
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&Users, b"GET /users/7 HTTP/1.0\r\n\r\n").ends_with(b"user 7"));
    /// ```
    pub fn segments(&self) -> Vec<&'c str> {
        self.segments.get_or_init(|| decoded_segments(self.path)).iter().map(String::as_str).collect()
    }

    /// The query of the path, decoded as a form's: `ex.query().get("q")`.
    pub fn query(&self) -> Query<'c> {
        Query::parse(self.path.split_once('?').map_or("", |(_, query)| query))
    }

    // The overridables, for whoever wants to call them.

    /// Logs one message in the server's format, through the handler's `log_message`.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Quiet;
    /// # #[http_handler] impl Quiet {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.log_message(format_args!("somebody asked for {}", ex.path));
    ///     ex.send_text(200, "hello")
    /// }
    /// # }
    /// ```
    pub fn log_message(&self, message: fmt::Arguments<'_>) {
        self.hooks.log_message(self, message);
    }

    /// Logs an error, through the handler's `log_error`.
    pub fn log_error(&self, message: fmt::Arguments<'_>) {
        self.hooks.log_error(self, message);
    }

    /// Logs a request, through the handler's `log_request`. The server does so by itself, once a reply has ended.
    pub fn log_request(&self, code: u16, size: Option<u64>) {
        self.hooks.log_request(self, code, size);
    }

    /// The `Server` field's value, such as `Hello/1.0 Rust/1.95.0`.
    pub fn version_string(&self) -> Cow<'c, str> {
        self.hooks.version_string()
    }

    /// `time` as an HTTP date, such as `Tue, 14 Nov 2023 22:13:20 GMT`.
    pub fn date_time_string(&self, time: std::time::SystemTime) -> String {
        self.hooks.date_time_string(time)
    }

    /// Now as the log shows it, such as `14/Nov/2023 22:13:20`, in UTC.
    pub fn log_date_time_string(&self) -> String {
        self.hooks.log_date_time_string()
    }

    /// The client as the log shows it: its IP address.
    pub fn address_string(&self) -> String {
        self.hooks.address_string(self)
    }

    /// Whether a body that waits for `100 Continue` shall be sent: what the handler's `handle_expect_100` says.
    pub fn handle_expect_100(&self) -> super::error::Result<bool> {
        self.hooks.handle_expect_100(self)
    }
}

fn decoded_segments(path: &str) -> Vec<String> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    match path.strip_prefix('/') {
        None | Some("") => Vec::new(),
        Some(path) => path.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect(),
    }
}

fn too_large(max: u64) -> io::Error {
    HTTPError::from(413).with_explain(format!("the body may have {max} bytes at most")).into()
}
