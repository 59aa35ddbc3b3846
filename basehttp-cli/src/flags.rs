//! The flags, and the library's options that they stand for. The texts here are the help and the man page.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use basehttp::{
    CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder, ETag, SimpleHTTPRequestHandler,
    SimpleHTTPRequestHandlerBuilder,
};
use clap::builder::{OsStringValueParser, PathBufValueParser, RangedU64ValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{ArgAction, CommandFactory, Parser, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::failure::Failure;
#[cfg(feature = "tls")]
use crate::https_flags::HttpsFlags;
use crate::{mistakes, values};

/// The address to listen on without `--bind`, this computer alone.
const LOOPBACK: &str = "127.0.0.1";

/// The port to listen on without one, as of Python's `http.server`.
const DEFAULT_PORT: u16 = 8000;

/// Most workers: 1,024, more than any machine this was tried on has processors. Each has a thread and a poller.
const MAX_WORKERS: u64 = 1024;

/// Serves the files of a directory over HTTP or HTTPS, and a list of them where there is no index page.
///
/// It takes the flags of `python -m http.server`. It differs on purpose in a few points: only this computer can connect
/// unless --bind says otherwise, files with a leading dot are not served, links are followed inside the directory only,
/// connections are kept open (HTTP/1.1), and downloads can be resumed.
#[derive(Debug, Parser)]
#[command(name = "basehttp", version, max_term_width = 100, disable_help_flag = true, disable_version_flag = true)]
#[allow(clippy::struct_excessive_bools)] // Each is a flag of the command line.
pub(crate) struct Flags {
    /// Port to listen on; 0 picks a free one [default: 8000]
    #[arg(value_name = "PORT", value_parser = values::port, allow_negative_numbers = true)]
    pub port: Option<u16>,

    /// Address to listen on [default: 127.0.0.1, this computer alone]
    ///
    /// With 0.0.0.0 (or :: for IPv6 too) the whole network can read the directory. A name such as localhost is looked
    /// up, and its first address that works is used; localhost takes IPv4 and IPv6.
    /// For a Unix socket, write unix: and its path. May be given several times.
    #[arg(short, long, value_name = "ADDRESS", value_parser = values::host, value_hint = ValueHint::Hostname)]
    #[arg(help_heading = "Server")]
    pub bind: Vec<String>,

    /// Host to answer for, such as the name of a tunnel; may be given several times
    ///
    /// The host is what stands behind http:// in the browser. *.example.org stands for all names below example.org.
    /// localhost and the addresses that are listened on are answered for in any case, and other hosts get 421. Without
    /// this flag that holds only if this computer alone can connect, on addresses of --bind or on sockets that a
    /// service manager has opened. It keeps out pages of other sites that reach the server by a name of theirs. Unix
    /// sockets alone answer for all hosts; beside a loopback address they follow its rule.
    #[arg(long, value_name = "NAME", value_parser = values::served_host, value_hint = ValueHint::Hostname)]
    #[arg(help_heading = "Server")]
    pub host: Vec<String>,

    /// Directory to serve [default: the current one]
    #[arg(short, long, value_name = "DIRECTORY", default_value = ".", hide_default_value = true, value_hint = ValueHint::DirPath)]
    #[arg(help_heading = "Server")]
    pub directory: PathBuf,

    /// Protocol version of the responses
    ///
    /// With HTTP/1.0 each connection is closed after one request.
    #[arg(short, long, value_name = "VERSION", value_enum, ignore_case = true, default_value = "HTTP/1.1")]
    #[arg(help_heading = "Server")]
    pub protocol: Protocol,

    /// Threads that serve at once [default: one for each processor]
    ///
    /// Requests that wait for a disk or a slow client move to other threads by themselves.
    #[arg(long, value_name = "N", help_heading = "Server")]
    #[arg(value_parser = RangedU64ValueParser::<u16>::new().range(1..=MAX_WORKERS))]
    pub workers: Option<u16>,

    /// Permissions of the Unix sockets of --bind, in octal, such as 660 [default: what the umask leaves]
    ///
    /// Users who may write to a socket may connect.
    #[arg(long, value_name = "MODE", value_parser = values::mode, help_heading = "Service")]
    pub unix_mode: Option<u32>,

    /// Share the port with other programs of this user that say the same, such as a successor
    #[arg(long, help_heading = "Service")]
    pub reuse_port: bool,

    /// Path that tells load balancers whether to send clients: 200, or 503 when the program is about to end
    ///
    /// It is answered under any host, whatever --host says, since probes ask by address.
    #[arg(long, value_name = "PATH", value_parser = values::target, help_heading = "Service")]
    pub health: Option<String>,

    /// Proxy to believe when it says for which client it speaks, by X-Forwarded-For and -Proto; may be given several
    /// times
    ///
    /// A network is written 10.0.0.0/8, and unix: stands for all clients of Unix sockets. The proxy must set both
    /// fields in every request. The log then has the addresses of the clients.
    #[arg(long, value_name = "ADDRESS", help_heading = "Service")]
    pub trust_proxy: Vec<String>,

    /// Expect the PROXY protocol from each --trust-proxy instead of fields, and refuse all others
    #[arg(long, requires = "trust_proxy", help_heading = "Service")]
    pub proxy_protocol: bool,

    /// Time to serve on after SIGTERM or SIGINT, in seconds, so that load balancers see it at --health
    #[arg(long, value_name = "SECONDS", value_parser = values::any_seconds, default_value = "0")]
    #[arg(help_heading = "Service")]
    pub shutdown_delay: Duration,

    /// Time for requests in flight to finish after that, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = values::any_seconds, default_value = "5")]
    #[arg(help_heading = "Service")]
    pub grace: Duration,

    #[cfg(feature = "tls")]
    #[command(flatten)]
    pub https: HttpsFlags,

    /// Index page of directories; may be given several times, and the first that exists is sent
    ///
    /// [default: index.html, index.htm]
    #[arg(long, value_name = "NAME", value_parser = PathBufValueParser::new().try_map(values::file_name))]
    #[arg(help_heading = "Files")]
    pub index: Vec<PathBuf>,

    /// Do not list directories without an index page; they are 404
    #[arg(long, help_heading = "Files")]
    pub no_listing: bool,

    /// Follow links that lead out of the directory
    ///
    /// Every user who can make a link in the directory can then publish any file that you may read.
    #[arg(long, help_heading = "Files")]
    pub follow_links: bool,

    /// Serve and list names with a leading dot, such as .git
    ///
    /// Files below .well-known are served in any case.
    #[arg(long, help_heading = "Files")]
    pub dot_files: bool,

    /// Do not send FILE.br, FILE.zst or FILE.gz for FILE to clients that can unpack it
    #[arg(long, help_heading = "Files")]
    pub no_precompressed: bool,

    /// Page for every path that does not exist, for programs that run in the browser [default page: index.html]
    ///
    /// Browsers that go to a page get it with 200. For other requests, paths whose last part has a dot, such as
    /// /app.js, stay 404. So does every path for clients that do not accept HTML.
    #[arg(long, value_name = "PAGE", num_args = 0..=1, require_equals = true, default_missing_value = "index.html")]
    #[arg(value_parser = PathBufValueParser::new().try_map(values::page), value_hint = ValueHint::FilePath)]
    #[arg(help_heading = "Files")]
    pub spa: Option<PathBuf>,

    /// Page of the directory to send, with 404, for paths that do not exist
    #[arg(long, value_name = "PAGE", value_hint = ValueHint::FilePath, help_heading = "Files")]
    #[arg(value_parser = PathBufValueParser::new().try_map(values::page))]
    pub not_found: Option<PathBuf>,

    /// Memory for small files, in bytes; 0 for none [default: 8388608]
    ///
    /// Files of up to 64 KiB are kept there. A change is noticed at once, or within one second where a file is asked
    /// for all the time.
    #[arg(long, value_name = "N", value_parser = values::bytes, help_heading = "Files")]
    pub cache_bytes: Option<usize>,

    /// Header field to add to every response; may be given several times
    #[arg(short = 'H', long, num_args = 2, value_names = ["NAME", "VALUE"], action = ArgAction::Append)]
    #[arg(allow_negative_numbers = true, help_heading = "Responses")]
    pub header: Vec<String>,

    /// Media type of files with an unknown extension [default: application/octet-stream]
    #[arg(long, value_name = "TYPE", value_parser = values::media_type, help_heading = "Responses")]
    pub content_type: Option<String>,

    /// Encoding of text, such as iso-8859-1; "" to leave it to the browser [default: utf-8]
    ///
    /// Files that name another encoding themselves, or that are not UTF-8, are sent without one.
    #[arg(long, value_name = "NAME", value_parser = values::charset, help_heading = "Responses")]
    pub charset: Option<String>,

    /// Cache-Control of files, which tells browsers how long to keep them, such as no-cache or max-age=60
    #[arg(long, value_name = "VALUE", help_heading = "Responses")]
    pub cache_control: Option<String>,

    /// Let pages of other sites read the files [default origin: *, all sites]
    #[arg(long, value_name = "ORIGIN", num_args = 0..=1, require_equals = true, default_missing_value = "*")]
    #[arg(value_parser = values::origin, help_heading = "Responses")]
    pub cors: Option<String>,

    /// Kind of entity tag, which tells clients that a file has changed
    #[arg(long, value_name = "KIND", value_enum, default_value = "strong", help_heading = "Responses")]
    pub etag: Mark,

    /// Have browsers save files instead of showing them
    #[arg(long, help_heading = "Responses")]
    pub attachment: bool,

    /// Run the programs below /cgi-bin and /htbin, and send their output
    ///
    /// They run as you, in their own directory, and see the request and nothing of your environment. Without this flag
    /// they are files like all others. Requests that pages of other sites make browsers send get 403, except GET, HEAD
    /// and OPTIONS, so that no page acts as the user who reads it. --cors makes an exception of its origin. Clients
    /// that are not browsers are not affected.
    #[arg(long, help_heading = "Programs (CGI)")]
    pub cgi: bool,

    /// Variable for programs; NAME alone passes on the one that is set here; may be given several times
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = OsStringValueParser::new().try_map(|text| values::variable(&text)))]
    #[arg(requires = "cgi", help_heading = "Programs (CGI)")]
    pub cgi_env: Vec<(OsString, OsString)>,

    /// Let programs see the Authorization field, to check it themselves
    #[arg(long, requires = "cgi", help_heading = "Programs (CGI)")]
    pub cgi_authorization: bool,

    /// Time for which a client may pause a download, in seconds [default: 600]
    ///
    /// Then its connection is reset. The output of a program (--cgi) may be paused for 30 s.
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds, help_heading = "Responses")]
    pub pause: Option<Duration>,

    /// Do not log requests
    #[arg(short, long, help_heading = "General")]
    pub quiet: bool,

    /// Print completions for a shell
    ///
    /// For bash: source <(basehttp --completions bash)
    #[arg(long, value_name = "SHELL", value_enum, help_heading = "General")]
    pub completions: Option<Shell>,

    /// Print the man page: basehttp --man | man -l -
    #[arg(long, help_heading = "General")]
    pub man: bool,

    /// Print help; --help says more than -h
    #[arg(short, long, action = ArgAction::Help, help_heading = "General")]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "General")]
    version: Option<bool>,
}

