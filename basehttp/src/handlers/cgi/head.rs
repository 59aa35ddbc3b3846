//! A script's header, and the response that it asks for. Pure decisions (RFC 3875, section 6).
//!
//! | Location       | Status | other fields   | response                                     |
//! |----------------|--------|----------------|----------------------------------------------|
//! |                |        | Content-Type   | 200                                          |
//! |                | n      | any            | n                                            |
//! | `/path?query`  |        | none           | the response to a GET of that path           |
//! | anything       |        | any            | 302                                          |
//! | anything       | n      | any            | n                                            |
//! |                |        | no Content-Type | the script is broken: 502                   |
//!
//! `Location: /path` with other fields is sent to the client. The RFC forbids these fields, and a script that sends
//! them means a redirect of the client. `//host/path` is sent to the client as well, since it is another host's.

use super::super::is_token;

/// A script's header, up to the empty line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptHead {
    /// Code and reason.
    pub status: Option<(u16, String)>,
    pub location: Option<String>,
    /// All other fields that go to the client, in order, as Latin-1.
    pub fields: Vec<(String, String)>,
}

/// The response that a header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScriptResponse {
    /// A document, or a redirect that the client follows.
    Document { code: u16, reason: Option<String>, fields: Vec<(String, String)> },
    /// The response to a GET of this path and query.
    LocalRedirect(String),
}

/// Collects a header as it comes.
#[derive(Debug)]
pub(crate) struct ScriptHeadReader {
    bytes: Vec<u8>,
    /// Bytes at the beginning that are known to have no end of the header in them.
    searched: usize,
    max_bytes: usize,
}

/// Fields that a response has at most once (RFC 9110, section 5.3), besides those with a rule of their own.
const ONCE: [&str; 7] = ["age", "content-location", "content-range", "etag", "expires", "last-modified", "retry-after"];

/// Fields that are left out, since the connection is the server's (RFC 9110, section 7.6.1).
const NOT_FOR_SCRIPTS: [&str; 6] = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"];

impl ScriptHeadReader {
    pub(crate) fn new(max_bytes: usize) -> Self {
        ScriptHeadReader { bytes: Vec::new(), searched: 0, max_bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes more bytes. Returns the header once it is complete, and how many of these bytes belong to it.
    ///
    /// # Errors
    /// The mistake in the header, for the log.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Option<(ScriptHead, usize)>, String> {
        let before = self.bytes.len();
        // One byte more than the limit shows that the header is too long.
        let taken = bytes.len().min(self.max_bytes.saturating_add(1).saturating_sub(before));
        self.bytes.extend_from_slice(&bytes[..taken]);
        let end = self.find_end();
        if end.map_or(self.bytes.len(), |(_, body_start)| body_start) > self.max_bytes {
            return Err(format!("the script's header is longer than {} bytes", self.max_bytes));
        }
        let Some((head_end, body_start)) = end else {
            // A wrong first line will not become a header, so there is no need to wait for the end.
            let first_line =
                self.bytes.iter().position(|&byte| byte == b'\n').map_or(&[][..], |end| &self.bytes[..end]);
            return ScriptHead::parse(first_line).map(|_| None);
        };
        Ok(Some((ScriptHead::parse(&self.bytes[..head_end])?, body_start - before)))
    }

    /// Finds the end of the last line, and the beginning of the content.
    fn find_end(&mut self) -> Option<(usize, usize)> {
        // The header ends with an empty line: a line feed behind another one, or at the very beginning, with at most
        // one CR between.
        let from = self.searched;
        for at in from..self.bytes.len() {
            if self.bytes[at] != b'\n' {
                continue;
            }
            let line = self.bytes[..at].strip_suffix(b"\r").unwrap_or(&self.bytes[..at]);
            if line.is_empty() || line.ends_with(b"\n") {
                return Some((line.len(), at + 1));
            }
        }
        self.searched = self.bytes.len();
        None
    }
}

impl ScriptHead {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut head = ScriptHead { status: None, location: None, fields: Vec::new() };
        for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            head.add(line.strip_suffix(b"\r").unwrap_or(line))?;
        }
        Ok(head)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let colon = line.iter().position(|&byte| byte == b':').ok_or_else(|| not_a_field(line))?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if !is_token(name) {
            return Err(not_a_field(line));
        }
        if value.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(format!("the script's field {} has a control character", latin1(name)));
        }
        let (name, value) = (latin1(name), latin1(value));
        match name.to_ascii_lowercase().as_str() {
            "status" if self.status.is_some() => Err("the script sent Status twice".into()),
            "status" => {
                self.status = Some(status(&value)?);
                Ok(())
            }
            "location" if self.location.is_some() => Err("the script sent Location twice".into()),
            "location" => {
                self.location = Some(value);
                Ok(())
            }
            "transfer-encoding" => {
                Err("the script sent Transfer-Encoding, but framing the message is for the server".into())
            }
            "content-length" if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(format!("the script's Content-Length is not a number: {value}"))
            }
            "content-length" if self.has("content-length") => Err("the script sent Content-Length twice".into()),
            "content-type" if self.has("content-type") => Err("the script sent Content-Type twice".into()),
            lower if NOT_FOR_SCRIPTS.contains(&lower) => Ok(()),
            lower if ONCE.contains(&lower) && self.has(lower) => Err(format!("the script sent {name} twice")),
            _ => {
                self.fields.push((name, value));
                Ok(())
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }

    /// Decides which response the header asks for.
    ///
    /// # Errors
    /// The reason why it asks for none, for the log.
    pub(crate) fn response(self) -> Result<ScriptResponse, String> {
        match (self.location, self.status) {
            (Some(location), None) if self.fields.is_empty() && is_local(&location) => {
                Ok(ScriptResponse::LocalRedirect(location))
            }
            (None, None) if !self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) => {
                Err("the script sent no Content-Type, Location or Status".into())
            }
            (location, status) => {
                let default = if location.is_some() { 302 } else { 200 };
                let (code, reason) = status.unwrap_or((default, String::new()));
                let mut fields = self.fields;
                fields.extend(location.map(|location| ("Location".to_owned(), location)));
                Ok(ScriptResponse::Document { code, reason: Some(reason).filter(|reason| !reason.is_empty()), fields })
            }
        }
    }
}

