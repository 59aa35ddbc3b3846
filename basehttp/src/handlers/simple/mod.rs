//! [`SimpleHTTPRequestHandler`]: files and folders, as `python -m http.server` serves them, and what that lacks.
//!
//! One request's way: `path` says which place beneath the root is meant, `lookup` what stands there (opened by `root`, or
//! out of the `cache`), `representation` what is to be said of it, `reply` which status and which part of it, by the `conditions`
//! and `ranges` of the request; `content` sends it. `listing` answers for folders, `pages` for what is not there.

mod builder;
mod cache;
mod charset;
mod codings;
mod common_fields;
pub(crate) mod conditions;
mod content;
mod listing;
mod lookup;
mod media;
mod media_table;
mod options;
mod pages;
pub(crate) mod path;
mod qvalue;
pub(crate) mod ranges;
mod reply;
mod representation;
pub(super) mod root;
#[cfg(test)]
mod scratch;
mod trust;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fmt, io};

use basehttp::{Exchange, HTTPError, Result, http_handler};

pub use self::builder::SimpleHTTPRequestHandlerBuilder;
pub use self::content::Content;
pub use self::listing::{Entry, EntryKind, LinkTarget, Listing};

use self::cache::Cache;
use self::lookup::{Found, Lookup, Selected};
use self::options::Options;
use self::pages::Pages;
use self::path::ServedPath;
use self::reply::{FileReply, Role};
use self::root::Root;

/// Serves the files and folders beneath one folder: the seed's `SimpleHTTPRequestHandler`.
///
/// On its own it is a handler for a server; a handler of yours can hand requests on to it.
///
/// ```no_run
/// use basehttp::{HTTPServer, SimpleHTTPRequestHandler};
///
/// fn main() -> std::io::Result<()> {
///     HTTPServer::bind(("127.0.0.1", 8000), SimpleHTTPRequestHandler::new("public")?)?.serve_forever()
/// }
/// ```
///
/// ```
/// use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, http_handler};
///
/// struct Site {
///     files: SimpleHTTPRequestHandler,
/// }
///
/// #[http_handler(server_version = "Site/1.0", protocol_version = "HTTP/1.1")]
/// impl Site {
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         match ex.path {
///             "/health" => Ok(ex.send_text(200, "fine\n")?),
///             _ => self.files.do_GET(ex),
///         }
///     }
/// }
/// # let site = Site { files: SimpleHTTPRequestHandler::new(env!("CARGO_MANIFEST_DIR"))? };
/// # let reply = basehttp::testing::respond(&site, b"GET /Cargo.toml HTTP/1.0\r\n\r\n");
/// # assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\nServer: Site/1.0 "));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # What is served
///
/// * Regular files, with `Last-Modified` (unless their time is one that packers write), an `ETag` and ranges; requests that name a state of the file are answered as
///   RFC 9110, section 13, says (304, 412, 206 or the whole).
/// * For a folder its index page, or a listing. Without a slash at the end of its path it is a redirect to the path with
///   one; a file with a slash is 404.
/// * Nothing outside the folder: every path is resolved beneath it, links that lead out are not followed, and the file
///   that was checked is the descriptor that is sent. Pipes, sockets and devices are 404, as are names with a leading
///   dot (but beneath `/.well-known/`), and what may not be read.
///
/// # What is there when asked
///
/// A request is answered with what the disk has when it asks: the file as it is now, the folder's entries of now, and all
/// of that in whatever directory has the served name now (also one that was made anew, or that a switched link names). An
/// answer may be a second old only where clients ask often: for a file that was asked for 64 times within the second and
/// has not changed for 2 s, for a listing whose readings within the second took 50 ms, and for the served name itself if it
/// was looked at 1,000 times within the second.
///
/// Small files are kept in memory, so that an unchanged one is not read again; large ones are sent by the system from the
/// disk's cache, and never held. A file that is overwritten in place while it is sent may arrive mixed: write a new one and
/// rename it.
///
/// A method may wait for the disk. The server notices that, and keeps other requests going.
pub struct SimpleHTTPRequestHandler {
    root: Root,
    options: Options,
    pages: Pages,
    cache: Option<Cache>,
}

/// Which validator files have besides `Last-Modified` (RFC 9110, section 8.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ETag {
    /// One that changes with the file's identity (device and inode), its size, and the times of its last writing and its
    /// last change, in nanoseconds.
    ///
    /// So it changes with every change of the bytes, but for two that leave the size as it is within one tick of the
    /// file system's clock (4 ms on most Linux systems). Downloads can be resumed by it. The same file on another machine
    /// has another one.
    #[default]
    Strong,
    /// One of the size and the time of the last writing: the same on all machines to which the file was copied with its
    /// times. If that is a time that packers write (the first day of 1970 or 1980), the time of the last change instead. It says that the content is as good as the same, so that downloads are not resumed by it.
    Weak,
    /// None.
    Off,
}

