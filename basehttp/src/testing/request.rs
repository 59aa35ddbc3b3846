//! Builds well-formed requests. A request that is malformed on purpose is written as bytes, for `respond`.

use std::fmt::Display;
use std::io::Read;

use super::memory;
use super::reading::{AfterEnd, MemoryEnd, read_response};
use super::response::Response;
use crate::proto::{is_token, push_field, push_latin1, push_length};
use crate::server::BaseHTTPRequestHandler;

/// The text between the parts of a form with files, which no file is likely to have.
const BOUNDARY: &str = "part-of-a-test-4f1d9c7e2b";
const FORM_WITH_FILES: &str = "multipart/form-data; boundary=part-of-a-test-4f1d9c7e2b";

/// A request to be sent to a handler or to a server, made by [`get`], [`post`] and so on.
///
/// It has a `Host`, `Connection: close`, and a `Content-Length` where the method or the body asks for one. It can be
/// sent several times.
///
/// # Panics
/// The methods panic on what cannot be a part of a well-formed request, and say what to write. To send a malformed
/// request, write its bytes and use [`respond`](super::respond).
///
/// ```
/// # use basehttp::{Exchange, http_handler, testing};
/// # struct Echo;
/// # #[http_handler(protocol_version = "HTTP/1.1")] impl Echo {
/// fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
///     let from = ex.query().get("from").unwrap_or_default().into_owned();
///     let body = ex.read_text(1000)?;
///     Ok(ex.send_text(200, format!("{from} says {body}"))?)
/// }
/// # }
/// let request = testing::post("/echo").query("from", "A & B").header("Accept", "text/plain").body("hello");
/// assert_eq!(request.send(&Echo).text(), "A & B says hello");
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `send` or `send_to`"]
pub struct Request {
    pub(super) method: String,
    target: String,
    /// `Host` and `Connection` are among them only if the test has set them.
    fields: Vec<(String, Vec<u8>)>,
    cookies: Vec<String>,
    body: Option<Vec<u8>>,
    /// The parts of a form with files, without the end of the last one.
    parts: Vec<u8>,
}

/// Makes a GET request. See [`request`] for the target.
#[track_caller]
pub fn get(target: impl Into<String>) -> Request {
    request("GET", target)
}

/// Makes a HEAD request. See [`request`] for the target.
#[track_caller]
pub fn head(target: impl Into<String>) -> Request {
    request("HEAD", target)
}

/// Makes a POST request. See [`request`] for the target.
#[track_caller]
pub fn post(target: impl Into<String>) -> Request {
    request("POST", target)
}

/// Makes a PUT request. See [`request`] for the target.
#[track_caller]
pub fn put(target: impl Into<String>) -> Request {
    request("PUT", target)
}

/// Makes a PATCH request. See [`request`] for the target.
#[track_caller]
pub fn patch(target: impl Into<String>) -> Request {
    request("PATCH", target)
}

/// Makes a DELETE request. See [`request`] for the target.
#[track_caller]
pub fn delete(target: impl Into<String>) -> Request {
    request("DELETE", target)
}

/// Makes an OPTIONS request. See [`request`] for the target.
#[track_caller]
pub fn options(target: impl Into<String>) -> Request {
    request("OPTIONS", target)
}

/// Makes a request with any method.
///
/// The target is sent as it is, and so it is percent-encoded already: a path with or without a query, `*` for OPTIONS,
/// an authority for CONNECT, or a whole `http` URL (RFC 9112, section 3.2).
///
/// # Panics
/// If the method is not a token, or the target does not have one of these forms.
///
/// ```
/// # use basehttp::{Exchange, http_handler, testing};
/// # struct Device;
/// # #[http_handler] impl Device {
/// #[http_method("M-SEARCH")]
/// fn search(&self, ex: &mut Exchange) -> std::io::Result<()> {
///     ex.send_text(200, "here")
/// }
/// # }
/// assert_eq!(testing::request("M-SEARCH", "/").send(&Device).text(), "here");
/// ```
#[track_caller]
pub fn request(method: impl Into<String>, target: impl Into<String>) -> Request {
    let (method, target) = (method.into(), target.into());
    assert!(is_token(method.as_bytes()), "{method:?} is not a method: write a token such as \"GET\" or \"M-SEARCH\"");
    if let Some(odd) = target.chars().find(|c| !c.is_ascii_graphic()) {
        panic!("the target {target:?} has {odd:?}: percent-encode it, as in \"/a%20b\"");
    }
    let has_form = target.starts_with('/') || target.starts_with("http://") || target == "*" || method == "CONNECT";
    assert!(has_form && !target.is_empty(), "the target {target:?} is not a path: write \"/{target}\"");
    Request { method, target, fields: Vec::new(), cookies: Vec::new(), body: None, parts: Vec::new() }
}

