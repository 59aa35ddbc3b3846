//! Requests of honest clients with their expected replies. Every byte of a reply is compared.

use super::content::{self, Random};
use super::reply::{Bodies, Reply};

/// One request and its expected reply.
pub struct Request {
    pub bytes: Vec<u8>,
    pub bodies: Bodies,
    status: u16,
    body: Vec<u8>,
}

/// A function that makes the request with a number.
pub type MakeRequest = fn(u64, Persistence) -> Request;

/// Whether the connection is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// The next request uses it again.
    Kept,
    /// Each request has a connection of its own.
    Fresh,
}

/// Size of a small upload. Bodies of up to 64 KiB are read before their handler is called, and need no thread. These
/// are far smaller, so that their checksum takes less than the 100 µs from which a handler counts as blocking.
const SMALL_UPLOAD: usize = 16 * 1024;

impl Request {
    fn new(method: &str, path: &str, fields: &str, sent: &[u8], body: Vec<u8>) -> Self {
        let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: siege\r\n{fields}\r\n").into_bytes();
        bytes.extend_from_slice(sent);
        Request { bytes, bodies: Bodies::Allowed, status: 200, body }
    }

    /// The fast page.
    pub fn page(_: u64, persistence: Persistence) -> Self {
        Request::new("GET", "/page", persistence.field(), b"", content::PAGE.into())
    }

    /// A small upload, of a new size each time.
    pub fn upload(number: u64, persistence: Persistence) -> Self {
        let body = content::bytes(number, Random::new(number).below(SMALL_UPLOAD));
        let fields = format!("Content-Length: {}\r\n{}", body.len(), persistence.field());
        Request::new("POST", "/upload", &fields, &body, content::receipt(&body).into())
    }

    /// One of the files.
    pub fn file(number: u64, persistence: Persistence) -> Self {
        let (name, _) =
            content::FILES[usize::from(number.is_multiple_of(10)) + usize::from(number.is_multiple_of(100))];
        Request::new("GET", &format!("/{name}"), persistence.field(), b"", content::file(name))
    }

    /// A part of a file.
    pub fn range(number: u64, persistence: Persistence) -> Self {
        let mut random = Random::new(number);
        let (name, length) = content::FILES[random.below(3)];
        let first = random.below(length);
        let last = first + random.below(length - first);
        let fields = format!("Range: bytes={first}-{last}\r\n{}", persistence.field());
        let part = content::file(name)[first..=last].to_vec();
        Request { status: 206, ..Request::new("GET", &format!("/{name}"), &fields, b"", part) }
    }

    /// A file's head.
    pub fn head(number: u64, persistence: Persistence) -> Self {
        let (name, _) = content::FILES[Random::new(number).below(3)];
        let request = Request::new("HEAD", &format!("/{name}"), persistence.field(), b"", Vec::new());
        Request { bodies: Bodies::None, ..request }
    }

    /// An upload in chunks, small or large.
    pub fn chunks(number: u64, persistence: Persistence) -> Self {
        let mut random = Random::new(number);
        let length = random.below(if number.is_multiple_of(4) { 400_000 } else { SMALL_UPLOAD });
        let body = content::bytes(number, length);
        let mut sent = Vec::new();
        for chunk in body.chunks(1 + random.below(8000)) {
            sent.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            sent.extend_from_slice(chunk);
            sent.extend_from_slice(b"\r\n");
        }
        sent.extend_from_slice(b"0\r\n\r\n");
        let fields = format!("Transfer-Encoding: chunked\r\n{}", persistence.field());
        Request::new("POST", "/upload", &fields, &sent, content::receipt(&body).into())
    }

    /// An upload that its handler streams.
    pub fn large_upload(number: u64, persistence: Persistence) -> Self {
        let body = content::bytes(number, 100_000 + Random::new(number).below(400_000));
        let fields = format!("Content-Length: {}\r\n{}", body.len(), persistence.field());
        Request::new("POST", "/upload", &fields, &body, content::receipt(&body).into())
    }

    /// An upload whose body the handler ignores, so that the server drains it.
    pub fn ignored_upload(number: u64, persistence: Persistence) -> Self {
        let body = content::bytes(number, Random::new(number).below(200_000));
        let fields = format!("Content-Length: {}\r\n{}", body.len(), persistence.field());
        Request::new("POST", "/ignore", &fields, &body, content::PAGE.into())
    }

    /// A streamed reply.
    pub fn stream(_: u64, persistence: Persistence) -> Self {
        Request::new("GET", "/stream", persistence.field(), b"", content::stream())
    }

    /// A request for the blocking handler.
    pub fn sleep(_: u64, persistence: Persistence) -> Self {
        Request::new("GET", "/sleep", persistence.field(), b"", content::RESTED.into())
    }

    /// A request for a missing file.
    pub fn missing(number: u64, persistence: Persistence) -> Self {
        let path = format!("/missing/{number}");
        Request { status: 404, ..Request::new("GET", &path, persistence.field(), b"", Vec::new()) }
    }

    /// The page, two files and an upload, to be pipelined.
    pub fn pipeline(number: u64) -> [Self; 4] {
        let kept = Persistence::Kept;
        [
            Request::page(number, kept),
            Request::file(number, kept),
            Request::upload(number, kept),
            Request::range(number, kept),
        ]
    }

    /// Checks a reply.
    ///
    /// # Errors
    /// If it differs, with the difference.
    pub fn check(&self, reply: &Reply) -> Result<(), String> {
        if reply.status != self.status {
            return Err(format!("{} instead of {}", reply.status, self.status));
        }
        // The text of an error page may change.
        if self.status < 400 && reply.body != self.body {
            return Err(format!("another body of {} bytes instead of {}", reply.body.len(), self.body.len()));
        }
        Ok(())
    }
}

impl Persistence {
    fn field(self) -> &'static str {
        match self {
            Persistence::Kept => "",
            Persistence::Fresh => "Connection: close\r\n",
        }
    }
}
