//! Turns a file that was found into a response: status, fields, and the bytes to send.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::time::SystemTime;

use basehttp::{Exchange, HTTPError, Result};

use super::conditions::{self, Verdict};
use super::content::{Content, ContentSource};
use super::lookup::Selected;
use super::options::Options;
use super::path;
use super::ranges::{self, Ranges};
use super::representation::Representation;

/// The reason why a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The request's path is the file's.
    Itself,
    /// The path is missing and may be a client-side route. Sent with 200.
    Fallback,
    /// The path is missing. Sent with 404.
    NotFound,
}

/// The response for one file.
pub(super) struct FileReply<'r, 'c> {
    pub options: &'r Options,
    pub ex: &'r Exchange<'c>,
    pub role: Role,
}

impl FileReply<'_, '_> {
    /// Begins the response, up to the fields of its content. `None`: it is complete, without content.
    pub(super) fn begin(&self, selected: Selected) -> Result<Option<Content>> {
        let ex = self.ex;
        if self.role == Role::NotFound {
            return Ok(Some(self.begin_not_found(selected)));
        }
        let representation = selected.representation();
        let size = representation.stamp.size;
        let mut ranges = Ranges::Whole;
        // Preconditions come before ranges (RFC 9110, section 13.2.2).
        if has_conditions(ex) {
            match conditions::judge(ex.headers, representation.validators()) {
                Verdict::Send => ranges = asked_ranges(ex, representation),
                Verdict::NotModified => return self.send_not_modified(representation).map(|()| None),
                Verdict::Failed => return refuse(self.options, ex, HTTPError::from(412)).map(|()| None),
            }
        }
        match ranges {
            Ranges::Unsatisfiable => {
                // RFC 9110, section 15.5.17: tells the size.
                let error = HTTPError::from(416).with_header("Content-Range", format_args!("bytes */{size}"));
                refuse(self.options, ex, error).map(|()| None)
            }
            Ranges::Whole => {
                ex.send_response(200).send_header("Content-type", &*representation.description.content_type);
                self.add_fields(representation);
                Ok(Some(Content::part(source(selected), 0..size)))
            }
            Ranges::Parts(parts) => match <[Range<u64>; 1]>::try_from(parts) {
                Ok([part]) => Ok(Some(self.begin_part(selected, part))),
                Err(parts) => Ok(Some(self.begin_multipart(selected, parts))),
            },
        }
    }

    /// Begins a response with one part (RFC 9110, section 15.3.7.1).
    fn begin_part(&self, selected: Selected, part: Range<u64>) -> Content {
        let representation = selected.representation();
        self.ex.send_response(206).send_header("Content-type", &*representation.description.content_type);
        self.ex.send_header("Content-Range", content_range(&part, representation.stamp.size));
        self.add_fields(representation);
        Content::part(source(selected), part)
    }

    /// Begins a response with several parts, as `multipart/byteranges` (RFC 9110, sections 14.6 and 15.3.7.2).
    fn begin_multipart(&self, selected: Selected, parts: Vec<Range<u64>>) -> Content {
        let representation = selected.representation();
        let boundary = boundary();
        let with_head = |part: Range<u64>| {
            let (media_type, range) =
                (&representation.description.content_type, content_range(&part, representation.stamp.size));
            let head = format!("\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {range}\r\n\r\n");
            (head.into_bytes(), part)
        };
        let parts = parts.into_iter().map(with_head).collect();
        let media_type = format!("multipart/byteranges; boundary={boundary}");
        self.ex.send_response(206).send_header("Content-type", media_type);
        self.add_fields(representation);
        Content::parts(source(selected), parts, format!("\r\n--{boundary}--\r\n").into_bytes())
    }

    /// Begins a 404 with the page that the options name. It has no validators and no ranges.
    fn begin_not_found(&self, selected: Selected) -> Content {
        let representation = selected.representation();
        self.ex.send_response(404).send_header("Content-type", &*representation.description.content_type);
        self.add_coding(representation);
        self.options.common_fields.send(self.ex);
        let size = representation.stamp.size;
        Content::part(source(selected), 0..size)
    }

