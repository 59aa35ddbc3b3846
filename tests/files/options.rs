//! The options of `SimpleHTTPRequestHandler`, for pages, media types, mounts, translated paths and fields of the
//! program.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::serving::{HTML, tree};
use crate::support::folder::{Folder, Quiet, ask, quiet};
use basehttp::{SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder};

#[test]
fn options_change_what_they_say() {
    let folder = tree();
    folder.write("404.html", "<p>not here");
    let own_list = || folder.options().list_directory(|ex, _| Ok(ex.send_text(200, "own")?));
    let table: Vec<(&str, Quiet, &str, u16, &str)> = vec![
        ("dot files", quiet(folder.options().dot_files(true)), "/.hidden", 200, "hidden"),
        ("dot folders", quiet(folder.options().dot_files(true)), "/sub/.git/config", 200, "config"),
        ("index pages", quiet(folder.options().index_pages(["x.txt"])), "/bare/", 200, "x"),
        ("no listings", quiet(folder.options().listings(false)), "/bare/", 404, "<!"),
        ("no listings", quiet(folder.options().listings(false)), "/docs/", 200, "<p>docs"),
        ("no listings, own or not", quiet(own_list().listings(false)), "/bare/", 404, "<!"),
        ("listings of the program's own", quiet(own_list()), "/bare/", 200, "own"),
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
    for (path, location) in [("/static", "./static/"), ("/static?x", "./static/?x"), ("/static/docs", "./docs/")] {
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
fn a_directory_that_cannot_be_opened_is_named_in_the_error() {
    let folder = Folder::with(&[("a.txt", "")]);
    for (name, kind) in [("a.txt", ErrorKind::NotADirectory), ("nothing", ErrorKind::NotFound)] {
        let path = folder.www().join(name);
        let error = SimpleHTTPRequestHandler::new(&path).expect_err("that is no directory");
        assert_eq!(error.kind(), kind, "{error}");
        let text = format!("cannot serve the directory {}: ", path.display());
        assert!(error.to_string().starts_with(&text), "{error}");
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
