//! Files, directories, redirects and types as `SimpleHTTPRequestHandler` serves them, like Python's `http.server`, and the
//! effect of its options. Conditions and ranges stand in `states.rs`, attacks in `attacks.rs`.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::support::folder::{Folder, Quiet, THEN_TEXT, ask, quiet};
use crate::support::needs::skip;
use crate::support::{Client, Reply};
use basehttp::testing::{Server, respond};
use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder, http_handler};

const HTML: &str = "text/html; charset=utf-8";

fn tree() -> Folder {
    Folder::with(&[
        ("index.html", "<p>home"),
        ("a.txt", "text"),
        ("empty.txt", ""),
        ("docs/index.htm", "<p>docs"),
        ("both/index.html", "<p>html"),
        ("both/index.htm", "<p>htm"),
        ("bare/x.txt", "x"),
        ("with space & %.txt", "odd"),
        (".hidden", "hidden"),
        (".well-known/acme", "acme"),
        ("sub/.git/config", "config"),
    ])
}

#[test]
fn files_folders_and_what_is_not_there_are_answered_as_the_original_does() {
    let folder = tree();
    let handler = folder.handler();
    let table = [
        ("/", 200, "<p>home", "the index page of the root"),
        ("/index.html", 200, "<p>home", "the page itself"),
        ("/a.txt", 200, "text", "a file"),
        ("/a.txt?x=1", 200, "text", "a query changes nothing"),
        ("/empty.txt", 200, "", "an empty file"),
        ("/docs/", 200, "<p>docs", "the second index page"),
        ("/both/", 200, "<p>html", "the first of two"),
        ("/with%20space%20&%20%25.txt", 200, "odd", "an odd name"),
        ("/docs/../a.txt", 200, "text", "dots"),
        ("/bare/x.txt", 200, "x", "a file in a folder"),
        ("/.well-known/acme", 200, "acme", "the public name with a dot"),
        ("/a.txt/", 404, "", "a file with a slash"),
        ("/a.txt/x", 404, "", "a file is no folder"),
        ("/nothing", 404, "", "nothing"),
        ("/nothing/", 404, "", "nothing"),
        ("/.hidden", 404, "", "a name with a dot"),
        ("/sub/.git/config", 404, "", "a folder with a dot"),
        ("/a.txt%00", 404, "", "a NUL, on which the original drops the connection"),
    ];
    for (path, status, text, why) in table {
        for method in ["GET", "HEAD"] {
            let reply = ask(&handler, &format!("{method} {path}"), "");
            assert_eq!(reply.status, status, "{method} {path}: {why}");
            if status == 200 {
                assert_eq!(reply.field("Content-Length"), Some(&*text.len().to_string()), "{method} {path}: {why}");
                assert_eq!(reply.text(), if method == "GET" { text } else { "" }, "{method} {path}: {why}");
            } else {
                assert_eq!(reply.reason, "File not found", "{method} {path}: {why}");
            }
        }
    }
}

