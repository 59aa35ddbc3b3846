//! Lists directories, as HTML for people and as JSON for programs.
//!
//! ```text
//! send ── location, sort, accept: read the request
//!   └─ scan_cache: read recently? ── scan: reads the directory, through its descriptor
//!        ├─ usual directories: one page in memory, shared by all clients ── html | json, style, format, escape
//!        └─ large directories: the same in pieces, to `wfile`
//! ```
//!
//! The memory of a directory is its scan (names, and 32 bytes for each), 4 bytes more for each entry in an order other
//! than by name, and the page, if it is small enough. `budget` bounds the total. When slow clients hold all the memory
//! for pages, other clients get theirs in pieces. The server bounds the number of such responses.

mod accept;
mod budget;
mod escape;
mod format;
mod html;
mod json;
mod location;
mod model;
mod pieces;
mod scan;
mod scan_cache;
mod sort;
mod style;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use basehttp::{Exchange, HTTPError, Payload, Result};
use rustix::io::Errno;

pub(super) use self::accept::{HtmlWish, html_wish};
pub use self::model::{Entry, EntryKind, LinkTarget, Listing};

use self::budget::{Budget, Exhausted};
use self::escape::{MAX_HREF_GROWTH, MAX_TEXT_GROWTH};
use self::location::Location;
use self::pieces::Pieces;
use self::scan::{DotFiles, Scan, ScanError};
use self::scan_cache::{Page, PageKey, ScanCache, ScannedDirectory};
use self::sort::Sorting;
use super::common_fields::CommonFields;
use super::lookup;
use super::path::Mount;
use super::root::Stamp;

/// Memory for all scans that are being read, kept or listed: 128 MiB. Beyond it clients get 503.
const MAX_SCANS_BYTES: usize = 128 * 1024 * 1024;

/// Memory for all pages, kept or on their way to slow clients: 128 MiB. Beyond it listings are sent in pieces.
const MAX_PAGES_BYTES: usize = 128 * 1024 * 1024;

/// The most entries of one page: 20,000, about 4 MiB of HTML. Larger directories are sent in pieces, which are not
/// kept.
const MAX_PAGE_ENTRIES: usize = 20_000;

/// The most bytes of all names of one page: 1 MiB, which escapes turn into 9 MiB at most. Beyond it pieces are sent.
const MAX_PAGE_NAME_BYTES: usize = 1024 * 1024;

/// Bytes of a page besides its rows, without names: 16 KiB, twice the style and the header.
const MAX_FRAME_BYTES: usize = 16 * 1024;

/// Bytes of a row besides the name: 320. The largest row needs about 260.
const MAX_ROW_BYTES: usize = 320;

/// The most copies of the escaped path in a page: in the title, and in links to the directories above.
const MAX_PATH_COPIES: usize = 16;

/// The form in which a listing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Format {
    Html,
    Json,
}