#[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1")]
impl SimpleHTTPRequestHandler {
    /// Answers a GET, or a HEAD, for the file or folder at `ex.path`.
    ///
    /// # Errors
    /// What the system says when it has no descriptors or memory left (an [`HTTPError`] of 503), or its disk fails; a
    /// client that went away. What is not there, or may not be read, is a 404, and no error.
    pub fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.send(ex, ex.path)
    }

    /// The fields of every reply, where the methods above have not sent them: OPTIONS, 501.
    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        if !matches!(ex.command, "GET" | "HEAD") {
            self.options.common_fields.send(ex);
            self.add_preflight(ex);
        }
        Ok(())
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

    fn new_in(root: Root, mut options: Options) -> io::Result<Self> {
        let pages = Pages::new(options.fallback_page.as_deref(), options.not_found_page.as_deref())?;
        if let Some(origin) = &options.cors {
            options.common_fields.push("Access-Control-Allow-Origin", origin);
            options.common_fields.push("Access-Control-Expose-Headers", "*");
        }
        options.listing.common_fields.clone_from(&options.common_fields);
        let cache = (options.cache_bytes > 0).then(|| Cache::new(options.cache_bytes));
        Ok(SimpleHTTPRequestHandler { root, options, pages, cache })
    }

    /// Sends the head of the reply for the file at `ex.path`, and gives the bytes that it has announced, as the
    /// original's method of that name.
    ///
    /// `None`: the reply is whole. It was a listing, a redirect, or it has no content (304, an error).
    ///
    /// ```
    /// use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, http_handler};
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// struct Counting {
    ///     files: SimpleHTTPRequestHandler,
    ///     sent: AtomicU64,
    /// }
    ///
    /// #[http_handler]
    /// impl Counting {
    ///     fn do_GET(&self, ex: &mut Exchange) -> Result {
    ///         if let Some(mut content) = self.files.send_head(ex)? {
    ///             let sent = std::io::copy(&mut content, &mut ex.wfile)?;
    ///             self.sent.fetch_add(sent, Ordering::Relaxed);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// # let folder = env!("CARGO_MANIFEST_DIR");
    /// # let files = SimpleHTTPRequestHandler::new(folder)?;
    /// # let handler = Counting { files, sent: AtomicU64::new(0) };
    /// # let reply = basehttp::testing::respond(&handler, b"GET /Cargo.toml HTTP/1.0\r\n\r\n");
    /// # assert!(reply.ends_with(&std::fs::read(format!("{folder}/Cargo.toml"))?));
    /// # assert_eq!(handler.sent.into_inner(), std::fs::metadata(format!("{folder}/Cargo.toml"))?.len());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`do_GET`](Self::do_GET).
    pub fn send_head(&self, ex: &mut Exchange<'_>) -> Result<Option<Content>> {
        let content = self.answer(ex, ex.path)?;
        if let Some(content) = &content {
            ex.send_header("Content-Length", content.len()).end_headers()?;
        }
        Ok(content)
    }

    /// The path beneath the root that a request's path means: decoded, without query, dots and doubled slashes.
    /// `None`: nothing that could exist.
    ///
    /// The original of the builder's option of that name.
    pub fn translate_path(path: &str) -> Option<PathBuf> {
        ServedPath::of_request(path).map(|served| OsString::from_vec(served.path().to_vec()).into())
    }

    /// The media type of the file at `path`, guessed from its name alone.
    ///
    /// A reply leaves the `charset` out where the file itself says that it is in another one.
    pub fn guess_type(&self, path: &Path) -> String {
        self.options.own_type(path).unwrap_or_else(|| self.options.media_types.guess(path))
    }

    /// Answers for the file or folder at `path`, which need not be the request's own.
    pub(super) fn send(&self, ex: &mut Exchange<'_>, path: &str) -> Result {
        match self.answer(ex, path)? {
            Some(content) => content.send(ex),
            None => Ok(()),
        }
    }

    /// The directory that is served at this moment. `None`: nothing has its name.
    #[cfg(feature = "cgi")]
    pub(super) fn tree(&self) -> io::Result<Option<std::sync::Arc<root::Tree>>> {
        self.root.tree(Instant::now())
    }

    /// The path of URLs that the root is at; empty for `/`.
    #[cfg(feature = "cgi")]
    pub(super) fn mount_prefix(&self) -> Vec<u8> {
        self.options.mount.prefix()
    }

    /// Whether names with a leading dot are served as others are.
    #[cfg(feature = "cgi")]
    pub(super) fn shows_dot_files(&self) -> bool {
        self.options.dot_files
    }

    /// Begins the response for `path`. `Some`: its head is open, and this content must follow. `None`: it is complete.
    fn answer(&self, ex: &mut Exchange<'_>, path: &str) -> Result<Option<Content>> {
        let served = self.resolve(path).filter(|served| self.options.dot_files || !served.is_hidden());
        let found = match &served {
            Some(served) => self.find(ex, served)?,
            None => Found::Missing,
        };
        match found {
            Found::File(selected) => self.begin(ex, selected, Role::Itself),
            Found::MissingSlash => reply::redirect(&self.options, ex, path).map(|()| None),
            Found::Directory(directory) => {
                listing::send(ex, &directory, &self.options.mount, &self.options.listing).map(|()| None)
            }
            Found::Missing => self.answer_missing(ex, path, served.as_ref()),
        }
    }

    /// Begins the response for a `path` at which nothing is: the fallback page, the page for 404, or a plain 404.
    fn answer_missing(
        &self,
        ex: &Exchange<'_>,
        path: &str,
        served: Option<&ServedPath<'_>>,
    ) -> Result<Option<Content>> {
        let wish = || listing::html_wish(ex.headers.get_all("Accept"));
        // A path that cannot exist, or is hidden, is not a route of a client-side program either.
        let fallback = served.and_then(|_| self.pages.fallback_for(path, wish));
        if let Some(selected) = self.page(ex, fallback)? {
            return self.begin(ex, selected, Role::Fallback);
        }
        if let Some(selected) = self.page(ex, self.pages.not_found())? {
            return self.begin(ex, selected, Role::NotFound);
        }
        let error = HTTPError::new(404, "File not found");
        let error = if self.options.fallback_page.is_some() { error.with_header("Vary", "Accept") } else { error };
        reply::refuse(&self.options, ex, error).map(|()| None)
    }

    /// Finds a page that an option names, if it names one and the page is there.
    fn page(&self, ex: &Exchange<'_>, page: Option<&ServedPath<'_>>) -> Result<Option<Selected>> {
        let Some(page) = page else { return Ok(None) };
        match self.find(ex, page)? {
            Found::File(selected) => Ok(Some(selected)),
            Found::MissingSlash | Found::Directory(_) | Found::Missing => Ok(None),
        }
    }

    fn find(&self, ex: &Exchange<'_>, served: &ServedPath<'_>) -> Result<Found> {
        let (options, root, cache) = (&self.options, &self.root, self.cache.as_ref());
        let lookup = Lookup { options, root, cache, ex, now: Instant::now() };
        lookup.find(served).map_err(|error| busy(options, error).into())
    }

    fn begin(&self, ex: &Exchange<'_>, selected: Selected, role: Role) -> Result<Option<Content>> {
        FileReply { options: &self.options, ex, role }.begin(selected)
    }

    /// The place that `path` leads to, undecoded and with its query. `None`: nothing that could exist, or not below the mount.
    pub(super) fn resolve<'p>(&self, path: &'p str) -> Option<ServedPath<'p>> {
        let below = ServedPath::of_request(path)?.below(&self.options.mount)?;
        match &self.options.translate_path {
            None => Some(below),
            Some(translate) => ServedPath::of_path(translate(path)?.as_os_str().as_bytes(), path),
        }
    }

    /// What browsers ask before a request that a page may not make unasked.
    fn add_preflight(&self, ex: &Exchange<'_>) {
        if self.options.cors.is_some() && ex.headers.contains("Access-Control-Request-Method") {
            ex.send_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
            ex.send_header("Access-Control-Allow-Headers", "*");
        }
    }
}

/// The system's trouble, which may be over soon.
fn busy(options: &Options, error: io::Error) -> HTTPError {
    options.common_fields.add_to(HTTPError::from(503)).with_header("Retry-After", 1).with_source(error)
}

impl fmt::Debug for SimpleHTTPRequestHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleHTTPRequestHandler").field("root", &self.root).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
