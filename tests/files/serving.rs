//! Files, directories and redirects as `SimpleHTTPRequestHandler` serves them, like Python's `http.server`. Its options
//! stand in `options.rs`, conditions and ranges in `states.rs`, attacks in `attacks.rs`.

use std::fmt;
use std::fs;

use crate::support::folder::{Folder, THEN_TEXT, ask, quiet};
use crate::support::needs::skip;
use crate::support::{Client, Reply};
use basehttp::testing::{self, Server};
use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, http_handler};

pub(super) const HTML: &str = "text/html; charset=utf-8";

pub(super) fn tree() -> Folder {
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
        ("/docs", "./docs/", "a folder with an index page"),
        ("/bare", "./bare/", "one without"),
        ("/bare?x=/y", "./bare/?x=/y", "the query stays"),
        ("/docs/.", "././", "dots"),
        ("/docs/..", "./../", "dots"),
        ("//docs", "./docs/", "slashes in front"),
        ("/%64ocs", "./%64ocs/", "as it was sent"),
        ("/docs%2f", "./docs%2f/", "a slash that only decoding brings is none for relative links"),
    ];
    for (path, location, why) in table {
        let reply = ask(&folder.handler(), &format!("GET {path}"), "");
        assert_eq!((reply.status, reply.field("Location")), (301, Some(location)), "{path}: {why}");
        assert_eq!((reply.field("Content-Length"), reply.field("Content-type")), (Some("0"), None), "{path}: {why}");
    }
    let reply = ask(&folder.handler(), "GET http://h/docs", "");
    assert_eq!(reply.field("Location"), Some("./docs/"), "the path alone");
}

/// Serves one directory, whatever the path is.
struct Elsewhere(SimpleHTTPRequestHandler);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Elsewhere {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.path = "/docs";
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_folder_that_is_sent_for_another_name_is_a_redirect_from_the_root() {
    let folder = tree();
    let handler = Elsewhere(folder.options().build().unwrap());
    for (asked, location) in [("/a/b/c", "/docs/"), ("/app/docs", "./docs/"), ("/docs/x", "/docs/")] {
        let reply = ask(&handler, &format!("GET {asked}"), "");
        assert_eq!((reply.status, reply.field("Location")), (301, Some(location)), "{asked}");
    }
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
        let response = testing::get(path).send(&site).expect_status(status);
        assert!(response.text().starts_with(text), "{path}: {response:?}");
        assert_eq!(response.header("Server"), Some("Site/1.0"), "{path}");
        assert_eq!(response.header_all("X-Own").count(), 1, "{path}");
        assert_eq!(response.header_all("X-Files").count(), files, "{path}: {response:?}");
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
    let text = |path: &str| testing::get(path).send(&upper).expect_status(200).text().to_owned();
    assert_eq!(text("/a.txt"), "TEXT");
    assert_eq!(text("/large.txt"), large.to_uppercase());
    let part = testing::get("/a.txt").header("Range", "bytes=1-2").send(&upper).expect_status(206);
    assert_eq!(part.text(), "EX");
    // Whole already.
    testing::get("/docs").send(&upper).expect_status(301);
    testing::get("/nothing").send(&upper).expect_status(404);
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