/// A program's own response for a directory, in place of the pages of this module.
pub(super) type ListDirectory = Arc<dyn Fn(&mut Exchange<'_>, &Listing) -> Result + Send + Sync>;

/// The options of listings, and the recent ones.
#[derive(Default)]
pub(super) struct ListingOptions {
    pub dot_files: bool,
    /// Sends the response in place of this module, if set.
    pub look: Option<ListDirectory>,
    pub common_fields: CommonFields,
    cache: ListingCache,
}

/// Scans and pages of one handler that may be used again, and their budgets.
struct ListingCache {
    scans: Arc<Budget>,
    pages: Arc<Budget>,
    scan_cache: ScanCache,
}

/// A listing, ready to be sent.
enum Prepared {
    Page(Page),
    Large(Listing),
}

/// Sends the listing of a directory in the form and order that the request asks for.
pub(super) fn send(
    ex: &mut Exchange<'_>,
    directory: &lookup::OpenDirectory,
    mount: &Mount,
    options: &ListingOptions,
) -> Result {
    let key = PageKey { location: Location::of(path_of(ex), mount.depth()), sorting: sorting(ex), format: format(ex) };
    if let Some(look) = &options.look {
        let listing = options.listing(directory, &key).map_err(|error| answer(error, &options.common_fields))?;
        return look(ex, &listing);
    }
    let format = key.format;
    let prepared = options.prepared(directory, key).map_err(|error| answer(error, &options.common_fields))?;
    ex.send_response(200).send_header("Content-Type", format.content_type()).send_header("Vary", "Accept");
    ex.send_header("X-Content-Type-Options", "nosniff");
    if format == Format::Html {
        ex.send_header("Content-Security-Policy", style::CONTENT_SECURITY_POLICY);
    }
    options.common_fields.send(ex);
    match prepared {
        Prepared::Page(Page { bytes, share }) => Ok(ex.send_body(Payload::from(bytes).with_guard(share))?),
        Prepared::Large(listing) => Ok(stream(ex, &listing, format)?),
    }
}

impl ListingOptions {
    fn listing(&self, directory: &lookup::OpenDirectory, key: &PageKey) -> Result<Listing, ScanError> {
        let scan = self.with_directory(directory, |found| Ok(Arc::clone(&found.scan)))?;
        self.cache.listing_of(scan, key)
    }

    fn prepared(&self, directory: &lookup::OpenDirectory, key: PageKey) -> Result<Prepared, ScanError> {
        self.with_directory(directory, |found| {
            if let Some(page) = found.page(&key) {
                return Ok(Prepared::Page(page));
            }
            let listing = self.cache.listing_of(Arc::clone(&found.scan), &key)?;
            if is_large(&found.scan) {
                return Ok(Prepared::Large(listing));
            }
            match self.cache.page(&listing, key.format) {
                Ok(page) => {
                    found.keep_page(key, page.clone());
                    Ok(Prepared::Page(page))
                }
                Err(Exhausted) => Ok(Prepared::Large(listing)),
            }
        })
    }

    fn with_directory<R>(
        &self,
        directory: &lookup::OpenDirectory,
        act: impl FnOnce(&mut ScannedDirectory) -> Result<R, ScanError>,
    ) -> Result<R, ScanError> {
        let ListingCache { scans, scan_cache, .. } = &self.cache;
        let dot_files = if self.dot_files { DotFiles::Listed } else { DotFiles::Hidden };
        let read = || Scan::read(directory.descriptor.as_fd(), dot_files, &|name| directory.follow(name), scans);
        scan_cache.with_directory(Stamp::of_directory(&directory.descriptor)?, &Instant::now, read, act)
    }
}

impl Clone for ListingOptions {
    /// Clones the options with an empty cache, since the clone may serve another directory.
    fn clone(&self) -> Self {
        let (look, common_fields) = (self.look.clone(), self.common_fields.clone());
        ListingOptions { dot_files: self.dot_files, look, common_fields, cache: ListingCache::default() }
    }
}

impl Default for ListingCache {
    fn default() -> Self {
        let (scans, pages) = (Budget::new(MAX_SCANS_BYTES), Budget::new(MAX_PAGES_BYTES));
        ListingCache { scans, pages, scan_cache: ScanCache::default() }
    }
}

impl ListingCache {
    fn listing_of(&self, scan: Arc<Scan>, key: &PageKey) -> Result<Listing, ScanError> {
        Ok(Listing::new(key.location.clone(), scan, key.sorting, &self.scans)?)
    }

    /// Makes a page. Reserves its largest possible size first, and returns the rest afterwards.
    fn page(&self, listing: &Listing, format: Format) -> Result<Page, Exhausted> {
        // Twice the size, since a growing vector may be half empty.
        let mut share = self.pages.reserve(2 * max_page_bytes(listing))?;
        let mut pieces = Pieces::kept();
        format.render(listing, &mut pieces).expect("memory takes everything");
        let bytes = pieces.finish().expect("memory takes everything");
        debug_assert!(bytes.len() <= share.bytes() / 2, "{} bytes are more than was reserved", bytes.len());
        share.resize(bytes.len() + listing.location().bytes())?;
        Ok(Page { bytes: bytes.into(), share: Arc::new(share) })
    }
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Format::Html => "text/html; charset=utf-8",
            // RFC 8259, section 8.1: JSON is always UTF-8 and has no charset parameter.
            Format::Json => "application/json",
        }
    }

    fn render(self, listing: &Listing, pieces: &mut Pieces<'_>) -> io::Result<()> {
        match self {
            Format::Html => html::render(listing, pieces),
            Format::Json => json::render(listing, pieces),
        }
    }
}

/// Sends a listing in pieces, with chunked coding, as fast as the client reads.
fn stream(ex: &mut Exchange, listing: &Listing, format: Format) -> io::Result<()> {
    ex.end_headers()?;
    if ex.command == "HEAD" {
        return Ok(());
    }
    let mut pieces = Pieces::passed_to(&mut ex.wfile);
    format.render(listing, &mut pieces)?;
    pieces.finish()?;
    Ok(())
}

fn path_of<'c>(ex: &Exchange<'c>) -> &'c str {
    ex.path.split_once('?').map_or(ex.path, |(path, _)| path)
}

fn sorting(ex: &Exchange) -> Sorting {
    let query = ex.query();
    Sorting::from_parameters(query.get("sort").as_deref(), query.get("order").as_deref())
}

fn format(ex: &Exchange) -> Format {
    accept::preferred(ex.headers.get_all("Accept"))
}

fn is_large(scan: &Scan) -> bool {
    scan.records().len() > MAX_PAGE_ENTRIES || scan.name_bytes() > MAX_PAGE_NAME_BYTES
}

/// Returns an upper bound of the size of a listing's page.
fn max_page_bytes(listing: &Listing) -> usize {
    let growth = MAX_TEXT_GROWTH + MAX_HREF_GROWTH;
    let frame = MAX_FRAME_BYTES + MAX_PATH_COPIES * growth * listing.location().len();
    frame + listing.len() * MAX_ROW_BYTES + listing.name_bytes() * growth
}

/// Makes the response for a directory that cannot be listed.
fn answer(error: ScanError, common_fields: &CommonFields) -> HTTPError {
    let error = match error {
        ScanError::System(errno @ (Errno::ACCESS | Errno::PERM)) => {
            HTTPError::new(404, "No permission to list directory").with_source(io::Error::from(errno))
        }
        ScanError::System(Errno::NOENT | Errno::NOTDIR | Errno::STALE) => HTTPError::new(404, "File not found"),
        ScanError::System(errno) => HTTPError::from(500).with_source(io::Error::from(errno)),
        ScanError::Exhausted => HTTPError::from(503).with_header("Retry-After", 1),
    };
    common_fields.add_to(error)
}
