//! [`CGIHTTPRequestHandler`]: programs as pages, by the Common Gateway Interface (RFC 3875), beside files.
//!
//! A request passes through these modules. `script` decides whether the path is a script, and finds it. `body` reads
//! the part of the body that has to be here before the script starts. `environment` makes the script's variables,
//! `process` starts it, and `run` moves everything between script and client until the end. On the way, `head` parses
//! the script's header, `output` makes a response of it, `stderr` logs the script's complaints, and `clock` has the
//! time limits. `quota` limits how many scripts run at once.

mod body;
mod builder;

mod clock;
mod environment;
pub(crate) mod head;
mod interpreter;
mod output;
mod process;
mod quota;
mod run;
mod script;
mod stderr;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Stdio;

use basehttp::{BaseHTTPRequestHandler, Exchange, HTTPError, Result, SimpleHTTPRequestHandler, http_handler};

pub use self::builder::CGIHTTPRequestHandlerBuilder;

use self::body::{Feed, ScriptInput, SpoolOptions};
use self::builder::{CGI_DIRECTORIES, ScriptLimits};
use self::output::ScriptOutcome;
use self::process::Process;
use self::quota::ScriptQuota;
use self::run::Run;
use self::script::Script;
use super::simple::path;

/// Serves files and directories, and runs the programs below `/cgi-bin` and `/htbin`, by RFC 3875.
///
/// This is Python's `CGIHTTPRequestHandler`. It needs the feature `cgi`.
///
/// ```no_run
/// use basehttp::{CGIHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler};
///
/// fn main() -> std::io::Result<()> {
///     let handler = CGIHTTPRequestHandler::new(SimpleHTTPRequestHandler::new("public")?);
///     HTTPServer::bind(("127.0.0.1", 8000), handler)?.serve_forever()
/// }
/// ```
///
/// A handler of yours can pass requests on to it, as to a [`SimpleHTTPRequestHandler`].
///
/// # Paths of scripts
///
/// Every path below one of the script directories is a script. The path is decoded once, and its dots and doubled
/// slashes are collapsed. The first file on the path is the script, and the rest of the path is its `PATH_INFO`.
/// Nothing there is ever sent as a file, or listed.
///
/// A script that does not exist is a 404. A directory is a 403, and so is a file without an x bit. A name that begins
/// with `nph-` is a 501. The script is opened beneath the root of the files, like any file. So a link that leads out of
/// the root is a 404, and so are a name with a leading dot and a script that the server may not read. On paths of
/// files, methods other than GET, HEAD and OPTIONS are a 501.
///
/// # What a script gets
///
/// * Its own directory as the working directory.
/// * The request's body on standard input, with any chunked coding removed.
/// * The variables of RFC 3875, and those of [`env`](CGIHTTPRequestHandlerBuilder::env) and
///   [`pass_env`](CGIHTTPRequestHandlerBuilder::pass_env). Nothing else of the server's environment.
/// * The words of the query as arguments, if it has no `=` and no word begins with `-`.
/// * The descriptors 0, 1 and 2, and those that the server itself has inherited.
///
/// No shell is involved. Scripts run as the server's user, so write access to their directory means all the rights of
/// the server.
///
/// Output is sent as it comes, with `Status`, `Location` and all other fields except those of the connection. Standard
/// error is logged line by line, up to 64 KiB.
///
/// # How it ends
///
/// A script runs until it exits and its output ends. When the client goes away, time is up or the server shuts down,
/// the script's whole process group gets SIGTERM, and SIGKILL a second later.
///
/// A broken script is a 502, or its response is cut off. It has no header or one that is too long, it sends a field
/// twice that may come once, its content has another length than it said, or a signal ended it. A script that takes too
/// long is a 504. If [`max_children`](CGIHTTPRequestHandlerBuilder::max_children) scripts are running, another one is a
/// 503.
///
/// A body with a `Content-Length` streams into the script. A body of unknown length is stored first, since
/// `CONTENT_LENGTH` has to be right. Output goes out while the body comes in, in any order that client and script agree
/// on.
///
/// # Differences from Python's `http.server`
///
/// | Python                                           | here                                 | reason                     |
/// |--------------------------------------------------|--------------------------------------|----------------------------|
/// | `200 Script output follows`, whatever the script says | the script's `Status` and fields | RFC 3875, section 6       |
/// | `Location` is a field like any other             | 302, or the response of that path    | RFC 3875, section 6.2      |
/// | the body of a HEAD is sent                       | it is not                            | RFC 9110, section 9.3.2    |
/// | the whole environment of the server              | the variables listed above           | it has secrets             |
/// | five fields of the request                       | all except `Proxy`, `Authorization` and those of the connection | RFC 3875, section 4.1.18 |
/// | `AUTH_TYPE`, `REMOTE_USER` as the client claims  | not set                              | this server does not check them |
/// | `SERVER_PROTOCOL` of the server, `SERVER_NAME` of the machine | those of the request    | RFC 3875, section 4.1      |
/// | `CONTENT_TYPE` and `CONTENT_LENGTH` always       | where there is content               | RFC 3875, section 4.1      |
/// | `PATH_INFO` decoded twice; `PATH_TRANSLATED` always | once; where there is `PATH_INFO`  | RFC 3875, section 4.1      |
/// | no `REQUEST_URI`, no `DOCUMENT_ROOT`             | the path and query as sent; the root | every other server sets them |
/// | no `HTTPS`                                       | `on` for a client that came by TLS   | every other server sets it |
/// | the query as one argument                        | as its words, decoded                | RFC 3875, section 4.4      |
/// | runs as `nobody`, if root started the server     | as the server's user                 | start the server as another user |
/// | the server's working directory                   | the script's directory               | RFC 3875, section 7.2      |
/// | a path that leads above the root drops the connection | it ends at the root             | as for files               |
/// | POST alone beside GET and HEAD                   | PUT, PATCH, DELETE and OPTIONS, too  | RFC 3875, section 4.1.12   |
pub struct CGIHTTPRequestHandler {
    parts: Parts,
    quota: ScriptQuota,
}

