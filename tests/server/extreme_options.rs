//! Every option of every builder at 0, 1, its default, a large value and the largest. A server with such an option
//! serves, or the builder refuses the option with a sentence that says what to write. The tables have a row for each
//! option of the builders' sources.

use std::fmt::{self, Debug};
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::folder::Folder;
use crate::support::scripts::{SH, Scripts};
use crate::support::{Client, Reply};
use basehttp::testing::{Server, respond};
use basehttp::{
    AddressFamily, BaseHTTPRequestHandler, CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder, ETag, Exchange,
    HTTPServer, HTTPServerBuilder, SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder, http_handler,
};

/// The expected effect of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The builder refuses it, and says what to write.
    Refused,
    /// Every request gets its right answer.
    Serves,
    /// Every request gets its right answer, or one of these instead.
    Answers(&'static [u16]),
    /// The time that a client has is so short that it may also be cut off.
    Hurries,
}

use Outcome::{Answers, Hurries, Refused, Serves};

/// One option with one value.
struct Case<B> {
    option: &'static str,
    value: String,
    builder: B,
    expected: Outcome,
}

/// A type whose values have a zero, a least positive value, and a maximum.
trait Extremes: Sized {
    const ZERO: Self;
    const ONE: Self;
    const MOST: Self;
}

macro_rules! extremes {
    ($($type:ty),+) => {$(
        impl Extremes for $type {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const MOST: Self = <$type>::MAX;
        }
    )+};
}

extremes!(usize, u64, u32);

impl Extremes for Duration {
    const ZERO: Self = Duration::ZERO;
    const ONE: Self = Duration::from_nanos(1);
    const MOST: Self = Duration::MAX;
}

impl Extremes for Option<Duration> {
    const ZERO: Self = Some(Duration::ZERO);
    const ONE: Self = Some(Duration::ONE);
    const MOST: Self = Some(Duration::MAX);
}

/// The cases of one builder.
struct Cases<B> {
    new: Box<dyn Fn() -> B>,
    all: Vec<Case<B>>,
}

impl<B> Cases<B> {
    fn new(new: impl Fn() -> B + 'static) -> Self {
        Cases { new: Box::new(new), all: Vec::new() }
    }

    /// An option that takes an amount. `usual` is its default, and `large` is more than any program uses.
    fn amount<V: Extremes + Clone + Debug>(
        &mut self,
        option: &'static str,
        set: impl Fn(B, V) -> B,
        (usual, large): (V, V),
        expected: [Outcome; 5],
    ) {
        self.each(option, set, [V::ZERO, V::ONE, usual, large, V::MOST].into_iter().zip(expected));
    }

    /// An option that takes something else, with all values that may matter.
    fn each<V: Clone + Debug>(
        &mut self,
        option: &'static str,
        set: impl Fn(B, V) -> B,
        values: impl IntoIterator<Item = (V, Outcome)>,
    ) {
        for (value, expected) in values {
            let mut text = format!("{value:?}");
            text.truncate(60);
            self.all.push(Case { option, value: text, builder: set((self.new)(), value), expected });
        }
    }

    /// The options that have a case.
    fn options(&self) -> Vec<String> {
        let mut options: Vec<_> = self.all.iter().map(|case| case.option.to_owned()).collect();
        options.dedup();
        options.sort();
        options
    }
}

/// An option that takes an amount (see [`Cases::amount`]).
macro_rules! amount {
    ($cases:ident, $name:ident: $usual:expr, $large:expr => $expected:expr) => {
        $cases.amount(stringify!($name), |builder, value| builder.$name(value), ($usual, $large), $expected)
    };
}

/// An option that takes something else (see [`Cases::each`]).
macro_rules! each {
    ($cases:ident, $name:ident: $values:expr) => {
        $cases.each(stringify!($name), |builder, value| builder.$name(value), $values)
    };
}

