//! [`SimpleHTTPRequestHandler`]: serves files like `python -m http.server`, with validators, ranges and codings.
//!
//! The steps of a request, in the order of `answer`:
//!
//! | step              | module           | does                                                               |
//! |-------------------|------------------|--------------------------------------------------------------------|
//! | resolve the path  | `path`           | decodes it to a path beneath the root                              |
//! | look it up        | `lookup`         | opens it through `root`, or takes it from the `cache`              |
//! | describe the file | `representation` | makes type, validators and coding, once for each state of the file |
//! | choose the status | `reply`          | reads `conditions` and `ranges`, sends the head                    |
//! | send              | `content`        | sends the bytes                                                    |
//! | a directory       | `listing`        | sends its entries as HTML or JSON                                  |
//! | nothing there     | `pages`          | names the page that is sent instead                                |

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

/// Serves the files beneath one directory, like Python's `SimpleHTTPRequestHandler`.
///
/// It can be the handler of a server, or your own handler can pass requests on to it.
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
///     #[path("/health")]
///     fn do_GET_health(&self) -> &'static str {
///         "fine\n"
///     }
///
///     // Without a path, it serves all other requests.
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         self.files.do_GET(ex)
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
/// * Regular files, with `Last-Modified` (unless the file has a time that packers write), an `ETag` and ranges.
///   Conditional requests are answered as RFC 9110, section 13, says (304, 412, 206 or the whole file).
/// * A directory's index page, or else a listing. A path without its final slash is redirected to the path with it. A
///   file's path with a final slash is 404.
/// * Nothing outside the directory. Every path is resolved beneath it, links that lead out are not followed, and the
///   descriptor that was checked is the one that is sent. Pipes, sockets, devices and unreadable files are 404, as are
///   names with a leading dot (except beneath `/.well-known/`).
///
/// # Files that not every client may read
///
/// A `#[path("/private/{*rest}")]` with a guard keeps the files below it from other clients, also if another method
/// serves the rest of the directory. `/private%2Fa` and `/b/../private/a` are the same file, and get 404. A method that
/// decides by the path of the request asks [`translate_path`](Self::translate_path) which file is meant. Neither knows
/// of links in the directory, or of a file system that ignores case. An index page is also the file of its directory's
/// path, so guard `/private/{*rest}`, not a page. Choose no guarded file as `fallback_page` or `not_found_page`.
///
/// ```
/// use basehttp::{Exchange, Guard, HTTPError, OrError, Result, SimpleHTTPRequestHandler, http_handler};
///
/// /// The user who has logged in. Each has a directory of the same name.
/// struct User(String);
/// # impl<'c> Guard<'c, Site> for User {
/// #     fn check(_: &Site, _: &Exchange<'c>) -> Result<Self> {
/// #         Ok(User("src".into()))
/// #     }
/// # }
///
/// struct Site(SimpleHTTPRequestHandler);
///
/// #[http_handler]
/// impl Site {
///     fn do_GET(&self, ex: &mut Exchange, #[guard] user: User) -> Result {
///         let file = SimpleHTTPRequestHandler::translate_path(ex.path).or_error(404)?;
///         if file.starts_with(&user.0) { self.0.do_GET(ex) } else { Err(HTTPError::from(404).into()) }
///     }
/// }
/// # let site = Site(SimpleHTTPRequestHandler::new(env!("CARGO_MANIFEST_DIR"))?);
/// # let status = |path| basehttp::testing::get(path).send(&site).status();
/// # assert_eq!(["/src/lib.rs", "/src%2Flib.rs", "/a/../src/lib.rs", "//src//lib.rs"].map(status), [200; 4]);
/// # assert_eq!(["/", "/Cargo.toml", "/src/..%2FCargo.toml", "/src%2F..%2FCargo.toml", "/srcs"].map(status), [404; 5]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # How fresh a response is
///
/// A response shows the disk at the time of the request: the file and the entries as they are, in the directory that
/// has the served name. That may be a new directory, or one that a link was switched to.
///
/// Only under load may a response be up to a second old. This holds for a file that clients asked for 64 times within
/// the second and that has not changed for 2 s, for a listing whose readings within the second took 50 ms, and for the
/// served name itself after 1,000 looks within the second.
///
/// Small files stay in memory, so that an unchanged file is not read again. The system sends large files from the
/// disk's cache, without a copy in this process. A file that is overwritten in place during a transfer may arrive
/// mixed; write a new file and rename it.
///
/// A method may wait for the disk. The server notices that and serves other requests meanwhile.
pub struct SimpleHTTPRequestHandler {
    root: Root,
    options: Options,
    pages: Pages,
    cache: Option<Cache>,
}

/// The kind of `ETag` that files get besides `Last-Modified` (RFC 9110, section 8.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ETag {
    /// A strong tag, made from the file's identity, size and times. Clients can resume downloads with it.
    ///
    /// It covers device and inode, the size, and the times of the last write and the last change, in nanoseconds. So it
    /// changes with every change of the bytes, except for a second one of the same size within one tick of the file
    /// system's clock (4 ms on most Linux systems). A copy of the file on another machine has a different tag.
    #[default]
    Strong,
    /// A weak tag, made from the size and the time of the last write. Copies on other machines have the same tag.
    ///
    /// If packers wrote that time (the first day of 1970 or 1980), the tag has the time of the last change instead. A
    /// weak tag means equivalent, not identical bytes, so clients do not resume downloads with it.
    Weak,
    /// No `ETag`.
    Off,
}

