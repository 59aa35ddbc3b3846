//! [`SimpleHTTPRequestHandler`]: files and folders, as `python -m http.server` serves them, and what that lacks.
//!
//! ```text
//! path          what the request means beneath the root
//! root          opens it, and nothing outside
//! found         the file, the folder, or nothing
//! media         its type
//! listing       a folder's page
//! ```

mod builder;
mod found;
mod listing;
mod media;
mod path;
mod root;

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{ffi::OsStr, ffi::OsString, io, os::unix::ffi::OsStringExt};

use basehttp::{Exchange, HTTPError, Result, http_handler};

pub use self::builder::SimpleHTTPRequestHandlerBuilder;
pub use self::listing::{Entry, EntryKind, Listing};

use self::builder::Options;
use self::found::{Found, Selected};
use self::path::Place;
use self::root::Root;

/// Serves the files and folders beneath one folder: the seed's `SimpleHTTPRequestHandler`.
#[allow(clippy::struct_field_names)]
pub struct SimpleHTTPRequestHandler {
    root: Root,
    options: Options,
}

/// Which validator files have besides `Last-Modified` (RFC 9110, section 8.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ETag {
    /// One that changes with the file's identity (device and inode), size, and the times of its last writing and its
    /// last change, in nanoseconds: with every change of its bytes, but for two within one tick of the file system's
    /// clock that leave the size as it is. Ranges can be resumed by it.
    #[default]
    Strong,
    /// One of size and time of last writing, the same on every machine that has the file from the same source. Says
    /// that the content is as good as the same; ranges are not resumed by it.
    Weak,
    /// None.
    Off,
}

#[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1")]
impl SimpleHTTPRequestHandler {
    /// Answers a GET, or a HEAD, for the file or folder at `ex.path`.
    pub fn do_GET(&self, ex: &mut Exchange) -> Result {
        let place = self.place_of(ex.path);
        let found = match &place {
            Some(place) => self.find(place).map_err(busy)?,
            None => Found::Missing,
        };
        match found {
            Found::File(selected) => self.send_selected(ex, selected),
            Found::Elsewhere => redirect(ex),
            Found::Folder(folder) => listing::send(ex, &folder, &self.options.listing),
            Found::Missing => Ok(ex.send_error((404, "File not found"))?),
        }
    }
}

impl SimpleHTTPRequestHandler {
    /// Serves the folder `directory` with the default options.
    ///
    /// # Errors
    /// What opening the folder says.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        Self::builder().directory(directory).build()
    }

    /// The options, to be changed.
    pub fn builder() -> SimpleHTTPRequestHandlerBuilder {
        SimpleHTTPRequestHandlerBuilder::default()
    }

    fn new_in(root: Root, options: Options) -> Self {
        SimpleHTTPRequestHandler { root, options }
    }

    /// The path beneath the root that a request's path means: decoded, without query, dots and doubled slashes.
    /// `None`: nothing that could exist. The original of the builder's option of that name.
    pub fn translate_path(path: &str) -> Option<PathBuf> {
        Place::of_request(path).map(|place| OsString::from_vec(place.path().to_vec()).into())
    }

    /// The media type of the file at `path`, guessed from its name.
    pub fn guess_type(&self, path: &Path) -> String {
        let own = self.options.guess_type.as_ref().and_then(|guess| guess(path));
        own.unwrap_or_else(|| self.options.media_types.guess(path))
    }

    fn place_of<'p>(&self, path: &'p str) -> Option<Place<'p>> {
        match &self.options.translate_path {
            None => Place::of_request(path),
            Some(translate) => Place::of_path(translate(path)?.as_os_str().as_bytes(), path),
        }
    }

    fn send_selected(&self, ex: &Exchange<'_>, selected: Selected) -> Result {
        let Selected { file, stamp, path } = selected;
        let content_type = self.guess_type(Path::new(OsStr::from_bytes(&path)));
        ex.send_response(200)
            .send_header("Content-type", content_type)
            .send_header("Last-Modified", ex.date_time_string(stamp.modified()));
        if let Some(value) = &self.options.cache_control {
            ex.send_header("Cache-Control", value);
        }
        if self.options.attachment {
            ex.send_header("Content-Disposition", media::attachment(path::last_name(&path)));
        }
        Ok(ex.send_file(file, ..)?)
    }
}

fn redirect(ex: &Exchange<'_>) -> Result {
    let location = path::folder_location(ex.path);
    ex.send_response(301).send_header("Location", location).send_header("Content-Length", 0);
    Ok(ex.end_headers()?)
}

/// The system's trouble, not the path's.
fn busy(error: io::Error) -> HTTPError {
    HTTPError::from(503).with_header("Retry-After", 1).with_source(error)
}

impl fmt::Debug for SimpleHTTPRequestHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleHTTPRequestHandler").field("root", &self.root).finish_non_exhaustive()
    }
}