#[test]
fn the_fields_of_a_file_come_in_the_originals_order() {
    let folder = tree();
    let reply = ask(&folder.options().build().expect("a handler"), "GET /a.txt", "");
    let names: Vec<_> = reply.fields.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["Server", "Date", "Content-type", "Last-Modified", "ETag", "Accept-Ranges", "Content-Length", "Connection"];
    assert_eq!(names, expected, "the length is the runtime's, and comes last");
    assert_eq!(reply.field("Content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.field("Last-Modified"), Some(THEN_TEXT));
    let server = concat!("SimpleHTTP/", env!("CARGO_PKG_VERSION"), " Rust/");
    assert!(reply.field("Server").is_some_and(|field| field.starts_with(server)), "{server}: {reply:?}");
}

#[test]
fn a_folder_without_a_slash_is_a_redirect_to_the_path_with_one() {
    let folder = tree();
    let table = [
        ("/docs", "/docs/", "a folder with an index page"),
        ("/bare", "/bare/", "one without"),
        ("/bare?x=/y", "/bare/?x=/y", "the query stays"),
        ("/docs/.", "/docs/./", "dots"),
        ("/docs/..", "/docs/../", "dots"),
        ("/%64ocs", "/%64ocs/", "as it was sent"),
        ("/docs%2f", "/docs%2f/", "a slash that only decoding brings is none for relative links"),
    ];
    for (path, location, why) in table {
        let reply = ask(&folder.handler(), &format!("GET {path}"), "");
        assert_eq!((reply.status, reply.field("Location")), (301, Some(location)), "{path}: {why}");
        assert_eq!((reply.field("Content-Length"), reply.field("Content-type")), (Some("0"), None), "{path}: {why}");
    }
    let reply = ask(&folder.handler(), "GET http://h/docs", "");
    assert_eq!(reply.field("Location"), Some("/docs/"), "the path alone");
}

#[test]
fn methods_are_get_head_and_options() {
    let folder = tree();
    let options = ask(&folder.handler(), "OPTIONS /a.txt", "");
    assert_eq!(options.field("Allow"), Some("GET, HEAD, OPTIONS"));
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(ask(&folder.handler(), &format!("{method} /a.txt"), "").status, 501, "{method}");
    }
}

#[test]
fn what_is_no_regular_file_or_may_not_be_read_is_not_there() {
    let folder = tree();
    let www = folder.www();
    make_fifo(&www.join("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(www.join("socket")).expect("a socket");
    folder.link("device", "/dev/null");
    folder.link("gone", "nothing");
    folder.link("loop", "loop");
    for path in ["/fifo", "/socket", "/device", "/gone", "/loop", &format!("/{}", "x".repeat(300))] {
        assert_eq!(ask(&folder.handler(), &format!("GET {path}"), "").status, 404, "{path}");
    }
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(www.join("a.txt"), mode(0o000)).expect("it is ours");
    if fs::File::open(www.join("a.txt")).is_ok() {
        return skip("root may read every file");
    }
    assert_eq!(ask(&folder.handler(), "GET /a.txt", "").status, 404);
}

/// `mkfifo`, which the standard library lacks.
fn make_fifo(path: &std::path::Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo is on every Unix");
    assert!(made.success());
}

#[test]
fn a_handler_of_ones_own_hands_requests_on() {
    struct Site(SimpleHTTPRequestHandler);

    #[http_handler(server_version = "Site/1.0", sys_version = "", protocol_version = "HTTP/1.1")]
    impl Site {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            match ex.path {
                "/api" => Ok(ex.send_text(200, "api")?),
                _ => self.0.do_GET(ex),
            }
        }
        fn end_headers(&self, ex: &Exchange) -> std::io::Result<()> {
            ex.send_header("X-Own", "yes");
            Ok(())
        }
        fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    }

    let folder = tree();
    let site = Site(folder.options().header("X-Files", "yes").build().expect("a handler"));
    let table = [("/api", 200, "api", 0), ("/a.txt", 200, "text", 1), ("/docs", 301, "", 1), ("/nothing", 404, "", 1)];
    for (path, status, text, files) in table {
        let bytes = respond(&site, format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = &Reply::all(&bytes)[0];
        assert_eq!(reply.status, status, "{path}");
        assert!(reply.text().starts_with(text), "{path}: {reply:?}");
        assert_eq!(reply.field("Server"), Some("Site/1.0"), "{path}");
        assert_eq!(reply.fields_named("X-Own").count(), 1, "{path}");
        assert_eq!(reply.fields_named("X-Files").count(), files, "{path}: {reply:?}");
    }
}

#[test]
fn send_head_announces_what_it_gives() {
    struct Upper(SimpleHTTPRequestHandler);

    #[http_handler(protocol_version = "HTTP/1.1")]
    impl Upper {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            if let Some(mut content) = self.0.send_head(ex)? {
                let mut text = String::new();
                std::io::Read::read_to_string(&mut content, &mut text)?;
                std::io::Write::write_all(&mut ex.wfile, text.to_uppercase().as_bytes())?;
            }
            Ok(())
        }
        fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    }

    let folder = tree();
    let large = "large ".repeat(50_000);
    folder.write("large.txt", &large);
    let upper = Upper(folder.options().build().expect("a handler"));
    let ask = |request: &str| Reply::all(&respond(&upper, format!("{request}Host: h\r\n\r\n"))).remove(0);
    assert_eq!(ask("GET /a.txt HTTP/1.1\r\n").text(), "TEXT");
    assert_eq!(ask("GET /large.txt HTTP/1.1\r\n").text(), large.to_uppercase());
    let part = ask("GET /a.txt HTTP/1.1\r\nRange: bytes=1-2\r\n");
    assert_eq!((part.status, part.text()), (206, "EX"));
    assert_eq!(ask("GET /docs HTTP/1.1\r\n").status, 301, "whole already");
    assert_eq!(ask("GET /nothing HTTP/1.1\r\n").status, 404, "whole already");
}

#[test]
fn options_change_what_they_say() {
    let folder = tree();
    folder.write("404.html", "<p>not here");
    let table: Vec<(&str, Quiet, &str, u16, &str)> = vec![
        ("dot files", quiet(folder.options().dot_files(true)), "/.hidden", 200, "hidden"),
        ("dot folders", quiet(folder.options().dot_files(true)), "/sub/.git/config", 200, "config"),
        ("index pages", quiet(folder.options().index_pages(["x.txt"])), "/bare/", 200, "x"),
        ("no listings", quiet(folder.options().listings(false)), "/bare/", 404, "<!"),
        ("no listings", quiet(folder.options().listings(false)), "/docs/", 200, "<p>docs"),
        ("a fallback", quiet(folder.options().fallback_page("a.txt")), "/users/7", 200, "text"),
        ("a fallback", quiet(folder.options().fallback_page("a.txt")), "/app.js", 404, "<!"),
        ("a fallback", quiet(folder.options().fallback_page("a.txt")), "/%00", 404, "<!"),
        ("a fallback that is gone", quiet(folder.options().fallback_page("gone")), "/users/7", 404, "<!"),
        ("a 404 page", quiet(folder.options().not_found_page("404.html")), "/x", 404, "<p>not here"),
        ("a 404 page", quiet(folder.options().not_found_page("404.html")), "/.hidden", 404, "<p>not here"),
        ("a 404 page that is gone", quiet(folder.options().not_found_page("gone")), "/x", 404, "<!"),
        (
            "a fallback before a 404 page",
            quiet(folder.options().fallback_page("a.txt").not_found_page("404.html")),
            "/app.js",
            404,
            "<p>not here",
        ),
    ];
    for (what, handler, path, status, text) in table {
        let reply = ask(&handler, &format!("GET {path}"), "");
        assert_eq!(reply.status, status, "{what}: {path}");
        assert!(reply.text().starts_with(text), "{what}: {path}: {reply:?}");
        let head = ask(&handler, &format!("HEAD {path}"), "");
        assert_eq!((head.status, head.field("Content-Length")), (status, reply.field("Content-Length")), "{what}");
    }
}

#[test]
fn a_browser_that_goes_to_a_page_gets_the_fallback_whatever_the_path() {
    let folder = Folder::with(&[("index.html", "<p>app")]);
    let handler = quiet(folder.options().fallback_page("index.html"));
    let table = [
        ("/user/john.doe", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, "a browser"),
        ("/user/7", "text/html", 200, "a browser"),
        ("/user/7", "*/*", 200, "curl"),
        ("/app.js", "*/*", 404, "a script"),
        ("/logo.png", "image/avif,image/webp,*/*;q=0.8", 404, "a picture"),
        ("/api/user", "application/json", 404, "a program's own request"),
    ];
    for (path, accept, status, why) in table {
        let reply = ask(&handler, &format!("GET {path}"), &format!("Accept: {accept}\r\n"));
        assert_eq!((reply.status, reply.field("Vary")), (status, Some("Accept")), "{path}: {why}");
        assert_eq!(reply.text() == "<p>app", status == 200, "{path}: {why}");
    }
    let known =
        format!("Accept: text/html\r\nIf-None-Match: {}\r\n", ask(&handler, "GET /x", "").field("ETag").unwrap());
    let reply = ask(&handler, "GET /user/john.doe", &known);
    assert_eq!((reply.status, reply.field("Vary")), (304, Some("Accept")));
    assert_eq!(ask(&handler, "GET /index.html", "").field("Vary"), None, "a file is the same for all");
}

#[test]
fn what_is_mounted_stays_below_its_path() {
    let folder = tree();
    let handler = quiet(folder.options().mounted_at("/static"));
    let table = [
        ("/static/a.txt", 200, "text", "a file"),
        ("/static/", 200, "<p>home", "the root's index page"),
        ("/static/docs/?x", 200, "<p>docs", "a folder's"),
        ("/%73tatic/a.txt", 200, "text", "another spelling"),
        ("/statica.txt", 404, "", "a name that begins alike"),
        ("/a.txt", 404, "", "not below"),
        ("/", 404, "", "above"),
        ("/static/../a.txt", 404, "", "dots lead out"),
        ("/static/.hidden", 404, "", "a name with a dot"),
        ("/static/.well-known/acme", 404, "", "that is the URLs' own"),
    ];
    for (path, status, text, why) in table {
        let reply = ask(&handler, &format!("GET {path}"), "");
        assert_eq!(reply.status, status, "{path}: {why}");
        assert!(status != 200 || reply.text() == text, "{path}: {why}");
    }
    for (path, location) in [("/static", "/static/"), ("/static?x", "/static/?x"), ("/static/docs", "/static/docs/")] {
        let reply = ask(&handler, &format!("GET {path}"), "");
        assert_eq!((reply.status, reply.field("Location")), (301, Some(location)), "{path}");
    }
    let handler = quiet(folder.options().mounted_at("/static/files").index_pages(["none"]));
    let root = ask(&handler, "GET /static/files/", "");
    assert!(root.text().contains("<h1 id=name>Index of /static/files/</h1>"), "{}", root.text());
    assert!(!root.text().contains("href=\"..") && !root.text().contains("Parent folder"), "nothing leads out");
    let sub = ask(&handler, "GET /static/files/docs/", "");
    assert!(sub.text().contains("<a href=\"../\">Parent folder</a>"), "{}", sub.text());
    assert!(sub.text().contains("<a href=\"../\">Home</a>") && !sub.text().contains("../../"), "{}", sub.text());
    let not_ours = quiet(folder.options().mounted_at("/static").fallback_page("index.html"));
    assert_eq!(ask(&not_ours, "GET /users/7", "").status, 404, "a fallback stays below, too");
    assert_eq!(ask(&not_ours, "GET /static/users/7", "").text(), "<p>home");
    for path in ["static", "", "/a?b"] {
        let error = folder.options().mounted_at(path).build().expect_err("that is no path");
        assert!(error.to_string().contains("such as /static"), "{error}");
    }
}

#[test]
fn a_page_for_what_is_not_there_is_sent_whole_whatever_is_asked_of_it() {
    let folder = Folder::with(&[("404.html", "<p>not here")]);
    let handler = quiet(folder.options().not_found_page("404.html"));
    for fields in ["If-None-Match: *\r\n", "Range: bytes=0-1\r\n", "If-Match: \"x\"\r\n"] {
        let reply = ask(&handler, "GET /x", fields);
        assert_eq!((reply.status, reply.text()), (404, "<p>not here"), "{fields:?}");
        assert_eq!((reply.field("ETag"), reply.field("Content-type")), (None, Some(HTML)), "{fields:?}");
    }
}

#[test]
fn media_types_follow_the_programs_word_before_the_table() {
    let folder = Folder::with(&[("a.foo", ""), ("a.txt", ""), ("README", ""), ("a.unknown", "")]);
    let options = folder
        .options()
        .extensions_map([(".foo", "application/x-foo"), ("", "text/x-none")])
        .default_type("application/x-default")
        .guess_type(|path| (path.file_name()? == "a.txt").then(|| "text/x-mine".to_owned()));
    let handler = quiet(options);
    let table = [
        ("/a.foo", "application/x-foo"),
        ("/a.txt", "text/x-mine"),
        ("/README", "text/x-none"),
        ("/a.unknown", "application/x-default"),
    ];
    for (path, expected) in table {
        assert_eq!(ask(&handler, &format!("GET {path}"), "").field("Content-type"), Some(expected), "{path}");
    }
}

#[test]
fn a_file_that_names_its_encoding_is_believed() {
    let folder = Folder::with(&[
        ("sjis.html", "<!DOCTYPE html><meta charset=Shift_JIS><p>"),
        ("utf8.html", "<!DOCTYPE html><meta charset=UTF-8><p>"),
        ("silent.html", "<p>"),
        ("sheet.css", "@charset \"euc-jp\";"),
        ("feed.xml", "<?xml version=\"1.0\" encoding=\"windows-1251\"?><a/>"),
    ]);
    folder.write("latin1.txt", b"caf\xe9");
    folder.write("large.txt", [vec![b'a'; 100], vec![0xe9; 100_000]].concat());
    folder.write("picture.svgz", b"\x1f\x8b\x08 and so on");
    folder.write("picture.svg", "<svg/>");
    let of = |options: SimpleHTTPRequestHandlerBuilder, path: &str| {
        let reply = ask(&quiet(options), &format!("GET {path}"), "");
        let field = |name: &str| reply.field(name).unwrap_or_default().to_owned();
        (field("Content-type"), field("Content-Encoding"))
    };
    let table = [
        ("/sjis.html", "text/html", "text/html"),
        ("/utf8.html", HTML, "text/html"),
        ("/silent.html", HTML, "text/html; charset=koi8-r"),
        ("/sheet.css", "text/css", "text/css"),
        ("/feed.xml", "text/xml", "text/xml"),
        ("/latin1.txt", "text/plain", "text/plain; charset=koi8-r"),
        ("/large.txt", "text/plain", "text/plain; charset=koi8-r"),
    ];
    for (path, by_default, with_koi8_r) in table {
        for cache_bytes in [0, 1 << 20] {
            let options = || folder.options().cache_bytes(cache_bytes);
            assert_eq!(of(options(), path).0, by_default, "{path}");
            assert_eq!(of(options().charset("koi8-r"), path).0, with_koi8_r, "{path}");
            assert!(!of(options().charset(""), path).0.contains("charset"), "{path}");
        }
    }
    assert_eq!(of(folder.options(), "/picture.svgz"), ("image/svg+xml".into(), "gzip".into()), "browsers unpack it");
    assert_eq!(of(folder.options(), "/picture.svg"), ("image/svg+xml".into(), String::new()));
    assert!(folder.options().charset("utf-8; x").build().is_err(), "that is no name");
}

#[test]
fn a_program_translates_paths_and_still_gets_nothing_from_outside() {
    let folder = tree();
    fs::write(folder.outside().join("secret"), "secret").expect("a file");
    let secret = folder.outside().join("secret");
    let options = folder.options().translate_path(move |path| match path {
        "/up" => Some("../secret".into()),
        "/absolute" => Some(secret.clone()),
        "/dots" => Some("docs/../../secret".into()),
        "/hidden" => Some(".hidden".into()),
        "/nul" => Some("a.txt\0".into()),
        "/none" => None,
        "/file?v=1" => Some("/a.txt".into()),
        _ => SimpleHTTPRequestHandler::translate_path(path.strip_prefix("/static")?),
    });
    let handler = quiet(options);
    let table = [
        ("/static/a.txt", 200, "a prefix"),
        ("/static/docs/", 200, "a prefix"),
        ("/static/docs", 301, "a prefix"),
        ("/static", 301, "the root itself"),
        ("/static/", 200, "the root itself"),
        ("/static/../../secret", 404, "dots"),
        ("/file?v=1", 200, "a slash in front is the root's"),
        ("/up", 404, "outside"),
        ("/absolute", 404, "outside"),
        ("/dots", 404, "outside"),
        ("/hidden", 404, "a name with a dot"),
        ("/nul", 404, "no name at all"),
        ("/none", 404, "the program says no"),
        ("/other", 404, "the program says no"),
    ];
    for (path, status, why) in table {
        assert_eq!(ask(&handler, &format!("GET {path}"), "").status, status, "{path}: {why}");
    }
    assert_eq!(SimpleHTTPRequestHandler::translate_path("/a/../b%20c?d"), Some(PathBuf::from("b c")));
    assert_eq!(SimpleHTTPRequestHandler::translate_path("/%00"), None);
}

#[test]
fn fields_of_the_programs_own_are_in_every_reply() {
    let folder = tree();
    let handler = folder
        .options()
        .header("X-Frame-Options", "DENY")
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .cors("*")
        .cache_control("max-age=60")
        .attachment(true)
        .build()
        .expect("a handler");
    let table = [
        ("GET /a.txt", "", 200, Some("max-age=60")),
        ("HEAD /a.txt", "", 200, Some("max-age=60")),
        ("GET /a.txt", "Range: bytes=0-0\r\n", 206, Some("max-age=60")),
        ("GET /a.txt", "If-None-Match: *\r\n", 304, Some("max-age=60")),
        ("GET /a.txt", "If-Match: \"x\"\r\n", 412, None),
        ("GET /a.txt", "Range: bytes=9-\r\n", 416, None),
        ("GET /docs", "", 301, None),
        ("GET /nothing", "", 404, None),
        ("GET /bare/", "", 200, None),
        ("POST /a.txt", "", 501, None),
        ("OPTIONS /a.txt", "", 204, None),
    ];
    for (line, fields, status, cache_control) in table {
        let reply = ask(&handler, line, fields);
        assert_eq!(reply.status, status, "{line} {fields}");
        assert_eq!(reply.fields_named("X-Frame-Options").collect::<Vec<_>>(), ["DENY"], "{line} {fields}");
        assert_eq!(reply.fields_named("X-Twice").collect::<Vec<_>>(), ["1", "2"], "{line} {fields}");
        assert_eq!(reply.field("Access-Control-Allow-Origin"), Some("*"), "{line} {fields}");
        assert_eq!(reply.field("Cache-Control"), cache_control, "{line} {fields}");
    }
    let disposition =
        ask(&handler, "GET /with%20space%20&%20%25.txt", "").field("Content-Disposition").map(str::to_owned);
    let expected = "attachment; filename=\"with space & _.txt\"; filename*=UTF-8''with%20space%20&%20%25.txt";
    assert_eq!(disposition.as_deref(), Some(expected));
    let asked = "Origin: http://a.example\r\nAccess-Control-Request-Method: GET\r\n";
    let preflight = ask(&handler, "OPTIONS /a.txt", asked);
    assert_eq!(preflight.field("Access-Control-Allow-Methods"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn what_could_never_be_sent_is_refused_when_the_handler_is_built() {
    let folder = tree();
    let table = [
        ("a line end in a value", folder.options().header("X", "a\r\nY: b").build()),
        ("a name that is none", folder.options().header("a b", "c").build()),
        ("no name", folder.options().header("", "c").build()),
        ("a length", folder.options().header("Content-Length", "5").build()),
        ("a coding", folder.options().header("transfer-encoding", "chunked").build()),
        ("a second type", folder.options().header("Content-Type", "text/plain").build()),
        ("a second validator", folder.options().header("ETag", "\"a\"").build()),
        ("a second date", folder.options().header("Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT").build()),
        ("a second place", folder.options().header("location", "/").build()),
        ("a type with a line end", folder.options().extensions_map([(".x", "a/b\n")]).build()),
        ("a default type beyond Latin-1", folder.options().default_type("a/\u{20ac}").build()),
        ("a caching with a NUL", folder.options().cache_control("\0").build()),
        ("an origin with a line end", folder.options().cors("*\r\n").build()),
        ("a page that is a folder", folder.options().not_found_page("").build()),
        ("a folder that is a file", folder.options().directory(folder.www().join("a.txt")).build()),
        ("a folder that is not there", folder.options().directory(folder.www().join("gone")).build()),
    ];
    for (what, built) in table {
        assert!(built.is_err(), "{what}");
    }
}

#[test]
fn large_files_arrive_whole_and_the_connection_goes_on() {
    let folder = tree();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(|at| [at.to_le_bytes()[0], at.to_le_bytes()[2]]).collect();
    folder.write("large.bin", &large);
    let server = Server::start(folder.handler()).expect("a free port");
    let mut client = Client::of(&server);
    for round in 0..3 {
        client.send("GET /large.bin HTTP/1.1\r\nHost: h\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
        let reply = client.read_reply();
        assert_eq!(reply.field("Content-type"), Some("application/octet-stream"));
        assert!(reply.body == large, "round {round}: {} bytes", reply.body.len());
        assert_eq!(client.read_reply().text(), "text", "round {round}");
    }
}

#[test]
fn sixty_four_clients_get_what_they_ask_for() {
    let folder = tree();
    let server = Server::start(folder.handler()).expect("a free port");
    let mut clients: Vec<_> = (0..64).map(|_| Client::of(&server)).collect();
    for _ in 0..20 {
        for client in &mut clients {
            client.send("GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\nGET /docs/ HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        for client in &mut clients {
            assert_eq!([client.read_reply(), client.read_reply()].each_ref().map(Reply::text), ["text", "<p>docs"]);
        }
    }
}