/// The options in a builder's source, which are methods that return another builder, written by hand or by one of our
/// macros.
fn options_of(source: &str) -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("basehttp/src").join(source))
        .expect("a file of the repository");
    let mut options = Vec::new();
    for method in source.split("\n    pub fn ").skip(1) {
        let (signature, _) = method.split_once('{').expect("a method has a body");
        if signature.contains("-> Self") && !signature.starts_with('$') {
            let end = signature.find(['(', '<']).expect("a method has arguments");
            options.push(signature[..end].to_owned());
        }
    }
    // One option per line, as `name: type;` or `name: type => field;`.
    let blocks = source.split("\noptions! {\n").skip(1).chain(source.split("\nlimits! {\n").skip(1));
    for block in blocks {
        let (block, _) = block.split_once("\n}").expect("a block has an end");
        let lines = block.lines().map(str::trim).filter(|line| !line.starts_with("///"));
        options.extend(lines.map(|line| line.split(':').next().expect("there is always one").to_owned()));
    }
    options.sort();
    options
}

// The server.

/// Has a method for whatever a limit may concern.
struct Everything;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Everything {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        match ex.path {
            "/stream" => {
                ex.send_response(200).end_headers()?;
                (0..200).try_for_each(|_| ex.wfile.write_all(&[b's'; 1000]))
            }
            "/large" => ex.send_bytes(200, "text/plain", vec![b'l'; 200_000]),
            _ => ex.send_text(200, "hi"),
        }
    }

    /// Sends back what came, however much it is.
    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        let body = ex.read_body(usize::MAX)?;
        ex.send_bytes(200, "text/plain", body)
    }

    /// Reads nothing.
    fn do_PUT(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_text(200, "hi")
    }

    fn service_actions(&self) {}
    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}
}

const HOUR: Duration = Duration::from_secs(3600);
const KIB: usize = 1024;
const GIB: usize = 1024 * 1024 * 1024;

