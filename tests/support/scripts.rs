//! A folder of scripts for the tests of what runs them, and a handler that keeps its log for the test to read.

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use basehttp::testing::Server;
use basehttp::{
    CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder, Exchange, HTTPServer, Result, SimpleHTTPRequestHandler,
    http_handler, testing,
};

use super::{Client, Reply, needs};

/// The first lines of every script of `sh`.
pub(crate) const SH: &str = "#!/bin/sh\n";
pub(crate) const PYTHON: &str = "#!/usr/bin/env python3\n";
pub(crate) const PERL: &str = "#!/usr/bin/env perl\n";

/// Returns whether scripts that begin with this line run here. Says SKIPPED if they do not.
#[track_caller]
pub(crate) fn runs(interpreter: &str) -> bool {
    interpreter == SH || needs::interpreter(interpreter.split_whitespace().last().expect("a first line"))
}

/// Time for a process to end, or for a file to appear, on a busy machine. It is a safety net, and nothing is measured
/// by it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A deadline that passes while a test waits for it, and before which a script has started and done its first steps.
pub(crate) const ENOUGH_TO_START: Duration = Duration::from_secs(2);

/// Pause between two looks at the processes of the system.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// A folder with a folder `www` in it, which is served; gone when the value is.
pub(crate) struct Scripts(PathBuf);

impl Scripts {
    /// With these scripts in `www/cgi-bin`.
    pub(crate) fn with(scripts: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cgi-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Scripts(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::create_dir_all(folder.www().join("cgi-bin")).expect("a scratch folder");
        for (name, text) in scripts {
            folder.add(&format!("cgi-bin/{name}"), text);
        }
        folder
    }

    /// The folder around `www`.
    pub(crate) fn outside(&self) -> &Path {
        &self.0
    }

    /// The folder that is served, by its full path without links.
    pub(crate) fn www(&self) -> PathBuf {
        let www = self.0.join("www");
        www.canonicalize().unwrap_or(www)
    }

    /// Writes an executable file of `www`.
    pub(crate) fn add(&self, path: &str, text: &str) {
        self.write(path, text, 0o755);
    }

    /// Writes a file of `www` with these permissions.
    ///
    /// Another process may hold it open for writing. A child that another test starts meanwhile inherits this process's
    /// descriptor for a moment, and the system executes no file that is open for writing.
    pub(crate) fn write(&self, path: &str, text: &str, mode: u32) {
        let path = self.www().join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        let mut writer =
            Command::new("tee").arg(&path).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("tee");
        writer.stdin.take().expect("it was asked for").write_all(text.as_bytes()).expect("tee reads");
        assert!(writer.wait().expect("it is our child").success(), "{} was written", path.display());
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a file of ours");
    }

    /// Makes `path` of `www` a link to `target`.
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        symlink(target, self.www().join(path)).expect("a link");
    }

    /// The options of a handler for `www`.
    pub(crate) fn options(&self) -> CGIHTTPRequestHandlerBuilder {
        CGIHTTPRequestHandler::builder(SimpleHTTPRequestHandler::new(self.www()).expect("a folder"))
    }

    /// A handler for `www` with the default options.
    pub(crate) fn site(&self) -> Site {
        Site::of(self.options())
    }

    /// A server for `www` with the default options.
    pub(crate) fn serve(&self) -> (Server, Arc<Log>) {
        self.site().serve()
    }

    /// The content of a file that a script has written into its own folder, once it is there.
    #[track_caller]
    pub(crate) fn await_file(&self, name: &str) -> String {
        let path = self.www().join("cgi-bin").join(name);
        let is_there = wait_until(|| fs::read_to_string(&path).is_ok_and(|text| text.ends_with('\n')));
        assert!(is_there, "no script wrote {name}");
        fs::read_to_string(path).expect("it was there").trim_end().to_owned()
    }
}

impl Drop for Scripts {
    fn drop(&mut self) {
        // A leftover is in the directory for scratch files, and is harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The lines that a handler has logged.
#[derive(Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    changed: Condvar,
}

impl Log {
    fn add(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.changed.notify_all();
    }

    /// All lines so far, one below the other.
    pub(crate) fn text(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Waits until a line has `text` in it.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lacks = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(text));
        let waited = self.changed.wait_timeout_while(lines, LONG, lacks).unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.1.timed_out(), "no line of the log has {text:?}: {:#?}", waited.0);
    }
}

/// A handler that hands every request on, and keeps the log.
pub(crate) struct Site {
    cgi: CGIHTTPRequestHandler,
    pub log: Arc<Log>,
}

#[http_handler(protocol_version = "HTTP/1.1", server_version = "Site/1.0", sys_version = "")]
impl Site {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.cgi.do_GET(ex)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.cgi.do_POST(ex)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        self.cgi.do_PUT(ex)
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> Result {
        self.cgi.do_DELETE(ex)
    }

    fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        self.cgi.do_OPTIONS(ex)
    }

    fn log_message(&self, _: &Exchange, message: fmt::Arguments) {
        self.log.add(message.to_string());
    }

    fn handle_error(&self, _: &basehttp::Address, error: &basehttp::HandlerError) {
        self.log.add(format!("handle_error: {error}"));
    }
}

impl Site {
    #[track_caller]
    pub(crate) fn of(options: CGIHTTPRequestHandlerBuilder) -> Self {
        Site { cgi: options.build().expect("a handler"), log: Arc::default() }
    }

    /// Serves it on a port of its own.
    pub(crate) fn serve(self) -> (Server, Arc<Log>) {
        let log = Arc::clone(&self.log);
        (Server::start_with(HTTPServer::builder(), self).expect("a free port"), log)
    }

    /// The reply to one request, without a socket.
    pub(crate) fn answer(&self, request: &str) -> Reply {
        let mut replies = Reply::all(&testing::respond(self, request));
        assert_eq!(replies.len(), 1, "one reply: {replies:?}");
        replies.remove(0)
    }

    /// The reply to a GET, without a socket.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.answer(&get(path))
    }
}

/// A GET request.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: example.org\r\n\r\n")
}

/// One GET on a connection of its own.
pub(crate) fn fetch(server: &Server, path: &str) -> Reply {
    Client::sending(server, get(path)).read_reply()
}

/// Returns whether `is_so` becomes true within [`LONG`].
pub(crate) fn wait_until(is_so: impl Fn() -> bool) -> bool {
    let until = Instant::now() + LONG;
    while Instant::now() < until {
        if is_so() {
            return true;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
    is_so()
}

/// Returns the letter of a process's state, such as `S` or `Z`, if the process exists.
pub(crate) fn state_of(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Waits until there is no process of that number, zombies included.
#[track_caller]
pub(crate) fn expect_gone(pid: &str) {
    assert!(pid.parse::<u32>().is_ok(), "{pid:?} is a process's number");
    assert!(wait_until(|| state_of(pid).is_none()), "process {pid} is still there: {:?}", state_of(pid));
}

/// Waits until a process that is not our child has ended. Its adoptive parent may reap it late.
#[track_caller]
pub(crate) fn expect_ended(pid: &str) {
    assert!(pid.parse::<u32>().is_ok(), "{pid:?} is a process's number");
    let has_ended = || matches!(state_of(pid), None | Some('Z' | 'X'));
    assert!(wait_until(has_ended), "process {pid} still runs: {:?}", state_of(pid));
}
