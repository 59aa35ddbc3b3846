//! [`Multipart`]: forms with files, whose parts are read one after the other. Nothing is kept of a part that has
//! passed.
//!
//! | body                                                          | response |
//! |---------------------------------------------------------------|----------|
//! | another media type, or none; a content coding                 | 415      |
//! | a part with a `Content-Transfer-Encoding` such as base64      | 415      |
//! | above one of the limits                                       | 413      |
//! | no boundary, no end, a part without a name, other mistakes    | 400      |
//!
//! `proto/multipart` has the grammar, `upload` reads the body and counts, and `saving` writes files.

mod file_name;
mod limits;
mod part;
mod saving;
#[cfg(test)]
mod tests;
mod upload;

use std::fmt;
use std::io::{self, Read};

pub use self::limits::MultipartLimits;
pub use self::part::Part;
use self::upload::Upload;
use super::Exchange;
use super::convenience::too_large;
use super::error::HTTPError;
use crate::proto::Boundary;

const MEDIA_TYPE: &str = "multipart/form-data";

impl<M> Exchange<'_, M> {
    /// Reads a form with files from the request's body, part by part. Needs the feature `multipart`.
    ///
    /// The body has the media type `multipart/form-data` (RFC 7578), as browsers send a form with
    /// `enctype="multipart/form-data"`, and `curl -F`. It is not read into memory: [`Multipart::next_part`] gives one
    /// part after the other, which [`save_to`](Part::save_to) writes to a file. Reading blocks as
    /// [`rfile`](Self::rfile) does.
    ///
    /// # Errors
    /// Returned with `?`, the error becomes a 415 (Unsupported Media Type) for another media type or a body with a
    /// `Content-Encoding`, a 413 (Content Too Large) for a `Content-Length` above the limit, and a 400 for a boundary
    /// that is missing or malformed.
    ///
    /// ```
    /// use basehttp::{Exchange, MultipartLimits, http_handler};
    /// # use std::path::PathBuf;
    ///
    /// struct Photos {
    ///     directory: PathBuf,
    /// }
    ///
    /// #[http_handler]
    /// impl Photos {
    ///     fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result<u16> {
    ///         let mut upload = ex.read_multipart(MultipartLimits::new())?;
    ///         while let Some(mut part) = upload.next_part()? {
    ///             if let Some(name) = part.safe_file_name() {
    ///                 part.save_to(self.directory.join(name))?;
    ///             }
    ///         }
    ///         Ok(204)
    ///     }
    /// }
    /// # let directory = std::env::temp_dir().join(format!("basehttp-photos-{}", std::process::id()));
    /// # std::fs::create_dir(&directory).unwrap();
    /// # let photos = Photos { directory };
    /// # let body = "--x\r\nContent-Disposition: form-data; name=\"p\"; filename=\"../a.jpg\"\r\n\r\nphoto\r\n--x--\r\n";
    /// # let head = "POST / HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length";
    /// # let reply = basehttp::testing::respond(&photos, format!("{head}: {}\r\n\r\n{body}", body.len()));
    /// # assert!(reply.starts_with(b"HTTP/1.0 204 "), "{}", String::from_utf8_lossy(&reply));
    /// # assert_eq!(std::fs::read(photos.directory.join("a.jpg")).unwrap(), b"photo");
    /// # std::fs::remove_dir_all(&photos.directory).unwrap();
    /// ```
    pub fn read_multipart(&mut self, limits: MultipartLimits) -> io::Result<Multipart<'_>> {
        let boundary = self.boundary()?;
        self.refuse_content_coding()?;
        if self.rfile.remaining().is_some_and(|length| length > limits.body_bytes()) {
            return Err(too_large(limits.body_bytes()).into());
        }
        Ok(Multipart::new(&mut self.rfile, boundary, limits))
    }

    /// Returns the boundary of the body. A `Content-Type` that cannot be read is a 400 if it begins with the right
    /// type, since its boundary may be what is wrong with it.
    fn boundary(&self) -> Result<Boundary, HTTPError> {
        let field = self.fields_named("content-type").next().map_or(&[][..], |field| field.value());
        let kind = field.split(|byte| *byte == b';').next().unwrap_or_default();
        if !kind.trim_ascii().eq_ignore_ascii_case(MEDIA_TYPE.as_bytes()) {
            return Err(HTTPError::unsupported_media_type(MEDIA_TYPE));
        }
        let explain = "the content-type has no boundary, of 1 to 70 characters and in quotes where it is no token";
        self.media_type().and_then(Boundary::of).ok_or_else(|| HTTPError::from(400).with_explain(explain))
    }
}

/// The parts of a form with files, in the order they came. [`Exchange::read_multipart`] starts it.
///
/// The upload is complete when [`next_part`](Self::next_part) has returned `None`. Read it to there: an upload that
/// broke off is not noticed otherwise. If it is dropped before, the files that [`Part::save_to`] has written are
/// removed, so that an upload which fails leaves nothing behind, whatever the reason.
///
/// ```
/// # use basehttp::{Exchange, MultipartLimits, http_handler};
/// # struct Survey;
/// # #[http_handler] impl Survey {
/// fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result<String> {
///     let mut answers = String::new();
///     let mut form = ex.read_multipart(MultipartLimits::new().max_parts(20).max_body_bytes(1024 * 1024))?;
///     while let Some(mut part) = form.next_part()? {
///         let text = part.read_text(1000)?;
///         answers += &format!("{}: {text}\n", part.name());
///     }
///     Ok(answers)
/// }
/// # }
/// # let body = "--x\r\nContent-Disposition: form-data; name=\"age\"\r\n\r\n36\r\n--x--\r\n";
/// # let head = "POST / HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length";
/// # let reply = basehttp::testing::respond(&Survey, format!("{head}: {}\r\n\r\n{body}", body.len()));
/// # assert!(reply.ends_with(b"\r\n\r\nage: 36\n"));
/// ```
#[must_use = "a form is read by its parts"]
pub struct Multipart<'e> {
    upload: Upload<'e>,
    /// The head of the part that was given last.
    head: Vec<u8>,
}

impl<'e> Multipart<'e> {
    /// Reads the parts of `body`.
    pub(crate) fn new(body: &'e mut dyn Read, boundary: Boundary, limits: MultipartLimits) -> Self {
        Multipart { upload: Upload::new(body, boundary, limits), head: Vec::new() }
    }

    /// Reads the head of the next part. Returns `None` behind the last one, when the whole body was read.
    ///
    /// The rest of the part before it is discarded. Blocks until the client has sent the head.
    ///
    /// # Errors
    /// Returned with `?`, the error becomes a 413 (Content Too Large) above a limit, a 415 (Unsupported Media Type) for
    /// a part with a `Content-Transfer-Encoding` such as base64 (RFC 7578, section 4.7), and a 400 for a part without a
    /// name and for other malformed or incomplete bodies. The error names the part. Later calls return it again.
    pub fn next_part(&mut self) -> io::Result<Option<Part<'_, 'e>>> {
        if !self.upload.next_head(&mut self.head)? {
            return Ok(None);
        }
        Part::new(&mut self.upload, &self.head).map(Some)
    }
}

impl fmt::Debug for Multipart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").finish_non_exhaustive()
    }
}