/// The protocol version of the responses.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Protocol {
    /// One request for each connection.
    #[value(name = "HTTP/1.0", help = None)]
    Http10,
    /// Connections are kept open.
    #[value(name = "HTTP/1.1", help = None)]
    Http11,
}

/// The library's [`ETag`], as a flag's value.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Mark {
    /// Differs with every change; downloads can be resumed
    Strong,
    /// From size and time alone; the same on all machines that hold copies
    Weak,
    /// None; clients know a change by its time alone
    Off,
}

impl Flags {
    /// Reads the command line. If it is wrong, prints what to write instead, and ends the program.
    pub(crate) fn of_command_line() -> Self {
        Flags::try_parse().unwrap_or_else(|mut error| {
            let arguments: Vec<_> = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
            if let Some(text) = mistakes::advice(&error, &arguments) {
                Flags::command().error(error.kind(), text).exit();
            }
            if error.use_stderr() {
                // clap suggests "To pass '--wrong' as a value, use '-- --wrong'", but no port is written like that.
                error.remove(ContextKind::Suggested);
                // clap shows the usage for some mistakes only.
                let usage = ContextValue::StyledStr(Flags::command().render_usage());
                error.insert(ContextKind::Usage, usage);
            }
            error.exit()
        })
    }

    /// Returns the port to listen on.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(DEFAULT_PORT)
    }

    /// Returns the addresses to listen on.
    pub(crate) fn addresses(&self) -> Vec<&str> {
        if self.bind.is_empty() { vec![LOOPBACK] } else { self.bind.iter().map(String::as_str).collect() }
    }

    /// Returns the library's options. Options without a flag keep the library's defaults.
    ///
    /// # Errors
    /// [`Failure::Flag`] for a header in curl's form, `NAME: VALUE`.
    pub(crate) fn files(&self) -> Result<SimpleHTTPRequestHandlerBuilder, Failure> {
        let mut files = SimpleHTTPRequestHandler::builder()
            .directory(&self.directory)
            .listings(!self.no_listing)
            .follow_links_out(self.follow_links)
            .dot_files(self.dot_files)
            .precompressed(!self.no_precompressed)
            .etag(self.etag.into())
            .attachment(self.attachment);
        for pair in self.header.chunks_exact(2) {
            if pair[0].contains(':') {
                let text = "write name and value of a header as two words, as in --header X-Frame-Options DENY";
                return Err(Failure::Flag(text.into()));
            }
            files = files.header(&pair[0], &pair[1]);
        }
        if !self.index.is_empty() {
            files = files.index_pages(&self.index);
        }
        if let Some(page) = &self.spa {
            files = files.fallback_page(page);
        }
        if let Some(page) = &self.not_found {
            files = files.not_found_page(page);
        }
        if let Some(bytes) = self.cache_bytes {
            files = files.cache_bytes(bytes);
        }
        if let Some(media_type) = &self.content_type {
            files = files.default_type(media_type);
        }
        if let Some(charset) = &self.charset {
            files = files.charset(charset);
        }
        if let Some(value) = &self.cache_control {
            files = files.cache_control(value);
        }
        if let Some(origin) = &self.cors {
            files = files.cors(origin);
        }
        Ok(files)
    }

    /// Returns the options of `--cgi`, for programs beside these files.
    pub(crate) fn programs(&self, files: SimpleHTTPRequestHandler) -> CGIHTTPRequestHandlerBuilder {
        let programs = CGIHTTPRequestHandler::builder(files).pass_authorization(self.cgi_authorization);
        self.cgi_env.iter().fold(programs, |programs, (name, value)| programs.env(name, value))
    }
}

impl From<Mark> for ETag {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Strong => ETag::Strong,
            Mark::Weak => ETag::Weak,
            Mark::Off => ETag::Off,
        }
    }
}
