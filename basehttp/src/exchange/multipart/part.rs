//! [`Part`]: one part of a form with files, as the handler sees it.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::path::Path;

use super::file_name::safe;
use super::saving::NewFile;
use super::upload::Upload;
use crate::proto::{ContentType, Disposition, FieldBuffer, Headers, Limits};

/// Most fields of a part: 32. RFC 7578, section 4.8 knows three.
const MAX_FIELDS: usize = 32;

/// One part of a form: a field, or a file. [`Multipart::next_part`](crate::Multipart::next_part) gives it.
///
/// Implements [`Read`] and [`BufRead`], which end where the part ends. Reading may block until the client sends more. A
/// part whose type is `multipart/mixed` is given as it is, with its own boundaries in its content (RFC 7578, section
/// 4.3).
///
/// # Errors
/// Returned from the handler with `?`, an error of reading becomes a 413 (Content Too Large) above a limit, and a 400
/// for a body that is malformed or ends early.
///
/// ```
/// use std::io::Read;
/// # use basehttp::{Exchange, MultipartLimits, http_handler};
/// # struct Sizes;
/// # #[http_handler] impl Sizes {
/// fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result<String> {
///     let mut sizes = String::new();
///     let mut form = ex.read_multipart(MultipartLimits::new())?;
///     while let Some(part) = form.next_part()? {
///         let name = part.file_name().unwrap_or("no file").to_owned();
///         sizes += &format!("{name}: {}\n", part.bytes().count());
///     }
///     Ok(sizes)
/// }
/// # }
/// # let body = "--x\r\nContent-Disposition: form-data; name=a; filename=\"../b\"\r\n\r\n12345\r\n--x--";
/// # let head = "POST / HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length";
/// # let reply = basehttp::testing::respond(&Sizes, format!("{head}: {}\r\n\r\n{body}", body.len()));
/// # assert!(reply.ends_with(b"\r\n\r\n../b: 5\n"));
/// ```
pub struct Part<'m, 'e> {
    upload: &'m mut Upload<'e>,
    fields: FieldBuffer<'m>,
    disposition: Disposition,
}

impl<'m, 'e> Part<'m, 'e> {
    /// Reads the head of a part, the empty line at its end included.
    pub(super) fn new(upload: &'m mut Upload<'e>, head: &'m [u8]) -> io::Result<Self> {
        let mut fields = FieldBuffer::new();
        let disposition = match read(&mut fields, head) {
            Ok(disposition) => disposition,
            Err((status, reason)) => return Err(upload.fault_of_part(status, reason)),
        };
        upload.name_part(&disposition.name);
        if is_encoded(Headers::new(fields.as_slice())) {
            let reason = "send it as it is, without a content-transfer-encoding";
            return Err(upload.fault_of_part(415, reason));
        }
        Ok(Part { upload, fields, disposition })
    }

    /// The name of the form's field. It may be empty, and several parts may have the same one.
    ///
    /// It is as the client sent it, without quotes. Browsers send a quote in it as `%22`, and a line break as `%0D%0A`,
    /// and do not mark a `%` of its own. Bytes that are not UTF-8 become U+FFFD.
    pub fn name(&self) -> &str {
        &self.disposition.name
    }

    /// The name of the file as the client sent it, or `None` for a field without a file.
    ///
    /// It is a text to show, never a path: it may be `../../etc/passwd`, `C:\x.txt` or `..`, and have any character.
    /// [`safe_file_name`](Self::safe_file_name) makes a name for a file of it. A browser sends an empty name for a
    /// field where the user chose no file, which is `None`, too. Some clients send `filename*`, which counts if it
    /// stands alone. Escapes are as in [`name`](Self::name).
    pub fn file_name(&self) -> Option<&str> {
        self.disposition.file_name.as_deref().filter(|name| !name.is_empty())
    }

    /// Returns a name for the file that stays in its directory, or `None` for a field without a file.
    ///
    /// It is the last segment of [`file_name`](Self::file_name), behind `/` and `\`. Letters and digits of any
    /// alphabet, `.`, `-` and `_` stay, and each run of other characters becomes one `_`. It begins with a letter or a
    /// digit, so it is not hidden and not an option of a command, and it has 200 bytes at most. If nothing is left, it
    /// is `file`.
    ///
    /// ```
    /// # use basehttp::{Exchange, MultipartLimits, http_handler};
    /// # struct Names;
    /// # #[http_handler] impl Names {
    /// # fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result<String> {
    /// #     let mut form = ex.read_multipart(MultipartLimits::new())?;
    /// #     Ok(form.next_part()?.and_then(|part| part.safe_file_name()).unwrap_or_default())
    /// # }
    /// # }
    /// # let safe = |name: &str| {
    /// #     let name = name.replace('\\', r"\\").replace('"', "\\\"");
    /// #     let body = format!("--x\r\nContent-Disposition: form-data; name=a; filename=\"{name}\"\r\n\r\n\r\n--x--");
    /// #     let head = "POST / HTTP/1.0\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length";
    /// #     let reply = basehttp::testing::respond(&Names, format!("{head}: {}\r\n\r\n{body}", body.len()));
    /// #     String::from_utf8(reply).unwrap().rsplit("\r\n\r\n").next().unwrap().to_owned()
    /// # };
    /// assert_eq!(safe("../../etc/passwd"), "passwd");
    /// assert_eq!(safe("My café (1).JPG"), "My_café_1_.JPG");
    /// assert_eq!(safe(".."), "file");
    /// ```
    pub fn safe_file_name(&self) -> Option<String> {
        self.file_name().map(safe)
    }

