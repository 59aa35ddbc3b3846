//! A folder of files for the tests of what serves them, gone when the value is.

use std::fmt;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use basehttp::{
    BaseHTTPRequestHandler, Exchange, Result, SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder, http_handler,
    testing,
};

use super::Reply;

/// The time at which all files of a [`Folder`] were written (`Tue, 14 Nov 2023 22:13:20 GMT`).
pub(crate) const THEN: Duration = Duration::from_secs(1_700_000_000);
pub(crate) const THEN_TEXT: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

/// A directory with a directory `www` in it. Files beside `www` must never be served.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Creates these files in `www`, each as `("a/b.txt", "text")`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("files-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::create_dir_all(folder.www()).expect("a scratch folder");
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// The folder around `www`.
    pub(crate) fn outside(&self) -> &Path {
        &self.0
    }

    /// The folder that is served.
    pub(crate) fn www(&self) -> PathBuf {
        self.0.join("www")
    }

    /// Writes a file of `www`, with its folders, which was last written in 2023.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.www().join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + THEN);
        File::options().write(true).open(&path).and_then(|file| file.set_times(times)).expect("a time");
    }

    /// Makes `path` of `www` a link to `target`.
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        symlink(target, self.www().join(path)).expect("a link");
    }

    /// The options of a handler for `www`.
    pub(crate) fn options(&self) -> SimpleHTTPRequestHandlerBuilder {
        SimpleHTTPRequestHandler::builder().directory(self.www())
    }

    /// A handler for `www` with the default options.
    pub(crate) fn handler(&self) -> Quiet {
        quiet(self.options())
    }
}

/// A handler that hands every GET on, and logs nothing.
pub(crate) struct Quiet(SimpleHTTPRequestHandler);

/// One with these options.
#[track_caller]
pub(crate) fn quiet(options: SimpleHTTPRequestHandlerBuilder) -> Quiet {
    Quiet(options.build().expect("a handler"))
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Quiet {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the build's own directory is harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The one reply to `METHOD PATH` with these field lines, each ended by CRLF.
#[track_caller]
pub(crate) fn ask<H: BaseHTTPRequestHandler>(handler: &H, line: &str, fields: &str) -> Reply {
    let bytes = testing::respond(handler, format!("{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}\r\n"));
    let method = line.split(' ').next().expect("there is always one");
    let mut rest = &bytes[..];
    let reply = Reply::read(&mut rest, method).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert!(rest.is_empty(), "{line}: one reply: {:?}", String::from_utf8_lossy(rest));
    reply
}

/// Does `again` again and again on a thread of its own while `run` runs, however that ends.
pub(crate) fn beside<R>(again: impl Fn() + Sync, run: impl FnOnce() -> R) -> R {
    struct Over<'o>(&'o AtomicBool);

    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                again();
            }
        });
        let _over = Over(&is_over);
        run()
    })
}