/// Everything that the builder puts together.
struct Parts {
    files: SimpleHTTPRequestHandler,
    /// Paths beneath the root, without slashes around them.
    directories: Vec<Vec<u8>>,
    variables: Vec<(OsString, OsString)>,
    passes_authorization: bool,
    spool_directory: PathBuf,
    limits: ScriptLimits,
}

#[http_handler(server_version = "CGIHTTP/0.1.0", protocol_version = "HTTP/1.1")]
impl CGIHTTPRequestHandler {
    /// Answers a GET or a HEAD: runs the script at `ex.path`, or sends the file or directory.
    ///
    /// Blocks for as long as the script runs. The server learns that path by path, so that files keep their own pace.
    ///
    /// # Errors
    /// An [`HTTPError`], as this type's documentation lists them. An I/O error if the client has gone away.
    pub fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    /// Runs the script at `ex.path`. A path that is not a script's is a 501.
    ///
    /// Blocks and fails as [`do_GET`](Self::do_GET) does.
    #[pace("pool")]
    pub fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    /// Runs the script at `ex.path`, as [`do_POST`](Self::do_POST) does.
    #[pace("pool")]
    pub fn do_PUT(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    /// Runs the script at `ex.path`, as [`do_POST`](Self::do_POST) does.
    #[pace("pool")]
    pub fn do_PATCH(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    /// Runs the script at `ex.path`, as [`do_POST`](Self::do_POST) does.
    #[pace("pool")]
    pub fn do_DELETE(&self, ex: &mut Exchange) -> Result {
        self.serve(ex)
    }

    /// Runs the script at `ex.path`. For a file or directory, lists the methods that it has.
    ///
    /// # Errors
    /// Fails as [`do_GET`](Self::do_GET) does.
    pub fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        if self.is_cgi(ex.path) {
            return self.serve(ex);
        }
        let methods = if ex.path == "*" { Self::METHODS } else { SimpleHTTPRequestHandler::METHODS };
        ex.send_response(204).send_header("Allow", methods.join(", "));
        // Adds the header fields that the files handler is configured to send with every response.
        BaseHTTPRequestHandler::end_headers(&self.parts.files, ex)?;
        Ok(ex.end_headers()?)
    }
}

impl CGIHTTPRequestHandler {
    /// Creates a handler with the default options. `files` has the root, and serves all paths that are not scripts.
    pub fn new(files: SimpleHTTPRequestHandler) -> Self {
        Self::builder(files).with_directories(CGI_DIRECTORIES.map(|name| name.as_bytes().to_vec()).into())
    }