fn server_cases() -> Cases<HTTPServerBuilder> {
    let mut cases = Cases::new(HTTPServer::builder);
    amount!(cases, max_request_line_bytes: 16 * KIB, GIB => [Refused, Refused, Serves, Serves, Serves]);
    amount!(cases, max_field_line_bytes: 32 * KIB, GIB => [Refused, Refused, Serves, Serves, Serves]);
    amount!(cases, max_head_bytes: 64 * KIB, GIB => [Refused, Refused, Serves, Serves, Serves]);
    amount!(cases, max_fields: 100, GIB => [Refused, Answers(&[431]), Serves, Serves, Serves]);
    amount!(cases, max_buffered_reply_bytes: 64 * KIB, GIB => [Serves; 5]);
    amount!(cases, max_drained_bytes: 256 * KIB as u64, 1 << 40 => [Serves; 5]);
    amount!(cases, max_unfinished_bytes: 128 * KIB * KIB, 1 << 40 => [Answers(&[503]), Answers(&[503]), Serves, Serves, Serves]);
    // The part that a reader does not take at once is cut off.
    amount!(cases, max_unsent_bytes: 256 * KIB * KIB, 1 << 40 => [Hurries, Hurries, Serves, Serves, Serves]);
    amount!(cases, head_timeout: Duration::from_secs(15), HOUR => [Refused, Hurries, Serves, Serves, Serves]);
    amount!(cases, body_stall_timeout: Duration::from_secs(30), HOUR => [Refused, Hurries, Serves, Serves, Serves]);
    amount!(cases, min_body_bytes_per_second: 256, 1 << 40 => [Serves; 5]);
    amount!(cases, write_stall_timeout: Duration::from_secs(30), HOUR => [Refused, Hurries, Serves, Serves, Serves]);
    amount!(cases, paused_reader_timeout: Duration::from_secs(30), HOUR => [Refused, Hurries, Serves, Serves, Serves]);
    amount!(cases, idle_timeout: Duration::from_secs(60), HOUR => [Refused, Hurries, Serves, Serves, Serves]);
    amount!(cases, workers: 2, 1 << 20 => [Refused, Serves, Serves, Refused, Refused]);
    amount!(cases, max_threads: 512, 1 << 40 => [Refused, Serves, Serves, Serves, Serves]);
    // A body that does not come at once is not waited for.
    amount!(cases, max_blocked_on_clients: 256, 1 << 40 => [Hurries, Serves, Serves, Serves, Serves]);
    amount!(cases, max_queued: 1024, 1 << 40 => [Serves; 5]);
    amount!(cases, max_connections: 20_000, 1 << 40 => [Refused, Serves, Serves, Serves, Serves]);
    // A client's last connection may still be closing when it opens the next one.
    amount!(cases, max_connections_per_address: 1000, 1 << 40 => [Refused, Hurries, Serves, Serves, Serves]);
    amount!(cases, timeout: None, Some(HOUR) => [Serves; 5]);
    amount!(cases, poll_interval: Duration::from_millis(500), HOUR => [Refused, Serves, Serves, Serves, Serves]);
    // A longer delay makes the end of each server late. `tests/server/life.rs` has some.
    each!(cases, shutdown_delay: [(Duration::ZERO, Serves), (Duration::from_nanos(1), Serves)]);
    amount!(cases, request_queue_size: 1024, 1 << 30 => [Serves; 5]);
    amount!(cases, tcp_keepalive: Some(Duration::from_secs(60)), Some(HOUR) => [Refused, Serves, Serves, Serves, Serves]);
    each!(cases, allow_reuse_address: [(true, Serves), (false, Serves)]);
    each!(cases, allow_reuse_port: [(true, Serves), (false, Serves)]);
    let socket = std::env::temp_dir().join(format!("basehttp-extreme-{}.sock", std::process::id()));
    let modes = move |builder: HTTPServerBuilder, mode: Option<u32>| builder.also_listen(&*socket).unix_mode(mode);
    let values = [(None, Serves), (Some(0), Serves), (Some(0o777), Serves), (Some(u32::MAX), Refused)];
    cases.each("unix_mode", modes, values);
    // There is no Unix socket.
    each!(cases, unix_mode: [(None, Serves), (Some(0o660), Refused)]);
    let families = [AddressFamily::Inet, AddressFamily::Inet6].map(Some);
    each!(cases, address_family: [(None, Serves), (families[0], Serves), (families[1], Refused)]);
    each!(cases, hosts: [(vec![], Refused), (vec!["*"], Refused), (vec!["x"], Answers(&[421]))]);
    let paths = |builder: HTTPServerBuilder, paths: Vec<&str>| builder.hosts(["x"]).any_host_paths(paths);
    cases.each("any_host_paths", paths, [(vec!["/x"], Answers(&[421])), (vec![""], Refused)]);
    each!(cases, refuse_cross_site: [(true, Serves), (false, Serves)]);
    let origins =
        |builder: HTTPServerBuilder, origins: Vec<&str>| builder.refuse_cross_site(true).trusted_origins(origins);
    cases.each("trusted_origins", origins, [(vec![], Serves), (vec!["https://x"], Serves), (vec!["x"], Refused)]);
    let networks = |builder: HTTPServerBuilder, networks: Vec<&str>| {
        builder.forwarded_fields(["Forwarded"]).trust_proxies(networks)
    };
    let everyone = vec!["0.0.0.0/0", "::/0", "unix:"];
    cases.each("trust_proxies", networks, [(vec![], Refused), (vec!["::/129"], Refused), (everyone, Serves)]);
    each!(cases, proxy_protocol: [(true, Refused), (false, Serves)]);
    let fields =
        |builder: HTTPServerBuilder, fields: Vec<&str>| builder.trust_proxies(["::/0"]).forwarded_fields(fields);
    cases.each("forwarded_fields", fields, [(vec![], Refused), (vec!["Via"], Refused), (vec!["Forwarded"], Serves)]);
    let more =
        |builder, count| (0..count).fold(builder, |builder: HTTPServerBuilder, _| builder.also_listen("127.0.0.1:0"));
    cases.each("also_listen", more, [(0, Serves), (1, Serves), (20, Serves), (256, Refused), (10_000, Refused)]);
    cases
}

/// One request, and the body of its right answer.
struct Errand {
    request: Vec<u8>,
    body: Vec<u8>,
}

