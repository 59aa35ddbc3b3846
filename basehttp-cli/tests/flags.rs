//! The effect of each flag, as a client of the program sees it.

mod support;

use std::fs;
use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::http::Client;
use support::{Program, Scratch, ask, basehttp, get, reply};

/// Makes a directory with something for every flag.
fn site() -> Scratch {
    let scratch = Scratch::with(&[
        ("a.txt", "a"),
        ("a.txt.gz", "not for everybody"),
        ("noun", "no extension"),
        (".env", "secret"),
        ("index/index.html", "an index"),
        ("index/home.html", "a home"),
        ("errors/404.html", "not here"),
        ("app.html", "an app"),
        ("folder/file", ""),
    ]);
    scratch.link("/etc/passwd", "outside");
    scratch
}

/// A GET of the program with these flags, and the expected response.
struct Case {
    flags: &'static [&'static str],
    target: &'static str,
    fields: &'static str,
    /// The status, and the value of the field or body.
    expected: (u16, Look, &'static str),
    /// The status and the value without the flags.
    without: (u16, &'static str),
}

#[derive(Clone, Copy)]
enum Look {
    Body,
    Field(&'static str),
}
use Look::{Body, Field};

const fn case(
    flags: &'static [&'static str],
    target: &'static str,
    fields: &'static str,
    expected: (u16, Look, &'static str),
    without: (u16, &'static str),
) -> Case {
    Case { flags, target, fields, expected, without }
}

/// Any text that is not empty.
const ANY: &str = "*";
const NONE: &str = "";

const CASES: [Case; 26] = [
    case(&["--index", "home.html"], "/index/", "", (200, Body, "a home"), (200, "an index")),
    case(&["--index", "no.html", "--index", "home.html"], "/index/", "", (200, Body, "a home"), (200, "an index")),
    case(&["--no-listing"], "/folder/", "", (404, Body, ANY), (200, ANY)),
    case(&["--no-listing"], "/index/", "", (200, Body, "an index"), (200, "an index")),
    case(&["--follow-links"], "/outside", "", (200, Body, ANY), (404, ANY)),
    case(&["--dot-files"], "/.env", "", (200, Body, "secret"), (404, ANY)),
    case(&["--no-precompressed"], "/a.txt", GZIP, (200, Body, "a"), (200, "not for everybody")),
    case(&["--spa=app.html"], "/some/path", "", (200, Body, "an app"), (404, ANY)),
    case(&["--spa=index/index.html"], "/some/path", "", (200, Body, "an index"), (404, ANY)),
    case(&["--spa=app.html"], "/app.js", "", (404, Body, ANY), (404, ANY)),
    case(&["--not-found", "errors/404.html"], "/nope", "", (404, Body, "not here"), (404, ANY)),
    case(&["--header", "X-A", "b"], "/a.txt", "", (200, Field("X-A"), "b"), (200, NONE)),
    case(&["-H", "X-A", "-1", "-H", "X-A", "c"], "/a.txt", "", (200, Field("X-A"), "-1, c"), (200, NONE)),
    case(&["-H", "X-A", "b"], "/nope", "", (404, Field("X-A"), "b"), (404, NONE)),
    case(&["-H", "X-A", "b"], "/folder", "", (301, Field("X-A"), "b"), (301, NONE)),
    case(&["-H", "X-A", "b"], "/folder/", "", (200, Field("X-A"), "b"), (200, NONE)),
    case(&["--content-type", "text/x-own"], "/noun", "", (200, TYPE, "text/x-own"), (200, "application/octet-stream")),
    case(&["--content-type", "text/x-own"], "/app.html", "", (200, TYPE, HTML), (200, HTML)),
    case(&["--charset", "koi8-r"], "/a.txt", "", (200, TYPE, "text/plain; charset=koi8-r"), (200, TEXT)),
    case(&["--charset", ""], "/a.txt", "", (200, TYPE, "text/plain"), (200, TEXT)),
    case(&["--cache-control", "no-cache"], "/a.txt", "", (200, Field("Cache-Control"), "no-cache"), (200, NONE)),
    case(&["--cors"], "/a.txt", "", (200, ALLOWED, "*"), (200, NONE)),
    case(&["--cors=https://a.example"], "/nope", "", (404, ALLOWED, "https://a.example"), (404, NONE)),
    case(&["--etag", "off"], "/a.txt", "", (200, Field("ETag"), NONE), (200, ANY)),
    case(&["--attachment"], "/a.txt", "", (200, Field("Content-Disposition"), ANY), (200, NONE)),
    case(&["--cache-bytes", "0"], "/a.txt", "", (200, Body, "a"), (200, "a")),
];

const TYPE: Look = Field("Content-Type");
const ALLOWED: Look = Field("Access-Control-Allow-Origin");
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const GZIP: &str = "Accept-Encoding: gzip\r\n";

#[test]
fn each_flag_has_its_effect_and_only_when_it_is_given() {
    let scratch = site();
    for Case { flags, target, fields, expected: (status, look, text), without } in CASES {
        let directory = ["-d", scratch.as_str()];
        for (flags, status, text) in [(flags, status, text), (&[], without.0, without.1)] {
            let (_program, address) = Program::serving(&[&directory, flags].concat());
            let reply = reply(address, "GET", target, fields);
            let seen = match look {
                Body => reply.text().to_owned(),
                Field(name) => reply.fields_named(name).collect::<Vec<_>>().join(", "),
            };
            assert_eq!(reply.status, status, "{flags:?} {target}");
            match text {
                ANY => assert!(!seen.is_empty(), "{flags:?} {target}"),
                _ => assert_eq!(seen, text, "{flags:?} {target}"),
            }
        }
    }
}

#[test]
fn without_a_folder_it_is_the_current_one() {
    let scratch = site();
    let mut command = basehttp(["0"]);
    let program = Program::start({
        command.current_dir(scratch.path());
        command
    });
    assert_eq!(get(program.address(), "/a.txt").body, b"a");
}

#[test]
fn connections_are_kept_but_for_http_1_0() {
    let request = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let scratch = site();
    for (flags, version) in [(&[][..], "HTTP/1.1"), (&["-p", "HTTP/1.1"], "HTTP/1.1")] {
        let (_program, address) = Program::serving(&[&["-d", scratch.as_str()], flags].concat());
        let mut client = Client::connect(address);
        for _ in 0..2 {
            client.send(request);
            assert_eq!(client.read_reply().version, version, "{flags:?}");
        }
    }
    for name in ["HTTP/1.0", "http/1.0"] {
        let (_program, address) = Program::serving(&["-d", scratch.as_str(), "--protocol", name]);
        let mut client = Client::connect(address);
        client.send(request);
        let reply = client.read_reply();
        assert_eq!((reply.version.as_str(), reply.body.as_slice()), ("HTTP/1.0", &b"a"[..]), "{name}");
        client.expect_end();
    }
}

#[test]
fn own_headers_are_in_replies_that_no_file_has_a_part_in() {
    let scratch = site();
    let (_program, address) = Program::serving(&["-d", scratch.as_str(), "-H", "X-A", "b", "--cors"]);
    for (request, status) in [
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", "501"),
        ("OPTIONS / HTTP/1.1\r\nHost: localhost\r\n\r\n", "204"),
        ("HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
        ("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let text = String::from_utf8(ask(address, request)).expect("it is text");
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {text}");
        assert_eq!(text.matches("\r\nX-A: b\r\n").count(), 1, "{request:?}: {text}");
        assert_eq!(text.matches("\r\nAccess-Control-Allow-Origin: *\r\n").count(), 1, "{request:?}: {text}");
    }
    let preflight =
        reply(address, "OPTIONS", "/a.txt", "Origin: https://b.example\r\nAccess-Control-Request-Method: GET\r\n");
    assert_eq!(preflight.field("Access-Control-Allow-Methods"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn marks_are_strong_or_weak_or_not_there() {
    let scratch = site();
    for (kind, starts_with) in [("strong", Some("\"")), ("weak", Some("W/\"")), ("off", None)] {
        let (_program, address) = Program::serving(&["-d", scratch.as_str(), "--etag", kind]);
        let reply = get(address, "/a.txt");
        let is_so = match (reply.field("ETag"), starts_with) {
            (Some(mark), Some(start)) => mark.starts_with(start),
            (mark, start) => mark.is_none() && start.is_none(),
        };
        assert!(is_so, "{kind}: {reply:?}");
    }
}

#[test]
fn without_a_cache_a_change_is_seen_at_once() {
    let scratch = site();
    let (_program, address) = Program::serving(&["-d", scratch.as_str(), "--cache-bytes", "0"]);
    for content in ["one", "two", "three"] {
        scratch.file("a.txt", content);
        assert_eq!(get(address, "/a.txt").text(), content);
    }
}

#[test]
fn a_download_may_be_paused_for_as_long_as_the_flag_says() {
    let scratch = site();
    // Larger than all buffers on the way.
    let size = 64 * 1024 * 1024;
    fs::File::create(scratch.path().join("large")).and_then(|file| file.set_len(size)).expect("a file with a hole");
    let directory = ["-d", scratch.as_str()];
    let (_patient, patient) = Program::serving(&directory);
    let (program, hasty) = Program::serving(&[&directory[..], &["--pause", "1"]].concat());
    let start = |address| {
        let mut client = Client::connect(address);
        client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.read_exactly(1000);
        client
    };
    let (mut paused, mut given_up) = (start(patient), start(hasty));
    // Nothing is read until the other program's log says that its reply was cut off.
    program.stderr.wait_for("cut off");
    let mut rest = Vec::new();
    given_up.stream().read_to_end(&mut rest).expect_err("it was reset");
    let left = usize::try_from(size).expect("64 MiB") - 1000;
    assert!(paused.read_exactly(left).len() == left, "it goes on");
}

/// Returns the number of the program's epoll descriptors, of which each worker has a fixed number.
fn pollers(workers: &str) -> usize {
    let (program, address) = Program::serving(&["--workers", workers]);
    assert_eq!(get(address, "/").status, 200, "they are all there");
    let descriptors = fs::read_dir(format!("/proc/{}/fd", program.id())).expect("the program runs");
    let links = descriptors.filter_map(|descriptor| fs::read_link(descriptor.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().contains("eventpoll")).count()
}

#[test]
fn as_many_workers_serve_as_were_asked_for() {
    let of_one = pollers("1");
    assert!(of_one > 0);
    assert_eq!([pollers("2"), pollers("5")], [2 * of_one, 5 * of_one]);
}

#[test]
fn requests_and_errors_are_logged_in_the_original_s_format() {
    let scratch = site();
    let (program, address) = Program::serving(&["-d", scratch.as_str()]);
    get(address, "/a.txt");
    get(address, "/nope");
    let log = program.stopped().stderr;
    let texts: Vec<_> = log.lines().map(|line| line.split_once("] ").expect("a time in brackets").1).collect();
    let expected =
        ["\"GET /a.txt HTTP/1.1\" 200 -", "code 404, message File not found", "\"GET /nope HTTP/1.1\" 404 -"];
    assert_eq!(texts, expected);
    assert!(log.lines().all(|line| line.starts_with("127.0.0.1 - - [")), "{log}");
}

#[test]
fn quiet_logs_nothing_and_says_less() {
    let scratch = site();
    let (program, address) = Program::serving(&["-d", scratch.as_str(), "--quiet"]);
    get(address, "/a.txt");
    get(address, "/nope");
    let ended = program.stopped();
    assert_eq!((ended.stderr.as_str(), ended.stdout.lines().count()), ("", 1), "the banner alone: {ended:?}");
}

#[test]
fn every_line_of_the_log_is_in_local_time() {
    let scratch = site();
    fs::File::create(scratch.path().join("large")).and_then(|file| file.set_len(1 << 30)).expect("a file with a hole");
    // Names of zones need the system's tables; these do not.
    for (zone, ahead) in [("UTC0", 0), ("Here-5:30", 19_800), ("There8", -28_800)] {
        let mut command = basehttp(["0", "-d", scratch.as_str()]);
        command.env("TZ", zone);
        let program = Program::start(command);
        let before = seconds_now();
        get(program.address(), "/");
        let mut client = Client::connect(program.address());
        client.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.wait_for_a_byte();
        drop(client);
        program.stderr.wait_for(" bytes of body\n");
        let log = program.stopped().stderr;
        let after = seconds_now();
        let possible: Vec<_> = (before..=after).map(|second| written(second + ahead)).collect();
        assert_eq!(log.lines().count(), 3, "two requests, and one that is cut off: {log}");
        for line in log.lines() {
            let time = line.split(['[', ']']).nth(1).expect("a time in brackets");
            assert!(possible.iter().any(|possible| possible == time), "{zone}: {line}, one of {possible:?}");
        }
    }
}

fn seconds_now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    now.as_secs().cast_signed()
}

/// Returns a time as in `14/Nov/2023 22:13:20`, made from an HTTP date.
fn written(seconds: i64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.cast_unsigned());
    let date = httpdate(time);
    let words: Vec<_> = date.split(' ').collect();
    format!("{}/{}/{} {}", words[1], words[2], words[3], words[4])
}

/// Returns a time as in `Tue, 14 Nov 2023 22:13:20 GMT`, by the library, which asks a handler for it.
fn httpdate(time: SystemTime) -> String {
    struct Silent;
    #[basehttp::http_handler]
    impl Silent {
        fn do_GET(&self, _ex: &mut basehttp::Exchange) {}
    }
    basehttp::defaults::date_time_string(&Silent, time)
}

#[test]
fn only_hosts_of_this_computer_and_those_of_the_flag_are_answered_for() {
    let scratch = site();
    let status = |address, host: &str| {
        let text = ask(address, &format!("GET /a.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        String::from_utf8_lossy(&text).split(' ').nth(1).map(str::to_owned).expect("a status")
    };
    let (_program, address) = Program::serving(&["-d", scratch.as_str()]);
    let own = address.to_string();
    for host in ["localhost", "LOCALHOST:80", "localhost.", "app.localhost", "127.0.0.1", "[::1]:8000", &own] {
        assert_eq!(status(address, host), "200", "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.2", "a.tunnel.example", "h", ""] {
        assert_eq!(status(address, host), "421", "{host}");
    }
    let (_program, address) =
        Program::serving(&["-d", scratch.as_str(), "--host", "*.tunnel.example", "--host", "192.0.2.1"]);
    for host in ["localhost", "a.tunnel.example", "192.0.2.1:8000"] {
        assert_eq!(status(address, host), "200", "{host}");
    }
    for host in ["tunnel.example", "evil.example"] {
        assert_eq!(status(address, host), "421", "{host}");
    }
}