    /// Returns a builder for a handler with other options. `files` is as for [`new`](Self::new).
    pub fn builder(files: SimpleHTTPRequestHandler) -> CGIHTTPRequestHandlerBuilder {
        CGIHTTPRequestHandlerBuilder::new(files)
    }

    fn assemble(parts: Parts) -> Self {
        CGIHTTPRequestHandler { quota: ScriptQuota::new(parts.limits.max_children), parts }
    }

    /// Returns whether a request's path lies below one of the script directories. Takes the path undecoded, and its
    /// query.
    ///
    /// The script directory itself is not a script. Without a slash at its end it is a directory like any other.
    pub fn is_cgi(&self, path: &str) -> bool {
        self.script_place(path).is_some()
    }

    /// Returns the path beneath the root, and the length of the script directory that it begins with.
    fn script_place(&self, path: &str) -> Option<(Vec<u8>, usize)> {
        let place = self.parts.files.resolve(path)?;
        let length = script::directory_len(place.key(), &self.parts.directories)?;
        Some((place.key().to_vec(), length))
    }

    fn serve(&self, ex: &mut Exchange<'_>) -> Result {
        let mut path = Cow::Borrowed(ex.path);
        for redirects in 0..=self.parts.limits.max_local_redirects {
            let is_own = redirects == 0;
            let Some((key, length)) = self.script_place(&path) else {
                return self.serve_file(ex, &path, is_own);
            };
            let script = script::find(&self.parts.files, &key, length)?;
            match self.run(ex, &script, query_of(&path), is_own)? {
                ScriptOutcome::Answered => return Ok(()),
                ScriptOutcome::LocalRedirect(location) => path = Cow::Owned(location),
            }
        }
        Err(output::broken("the script's local redirects do not come to an end").into())
    }

    fn serve_file(&self, ex: &mut Exchange<'_>, path: &str, is_own: bool) -> Result {
        if is_own && !matches!(ex.command, "GET" | "HEAD") {
            return Err(HTTPError::new(501, format!("Can only {} to CGI scripts", ex.command)).into());
        }
        self.parts.files.send(ex, path)
    }