impl Request {
    /// Adds a field. `Host` and `Connection` take the place of the request's own.
    ///
    /// The value is sent as Latin-1, as the server sends values.
    ///
    /// # Panics
    /// If the name is not a token, if the value has a control character or one above U+00FF, and for `Content-Length`
    /// and `Transfer-Encoding`, which the request writes itself.
    #[track_caller]
    pub fn header(self, name: &str, value: impl Display) -> Self {
        assert!(is_token(name.as_bytes()), "{name:?} is not a field name: write a token such as \"X-Tag\"");
        let is_framing =
            ["Content-Length", "Transfer-Encoding"].iter().any(|framing| name.eq_ignore_ascii_case(framing));
        assert!(!is_framing, "the request writes {name} itself: give the body to `body`, or write bytes for `respond`");
        let (text, mut bytes) = (value.to_string(), Vec::new());
        if let Err(odd) = push_latin1(&mut bytes, &text) {
            panic!("the value of {name} has {odd:?}: no control characters, and nothing above U+00FF");
        }
        let is_own = ["Host", "Connection"].iter().any(|own| name.eq_ignore_ascii_case(own));
        let mut request = if is_own { self.without(name) } else { self };
        request.fields.push((name.to_owned(), bytes));
        request
    }

    /// Takes the fields of that name away.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// Adds a cookie. All cookies go into one `Cookie` field (RFC 6265, section 4.2.1).
    ///
    /// # Panics
    /// If the name is not a token, or the value has a character that no cookie may: a control, a space, `"`, `,`, `;`
    /// or `\`, or one outside ASCII.
    #[track_caller]
    pub fn cookie(mut self, name: &str, value: impl Display) -> Self {
        let value = value.to_string();
        assert!(is_token(name.as_bytes()), "{name:?} is not a cookie's name: write a token such as \"sid\"");
        let may_stand = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';' | '\\');
        if let Some(odd) = value.chars().find(|c| !may_stand(*c)) {
            panic!("the value of the cookie {name} has {odd:?}: encode it, for instance by percent-encoding");
        }
        self.cookies.push(format!("{name}={value}"));
        self
    }

    /// Adds a parameter to the query of the target, and encodes it.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair(name, &value.to_string()).finish();
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target += &pair;
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets the body to a form with these names and values, and the `Content-Type` that goes with it.
    ///
    /// ```
    /// let request = basehttp::testing::post("/login").form([("user", "ada"), ("password", "a & b")]);
    /// assert!(request.to_bytes().ends_with(b"\r\n\r\nuser=ada&password=a+%26+b"));
    /// ```
    pub fn form(self, pairs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// Adds a file to a form that is sent as `multipart/form-data` (RFC 7578). [`part`](Self::part) adds the others.
    ///
    /// ```
    /// let request = basehttp::testing::post("/photos").part("caption", "me").file("photo", "me.jpg", b"\xff\xd8");
    /// let part = b"\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.jpg\"\r\n\r\n\xff\xd8\r\n";
    /// assert!(request.to_bytes().windows(part.len()).any(|bytes| bytes == part));
    /// ```
    pub fn file(self, name: &str, file_name: &str, content: impl AsRef<[u8]>) -> Self {
        self.with_part(&format!("name=\"{}\"; filename=\"{}\"", quoted(name), quoted(file_name)), content.as_ref())
    }

    /// Adds a field without a file to a form that is sent as `multipart/form-data`, as [`file`](Self::file) adds a
    /// file.
    pub fn part(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.with_part(&format!("name=\"{}\"", quoted(name)), value.as_ref())
    }

    fn with_part(self, parameters: &str, content: &[u8]) -> Self {
        let is_first = self.parts.is_empty();
        let mut request = if is_first { self.header("Content-Type", FORM_WITH_FILES) } else { self };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {parameters}\r\n\r\n");
        request.parts.extend_from_slice(head.as_bytes());
        request.parts.extend_from_slice(content);
        request.parts.extend_from_slice(b"\r\n");
        request.body = Some([&*request.parts, format!("--{BOUNDARY}--\r\n").as_bytes()].concat());
        request
    }

    /// Returns the bytes that [`send`](Self::send) feeds to the handler, for instance to be changed and given to
    /// [`respond`](super::respond).
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_for("localhost")
    }

    /// Sends the request to the handler, without a socket, and returns the response.
    ///
    /// # Panics
    /// If no response comes, which happens to handlers that hijack the connection.
    #[track_caller]
    pub fn send<H: BaseHTTPRequestHandler>(&self, handler: &H) -> Response {
        let sent = memory::serve(handler, [self.to_bytes()]);
        let end = if sent.was_aborted { MemoryEnd::Abort } else { MemoryEnd::Close };
        let response = read_response(&self.method, sent.bytes.chain(end), AfterEnd::ReadOn);
        response.unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.target))
    }

    /// Returns the request's own `Host`, if it has one.
    #[cfg(feature = "tls-testing")]
    pub(super) fn own_host(&self) -> Option<&[u8]> {
        let host = self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("Host"));
        host.map(|(_, value)| &value[..])
    }

    pub(super) fn to_bytes_for(&self, host: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in [("Host", host), ("Connection", "close")] {
            if !self.fields.iter().any(|(set, _)| set.eq_ignore_ascii_case(name)) {
                push_field(&mut bytes, name.as_bytes(), value.as_bytes());
            }
        }
        for (name, value) in &self.fields {
            push_field(&mut bytes, name.as_bytes(), value);
        }
        if !self.cookies.is_empty() {
            push_field(&mut bytes, b"Cookie", self.cookies.join("; ").as_bytes());
        }
        // RFC 9110, section 8.6: a method that usually has a body says so when it has none.
        let usually_has_body = matches!(&*self.method, "POST" | "PUT" | "PATCH");
        if self.body.is_some() || usually_has_body {
            push_length(&mut bytes, self.body.as_ref().map_or(0, |body| body.len() as u64));
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

/// A name as browsers quote it in a part's head.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn text(request: &Request) -> String {
        String::from_utf8(request.to_bytes()).expect("text")
    }

    #[test]
    fn a_request_is_written_as_the_standard_asks() {
        let own = "Host: localhost\r\nConnection: close\r\n";
        let table = [
            (get("/a?b"), format!("GET /a?b HTTP/1.1\r\n{own}\r\n"), "nothing more than it needs"),
            (post("/"), format!("POST / HTTP/1.1\r\n{own}Content-Length: 0\r\n\r\n"), "no body, and it says so"),
            (put("/").body("hi"), format!("PUT / HTTP/1.1\r\n{own}Content-Length: 2\r\n\r\nhi"), "a body"),
            (get("/").body(*b"hi"), format!("GET / HTTP/1.1\r\n{own}Content-Length: 2\r\n\r\nhi"), "an unusual body"),
            (
                patch("/?x=1").query("q", "a b&c").query("n", 7).header("X-Tag", "t"),
                format!("PATCH /?x=1&q=a+b%26c&n=7 HTTP/1.1\r\n{own}X-Tag: t\r\nContent-Length: 0\r\n\r\n"),
                "a query",
            ),
            (
                delete("/a").header("host", "h").header("CONNECTION", "keep-alive").header("Host", "i"),
                "DELETE /a HTTP/1.1\r\nCONNECTION: keep-alive\r\nHost: i\r\n\r\n".to_owned(),
                "the test's own Host and Connection",
            ),
            (
                head("/").cookie("a", 1).header("A", "x").header("A", "y").cookie("b", "2"),
                format!("HEAD / HTTP/1.1\r\n{own}A: x\r\nA: y\r\nCookie: a=1; b=2\r\n\r\n"),
                "one field for all cookies",
            ),
            (options("*"), format!("OPTIONS * HTTP/1.1\r\n{own}\r\n"), "the whole server"),
            (request("CONNECT", "h:1"), format!("CONNECT h:1 HTTP/1.1\r\n{own}\r\n"), "an authority"),
            (get("http://h/a"), format!("GET http://h/a HTTP/1.1\r\n{own}\r\n"), "a URL"),
        ];
        for (request, expected, why) in table {
            assert_eq!(text(&request), expected, "{why}");
        }
        assert!(get("/").header("X", "caf\u{e9}").to_bytes().windows(7).any(|bytes| bytes == b"X: caf\xe9"));
    }

    #[test]
    fn a_form_with_files_has_a_part_for_each_and_one_end() {
        let request = post("/").part("a\"b", "1").file("c", "d\r\n.txt", b"2\n");
        let part = |parameters, content| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {parameters}\r\n\r\n{content}\r\n")
        };
        let first = part("name=\"a%22b\"", "1");
        let second = part("name=\"c\"; filename=\"d%0D%0A.txt\"", "2\n");
        let body = format!("{first}{second}--{BOUNDARY}--\r\n");
        let fields =
            format!("Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}", body.len());
        assert!(text(&request).ends_with(&format!("\r\n{fields}\r\n\r\n{body}")), "{}", text(&request));
    }

    #[test]
    fn what_is_malformed_is_refused_with_what_to_write() {
        type Call = fn() -> Request;
        let table: [(Call, &str); 12] = [
            (|| get("users/7"), r#"write "/users/7""#),
            (|| get(""), r#"write "/""#),
            (|| get("/a b"), "percent-encode it"),
            (|| get("/\r\nX: y"), "percent-encode it"),
            (|| get("/caf\u{e9}"), "percent-encode it"),
            (|| request("GET it", "/"), r#""GET it" is not a method"#),
            (|| get("/").header("X Y", 1), r#""X Y" is not a field name"#),
            (|| get("/").header("X", "a\r\nb"), r"the value of X has '\r'"),
            (|| get("/").header("X", "\u{20ac}"), "nothing above U+00FF"),
            (|| post("/").header("content-length", 3), "give the body to `body`"),
            (|| post("/").header("Transfer-Encoding", "chunked"), "write bytes for `respond`"),
            (|| get("/").cookie("a", "b;c"), "the value of the cookie a has ';'"),
        ];
        for (call, wanted) in table {
            let panic = catch_unwind(call).expect_err(wanted);
            let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            assert!(message.contains(wanted), "{wanted}: {message}");
        }
    }
}
