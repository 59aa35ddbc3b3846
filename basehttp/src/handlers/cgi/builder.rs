//! The options of a [`CGIHTTPRequestHandler`] and their defaults. The reason for a default stands at its constant.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fmt, io};

use super::super::simple::SimpleHTTPRequestHandler;
use super::super::simple::path::ServedPath;
use super::CGIHTTPRequestHandler;

/// The script directories of Python's `http.server`.
pub(super) const CGI_DIRECTORIES: [&str; 2] = ["cgi-bin", "htbin"];

/// Longest header of a script: 32 KiB, some hundred fields.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Longest run of a script: 1 h, the clone of a large repository over a slow line.
const RUN_TIMEOUT: Duration = Duration::from_secs(3600);

/// Longest time in which a script neither reads nor writes: 60 s, longer than people wait.
const OUTPUT_STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Time for a response after the client has closed its sending side: 2 s. Nearly all such clients have gone away.
const CLIENT_END_GRACE: Duration = Duration::from_secs(2);

/// Scripts that run at once: 64. Each is one process or more, and holds one of the server's 512 threads.
const MAX_CHILDREN: usize = 64;

/// Bytes of one request's body that are stored: 1 GiB. For all requests together, only the disk is a bound.
const MAX_SPOOLED_BODY_BYTES: u64 = 1024 * 1024 * 1024;

/// Local redirects that one request follows: 10. More are a loop.
const MAX_LOCAL_REDIRECTS: usize = 10;

/// Highest value of `max_local_redirects`: 100. Otherwise a script that redirects to itself could run for ever.
const MOST_LOCAL_REDIRECTS: usize = 100;

/// Fewest descriptors that scripts can run with: 16. A shell opens its script as number 10 or higher.
const MIN_DESCRIPTORS: u64 = 16;

/// Shortest header with a meaning, `Location:/` and an empty line.
const SHORTEST_HEADER: &str = "Location:/\n\n";

/// Longest variable, with its name: 128 KiB. Linux starts no program with a longer one.
const MAX_VARIABLE_BYTES: usize = 128 * 1024 - 2;

/// Options of a [`CGIHTTPRequestHandler`], made by [`CGIHTTPRequestHandler::builder`].
///
/// ```
/// use basehttp::{CGIHTTPRequestHandler, SimpleHTTPRequestHandler};
/// use std::time::Duration;
///
/// # let directory = env!("CARGO_MANIFEST_DIR");
/// let files = SimpleHTTPRequestHandler::builder().directory(directory).listings(false).build()?;
/// let handler = CGIHTTPRequestHandler::builder(files)
///     .cgi_directories(["/cgi-bin"])
///     .env("GIT_PROJECT_ROOT", "/srv/git")
///     .pass_env("PATH")
///     .run_timeout(Duration::from_secs(30))
///     .max_children(8)
///     .build()?;
/// assert!(handler.is_cgi("/cgi-bin/git/project.git/info/refs?service=git-upload-pack"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct CGIHTTPRequestHandlerBuilder {
    files: SimpleHTTPRequestHandler,
    cgi_directories: Vec<String>,
    variables: Vec<(OsString, OsString)>,
    passes_authorization: bool,
    spool_directory: Option<PathBuf>,
    limits: ScriptLimits,
}

/// The limits of one run, and of all scripts at once.
#[derive(Clone, Debug)]
pub(super) struct ScriptLimits {
    pub max_header_bytes: usize,
    pub run_timeout: Duration,
    pub output_stall_timeout: Duration,
    pub client_end_grace: Duration,
    pub max_children: usize,
    pub max_spooled_body_bytes: u64,
    pub max_local_redirects: usize,
    pub soft_descriptors: Option<u64>,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        ScriptLimits {
            max_header_bytes: MAX_HEADER_BYTES,
            run_timeout: RUN_TIMEOUT,
            output_stall_timeout: OUTPUT_STALL_TIMEOUT,
            client_end_grace: CLIENT_END_GRACE,
            max_children: MAX_CHILDREN,
            max_spooled_body_bytes: MAX_SPOOLED_BODY_BYTES,
            max_local_redirects: MAX_LOCAL_REDIRECTS,
            soft_descriptors: None,
        }
    }
}