    /// Runs one script for the client. `is_own` says that the client has asked for this script. A script that another
    /// one redirects to gets a GET without content (RFC 3875, section 6.2.2).
    fn run(&self, ex: &mut Exchange<'_>, script: &Script, query: &str, is_own: bool) -> Result<ScriptOutcome> {
        let too_many = || run::busy("too many scripts are running");
        // Refused before the body is read. The permit itself is taken behind the body, so that slow clients hold none.
        if self.quota.is_full() {
            return Err(too_many().into());
        }
        // Responses to earlier requests of this connection must not wait for the script.
        ex.flush_headers()?;
        let limits = &self.parts.limits;
        let spool = SpoolOptions { directory: &self.parts.spool_directory, max_bytes: limits.max_spooled_body_bytes };
        let client = ex.socket_fd().map_err(script::busy)?;
        // A HEAD has no content, and neither has the GET after a local redirect.
        let (method, body) = match ex.command {
            "HEAD" => ("HEAD", ScriptInput::None),
            _ if !is_own => ("GET", ScriptInput::None),
            method => (method, ScriptInput::begin(&mut ex.rfile, client.is_some(), spool)?),
        };
        // Given back when the script has ended, or could not be started.
        let permit = self.quota.try_acquire().ok_or_else(too_many)?;
        // A request with `Content-Length: 0` has no body, but its script gets a `CONTENT_LENGTH` of 0.
        let has_told_length = is_own && ex.headers.contains("Content-Length");
        let content_length = body.length().or(has_told_length.then_some(0));
        let variables = self.variables(ex, script, (method, query), content_length);
        let arguments = environment::arguments(method, query);
        let name = format!("/{}", String::from_utf8_lossy(&script.path));
        let (stdin, first, length) = match body {
            ScriptInput::None => (Stdio::null(), Vec::new(), 0),
            ScriptInput::Filed { file, .. } => (Stdio::from(file), Vec::new(), 0),
            ScriptInput::Piped { first, length } => (Stdio::piped(), first, length),
        };
        let has_more = length > first.len() as u64;
        let started =
            Process::start(script, &arguments, variables, stdin).map_err(|error| not_started(script, &name, error))?;
        if let Some(soft) = limits.soft_descriptors {
            started.0.limit_descriptors(soft);
        }
        let end = Run::new(started, (Feed::new(first, spool), has_more), client, limits, &name)?.finish(ex);
        drop(permit);
        end
    }

    fn variables(
        &self,
        ex: &Exchange<'_>,
        script: &Script,
        (method, query): (&str, &str),
        content_length: Option<u64>,
    ) -> Vec<(OsString, OsString)> {
        let root = script.tree.path();
        let script_name = [&*self.parts.files.mount_prefix(), b"/", &*script.path].concat();
        let path_info = Some(&*script.path_info).filter(|info| !info.is_empty());
        let path_translated = path_info.map(|info| root.join(relative(info)));
        let server_name =
            Some(environment::host_of(ex.authority().unwrap_or_default())).filter(|name| !name.is_empty());
        let request = environment::ScriptRequest {
            method,
            query,
            script_name: &script_name,
            path_info: &script.path_info,
            path_translated: path_translated.as_deref(),
            script_filename: &root.join(OsStr::from_bytes(&script.path)),
            document_root: root,
            uri: ex.path,
            protocol: ex.request_version,
            software: &ex.version_string(),
            server_name: server_name.unwrap_or_else(|| ex.server.server_name()),
            server_port: ex.server.server_port(),
            is_https: ex.scheme() == "https",
            remote_addr: ex.client_address.ip().map(|ip| ip.to_string()).unwrap_or_default(),
            content_length,
            fields: ex.headers,
            passes_authorization: self.parts.passes_authorization,
        };
        let own = self.parts.variables.iter().cloned();
        own.chain(environment::variables(&request)).collect()
    }
}

/// Returns the query of a request's path, without its question mark.
fn query_of(path: &str) -> &str {
    let behind = &path[path::without_query(path).len()..];
    let query = behind.strip_prefix('?').unwrap_or_default();
    query.split('#').next().unwrap_or(query)
}

/// Returns the path without its leading slash, so that it can be joined to the root.
fn relative(path: &[u8]) -> &OsStr {
    OsStr::from_bytes(path.strip_prefix(b"/").unwrap_or(path))
}

fn not_started(script: &Script, name: &str, error: std::io::Error) -> HTTPError {
    use std::io::ErrorKind;

    let text = format!("{name} could not be started: {}", interpreter::explain(script, &error));
    match error.kind() {
        // A program is writing the script right now, or the system is short of something.
        ErrorKind::ExecutableFileBusy | ErrorKind::WouldBlock | ErrorKind::OutOfMemory => script::busy(error),
        _ if is_out_of_descriptors(&error) => script::busy(error),
        _ => HTTPError::from(500).with_source(text),
    }
}

fn is_out_of_descriptors(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

impl fmt::Debug for CGIHTTPRequestHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CGIHTTPRequestHandler").field("files", &self.parts.files).finish_non_exhaustive()
    }
}
