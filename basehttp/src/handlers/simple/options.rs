//! Options of a [`SimpleHTTPRequestHandler`](super::SimpleHTTPRequestHandler), as the builder collects and checks them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::is_token;
use super::ETag;
use super::common_fields::CommonFields;
use super::listing::ListingOptions;
use super::media::MediaTypes;
use super::path::Mount;

/// Memory for small files: 8 MiB, a few hundred pages, scripts and icons.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Guesses the media type of a path beneath the root. See the builder's `guess_type`.
pub(super) type GuessType = Arc<dyn Fn(&Path) -> Option<String> + Send + Sync>;

/// Translates a request's path to one beneath the root. See the builder's `translate_path`.
pub(super) type TranslatePath = Arc<dyn Fn(&str) -> Option<PathBuf> + Send + Sync>;

/// Everything that a handler knows besides its directory.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools)] // Independent options, each a method of the builder.
pub(super) struct Options {
    pub mount: Mount,
    pub index_pages: Vec<PathBuf>,
    pub media_types: MediaTypes,
    pub guess_type: Option<GuessType>,
    pub translate_path: Option<TranslatePath>,
    pub has_listings: bool,
    pub listing: ListingOptions,
    pub dot_files: bool,
    pub etag: ETag,
    pub precompressed: bool,
    pub cache_control: Option<String>,
    pub common_fields: CommonFields,
    pub cors: Option<String>,
    pub attachment: bool,
    pub fallback_page: Option<PathBuf>,
    pub not_found_page: Option<PathBuf>,
    pub cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            mount: Mount::default(),
            index_pages: vec!["index.html".into(), "index.htm".into()],
            media_types: MediaTypes::default(),
            guess_type: None,
            translate_path: None,
            has_listings: true,
            listing: ListingOptions::default(),
            dot_files: false,
            etag: ETag::Strong,
            precompressed: false,
            cache_control: None,
            common_fields: CommonFields::default(),
            cors: None,
            attachment: false,
            fallback_page: None,
            not_found_page: None,
            cache_bytes: CACHE_BYTES,
        }
    }
}

/// Fields that a program cannot add. The server sends the fields that frame a message, and would refuse these at every
/// request. The handler sends the fields that describe one file, which may occur only once.
const NOT_FOR_PROGRAMS: [&str; 10] = [
    "accept-ranges",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "location",
    "transfer-encoding",
];

impl Options {
    /// Returns the program's own media type for the file at `path`.
    pub(super) fn own_type(&self, path: &Path) -> Option<String> {
        self.guess_type.as_ref().and_then(|guess| guess(path))
    }

    /// Checks every name and value that goes into a field.
    pub(super) fn check(&self) -> io::Result<()> {
        for (name, value) in self.common_fields.iter() {
            if !is_token(name.as_bytes()) {
                return Err(invalid(format!("{name:?} is not a field name; write a token such as X-Frame-Options")));
            }
            if NOT_FOR_PROGRAMS.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
                return Err(invalid(format!("only the server may send {name}; leave it out")));
            }
            check_value(value)?;
        }
        let charset = self.media_types.charset();
        if !charset.is_empty() && !is_token(charset.as_bytes()) {
            return Err(invalid(format!("{charset:?} is not a charset; write a name such as utf-8 or shift_jis")));
        }
        self.media_types
            .all()
            .chain(self.cache_control.as_deref())
            .chain(self.cors.as_deref())
            .try_for_each(check_value)
    }
}

fn check_value(value: &str) -> io::Result<()> {
    match value.chars().find(|&character| character.is_control() && character != '\t' || character > '\u{ff}') {
        Some(offender) => {
            Err(invalid(format!("{value:?} has {offender:?}, which a field cannot carry; leave the character out")))
        }
        None => Ok(()),
    }
}

pub(super) fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
