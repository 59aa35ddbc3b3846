//! The command beside `python3 -m http.server`, with all that is equal, and every difference with its reason.
//!
//! Python's side is checked where Python is installed, the command's side always.

mod support;

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use rustix::process::Signal;
use support::{Ended, Program, Scratch, ask, basehttp, original};

/// Makes a directory with the files that the tables ask for.
fn site() -> Scratch {
    let scratch = Scratch::with(&[
        ("a.txt", "some text"),
        ("data.bin", "bytes"),
        ("data.json", "{}"),
        ("pack.tar.gz", "packed"),
        ("noun", "no extension"),
        ("odd <b>%?#.bin", "odd"),
        (".env", "secret"),
        ("site/index.html", "an index"),
        ("folder/file", ""),
        ("page.html", "a page"),
        ("page.html.gz", "the page, packed"),
    ]);
    scratch.link("data.bin", "inside");
    scratch.link("/etc/passwd", "outside");
    scratch
}

/// The part of a response to compare.
#[derive(Clone, Copy)]
enum Look {
    /// The first line.
    Status,
    /// The first field of that name.
    Field(&'static str),
    /// The names of all fields, in order.
    Names,
    Body,
    /// The number of responses.
    Count,
}
use Look::{Body, Count, Field, Names, Status};

impl Look {
    fn at(self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let fields = || head.lines().skip(1).filter_map(|line| line.split_once(": "));
        match self {
            Status => head.lines().next().unwrap_or("nothing").to_owned(),
            Field(wanted) => {
                let field = fields().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                field.map_or("none", |(_, value)| value).to_owned()
            }
            Names => fields().map(|(name, _)| name).collect::<Vec<_>>().join(" "),
            Body => body.to_owned(),
            Count => text.matches("HTTP/1.").count().to_string(),
        }
    }
}

/// Returns a request of HTTP/1.1 that closes its connection.
fn request(method_and_target: &str, fields: &str) -> String {
    format!("{method_and_target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n")
}

/// The command and Python's server for one directory. `None` where Python is not installed.
struct Pair {
    ours: (Program, SocketAddr),
    original: Option<(Program, SocketAddr)>,
    _directory: Scratch,
}

impl Pair {
    #[track_caller]
    fn start() -> Self {
        let directory = site();
        let arguments = ["--bind", "127.0.0.1", "--directory", directory.as_str(), "0"];
        let start = |command| {
            let program = Program::start(command);
            let address = program.address();
            (program, address)
        };
        Pair { ours: start(basehttp(arguments)), original: original(arguments).map(start), _directory: directory }
    }