impl ScriptLimits {
    /// Refuses values with which no script could run.
    fn check(&self) -> io::Result<()> {
        let counts = [
            ("max_header_bytes", self.max_header_bytes, SHORTEST_HEADER.len()),
            ("max_children", self.max_children, 1),
        ];
        if let Some((name, count, least)) = counts.iter().find(|(_, count, least)| count < least) {
            return Err(invalid(format!("{name} is {count}, and no script could answer: write {least} or more")));
        }
        let durations = [("run_timeout", self.run_timeout), ("output_stall_timeout", self.output_stall_timeout)];
        if let Some((name, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(invalid(format!("{name} is zero: write a longer time, or Duration::MAX to wait for ever")));
        }
        Ok(())
    }
}

/// Writes a method for each limit, from its documentation, name and type.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)+) => {
        impl CGIHTTPRequestHandlerBuilder {$(
            $(#[$doc])*
            pub fn $name(mut self, $name: $type) -> Self {
                self.limits.$name = $name;
                self
            }
        )+}
    };
}

limits! {
    /// Sets the longest header of a script, in bytes, with its empty line. Default 32 KiB; a longer one is a 502.
    max_header_bytes: usize;
    /// Sets the longest time that a script may run. Default 1 h. Then the script is ended, and the client gets a 504,
    /// or only a part of the response.
    run_timeout: Duration;
    /// Sets the longest time in which a script neither takes input nor writes output. Default 60 s. Then the script is
    /// ended, and the client gets a 504, or only a part of the response. Time that the script spends waiting for the
    /// client does not count.
    output_stall_timeout: Duration;
    /// Sets the time that a silent script has left once its client has closed its sending side. Default 2 s.
    ///
    /// A client that has gone away looks like that, and so does one that still waits for its response. As soon as
    /// something is sent to the client, the connection shows which of the two it is, and this limit does not matter any
    /// more.
    client_end_grace: Duration;
    /// Sets how many scripts may run at once. Default 64; more are a 503, with `Retry-After`.
    max_children: usize;
    /// Sets how many bytes of one request's body may be stored in a file. Bodies of unknown length are stored, and
    /// bodies that the script takes only later. Default 1 GiB. Beyond it a body of unknown length is a 413, and any
    /// other waits for the script.
    max_spooled_body_bytes: u64;
    /// Sets how many local redirects (a `Location` that is a path of this server) one request may follow. Default 10,
    /// at most 100; more are a 502.
    max_local_redirects: usize;
}

impl CGIHTTPRequestHandlerBuilder {
    pub(super) fn new(files: SimpleHTTPRequestHandler) -> Self {
        CGIHTTPRequestHandlerBuilder {
            files,
            cgi_directories: CGI_DIRECTORIES.map(|name| format!("/{name}")).into(),
            variables: Vec::new(),
            passes_authorization: false,
            spool_directory: None,
            limits: ScriptLimits::default(),
        }
    }

    /// Sets the script directories, as paths from the root. Everything below them is a script, and never sent as a
    /// file. By default these are `/cgi-bin` and `/htbin`.
    pub fn cgi_directories(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.cgi_directories = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a variable to every script's environment. If a name is given twice, the later value counts. The variables
    /// that describe the request override both.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Passes on a variable of this process, with its present value. A variable that is not set is not passed on.
    ///
    /// Nothing else of the server's own environment reaches a script, not even `PATH`. Shells, Perl and Python have a
    /// default for it.
    pub fn pass_env(self, name: impl AsRef<OsStr>) -> Self {
        match env::var_os(&name) {
            Some(value) => self.env(name.as_ref(), value),
            None => self,
        }
    }

    /// Sets whether scripts get the `Authorization` field, as `HTTP_AUTHORIZATION`, to check it themselves. Default
    /// `false`.
    pub fn pass_authorization(mut self, passes: bool) -> Self {
        self.passes_authorization = passes;
        self
    }

    /// Sets the soft limit of file descriptors for scripts (`ulimit -Sn`). By default scripts have the server's own.
    /// The least is 16, the most the hard limit.
    ///
    /// Useful for a server that has raised its own limit, since some scripts use `select`, which cannot handle
    /// descriptors beyond 1023. Works on Linux only; elsewhere scripts keep the server's limit. The limit is set right
    /// after the script was started, so the script may see the server's limit for a moment.
    pub fn soft_descriptor_limit(mut self, limit: u64) -> Self {
        self.limits.soft_descriptors = Some(limit.max(MIN_DESCRIPTORS));
        self
    }

    /// Sets the directory for bodies that are stored. By default it is the system's directory for temporary files.
    pub fn spool_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.spool_directory = Some(directory.into());
        self
    }