/// Returns whether this is a path of this server.
fn is_local(location: &str) -> bool {
    location.starts_with('/') && !location.starts_with("//")
}

/// Parses `404 Not Found`, or the code alone. Interim responses (1xx) are for the server to send.
fn status(value: &str) -> Result<(u16, String), String> {
    let (code, reason) = value.split_once(' ').unwrap_or((value, ""));
    match code.parse() {
        Ok(code @ 200..=599) if value.len() >= 3 && !value.starts_with('+') => Ok((code, reason.trim().to_owned())),
        _ => Err(format!("the script's Status is not a code from 200 to 599: {value}")),
    }
}

fn not_a_field(line: &[u8]) -> String {
    /// Bytes of the line that are shown: 80.
    const MAX_SHOWN_BYTES: usize = 80;
    let shown = String::from_utf8_lossy(&line[..line.len().min(MAX_SHOWN_BYTES)]);
    format!("the script sent no header, or one with a line that is not a field: {shown}")
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(code: u16, reason: &str, fields: &[(&str, &str)]) -> ScriptResponse {
        let fields = fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        ScriptResponse::Document { code, reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()), fields }
    }

    fn response(reader: &mut ScriptHeadReader, pieces: &[&[u8]]) -> Result<Option<(ScriptResponse, Vec<u8>)>, String> {
        for (at, piece) in pieces.iter().enumerate() {
            if let Some((head, used)) = reader.push(piece)? {
                let rest = [&piece[used..], &pieces[at + 1..].concat()].concat();
                return Ok(Some((head.response()?, rest)));
            }
        }
        Ok(None)
    }

    #[test]
    fn a_header_makes_the_answer_that_the_standard_names() {
        let html = [("Content-Type", "text/html")];
        let table: [(&str, ScriptResponse, &str, &str); 17] = [
            ("Content-Type: text/html\n\nhi", document(200, "", &html), "hi", "a document"),
            ("Content-Type: text/html\r\n\r\nhi", document(200, "", &html), "hi", "CRLF"),
            ("Content-Type: text/html\r\n\nhi", document(200, "", &html), "hi", "mixed line ends"),
            ("Content-Type:text/html \n\n", document(200, "", &html), "", "spaces around the value"),
            (
                "content-type: a\n\n\n",
                document(200, "", &[("content-type", "a")]),
                "\n",
                "the content's own empty line",
            ),
            ("Status: 404 Not Found\nContent-Type: text/html\n\nx", document(404, "Not Found", &html), "x", "a status"),
            ("STATUS: 204\n\n", document(204, "", &[]), "", "a status alone"),
            (
                "Location: /other?x=1\n\n",
                ScriptResponse::LocalRedirect("/other?x=1".into()),
                "",
                "a path of this server",
            ),
            ("Location: http://x/\n\n", document(302, "", &[("Location", "http://x/")]), "", "another's"),
            ("Location: //x/\n\n", document(302, "", &[("Location", "//x/")]), "", "another host's"),
            ("Location: other\n\n", document(302, "", &[("Location", "other")]), "", "a relative one"),
            (
                "Location: /a\nSet-Cookie: b\n\n",
                document(302, "", &[("Set-Cookie", "b"), ("Location", "/a")]),
                "",
                "a path with fields that the client has to see",
            ),
            ("Status: 303\nLocation: /a\n\n", document(303, "", &[("Location", "/a")]), "", "a path with a status"),
            (
                "Set-Cookie: a\nSet-Cookie: b\nStatus: 200\n\n",
                document(200, "", &[("Set-Cookie", "a"), ("Set-Cookie", "b")]),
                "",
                "fields that come twice",
            ),
            (
                "Connection: close\nUpgrade: x\nStatus: 200\n\n",
                document(200, "", &[]),
                "",
                "the connection is the server's",
            ),
            (
                "X-Name: caf\u{e9}\nStatus: 200\n\n",
                document(200, "", &[("X-Name", "caf\u{c3}\u{a9}")]),
                "",
                "UTF-8, as bytes",
            ),
            ("Status: 200\nContent-Length: 2\n\nhi", document(200, "", &[("Content-Length", "2")]), "hi", "a length"),
        ];
        for (text, expected, rest, why) in table {
            let whole = response(&mut ScriptHeadReader::new(1000), &[text.as_bytes()]);
            assert_eq!(whole, Ok(Some((expected.clone(), rest.as_bytes().to_vec()))), "{why}: {text:?}");
            let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
            let bit_by_bit = response(&mut ScriptHeadReader::new(1000), &bytes);
            assert_eq!(bit_by_bit, Ok(Some((expected, rest.as_bytes().to_vec()))), "{why}, byte by byte: {text:?}");
        }
    }

    #[test]
    fn a_broken_header_is_refused_with_its_reason() {
        let table = [
            ("\nhi", "no Content-Type", "no field at all"),
            ("\r\nhi", "no Content-Type", "no field at all"),
            ("X-A: b\n\n", "no Content-Type", "none that says what it is"),
            ("hello\n\n", "not a field: hello", "no colon"),
            ("<html>\n<a b:c>\n\n", "not a field: <html>", "content without a header"),
            ("Content-Type: a\n b\n\n", "not a field:  b", "a folded line"),
            ("Content Type: a\n\n", "not a field", "a space in the name"),
            (": a\n\n", "not a field", "no name"),
            ("X: a\rb\nStatus: 200\n\n", "control character", "a bare CR"),
            ("X: a\0b\nStatus: 200\n\n", "control character", "a NUL"),
            ("Status: 100\n\n", "from 200 to 599", "an interim one"),
            ("Status: 600\n\n", "from 200 to 599", "none"),
            ("Status: 2000\n\n", "from 200 to 599", "none"),
            ("Status: +200\n\n", "from 200 to 599", "none"),
            ("Status: OK\n\n", "from 200 to 599", "none"),
            ("Status:\n\n", "from 200 to 599", "none"),
            ("Status: 200\nStatus: 201\n\n", "Status twice", "which one"),
            ("Location: /a\nLocation: /b\n\n", "Location twice", "which one"),
            ("Content-Type: a/b\ncontent-type: c/d\n\n", "Content-Type twice", "which one: RFC 3875, section 6.3"),
            ("Status: 200\nETag: \"a\"\netag: \"b\"\n\n", "etag twice", "which one"),
            ("Status: 200\nContent-Length: -1\n\n", "not a number", "no length"),
            ("Status: 200\nContent-Length: 1\nContent-Length: 1\n\n", "Content-Length twice", "which one"),
            ("Status: 200\nTransfer-Encoding: chunked\n\n", "Transfer-Encoding", "that is ours"),
        ];
        for (text, expected, why) in table {
            let error = response(&mut ScriptHeadReader::new(1000), &[text.as_bytes()]).expect_err(why);
            assert!(error.contains(expected), "{why}: {error}");
        }
    }

    #[test]
    fn a_header_may_be_as_long_as_its_bound_and_no_longer() {
        let header = |length: usize| format!("Status: 200\nX: {}\n\n", "x".repeat(length - 17));
        assert!(matches!(response(&mut ScriptHeadReader::new(100), &[header(100).as_bytes()]), Ok(Some(_))));
        let error =
            response(&mut ScriptHeadReader::new(100), &[header(101).as_bytes()]).expect_err("one byte too many");
        assert!(error.contains("longer than 100 bytes"), "{error}");
        let endless = vec![b'x'; 1000];
        assert!(response(&mut ScriptHeadReader::new(100), &[&endless]).is_err());
        assert_eq!(response(&mut ScriptHeadReader::new(100), &[&endless[..100]]), Ok(None), "its end may still come");
        assert!(response(&mut ScriptHeadReader::new(100), &[b"no header\n"]).is_err(), "this one's will not");
    }
}
