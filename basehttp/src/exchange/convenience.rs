//! Shortcuts that Python's `http.server` does not have: whole texts and pages, whole bodies, path segments, and the
//! query. Also the overridable methods, for handlers that call them.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

use super::Exchange;
use super::error::HTTPError;
use super::query::Query;
use super::segments::lossy_segments;
use super::status::IntoStatus;

/// Largest buffer that is allocated because of a `Content-Length`, before any of the body has come: 64 KiB.
const MAX_TRUSTED_CAPACITY: u64 = 64 * 1024;

impl<'c, M> Exchange<'c, M> {
    /// Sends a whole response of `text/plain; charset=utf-8`.
    pub fn send_text<'s>(&self, status: impl IntoStatus<'s>, text: impl Into<String>) -> io::Result<()> {
        self.send_bytes(status, "text/plain; charset=utf-8", text.into())
    }

    /// Sends a whole response of `text/html; charset=utf-8`. A method can return [`Html`](crate::Html) instead.
    ///
    /// The page is sent as it is. Put a text that comes from a client through [`html_escape`](crate::html_escape)
    /// first.
    ///
    /// ```
    /// # use basehttp::{Exchange, html_escape, http_handler};
    /// # struct Home;
    /// # #[http_handler] impl Home {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     match ex.cookie("user") {
    ///         Some(user) => ex.send_html(200, format!("<!doctype html><title>Home</title><p>{}", html_escape(user))),
    ///         None => ex.redirect(303, "/login"),
    ///     }
    /// }
    /// # }
    /// # let reply = basehttp::testing::get("/").cookie("user", "<Ada>").send(&Home).expect_status(200);
    /// # assert_eq!(reply.header("Content-Type"), Some("text/html; charset=utf-8"));
    /// # assert!(reply.text().ends_with("<p>&lt;Ada&gt;"));
    /// ```
    pub fn send_html<'s>(&self, status: impl IntoStatus<'s>, page: impl Into<String>) -> io::Result<()> {
        self.send_bytes(status, "text/html; charset=utf-8", page.into())
    }

    /// Reads the whole request body, of at most `max` bytes. Blocks as [`rfile`](Self::rfile) does.
    ///
    /// [`read_text`](Self::read_text) reads a text, [`read_form`](Self::read_form) a form, `read_json` JSON (feature
    /// `json`), and `read_multipart` a form with files (feature `multipart`). The bytes come as the client sent them: a
    /// `Content-Encoding`, such as `gzip`, is not undone.
    ///
    /// # Errors
    /// Returned with `?`, the error for a longer body becomes a 413 (Content Too Large), and that for a malformed or
    /// incomplete body a 400.
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
            return Err(too_large(max).into());
        }
        let mut body = Vec::with_capacity(usize::try_from(announced.min(MAX_TRUSTED_CAPACITY)).unwrap_or(0));
        (&mut self.rfile).take(max.saturating_add(1)).read_to_end(&mut body)?;
        if body.len() as u64 > max { Err(too_large(max).into()) } else { Ok(body) }
    }

    /// Reads the whole request body as UTF-8, of at most `max` bytes.
    ///
    /// # Errors
    /// Those of [`read_body`](Self::read_body), and a 400 for a body that is not UTF-8.
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
        String::from_utf8(self.read_body(max)?).map_err(|error| not_utf8().with_source(error).into())
    }

    /// Returns the segments of the path, percent-decoded and without the query.
    ///
    /// `/users/7` is `["users", "7"]`, `/` is an empty list, and a slash at the end makes an empty last segment. An
    /// encoded slash stays inside its segment. Bytes that are not UTF-8 become U+FFFD. Dots are not resolved.
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
        lossy_segments(self.path, self.decoded)
    }

    /// Returns the query of the path, to be read like a form: `ex.query().get("q")`.
    pub fn query(&self) -> Query<'c> {
        Query::parse(self.path.split_once('?').map_or("", |(_, query)| query))
    }

    // The overridable methods, for handlers that call them.

    /// Logs one message in the server's format, through the handler's `log_message`.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Quiet;
    /// # #[http_handler] impl Quiet {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.log_message(format_args!("a client asked for {}", ex.path));
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

    /// Logs a request, through the handler's `log_request`. The server does this by itself when a response has ended.
    pub fn log_request(&self, code: u16, size: Option<u64>) {
        self.hooks.log_request(self, code, size);
    }

    /// Returns the value of the `Server` field, such as `Hello/1.0 Rust/1.95.0`.
    pub fn version_string(&self) -> Cow<'c, str> {
        self.hooks.version_string()
    }

    /// Returns `time` as an HTTP date, such as `Tue, 14 Nov 2023 22:13:20 GMT`.
    pub fn date_time_string(&self, time: std::time::SystemTime) -> String {
        self.hooks.date_time_string(time)
    }

    /// Returns the current time as the log shows it, such as `14/Nov/2023 22:13:20`, in UTC.
    pub fn log_date_time_string(&self) -> String {
        self.hooks.log_date_time_string()
    }

    /// Returns the client as the log shows it, by default its IP address.
    pub fn address_string(&self) -> String {
        self.hooks.address_string(self)
    }

    /// Asks the handler's `handle_expect_100` whether the client may send a body that waits for `100 Continue`.
    pub fn handle_expect_100(&self) -> super::error::Result<bool> {
        self.hooks.handle_expect_100(self)
    }
}

/// The error for a body that should be text.
pub(super) fn not_utf8() -> HTTPError {
    HTTPError::from(400).with_explain("the request's body is not utf-8")
}

/// The error for a body above `max` bytes.
pub(super) fn too_large(max: u64) -> HTTPError {
    HTTPError::from(413).with_explain(format!("the body may have at most {max} bytes"))
}