/// The requests that a client sends to [`Everything`], each on a connection of its own.
fn errands() -> Vec<Errand> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost:\r\n\r\n").into_bytes();
    let send = |method: &str, body: &[u8]| {
        [format!("{method} / HTTP/1.1\r\nHost:\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
    };
    let chunked = "POST / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n";
    let many = format!("GET / HTTP/1.1\r\nHost:\r\n{}\r\n", "a: b\r\n".repeat(90));
    let (small, big) = (vec![b'b'; 20_000], vec![b'B'; 200_000]);
    vec![
        Errand { request: get("/"), body: b"hi".into() },
        Errand { request: get("/stream"), body: vec![b's'; 200_000] },
        Errand { request: get("/large"), body: vec![b'l'; 200_000] },
        Errand { request: many.into(), body: b"hi".into() },
        Errand { request: chunked.into(), body: b"abc".into() },
        Errand { request: send("POST", &small), body: small },
        Errand { request: send("POST", &big), body: big.clone() },
        Errand { request: send("PUT", &big), body: b"hi".into() },
    ]
}

/// Runs an errand to its end, whatever it is.
fn run_errand(server: &Server, errand: &Errand) -> io::Result<Reply> {
    let mut client = Client::of(server);
    client.try_send(&errand.request)?;
    client.try_read_reply("GET")
}

fn check_errand(outcome: &io::Result<Reply>, body: &[u8], expected: Outcome) -> bool {
    match (outcome, expected) {
        (Ok(reply), _) if reply.status == 200 => reply.body == body,
        (Ok(reply), Answers(codes)) => codes.contains(&reply.status),
        (Ok(reply), Hurries) => matches!(reply.status, 408 | 503 | 504),
        // A hanging reply is never right.
        (Err(error), Hurries) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        _ => false,
    }
}

#[track_caller]
fn expect_a_sentence(case: &str, error: &io::Error) {
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{case}: {text}");
    assert!(text.contains("write ") || text.contains("leave "), "{case} does not say what to write: {text}");
}

#[test]
fn a_server_with_an_extreme_option_serves_or_is_refused_with_a_sentence() {
    for Case { option, value, builder, expected } in server_cases().all {
        let case = format!("{option}({value})");
        let refused = builder.clone().bind("127.0.0.1:0", Everything).map(drop);
        match (refused, expected) {
            (Err(error), Refused) => {
                expect_a_sentence(&case, &error);
                continue;
            }
            (bound, expected) => assert!(bound.is_ok() && expected != Refused, "{case}: {bound:?}, not {expected:?}"),
        }
        let server = Server::start_with(builder.clone(), Everything).expect("as before");
        for errand in errands() {
            let outcome = run_errand(&server, &errand);
            let request = errand.request[..20].escape_ascii();
            let text = outcome.as_ref().map(|reply| format!("{} and {} bytes", reply.status, reply.body.len()));
            assert!(check_errand(&outcome, &errand.body, expected), "{case}, {request}: {text:?}");
        }
        server.stop().unwrap_or_else(|error| panic!("{case}: {error}"));
        serve_one(&case, builder, expected);
    }
}

/// The other way of serving.
fn serve_one(case: &str, builder: HTTPServerBuilder, expected: Outcome) {
    let mut httpd = builder.bind("127.0.0.1:0", Everything).expect("as before");
    // Before it is waited for, so that no time is too short for it.
    let mut client = Client::connect(("127.0.0.1", httpd.server_port()));
    client.send("GET / HTTP/1.1\r\nHost:\r\n\r\n");
    httpd.handle_request().unwrap_or_else(|error| panic!("{case}: {error}"));
    drop(httpd);
    let outcome = client.try_read_reply("GET");
    assert!(check_errand(&outcome, b"hi", expected), "{case}, one request: {outcome:?}");
}

#[test]
fn the_least_limits_of_a_head_let_the_shortest_request_in() {
    let limits = |more: usize| {
        HTTPServer::builder()
            .max_request_line_bytes(14 + more)
            .max_field_line_bytes(5 + more)
            .max_head_bytes(25 + more)
            .max_fields(1)
    };
    let server = Server::start_with(limits(0), Everything).unwrap();
    assert_eq!(Client::sending(&server, "GET / HTTP/1.1\r\nHost:\r\n\r\n").read_reply().status, 200);
    assert_eq!(Client::sending(&server, "GET /a HTTP/1.1\r\nHost:\r\n\r\n").read_reply().status, 414);
    assert_eq!(Client::sending(&server, "GET / HTTP/1.1\r\nHost:h\r\n\r\n").read_reply().status, 431);
    let server = Server::start_with(limits(1), Everything).unwrap();
    assert_eq!(Client::sending(&server, "GET / HTTP/1.1\r\nHost:\r\na:b\r\n\r\n").read_reply().status, 431);
}

#[test]
fn an_unbuffered_reply_is_sent_in_pieces_of_some_kilobytes() {
    let server = Server::start_with(HTTPServer::builder().max_buffered_reply_bytes(0), Everything).unwrap();
    let mut client = Client::sending(&server, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let bytes = client.read_to_end();
    // Each write of the handler is one chunk, and none is split.
    let chunks = bytes.windows(7).filter(|bytes| *bytes == b"\r\n3e8\r\n").count();
    assert_eq!(chunks, 200, "{}", bytes[..300].escape_ascii());
}

#[test]
fn a_drain_of_any_length_ends_when_the_server_is_idle() {
    for grace in [Duration::ZERO, Duration::from_nanos(1), HOUR, Duration::MAX] {
        let server = Server::start(Everything).unwrap();
        assert_eq!(Client::sending(&server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").read_reply().text(), "hi");
        let report = server.server_handle().drain(grace).expect("it serves");
        assert!(report.cut == 0 || grace < HOUR, "{grace:?}: {report:?}");
        server.stop().unwrap();
    }
}

/// Calls what takes an amount with the largest ones, and says what came of it.
struct Largest;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Largest {
    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        let text = ex.read_text(usize::MAX)?;
        let file = || fs::File::open(file!());
        let refused = [
            ex.send_file(file()?, ..=u64::MAX),
            ex.send_file(file()?, u64::MAX..),
            ex.send_file(file()?, 0..u64::MAX),
            ex.send_file(file()?, (std::ops::Bound::Excluded(u64::MAX), std::ops::Bound::Unbounded)),
        ];
        let kinds = refused.map(|sent| sent.map_err(|error| error.kind()));
        assert_eq!(kinds, [Err(ErrorKind::InvalidInput); 4], "no file is so long");
        ex.send_response(101).send_header("Upgrade", "raw").end_headers()?;
        let mut taken = ex.hijack()?;
        let zero = taken.set_read_timeout(Some(Duration::ZERO)).map_err(|error| error.kind());
        assert_eq!(zero, Err(ErrorKind::InvalidInput), "no time to wait is no wait");
        taken.set_read_timeout(Some(Duration::MAX))?;
        let mut word = [0; 3];
        taken.read_exact(&mut word)?;
        taken.write_all(&[text.as_bytes(), &word].concat())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn calls_take_the_largest_amounts() {
    let server = Server::start(Largest).unwrap();
    let mut client = Client::sending(&server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    assert_eq!(client.read_reply().status, 101);
    client.send("yes");
    assert_eq!(client.read_to_end(), b"hiyes");
}

// Files.

fn files_cases(folder: &Folder) -> Cases<SimpleHTTPRequestHandlerBuilder> {
    let www = folder.www();
    let mut cases = Cases::new(move || SimpleHTTPRequestHandler::builder().directory(&www));
    let long = || "x".repeat(64 * KIB);
    let texts = || [(String::new(), Serves), ("x".to_owned(), Serves), (long(), Serves), ("\n".to_owned(), Refused)];
    amount!(cases, cache_bytes: 8 * KIB * KIB, 1 << 40 => [Serves; 5]);
    each!(cases, directory: [(folder.www(), Serves)]);
    each!(cases, mounted_at: [
        ("/".to_owned(), Serves),
        (String::new(), Refused),
        ("x".to_owned(), Refused),
        ("/x".to_owned(), Answers(&[404])),
        (format!("/{}", long()), Answers(&[404])),
    ]);
    each!(cases, charset: texts());
    each!(cases, index_pages: [(vec![], Serves), (vec![String::new()], Serves), (vec!["x".into(); 1000], Serves), (vec![long()], Serves)]);
    each!(cases, extensions_map: texts().map(|(text, expected)| ([(String::new(), text)], expected)));
    each!(cases, default_type: texts());
    cases.each(
        "guess_type",
        |builder, answer| builder.guess_type(move |_| answer.clone()),
        [(None, Serves), (Some(String::new()), Serves), (Some(long()), Serves)],
    );
    cases.each(
        "translate_path",
        |builder, answer| builder.translate_path(move |_| answer.clone()),
        [
            (None, Answers(&[404])),
            (Some(PathBuf::new()), Answers(&[200, 301])),
            (Some(PathBuf::from(long())), Answers(&[404])),
        ],
    );
    cases.each(
        "list_directory",
        |builder, ()| builder.list_directory(|ex, _| Ok(ex.send_text(200, "a folder")?)),
        [((), Serves)],
    );
    each!(cases, listings: [(true, Serves), (false, Serves)]);
    each!(cases, follow_links_out: [(true, Serves), (false, Serves)]);
    each!(cases, dot_files: [(true, Serves), (false, Serves)]);
    each!(cases, precompressed: [(true, Serves), (false, Serves)]);
    each!(cases, attachment: [(true, Serves), (false, Serves)]);
    each!(cases, etag: [(ETag::Strong, Serves), (ETag::Weak, Serves), (ETag::Off, Serves)]);
    each!(cases, cache_control: texts());
    cases.each("header", |builder, value: String| builder.header("X-Own", value), texts());
    each!(cases, cors: texts());
    each!(cases, fallback_page: [("", Refused), ("missing", Serves), ("a.txt", Serves)]);
    each!(cases, not_found_page: [("", Refused), ("missing", Serves), ("a.txt", Serves)]);
    cases
}

#[test]
fn files_with_an_extreme_option_are_served_or_it_is_refused_with_a_sentence() {
    let folder = Folder::with(&[("a.txt", "text"), ("odd", "no extension")]);
    for Case { option, value, builder, expected } in files_cases(&folder).all {
        let case = format!("{option}({value})");
        let handler = match (builder.build(), expected) {
            (Err(error), Refused) => {
                expect_a_sentence(&case, &error);
                continue;
            }
            (Ok(handler), _) if expected != Refused => handler,
            (built, _) => panic!("{case}: {built:?}, not {expected:?}"),
        };
        for (path, right) in [("/a.txt", &[200][..]), ("/odd", &[200]), ("/", &[200, 404]), ("/missing", &[404, 200])] {
            let status = status_of(&handler, "GET", path);
            let also: &[u16] = if let Answers(codes) = expected { codes } else { &[] };
            assert!(right.contains(&status) || also.contains(&status), "{case}, {path}: {status}");
        }
    }
}

fn status_of<H: BaseHTTPRequestHandler>(handler: &H, method: &str, path: &str) -> u16 {
    let bytes = respond(handler, format!("{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    Reply::read(&mut &bytes[..], method).expect("a whole reply").status
}

// Scripts.

fn cgi_cases(scripts: &Scripts) -> Cases<CGIHTTPRequestHandlerBuilder> {
    let www = scripts.www();
    let mut cases =
        Cases::new(move || CGIHTTPRequestHandler::builder(SimpleHTTPRequestHandler::new(&www).expect("a folder")));
    amount!(cases, max_header_bytes: 32 * KIB, GIB => [Refused, Refused, Serves, Serves, Serves]);
    amount!(cases, run_timeout: HOUR, 1000 * HOUR => [Refused, Answers(&[504]), Serves, Serves, Serves]);
    amount!(cases, output_stall_timeout: Duration::from_secs(60), HOUR => [Refused, Answers(&[504]), Serves, Serves, Serves]);
    // The client of these tests ends its side at once.
    amount!(cases, client_end_grace: Duration::from_secs(2), HOUR => [Answers(&[504]), Answers(&[504]), Serves, Serves, Serves]);
    amount!(cases, max_children: 64, 1 << 40 => [Refused, Serves, Serves, Serves, Serves]);
    amount!(cases, max_spooled_body_bytes: GIB as u64, 1 << 50 => [Answers(&[413]), Answers(&[413]), Serves, Serves, Serves]);
    amount!(cases, max_local_redirects: 10, 1 << 40 => [Serves; 5]);
    amount!(cases, soft_descriptor_limit: 1024, 1 << 40 => [Serves; 5]);
    each!(cases, cgi_directories: [
        (vec![], Answers(&[501, 200])),
        (vec!["/cgi-bin".to_owned()], Serves),
        (vec![String::new()], Refused),
        (vec!["/cgi-bin".to_owned(); 1000], Serves),
        (vec![format!("/{}", "x".repeat(64 * KIB))], Refused),
    ]);
    cases.each(
        "env",
        |builder, (name, value): (String, String)| builder.env(name, value),
        [
            ((String::new(), String::new()), Refused),
            (("A".to_owned(), String::new()), Serves),
            (("A".repeat(1000), "x".repeat(100 * KIB)), Serves),
            (("A".to_owned(), "x".repeat(KIB * KIB)), Refused),
            (("A".repeat(KIB * KIB), "x".to_owned()), Refused),
        ],
    );
    each!(cases, pass_env: [(String::new(), Serves), ("PATH".to_owned(), Serves), ("x".repeat(KIB * KIB), Serves)]);
    each!(cases, pass_authorization: [(true, Serves), (false, Serves)]);
    each!(cases, spool_directory: [(PathBuf::new(), Refused), (std::env::temp_dir(), Serves), (PathBuf::from("/"), Serves)]);
    cases
}

#[test]
fn scripts_with_an_extreme_option_are_run_or_it_is_refused_with_a_sentence() {
    let scripts = Scripts::with(&[
        ("cat", &format!("{SH}echo Content-Type: text/plain\necho\ncat\n")),
        ("again", &format!("{SH}echo Location: /cgi-bin/again\necho\n")),
    ]);
    for Case { option, value, builder, expected } in cgi_cases(&scripts).all {
        let case = format!("{option}({value})");
        let handler = match (builder.build(), expected) {
            (Err(error), Refused) => {
                expect_a_sentence(&case, &error);
                continue;
            }
            (Ok(handler), _) if expected != Refused => handler,
            (built, _) => panic!("{case}: {built:?}, not {expected:?}"),
        };
        let also: &[u16] = if let Answers(codes) = expected { codes } else { &[] };
        // Too long for memory, and its length is not told.
        let body = format!("20000\r\n{}\r\n0\r\n\r\n", "b".repeat(0x20000));
        let post = format!("POST /cgi-bin/cat HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        for request in ["GET /cgi-bin/cat HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &post] {
            let bytes = respond(&handler, request);
            let reply = Reply::read(&mut &bytes[..], "GET").unwrap_or_else(|error| panic!("{case}: {error}"));
            let length = if request.starts_with("POST") { 0x20000 } else { 0 };
            let is_right = reply.status == 200 && reply.body.len() == length;
            assert!(is_right || also.contains(&reply.status), "{case}: {} to {}", reply.status, &request[..40]);
        }
        // A script that redirects to itself is broken, however often it may.
        if option == "max_local_redirects" {
            assert_eq!(status_of(&handler, "GET", "/cgi-bin/again"), 502, "{case}");
        }
    }
}

#[test]
fn every_option_of_every_builder_has_its_row() {
    let folder = Folder::with(&[]);
    let scripts = Scripts::with(&[]);
    let mut of_server = [options_of("server/builder.rs"), options_of("server/builder/access.rs")].concat();
    of_server.sort();
    assert_eq!(server_cases().options(), of_server);
    assert_eq!(files_cases(&folder).options(), options_of("handlers/simple/builder.rs"));
    assert_eq!(cgi_cases(&scripts).options(), options_of("handlers/cgi/builder.rs"));
}