    /// Sends 304 with the fields that caches need, and none that describe content (RFC 9110, section 15.4.5).
    fn send_not_modified(&self, representation: &Representation) -> Result {
        let ex = self.ex;
        ex.send_response(304);
        match (&representation.etag, &representation.last_modified) {
            (Some(etag), _) => drop(ex.send_header("ETag", etag)),
            (None, Some(last_modified)) => drop(ex.send_header("Last-Modified", last_modified)),
            // Only `If-None-Match: *` gets here.
            (None, None) => {}
        }
        self.add_vary();
        if let Some(value) = &self.options.cache_control {
            ex.send_header("Cache-Control", value);
        }
        self.options.common_fields.send(self.ex);
        Ok(ex.end_headers()?)
    }

    /// Adds the fields of a 200 or 206.
    fn add_fields(&self, representation: &Representation) {
        let ex = self.ex;
        if let Some(last_modified) = &representation.last_modified {
            ex.send_header("Last-Modified", last_modified);
        }
        if let Some(etag) = &representation.etag {
            ex.send_header("ETag", etag);
        }
        ex.send_header("Accept-Ranges", "bytes");
        self.add_coding(representation);
        if let Some(value) = &self.options.cache_control {
            ex.send_header("Cache-Control", value);
        }
        if let Some(disposition) = &representation.disposition {
            ex.send_header("Content-Disposition", disposition);
        }
        self.options.common_fields.send(self.ex);
    }

    fn add_coding(&self, representation: &Representation) {
        if let Some(encoding) = &representation.encoding {
            self.ex.send_header("Content-Encoding", encoding);
        }
        self.add_vary();
    }

    /// Adds `Vary` with the request fields that the choice of the response depends on (RFC 9110, section 12.5.5).
    fn add_vary(&self) {
        let ex = self.ex;
        let by_accept = self.role != Role::Itself && self.options.fallback_page.is_some();
        match (self.options.precompressed, by_accept) {
            (true, true) => drop(ex.send_header("Vary", "Accept-Encoding, Accept")),
            (true, false) => drop(ex.send_header("Vary", "Accept-Encoding")),
            (false, true) => drop(ex.send_header("Vary", "Accept")),
            (false, false) => {}
        }
    }
}

/// Sends an error response with the fields that every response carries.
pub(super) fn refuse(options: &Options, ex: &Exchange<'_>, error: HTTPError) -> Result {
    Ok(ex.send_error(options.common_fields.add_to(error))?)
}

/// Redirects a client that asked for a directory without a slash, by `path`, to the same path with one.
pub(super) fn redirect(options: &Options, ex: &Exchange<'_>, path: &str) -> Result {
    let asked = ex.requestline.split(' ').nth(1).unwrap_or_default();
    // The handler or a script may have named another path, and then the client's own leads elsewhere.
    let location = if path == ex.path && path::last_segment(asked) == path::last_segment(path) {
        path::relative_directory_location(path)
    } else {
        path::directory_location(path)
    };
    ex.send_response(301).send_header("Location", location).send_header("Content-Length", 0);
    options.common_fields.send(ex);
    Ok(ex.end_headers()?)
}

fn source(selected: Selected) -> ContentSource {
    match selected {
        Selected::InMemory(small) => ContentSource::Memory(small.bytes.clone()),
        Selected::Open(_, file) => ContentSource::File(file),
    }
}

/// Returns true if the request has a field that `conditions` or `ranges` reads. Most requests have none.
fn has_conditions(ex: &Exchange<'_>) -> bool {
    ex.headers.iter().any(|(name, _)| match name.as_bytes() {
        [b'i' | b'I', b'f' | b'F', b'-', ..] => true,
        name => name.eq_ignore_ascii_case(b"range"),
    })
}

/// Returns the ranges that a GET asks for (RFC 9110, section 14.2). Two `Range` fields are ignored as ambiguous.
fn asked_ranges(ex: &Exchange<'_>, representation: &Representation) -> Ranges {
    let mut fields = ex.headers.get_all("Range");
    match (ex.command, fields.next(), fields.next()) {
        ("GET", Some(field), None)
            if conditions::allows_range(ex.headers, representation.validators(), SystemTime::now) =>
        {
            ranges::ranges(field, representation.stamp.size)
        }
        _ => Ranges::Whole,
    }
}

fn content_range(part: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end - 1)
}

/// Returns a random boundary, so that no file can be made to contain it.
fn boundary() -> String {
    let random = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", random(), random())
}