    /// The media type of the part, or `None` if it has none or a malformed one. Without one, it is a text (RFC 7578,
    /// section 4.4). The client may say anything here.
    pub fn content_type(&self) -> Option<ContentType<'_>> {
        self.headers().content_type()
    }

    /// All fields of the part's head.
    pub fn headers(&self) -> Headers<'_> {
        Headers::new(self.fields.as_slice())
    }

    /// Reads the rest of the part, of at most `max` bytes.
    ///
    /// # Errors
    /// Those of reading, and a 413 (Content Too Large) for more bytes, which names the part.
    pub fn read_bytes(&mut self, max: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let content = self.upload.content()?;
            if content.is_empty() {
                return Ok(bytes);
            }
            if content.len() > max - bytes.len() {
                return Err(self.upload.fault_of_part(413, &format!("it may have at most {max} bytes")));
            }
            bytes.extend_from_slice(content);
            let count = content.len();
            self.upload.consume(count);
        }
    }

    /// Reads the rest of the part as UTF-8, of at most `max` bytes.
    ///
    /// # Errors
    /// Those of [`read_bytes`](Self::read_bytes), and a 400 for a part that is not UTF-8.
    pub fn read_text(&mut self, max: usize) -> io::Result<String> {
        let bytes = self.read_bytes(max)?;
        String::from_utf8(bytes).map_err(|_| self.upload.fault_of_part(400, "it is not utf-8"))
    }

    /// Writes the rest of the part to a new file at `path`, and returns its size in bytes. Memory does not grow with
    /// it.
    ///
    /// The file has its name only when it is complete. Until then, its directory has one named `.upload-` and a number,
    /// which a process that is killed leaves behind. The file is removed again if the upload fails, which means that
    /// the [`Multipart`](crate::Multipart) is dropped before its `next_part` has returned `None`.
    ///
    /// # Errors
    /// Those of reading and of the file. If there is a file at `path`, the error has the kind
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) and, returned with `?`, becomes a 409 (Conflict). Nothing is
    /// ever overwritten, and nothing was read of the part if the file was there before.
    pub fn save_to(&mut self, path: impl AsRef<Path>) -> io::Result<u64> {
        let (file, size) = NewFile::with_content(path.as_ref(), self)?;
        self.upload.saved.push(file);
        Ok(size)
    }
}

impl Read for Part<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Part<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.upload.content()
    }

    fn consume(&mut self, count: usize) {
        self.upload.consume(count);
    }
}

impl fmt::Debug for Part<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("headers", &self.headers()).finish_non_exhaustive()
    }
}

/// Reads the fields of a head. The error is a status and what is wrong with the part.
fn read<'m>(fields: &mut FieldBuffer<'m>, head: &'m [u8]) -> Result<Disposition, (u16, &'static str)> {
    // The lines of fields, the empty line, and nothing behind it.
    if head.split(|byte| *byte == b'\n').count() > MAX_FIELDS + 2 {
        return Err((413, "it has too many fields"));
    }
    fields.read(head, &Limits::default()).map_err(|refusal| (400, refusal.reason))?;
    let headers = Headers::new(fields.as_slice());
    let mut dispositions = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-disposition"));
    match (dispositions.next(), dispositions.next()) {
        (Some((_, value)), None) => Disposition::parse(value).map_err(|reason| (400, reason)),
        (None, _) => Err((400, "it has no content-disposition")),
        (Some(_), Some(_)) => Err((400, "it has two content-dispositions")),
    }
}

/// Returns whether the content is not what was to be sent. Few clients encode it, since RFC 7578, section 4.7 says that
/// none should, and undecoded it would be another file.
fn is_encoded(headers: Headers<'_>) -> bool {
    let encoding = headers.get_bytes("content-transfer-encoding").unwrap_or(b"binary");
    ![&b"7bit"[..], b"8bit", b"binary"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain))
}
