//! The builder of a [`SimpleHTTPRequestHandler`]. Each method names its default; `options` holds and checks the values.

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

/// Builder of a [`SimpleHTTPRequestHandler`]. Get one from [`SimpleHTTPRequestHandler::builder`].
///
/// ```
/// use basehttp::{ETag, SimpleHTTPRequestHandler};
///
/// # let directory = env!("CARGO_MANIFEST_DIR");
/// let files = SimpleHTTPRequestHandler::builder()
///     .directory(directory)
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
    /// The text as given; `build` checks it.
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
    /// Sets the directory that is served. Default: the current directory.
    ///
    /// It must exist when [`build`](Self::build) opens it. Later the handler serves the directory that has this name at
    /// the time of a request, such as a new one, or one that a link was switched to. While there is none, everything is
    /// 404. `build` resolves a relative path against the current directory.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Sets the URL path at which the directory appears. Default: `/`.
    ///
    /// With `/static`, the file `a.txt` is at `/static/a.txt`. Every path that is not below `/static` is 404, such as
    /// `/a.txt`, `/statica.txt` and `/static/../a.txt`. Redirects and the links of listings stay below it too. The
    /// prefix is part of the request's path, so a handler passes the exchange on unchanged.
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
    ///     #[path("/")]
    ///     fn do_GET_home(&self) -> &'static str {
    ///         "home\n"
    ///     }
    ///
    ///     // Without a path, it serves all other requests.
    ///     fn do_GET(&self, ex: &mut Exchange) -> Result {
    ///         self.files.do_GET(ex)
    ///     }
    /// }
    ///
    /// # let directory = env!("CARGO_MANIFEST_DIR");
    /// let files = SimpleHTTPRequestHandler::builder().directory(directory).mounted_at("/static").build()?;
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

    /// Sets the names of index pages; the first that exists is sent for its directory. Default: `index.html`,
    /// `index.htm`.
    pub fn index_pages(mut self, names: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.options.index_pages = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds media types by extension, with its dot. The empty extension is for names without one.
    ///
    /// An extension is looked up as it is, then in lower case. A type that is found here is sent unchanged, without a
    /// `charset`. Default: `.gz`, `.Z`, `.bz2` and `.xz`, so that compressed files are sent as compressed files. The
    /// library's table has the other extensions.
    pub fn extensions_map(mut self, types: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        for (extension, media_type) in types {
            self.options.media_types.add(extension.into(), media_type.into());
        }
        self
    }

    /// Sets the media type of files with an unknown extension. Default: `application/octet-stream`.
    pub fn default_type(mut self, media_type: impl Into<String>) -> Self {
        self.options.media_types.set_default(media_type.into());
        self
    }

    /// Sets the `charset` of text files, such as `shift_jis`. Default: `utf-8`. The empty string sends none.
    ///
    /// It applies to types from the library's table. It is omitted if the first KiB of a file names another one (`<meta
    /// charset>`, `@charset`, the XML declaration, a byte order mark), or if it is `utf-8` and that KiB is not UTF-8.
    /// Clients would believe the field and not the file.
    pub fn charset(mut self, charset: impl Into<String>) -> Self {
        self.options.media_types.set_charset(charset.into());
        self
    }

    /// Sets a function that guesses media types from the file's path beneath the root. `None` falls back to the tables.
    ///
    /// It is called when a file has changed since it was last read, or is not kept in memory.
    pub fn guess_type(mut self, guess: impl Fn(&Path) -> Option<String> + Send + Sync + 'static) -> Self {
        self.options.guess_type = Some(Arc::new(guess));
        self
    }

    /// Sets a function that translates request paths to paths beneath the root. `None` gives 404.
    ///
    /// It gets the request's path undecoded and with its query, as Python's method of this name does. The result is
    /// always looked up beneath the root, even with `..` or a slash in front. The function may call
    /// [`SimpleHTTPRequestHandler::translate_path`], the default. Only paths below [`mounted_at`](Self::mounted_at) are
    /// translated; to serve a directory at a URL path, that option is enough.
    ///
    /// ```
    /// use basehttp::SimpleHTTPRequestHandler;
    ///
    /// # let directory = env!("CARGO_MANIFEST_DIR");
    /// // `/v/1.2/a.js` is the file `a.js`, so each version has its own URLs.
    /// let files = SimpleHTTPRequestHandler::builder()
    ///     .directory(directory)
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

    /// Sets a function that answers for directories without an index page, instead of the library's listing. It is not
    /// called if [`listings`](Self::listings) are off.
    pub fn list_directory(
        mut self,
        list: impl Fn(&mut Exchange<'_>, &Listing) -> Result + Send + Sync + 'static,
    ) -> Self {
        self.options.listing.look = Some(Arc::new(list));
        self
    }

    /// Lists directories without an index page, or makes them 404. Default: they are listed. `false` is stronger than
    /// [`list_directory`](Self::list_directory), so that a program can leave the choice to its user.
    pub fn listings(mut self, listings: bool) -> Self {
        self.options.has_listings = listings;
        self
    }

    /// Follows links that lead out of the directory. Default: they are 404.
    ///
    /// Beware: every user who can make a link in the directory can then publish any file that the process may read.
    pub fn follow_links_out(mut self, follow: bool) -> Self {
        self.links = if follow { Links::Anywhere } else { Links::Inside };
        self
    }

    /// Serves and lists names with a leading dot. Default: they are 404, except beneath `/.well-known/`.
    ///
    /// Only the requested name counts. A link with another name may lead to such a file.
    pub fn dot_files(mut self, dot_files: bool) -> Self {
        self.options.dot_files = dot_files;
        self.options.listing.dot_files = dot_files;
        self
    }

    /// Sets the kind of `ETag` that files get. Default: [`ETag::Strong`].
    pub fn etag(mut self, etag: ETag) -> Self {
        self.options.etag = etag;
        self
    }

    /// Sends `name.br`, `name.zst` or `name.gz` instead of `name` to clients that accept them. Default: off.
    ///
    /// Such a response has `Content-Encoding`, and all have `Vary: Accept-Encoding` (RFC 9110, section 12.5.3). `name`
    /// itself must exist. A compressed file that was written in an earlier second than `name` is ignored, since it was
    /// made from another state of the file.
    pub fn precompressed(mut self, precompressed: bool) -> Self {
        self.options.precompressed = precompressed;
        self
    }

    /// Sets the `Cache-Control` of files, such as `max-age=60` (RFC 9111, section 5.2.2). Default: none.
    pub fn cache_control(mut self, value: impl Into<String>) -> Self {
        self.options.cache_control = Some(value.into());
        self
    }

    /// Adds a field to every response, errors included. Fields with the same name are all sent.
    ///
    /// [`build`](Self::build) refuses fields that frame a message, such as `Content-Length`, and fields that describe a
    /// file and may occur only once: `Content-Type`, `ETag`, `Last-Modified`, `Location`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.common_fields.push(name, value);
        self
    }

    /// Lets pages of `origin`, or of all sites with `*`, read the files. Default: off.
    ///
    /// Every response gets `Access-Control-Allow-Origin`. The handler answers the preflight of browsers (OPTIONS) if it
    /// is the server's own handler.
    pub fn cors(mut self, origin: impl Into<String>) -> Self {
        self.options.cors = Some(origin.into());
        self
    }

    /// Asks browsers to save files instead of showing them (`Content-Disposition`, RFC 6266). Default: off.
    pub fn attachment(mut self, attachment: bool) -> Self {
        self.options.attachment = attachment;
        self
    }

    /// Sets the page, beneath the root, that is sent with 200 for missing paths. For single-page applications.
    ///
    /// A browser that opens a page names `text/html` in `Accept`, and gets the page for any path. A client that accepts
    /// anything (`*/*`, such as curl or a browser that loads a script) gets it only if the last segment has no dot, so
    /// `/app.js` stays 404. A client that does not accept HTML gets 404.
    pub fn fallback_page(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.fallback_page = Some(path.into());
        self
    }

    /// Sets the page, beneath the root, that is sent with 404 for missing paths.
    pub fn not_found_page(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.not_found_page = Some(path.into());
        self
    }

    /// Sets the memory for small files (up to 64 KiB each), in bytes. Default: 8 MiB. With 0 none are kept.
    ///
    /// The handler compares a kept file with the disk before it sends it. A file that has not changed for 2 s and was
    /// requested 64 times within the second is sent without that for the rest of the second. With 0 the disk is asked
    /// every time.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.options.cache_bytes = bytes;
        self
    }

    /// Checks the options and opens the directory.
    ///
    /// # Errors
    /// If the directory cannot be opened, an error with the directory's name, and the text and kind of the system's
    /// error. [`InvalidInput`](io::ErrorKind::InvalidInput) for an option with an invalid value, or a field that only
    /// the server may send. It always means a wrong value, since an `EINVAL` of the system becomes
    /// [`Other`](io::ErrorKind::Other).
    pub fn build(mut self) -> io::Result<SimpleHTTPRequestHandler> {
        self.options.check()?;
        self.options.mount = Mount::at(&self.mounted_at).ok_or_else(|| {
            invalid(format!(
                "{:?} is not the path of a URL; write one that begins with a slash, such as /static",
                self.mounted_at
            ))
        })?;
        let root = Root::open(&self.directory, self.links).map_err(|error| of_directory(&self.directory, &error))?;
        SimpleHTTPRequestHandler::new_in(root, self.options)
    }
}

