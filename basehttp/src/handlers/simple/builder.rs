//! The options of a [`SimpleHTTPRequestHandler`], each with its default.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use basehttp::{Exchange, Result};

use super::listing::Listing;
use super::options::{Options, invalid};
use super::path::Mount;
use super::root::{Links, Root};
use super::{ETag, SimpleHTTPRequestHandler};

/// Options of a [`SimpleHTTPRequestHandler`], made by [`SimpleHTTPRequestHandler::builder`].
///
/// ```
/// use basehttp::{ETag, SimpleHTTPRequestHandler};
///
/// # let folder = env!("CARGO_MANIFEST_DIR");
/// let files = SimpleHTTPRequestHandler::builder()
///     .directory(folder)
///     .extensions_map([(".foo", "application/x-foo")])
///     .etag(ETag::Weak)
///     .cache_control("max-age=60")
///     .header("X-Frame-Options", "DENY")
///     .precompressed(true)
///     .build()?;
/// # let reply = basehttp::testing::respond(&files, b"GET /Cargo.toml HTTP/1.0\r\n\r\n");
/// # assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&reply));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct SimpleHTTPRequestHandlerBuilder {
    pub(super) directory: PathBuf,
    pub(super) links: Links,
    /// As it was given, to be looked at by `build`.
    pub(super) mounted_at: String,
    pub(super) options: Options,
}

impl Default for SimpleHTTPRequestHandlerBuilder {
    fn default() -> Self {
        SimpleHTTPRequestHandlerBuilder {
            directory: PathBuf::from("."),
            links: Links::Inside,
            mounted_at: "/".into(),
            options: Options::default(),
        }
    }
}