    /// Builds the handler.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), with a text that says what to write, for:
    ///
    /// * a script directory that is not a path below the root,
    /// * a variable without a name, with `=` in its name, with NUL in it, or of more than 128 KiB,
    /// * an empty path of the directory for bodies,
    /// * a limit with which no script could run.
    pub fn build(mut self) -> io::Result<CGIHTTPRequestHandler> {
        self.limits.check()?;
        self.limits.max_local_redirects = self.limits.max_local_redirects.min(MOST_LOCAL_REDIRECTS);
        if self.spool_directory.as_ref().is_some_and(|directory| directory.as_os_str().is_empty()) {
            return Err(invalid(
                "spool_directory is empty: write the path of a directory, \".\" for the current one".into(),
            ));
        }
        self.variables.iter().try_for_each(|(name, value)| check_variable(name, value))?;
        let directories = self.cgi_directories.iter().map(|path| directory(path)).collect::<io::Result<_>>()?;
        Ok(self.with_directories(directories))
    }

    /// Builds the handler without checks, for options that are known to be good, as the defaults are.
    pub(super) fn with_directories(self, directories: Vec<Vec<u8>>) -> CGIHTTPRequestHandler {
        CGIHTTPRequestHandler::assemble(super::Parts {
            files: self.files,
            directories,
            variables: self.variables,
            passes_authorization: self.passes_authorization,
            spool_directory: self.spool_directory.unwrap_or_else(env::temp_dir),
            limits: self.limits,
        })
    }
}

/// Returns the path below the root, without slashes around it.
fn directory(path: &str) -> io::Result<Vec<u8>> {
    let place = ServedPath::of_path(path.as_bytes(), "").map(|place| place.path().to_vec());
    let place = place.filter(|place| !place.is_empty() && path.starts_with('/'));
    place.ok_or_else(|| {
        let start: String = path.chars().take(40).collect();
        invalid(format!("{start:?} is not a path for cgi_directories: write one beneath the root, such as /cgi-bin"))
    })
}

fn check_variable(name: &OsStr, value: &OsStr) -> io::Result<()> {
    let (name_bytes, value_bytes) = (name.as_bytes(), value.as_bytes());
    if name_bytes.is_empty() || name_bytes.contains(&b'=') || name_bytes.contains(&0) || value_bytes.contains(&0) {
        let text = format!(
            "{} cannot be an env variable: write a name without = and NUL, and a value without NUL",
            name.display()
        );
        return Err(invalid(text));
    }
    let length = name_bytes.len().saturating_add(value_bytes.len());
    if length > MAX_VARIABLE_BYTES {
        let start = String::from_utf8_lossy(&name_bytes[..name_bytes.len().min(40)]);
        let text = format!(
            "the variable {start} of env has {length} bytes: write {MAX_VARIABLE_BYTES} at most, name and value together"
        );
        return Err(invalid(text));
    }
    Ok(())
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

impl fmt::Debug for CGIHTTPRequestHandlerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CGIHTTPRequestHandlerBuilder").field("files", &self.files).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> CGIHTTPRequestHandlerBuilder {
        let files = SimpleHTTPRequestHandler::new(env!("CARGO_MANIFEST_DIR")).expect("the crate's own directory");
        CGIHTTPRequestHandler::builder(files)
    }

    #[test]
    fn what_could_not_work_is_refused() {
        let refused = [
            ("no slash", builder().cgi_directories(["cgi-bin"])),
            ("the root", builder().cgi_directories(["/"])),
            ("above the root", builder().cgi_directories(["/cgi-bin/.."])),
            ("a NUL", builder().cgi_directories(["/cgi\0"])),
            ("no name", builder().env("", "x")),
            ("a name with =", builder().env("A=B", "x")),
            ("a name with NUL", builder().env("A\0", "x")),
            ("a value with NUL", builder().env("A", "\0")),
            ("no children", builder().max_children(0)),
            ("no time", builder().run_timeout(Duration::ZERO)),
        ];
        for (why, builder) in refused {
            let error = builder.build().expect_err(why);
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{why}: {error}");
        }
        assert!(builder().cgi_directories(["/a//b/./"]).build().expect("a path").is_cgi("/a/b/c"));
    }
}