#[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1")]
impl SimpleHTTPRequestHandler {
    /// Answers a GET or HEAD request for the file or directory at `ex.path`.
    ///
    /// # Errors
    /// An [`HTTPError`] with 503 if the system has no descriptors or memory left, or the disk fails. An I/O error if
    /// the client has gone away. A file that is missing or unreadable is not an error; the client gets 404.
    pub fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.send(ex, ex.path)
    }

    /// Adds the common fields to responses that `do_GET` has not sent: OPTIONS and 501.
    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        if !matches!(ex.command, "GET" | "HEAD") {
            self.options.common_fields.send(ex);
            self.add_preflight(ex);
        }
        Ok(())
    }
}

impl SimpleHTTPRequestHandler {
    /// Serves `directory` with the default options.
    ///
    /// # Errors
    /// If the directory cannot be opened, an error with its name, and the text and kind of the system's error.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        Self::builder().directory(directory).build()
    }

    /// Returns a builder with the default options.
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

    /// Sends the head of the response for `ex.path`, and returns the content that must follow.
    ///
    /// `None` means that the response is complete: a listing, a redirect, or one without content (304, an error). Like
    /// Python's `send_head`.
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
    /// # let directory = env!("CARGO_MANIFEST_DIR");
    /// # let files = SimpleHTTPRequestHandler::new(directory)?;
    /// # let handler = Counting { files, sent: AtomicU64::new(0) };
    /// # let reply = basehttp::testing::respond(&handler, b"GET /Cargo.toml HTTP/1.0\r\n\r\n");
    /// # assert!(reply.ends_with(&std::fs::read(format!("{directory}/Cargo.toml"))?));
    /// # assert_eq!(handler.sent.into_inner(), std::fs::metadata(format!("{directory}/Cargo.toml"))?.len());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The errors of [`do_GET`](Self::do_GET).
    pub fn send_head(&self, ex: &mut Exchange<'_>) -> Result<Option<Content>> {
        let content = self.answer(ex, ex.path)?;
        if let Some(content) = &content {
            ex.send_header("Content-Length", content.len()).end_headers()?;
        }
        Ok(content)
    }

    /// Translates a request's path to a path beneath the root: decoded, without query, dots and doubled slashes.
    ///
    /// `None` if no file can have this path. The builder's
    /// [`translate_path`](SimpleHTTPRequestHandlerBuilder::translate_path) replaces this function and may call it.
    pub fn translate_path(path: &str) -> Option<PathBuf> {
        ServedPath::of_request(path).map(|served| OsString::from_vec(served.path().to_vec()).into())
    }

    /// Guesses the media type of the file at `path` from its name alone.
    ///
    /// A response omits the `charset` if the file itself names another one.
    pub fn guess_type(&self, path: &Path) -> String {
        self.options.own_type(path).unwrap_or_else(|| self.options.media_types.guess(path))
    }

    /// Answers for the file or directory at `path`, which may differ from the request's own path.
    pub(super) fn send(&self, ex: &mut Exchange<'_>, path: &str) -> Result {
        match self.answer(ex, path)? {
            Some(content) => content.send(ex),
            None => Ok(()),
        }
    }

    /// Returns the directory that is served at this moment. `None` if no directory has the name.
    #[cfg(feature = "cgi")]
    pub(super) fn tree(&self) -> io::Result<Option<std::sync::Arc<root::Tree>>> {
        self.root.tree(Instant::now())
    }

    /// Returns the URL path at which the root is mounted; empty for `/`.
    #[cfg(feature = "cgi")]
    pub(super) fn mount_prefix(&self) -> Vec<u8> {
        self.options.mount.prefix()
    }

    /// Returns true if names with a leading dot are served like others.
    #[cfg(feature = "cgi")]
    pub(super) fn shows_dot_files(&self) -> bool {
        self.options.dot_files
    }

    /// Begins the response for `path`. `Some` if the head is still open and this content must follow; `None` if the
    /// response is complete.
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

    /// Begins the response for a `path` without a file: the fallback page, the page for 404, or a plain 404.
    fn answer_missing(
        &self,
        ex: &Exchange<'_>,
        path: &str,
        served: Option<&ServedPath<'_>>,
    ) -> Result<Option<Content>> {
        let wish = || listing::html_wish(ex.headers.get_all("Accept"));
        // A path that cannot exist, or is hidden, is not a client-side route either.
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

    /// Resolves a request's path, undecoded and with its query. `None` if no file can have it, or it is not below the
    /// mount.
    pub(super) fn resolve<'p>(&self, path: &'p str) -> Option<ServedPath<'p>> {
        let below = ServedPath::of_request(path)?.below(&self.options.mount)?;
        match &self.options.translate_path {
            None => Some(below),
            Some(translate) => ServedPath::of_path(translate(path)?.as_os_str().as_bytes(), path),
        }
    }

    /// Answers the preflight of a browser, which asks before it makes some requests to another site.
    fn add_preflight(&self, ex: &Exchange<'_>) {
        if self.options.cors.is_some() && ex.headers.contains("Access-Control-Request-Method") {
            ex.send_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
            ex.send_header("Access-Control-Allow-Headers", "*");
        }
    }
}

/// Makes the error for trouble of the system that may soon be over.
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