impl SimpleHTTPRequestHandlerBuilder {
    /// The folder that is served. Default: the current directory.
    ///
    /// It must be there when [`build`](Self::build) opens it. Later, whatever directory has the name is served: one that was
    /// removed and made anew, or another one that a link names by then. While none has it, everything is 404. A relative
    /// path is taken from the current directory of that moment.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// The path of the URLs at which the directory is. Default: `/`.
    ///
    /// With `/static`, `/static/a.txt` is the file `a.txt`. Everything that is not below is 404: `/a.txt`, `/statica.txt`,
    /// and `/static/../a.txt`. Redirects, and the breadcrumbs and the "Parent folder" of listings, stay below. The path is
    /// that of the request, so that a handler passes the exchange on as it is.
    ///
    /// ```
    /// use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, http_handler};
    ///
    /// struct Site {
    ///     files: SimpleHTTPRequestHandler,
    /// }
    ///
    /// #[http_handler]
    /// impl Site {
    ///     fn do_GET(&self, ex: &mut Exchange) -> Result {
    ///         match ex.path {
    ///             "/" => Ok(ex.send_text(200, "home\n")?),
    ///             _ => self.files.do_GET(ex),
    ///         }
    ///     }
    /// }
    ///
    /// # let folder = env!("CARGO_MANIFEST_DIR");
    /// let files = SimpleHTTPRequestHandler::builder().directory(folder).mounted_at("/static").build()?;
    /// # let site = Site { files };
    /// # let ask = |path| basehttp::testing::respond(&site, format!("GET {path} HTTP/1.0\r\n\r\n"));
    /// # assert!(ask("/static/Cargo.toml").starts_with(b"HTTP/1.0 200 OK\r\n"));
    /// # assert!(ask("/staticCargo.toml").starts_with(b"HTTP/1.0 404 "));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn mounted_at(mut self, path: impl Into<String>) -> Self {
        self.mounted_at = path.into();
        self
    }

    /// The files that stand for their folder, the first that is there. Default: `index.html`, `index.htm`.
    pub fn index_pages(mut self, names: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.options.index_pages = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds media types by extension, dot included; the empty one is that of names without. An extension is looked up
    /// as it is, then in lower case, and what is found here is sent as it was given.
    ///
    /// Default: `.gz`, `.Z`, `.bz2` and `.xz`, so that what is compressed is sent as that. Other extensions are known
    /// from a table that comes with the library.
    pub fn extensions_map(mut self, types: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        for (extension, media_type) in types {
            self.options.media_types.add(extension.into(), media_type.into());
        }
        self
    }

    /// The media type of files that no table knows. Default: `application/octet-stream`.
    pub fn default_type(mut self, media_type: impl Into<String>) -> Self {
        self.options.media_types.set_default(media_type.into());
        self
    }

    /// The `charset` of text whose type is from the library's table, such as `shift_jis`. Default: `utf-8`. Empty: none.
    ///
    /// It is left out where the first KiB of a file names another one (`<meta charset>`, `@charset`, the XML declaration, a
    /// byte order mark), or where it is `utf-8` and they are not UTF-8: clients would believe it, and not the file.
    pub fn charset(mut self, charset: impl Into<String>) -> Self {
        self.options.media_types.set_charset(charset.into());
        self
    }

    /// Guesses media types in place of the tables, from the file's path beneath the root. `None`: as without it.
    ///
    /// Called when a file is looked at and was changed since the last look, or is not kept in memory.
    pub fn guess_type(mut self, guess: impl Fn(&Path) -> Option<String> + Send + Sync + 'static) -> Self {
        self.options.guess_type = Some(Arc::new(guess));
        self
    }

    /// Says which path beneath the root a request's path means, undecoded and with its query, as the original's method
    /// of that name. `None`: 404.
    ///
    /// Whatever it returns is looked for beneath the root, `..` and a slash in front included.
    /// [`SimpleHTTPRequestHandler::translate_path`] is the original, to be called from it. Only paths below
    /// [`mounted_at`](Self::mounted_at) are translated; that alone is enough where the directory is at a path of its own.
    ///
    /// ```
    /// use basehttp::SimpleHTTPRequestHandler;
    ///
    /// # let folder = env!("CARGO_MANIFEST_DIR");
    /// // `/v/1.2/a.js` is the file `a.js`, so that each version has URLs of its own.
    /// let files = SimpleHTTPRequestHandler::builder()
    ///     .directory(folder)
    ///     .mounted_at("/v")
    ///     .translate_path(|path| {
    ///         let (_version, file) = path.strip_prefix("/v/")?.split_once('/')?;
    ///         SimpleHTTPRequestHandler::translate_path(file)
    ///     })
    ///     .build()?;
    /// # let reply = basehttp::testing::respond(&files, b"GET /v/1.2/Cargo.toml HTTP/1.0\r\n\r\n");
    /// # assert!(reply.starts_with(b"HTTP/1.1 200 OK\r\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn translate_path(mut self, translate: impl Fn(&str) -> Option<PathBuf> + Send + Sync + 'static) -> Self {
        self.options.translate_path = Some(Arc::new(translate));
        self
    }

    /// Answers for folders without an index page, in place of the page that comes with the library.
    pub fn list_directory(
        mut self,
        list: impl Fn(&mut Exchange<'_>, &Listing) -> Result + Send + Sync + 'static,
    ) -> Self {
        self.options.listing.look = Some(Arc::new(list));
        self
    }

    /// Whether folders without an index page are listed. Default: they are. Else they are 404.
    pub fn listings(mut self, listings: bool) -> Self {
        self.options.has_listings = listings;
        self
    }

    /// Follows links wherever they lead. Default: only to places beneath the root; what leads out of it is 404.
    ///
    /// With it, whoever can make a link in the folder can have every file served that the process may read.
    pub fn follow_links_out(mut self, follow: bool) -> Self {
        self.links = if follow { Links::Anywhere } else { Links::Inside };
        self
    }

    /// Serves and lists names with a leading dot. Default: they are 404, but for what stands beneath `/.well-known/`.
    ///
    /// The name that was asked for decides: a link may lead to such a name.
    pub fn dot_files(mut self, dot_files: bool) -> Self {
        self.options.dot_files = dot_files;
        self.options.listing.dot_files = dot_files;
        self
    }

    /// Which validator files have besides `Last-Modified`. Default: [`ETag::Strong`].
    pub fn etag(mut self, etag: ETag) -> Self {
        self.options.etag = etag;
        self
    }

    /// Sends `name.br`, `name.zst` or `name.gz` for `name` to clients that prefer them, with `Content-Encoding` and
    /// `Vary: Accept-Encoding` (RFC 9110, section 12.5.3). Default: off.
    ///
    /// `name` itself must be there. What stands beside it is not taken if it was written in an earlier second: it was made
    /// from another state of the file.
    pub fn precompressed(mut self, precompressed: bool) -> Self {
        self.options.precompressed = precompressed;
        self
    }

    /// The `Cache-Control` of files, such as `max-age=60` (RFC 9111, section 5.2.2). Default: none.
    pub fn cache_control(mut self, value: impl Into<String>) -> Self {
        self.options.cache_control = Some(value.into());
        self
    }

    /// Adds a field to every reply of the handler, errors included. Several of one name are all sent.
    ///
    /// Not those that say what a file is, of which a reply may have one only: [`build`](Self::build) refuses `Content-Type`,
    /// `ETag`, `Last-Modified` and `Location`, as it does what frames a message.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.common_fields.push(name, value);
        self
    }

    /// Lets pages of `origin` (`*`: of all sites) read what is served, by `Access-Control-Allow-Origin` in every reply,
    /// and answers the question that browsers ask before (OPTIONS) for the handler on its own. Default: none.
    pub fn cors(mut self, origin: impl Into<String>) -> Self {
        self.options.cors = Some(origin.into());
        self
    }

    /// Asks browsers to save files in place of showing them (`Content-Disposition`, RFC 6266). Default: no.
    pub fn attachment(mut self, attachment: bool) -> Self {
        self.options.attachment = attachment;
        self
    }

    /// The page, beneath the root, for what is not there: for programs that run in the browser and make their own
    /// paths. It is sent with 200.
    ///
    /// A browser that goes to a page names `text/html` in `Accept`, and gets it for any path. A client that takes anything
    /// (`*/*`, as for scripts and by curl) gets it where the last segment has no dot: `/app.js` is a file's, and stays 404.
    /// A client that takes no HTML gets 404.
    pub fn fallback_page(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.fallback_page = Some(path.into());
        self
    }

    /// The page, beneath the root, that is sent with 404 for what is not there.
    pub fn not_found_page(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.not_found_page = Some(path.into());
        self
    }

    /// How many bytes of small files (up to 64 KiB each) are kept in memory. Default: 8 MiB. 0: none.
    ///
    /// A kept file is compared with the disk before it is sent. If it has not changed for 2 s and was asked for 64 times
    /// within the second, it is sent without that for the rest of the second. With 0 the disk is asked every time.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.options.cache_bytes = bytes;
        self
    }

    /// Opens the folder.
    ///
    /// # Errors
    /// What opening it says; [`InvalidInput`](io::ErrorKind::InvalidInput) for a field or media type that cannot be
    /// sent, or that only the server may send.
    pub fn build(mut self) -> io::Result<SimpleHTTPRequestHandler> {
        self.options.check()?;
        self.options.mount = Mount::at(&self.mounted_at).ok_or_else(|| {
            invalid(format!(
                "{:?} is not the path of a URL: write one that begins with a slash, as in /static",
                self.mounted_at
            ))
        })?;
        let root = Root::open(&self.directory, self.links)?;
        SimpleHTTPRequestHandler::new_in(root, self.options)
    }
}

impl fmt::Debug for SimpleHTTPRequestHandlerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleHTTPRequestHandlerBuilder").field("directory", &self.directory).finish_non_exhaustive()
    }
}