    fn ask(&self, request: &str) -> (Vec<u8>, Option<Vec<u8>>) {
        let original = self.original.as_ref().map(|(_, address)| ask(*address, request));
        (ask(self.ours.1, request), original)
    }
}

#[test]
fn what_is_the_same() {
    let table = [
        ("GET /data.bin", "", Body, "bytes"),
        ("GET /data.bin", "", Field("Content-Length"), "5"),
        ("GET /data.bin", "", Field("Content-Type"), "application/octet-stream"),
        ("GET /data.json", "", Field("Content-Type"), "application/json"),
        ("GET /pack.tar.gz", "", Field("Content-Type"), "application/gzip"),
        ("GET /pack.tar.gz", "", Field("Content-Encoding"), "none"),
        ("GET /noun", "", Field("Content-Type"), "application/octet-stream"),
        ("HEAD /data.bin", "", Field("Content-Length"), "5"),
        ("HEAD /data.bin", "", Body, ""),
        ("GET /data.bin?query", "", Body, "bytes"),
        ("GET /inside", "", Body, "bytes"),
        ("GET /odd%20%3Cb%3E%25%3F%23.bin", "", Body, "odd"),
        ("GET /site/", "", Body, "an index"),
        ("GET /site", "", Field("Content-Length"), "0"),
        ("GET /folder/", "", Field("Content-Type"), "text/html; charset=utf-8"),
        ("GET /folder/", "", Field("Last-Modified"), "none"),
        ("GET /data.bin", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n", Body, ""),
        ("GET /data.bin", "If-Modified-Since: Fri, 01 Jan 1999 00:00:00 GMT\r\n", Body, "bytes"),
        ("GET /data.bin", "If-Modified-Since: nonsense\r\n", Body, "bytes"),
    ];
    // The versions of these differ on purpose.
    let statuses = [
        ("GET /data.bin", "", "200 OK"),
        ("GET /site", "", "301 Moved Permanently"),
        ("GET /data.bin/", "", "404 File not found"),
        ("GET /none", "", "404 File not found"),
        ("GET /../../etc/passwd", "", "404 File not found"),
        ("GET /data.bin", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n", "304 Not Modified"),
        ("POST /data.bin", "Content-Length: 0\r\n", "501 Unsupported method ('POST')"),
        ("get /data.bin", "", "501 Unsupported method ('get')"),
    ];
    let pair = Pair::start();
    for (target, fields, look, expected) in table {
        let (ours, original) = pair.ask(&request(target, fields));
        assert_eq!(look.at(&ours), expected, "{target} {fields}");
        if let Some(original) = original {
            assert_eq!(look.at(&original), expected, "the original: {target} {fields}");
        }
    }
    for (target, fields, expected) in statuses {
        let (ours, original) = pair.ask(&request(target, fields));
        assert_eq!(Status.at(&ours), format!("HTTP/1.1 {expected}"), "{target} {fields}");
        if let Some(original) = original {
            assert_eq!(Status.at(&original), format!("HTTP/1.0 {expected}"), "the original: {target} {fields}");
        }
    }
}

#[test]
fn what_differs_on_purpose() {
    const GZIP: &str = "Accept-Encoding: gzip\r\n";
    const FILE: &str = "Server Date Content-type Last-Modified ETag Accept-Ranges Vary Content-Length Connection";
    const NOT_FOUND: &str = "HTTP/1.1 404 File not found";
    const OK: &str = "HTTP/1.0 200 OK";
    let text = "text/plain; charset=utf-8";
    let twice = format!("{0}{0}", "GET /data.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let get = |target: &str, fields: &str| request(&format!("GET {target}"), fields);
    // Request; part to compare; Python's; the command's; reason.
    let table = [
        (get("/data.bin", ""), Status, OK, "HTTP/1.1 200 OK", "the newer version"),
        (twice, Count, "1", "2", "connections are kept open"),
        (
            get("/data.bin", ""),
            Names,
            "Server Date Content-type Content-Length Last-Modified",
            FILE,
            "more is said, and what frames the message comes last",
        ),
        (get("/a.txt", ""), Field("Content-Type"), "text/plain", text, "browsers need not guess the charset"),
        (get("/page.html", GZIP), Body, "a page", "the page, packed", "what is packed already is sent so"),
        (get("/data.bin", "Range: bytes=1-2\r\n"), Body, "bytes", "yt", "downloads are resumed, videos seek"),
        (get("/.env", ""), Status, OK, NOT_FOUND, "what is hidden is not meant to be served"),
        (get("/site", ""), Field("Location"), "/site/", "./site/", "a proxy may have cut off the front"),
        (
            get("/folder?a=b", ""),
            Field("Location"),
            "/folder/?a=b",
            "./folder/?a=b",
            "a proxy may have cut off the front",
        ),
        (get("//folder", ""), Field("Location"), "/folder/", "./folder/", "a proxy may have cut off the front"),
        (get("/outside", ""), Status, OK, NOT_FOUND, "nothing outside the directory is served"),
        (get("/a%00", ""), Status, "nothing", NOT_FOUND, "the original drops the connection"),
        (
            get("/\\folder", ""),
            Status,
            "HTTP/1.0 404 File not found",
            "HTTP/1.1 400 Bad Request",
            "`/\\` redirects out",
        ),
        (
            get("/\u{7f}", ""),
            Status,
            "HTTP/1.0 404 File not found",
            "HTTP/1.1 400 Bad Request",
            "no path has control characters: RFC 9112, 3.2",
        ),
        (
            get("http://localhost/data.bin", ""),
            Status,
            "HTTP/1.0 404 File not found",
            "HTTP/1.1 200 OK",
            "RFC 9112, 3.2.2",
        ),
        (
            get("/none", ""),
            Field("Content-Type"),
            "text/html;charset=utf-8",
            "text/html; charset=utf-8",
            "one spelling",
        ),
        (
            get("/folder/", "Accept: application/json\r\n"),
            Field("Content-Type"),
            "text/html; charset=utf-8",
            "application/json",
            "programs read listings, too",
        ),
        (
            request("OPTIONS /data.bin", ""),
            Status,
            "HTTP/1.0 501 Unsupported method ('OPTIONS')",
            "HTTP/1.1 204 No Content",
            "a client may ask for the methods",
        ),
        (
            "GET /data.bin HTTP/1.1\r\n\r\n".into(),
            Status,
            OK,
            "HTTP/1.1 400 Bad Request",
            "Host is required: RFC 9112, 3.2",
        ),
        ("GET /data.bin\r\n\r\n".into(), Status, "bytes", "HTTP/1.1 400 Bad Request", "HTTP/0.9 is gone"),
        (
            "GET /data.bin HTTP/1.1\r\nHost : h\r\nConnection: close\r\n\r\n".into(),
            Status,
            OK,
            "HTTP/1.1 400 Bad Request",
            "a space before the colon is an attack: RFC 9112, 5.1",
        ),
    ];
    let pair = Pair::start();
    for (request, look, expected_of_original, expected, why) in table {
        let (ours, original) = pair.ask(&request);
        assert_eq!(look.at(&ours), expected, "{why}: {request:?}");
        assert_ne!(expected, expected_of_original, "{why}: this is the table of differences");
        if let Some(original) = original {
            assert_eq!(look.at(&original), expected_of_original, "{why}: the original, {request:?}");
        }
    }
}

/// Starts a program, and says whether it serves or how it ends, and with how many lines.
fn outcome(command: Command) -> String {
    let program = Program::start(command);
    if program.stdout.wait_for("\n").starts_with("Serving HTTP on ") {
        return "serves".into();
    }
    describe(&program.ended())
}

fn describe(ended: &Ended) -> String {
    let lines = match ended.stderr.lines().count() {
        0 => "in silence",
        1 => "one line",
        _ => "several lines",
    };
    format!("{}, {lines}", ended.how())
}

#[test]
fn what_differs_on_the_command_line() {
    let directory = site();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let taken = listener.local_addr().expect("it is bound").port().to_string();
    // Arguments; Python's; the command's; reason.
    let table: [(&[&str], &str, &str, &str); 5] = [
        (&[&taken], "exit 1, several lines", "exit 1, one line", "a trace does not help"),
        (&["0", "-p", "HTTP/9.9"], "serves", "exit 2, several lines", "no client understands that"),
        (&["0", "-d", "/no/such/folder"], "serves", "exit 1, one line", "404 for everything does not help"),
        (&["0", "-d", "/dev/null"], "serves", "exit 1, one line", "404 for everything does not help"),
        (&["0", "--dir", directory.as_str()], "serves", "exit 2, several lines", "flags to come may begin alike"),
    ];
    for (arguments, expected_of_original, expected, why) in table {
        let arguments = [&["--bind", "127.0.0.1"], arguments].concat();
        assert_eq!(outcome(basehttp(&arguments)), expected, "{why}: {arguments:?}");
        assert_ne!(expected, expected_of_original, "{why}: this is the table of differences");
        if let Some(original) = original(&arguments) {
            assert_eq!(outcome(original), expected_of_original, "{why}: the original, {arguments:?}");
        }
    }
    // Python's server listens to the whole network, which is not tried here.
    let (_program, address) = Program::serving(&[]);
    assert!(address.ip().is_loopback(), "without --bind, no other computer is let in: {address}");
}

#[test]
fn what_is_the_same_on_the_command_line() {
    let table: [(&[&str], &str); 4] = [
        (&["--help"], "exit 0, in silence"),
        (&["-h"], "exit 0, in silence"),
        (&["--wrong"], "exit 2, several lines"),
        (&["eighty"], "exit 2, several lines"),
    ];
    for (arguments, expected) in table {
        assert_eq!(outcome(basehttp(arguments)), expected, "{arguments:?}");
        if let Some(original) = original(arguments) {
            assert_eq!(outcome(original), expected, "the original: {arguments:?}");
        }
    }
}

/// Returns the output of a program that serves three requests and is then sent a signal, without port and times.
fn life(command: Command, signal: Signal) -> Ended {
    let program = Program::start(command);
    let address = program.address();
    for request in ["GET /data.bin HTTP/1.0\r\n\r\n", "GET /none HTTP/1.0\r\n\r\n", "POST / HTTP/1.0\r\n\r\n"] {
        ask(address, request);
    }
    program.signal(signal);
    let mut ended = program.ended();
    ended.stdout = ended.stdout.replace(&address.port().to_string(), "PORT");
    let timeless = |line: &str| match (line.find('['), line.find(']')) {
        (Some(start), Some(end)) => format!("{}[TIME{}\n", &line[..start], &line[end..]),
        _ => format!("{line}\n"),
    };
    ended.stderr = ended.stderr.lines().map(timeless).collect();
    ended
}

#[test]
fn its_log_and_its_end_are_the_original_s() {
    let directory = site();
    let arguments = ["--bind", "127.0.0.1", "-d", directory.as_str(), "0"];
    let ours = life(basehttp(arguments), Signal::INT);
    let stdout = "Serving HTTP on 127.0.0.1 port PORT (http://127.0.0.1:PORT/) ...\n\
                  \nKeyboard interrupt received, exiting.\n";
    assert_eq!((ours.how().as_str(), ours.stdout.as_str()), ("exit 0", stdout));
    assert_eq!(ours.stderr.lines().count(), 5, "a line each, and one more for each of two errors: {ours:?}");
    if let Some(original) = original(arguments) {
        let original = life(original, Signal::INT);
        assert_eq!((original.how(), &original.stdout, &original.stderr), (ours.how(), &ours.stdout, &ours.stderr));
    }
    // This differs on purpose. Python's server does not handle SIGTERM, and requests in flight are lost.
    assert_eq!(life(basehttp(arguments), Signal::TERM).how(), "exit 0");
    if let Some(original) = original(arguments) {
        assert_eq!(life(original, Signal::TERM).how(), "signal 15");
    }
}