/// Explains why the directory cannot be served. A program may tell wrong values by `InvalidInput`, so an `EINVAL` of the
/// system gets another kind. A name with a NUL, for which the system is not asked, keeps it.
fn of_directory(directory: &Path, error: &io::Error) -> io::Error {
    let kind = match error.kind() {
        io::ErrorKind::InvalidInput if error.raw_os_error().is_some() => io::ErrorKind::Other,
        kind => kind,
    };
    io::Error::new(kind, format!("cannot serve the directory {}: {error}", directory.display()))
}

impl fmt::Debug for SimpleHTTPRequestHandlerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleHTTPRequestHandlerBuilder").field("directory", &self.directory).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn only_a_wrong_value_is_invalid_input() {
        let table = [
            (Errno::INVAL, ErrorKind::Other),
            (Errno::NOENT, ErrorKind::NotFound),
            (Errno::NOTDIR, ErrorKind::NotADirectory),
        ];
        for (errno, kind) in table {
            let error = of_directory(Path::new("/srv/www"), &errno.into());
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.to_string(), format!("cannot serve the directory /srv/www: {}", io::Error::from(errno)));
        }
        let of_value = SimpleHTTPRequestHandler::builder().directory("a\0b").build();
        assert_eq!(of_value.map_err(|error| error.kind()).err(), Some(ErrorKind::InvalidInput), "a NUL");
    }
}
