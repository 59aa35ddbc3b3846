//! Listings of directories as clients get them, in the form and order that they ask for, fresh, and in pieces when they
//! are large.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::folder::quiet;
use crate::support::{Client, Reply};
use basehttp::files::EntryKind;
use basehttp::testing::Server;
use basehttp::{SimpleHTTPRequestHandler, SimpleHTTPRequestHandlerBuilder};

/// A folder of the test's own, gone when the value is.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("listing-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).expect("a scratch folder");
        Scratch(path)
    }

    fn file(&self, name: impl AsRef<[u8]>, size: u64) {
        let file = File::create(self.0.join(OsStr::from_bytes(name.as_ref()))).expect("a file");
        file.set_len(size).expect("a size");
    }

    fn folder(&self, name: &str) {
        fs::create_dir(self.0.join(name)).expect("a folder");
    }

    fn link(&self, target: &str, name: &str) {
        symlink(target, self.0.join(name)).expect("a link");
    }

    fn builder(&self) -> SimpleHTTPRequestHandlerBuilder {
        SimpleHTTPRequestHandler::builder().directory(&self.0)
    }

    fn server(&self) -> Server {
        serve(self.builder())
    }
}

fn serve(builder: SimpleHTTPRequestHandlerBuilder) -> Server {
    Server::start(quiet(builder)).expect("a free port")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover in the build's own directory is harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn request(method: &str, target: &str, fields: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
}

fn get(server: &Server, target: &str) -> Reply {
    Client::sending(server, request("GET", target, "")).read_reply()
}

fn get_json(server: &Server, target: &str) -> Reply {
    Client::sending(server, request("GET", target, "Accept: application/json\r\n")).read_reply()
}

/// The links of a page's rows, without the row that leads up.
fn hrefs(page: &Reply) -> Vec<&str> {
    let rows = page.text().split("<th scope=row><a href=\"").skip(1);
    rows.map(|row| row.split('"').next().expect("quotes")).filter(|href| *href != "../").collect()
}

#[test]
fn a_listing_has_the_form_that_the_client_prefers() {
    let scratch = Scratch::new();
    scratch.file("a.txt", 5);
    let server = scratch.server();
    let table = [
        ("", "text/html; charset=utf-8", "no Accept"),
        ("Accept: text/html,*/*;q=0.8\r\n", "text/html; charset=utf-8", "a browser"),
        ("Accept: application/json\r\n", "application/json", "a program"),
        ("Accept: text/html;q=0.5\r\nAccept: application/json\r\n", "application/json", "two fields"),
        ("Accept: application/json, text/html\r\n", "text/html; charset=utf-8", "a tie"),
        ("Accept: image/png\r\n", "text/html; charset=utf-8", "neither"),
    ];
    for (fields, content_type, why) in table {
        let reply = Client::sending(&server, request("GET", "/", fields)).read_reply();
        assert_eq!((reply.status, reply.field("Content-Type")), (200, Some(content_type)), "{why}");
        assert_eq!(reply.field("Vary"), Some("Accept"), "{why}");
        assert_eq!(reply.field("X-Content-Type-Options"), Some("nosniff"), "{why}");
        assert!(reply.text().contains("a.txt"), "{why}");
        let head = Client::sending(&server, request("HEAD", "/", fields)).try_read_reply("HEAD").expect("a head");
        let length = reply.body.len().to_string();
        assert_eq!((head.status, head.field("Content-Length")), (200, Some(&*length)), "{why}: HEAD");
    }
    let policy = get(&server, "/").field("Content-Security-Policy").map(str::to_owned).expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
}

#[test]
fn the_query_sorts_and_what_it_does_not_know_changes_nothing() {
    let scratch = Scratch::new();
    for (name, size) in [("b", 3), ("A", 2), ("c", 1)] {
        scratch.file(name, size);
    }
    scratch.folder("z");
    let server = scratch.server();
    let table = [
        ("/", "z/ A b c"),
        ("/?order=desc", "z/ c b A"),
        ("/?sort=size", "z/ c A b"),
        ("/?sort=size&order=desc", "z/ b A c"),
        ("/?order=desc&x=y&sort=size", "z/ b A c"),
        ("/?sort=%73ize", "z/ c A b"),
        ("/?sort=<b>&order=%00", "z/ A b c"),
        ("/?C=N;O=D", "z/ A b c"),
    ];
    for (target, expected) in table {
        let reply = get(&server, target);
        assert_eq!(hrefs(&reply).join(" "), expected, "{target}");
        assert!(!reply.text().contains("<b>"), "nothing of the query is in the page: {target}");
    }
}

#[test]
fn every_odd_name_can_be_reached_by_its_link() {
    let scratch = Scratch::new();
    let long = [b'x'; 200];
    let names: [&[u8]; 18] = [
        b"<b>bold",
        b"&lt;",
        b"a&b",
        b"50%25",
        b"%41",
        b"what?",
        b"a#b",
        b"a b+c",
        b"\"quoted\" 'name'",
        b"javascript:alert(1)",
        b"http:",
        b"back\\slash",
        b"raw\xff\xfe",
        "caf\u{e9}".as_bytes(),
        "evil\u{202e}txt.exe".as_bytes(),
        b"new\nline\t\x01",
        b"~;,=@!$*()[]{}|^`",
        &long,
    ];
    for (at, name) in (1..).zip(names) {
        scratch.file(name, at);
    }
    let server = scratch.server();
    for reply in [get(&server, "/"), get_json(&server, "/")] {
        assert!(!reply.text().contains(env!("CARGO_TARGET_TMPDIR")), "no local path");
    }
    let by_size = get(&server, "/?sort=size");
    let hrefs = hrefs(&by_size);
    assert_eq!(hrefs.len(), names.len());
    for (at, href) in (1..).zip(hrefs) {
        // The URL that a client makes of a reference without scheme and slashes.
        let reply = get(&server, &format!("/{}", href.strip_prefix("./").unwrap_or(href)));
        assert_eq!((reply.status, reply.body.len()), (200, at), "{href}");
    }
}

#[test]
fn what_is_hidden_or_leads_out_is_not_linked() {
    let scratch = Scratch::new();
    scratch.file(".hidden", 1);
    scratch.folder(".well-known");
    scratch.folder("inside");
    scratch.link("inside", "to_inside");
    scratch.link("..", "to_outside");
    scratch.link("/etc/passwd", "to_passwd");
    let server = scratch.server();
    let page = get(&server, "/");
    assert_eq!(hrefs(&page), ["inside/", "to_inside/"]);
    let rows = page.text().matches("<a><bdi>to_").count();
    assert_eq!(rows, 2, "links out are shown, without a way to follow them");
    assert!(!page.text().contains(".hidden") && !page.text().contains(".well-known"));
    let server = serve(scratch.builder().dot_files(true).follow_links_out(true));
    let expected = [".well-known/", "inside/", "to_inside/", "to_outside/", ".hidden", "to_passwd"];
    assert_eq!(hrefs(&get(&server, "/")), expected);
}

#[test]
fn a_change_is_seen_by_the_next_request() {
    let scratch = Scratch::new();
    scratch.file("a", 1);
    let server = scratch.server();
    let has = |what: &str| {
        let page = get(&server, "/");
        assert!(page.text().contains(what), "{what} is not in {}", page.text());
    };
    has("1 byte\"");
    scratch.file("b", 1);
    has("href=\"b\"");
    scratch.file("a", 77);
    has("77 bytes\"");
    fs::remove_file(scratch.0.join("a")).expect("a file to remove");
    has("<p>1 file, 1 B</p>");
}

#[test]
fn a_folder_that_vanishes_is_404() {
    let scratch = Scratch::new();
    scratch.folder("sub");
    let server = scratch.server();
    assert_eq!(get(&server, "/sub/").status, 200);
    fs::remove_dir(scratch.0.join("sub")).expect("a folder to remove");
    assert_eq!(get(&server, "/sub/").status, 404, "although it was listed a moment ago");
}

#[test]
fn a_large_folder_comes_in_pieces_and_whole() {
    let scratch = Scratch::new();
    // More names than a page in memory may have, some 1.2 MB.
    for at in 0..5000 {
        scratch.file(format!("{at:0>240}"), 0);
    }
    scratch.folder("sub");
    let server = scratch.server();
    for (target, first, last) in [("/", 0, 4999), ("/?order=desc", 4999, 0)] {
        let page = get(&server, target);
        let hrefs = hrefs(&page);
        assert_eq!((page.status, hrefs.len(), hrefs[0]), (200, 5001, "sub/"), "{target}");
        assert_eq!(page.field("Transfer-Encoding"), Some("chunked"), "{target}");
        assert_eq!((hrefs[1], hrefs[5000]), (&*format!("{first:0>240}"), &*format!("{last:0>240}")), "{target}");
        assert!(page.text().ends_with("</html>\n"), "{target}");
    }
    let json = get_json(&server, "/");
    assert_eq!(json.text().matches("\"kind\":\"file\"").count(), 5000);
    let old = Client::sending(&server, "GET / HTTP/1.0\r\n\r\n").read_reply();
    assert_eq!((old.field("Transfer-Encoding"), hrefs(&old).len()), (None, 5001), "HTTP/1.0: until the end");
    let mut client = Client::sending(&server, request("HEAD", "/", "") + &request("GET", "/sub/", ""));
    let head = client.try_read_reply("HEAD").expect("a head");
    assert_eq!((head.status, head.field("Content-Length")), (200, None), "HEAD tells no length that is not known");
    assert_eq!(client.read_reply().status, 200, "and nothing follows it");
}

#[test]
fn many_clients_of_one_folder_get_the_same_page() {
    let scratch = Scratch::new();
    for at in 0..300 {
        scratch.file(format!("{at}"), 0);
    }
    let server = scratch.server();
    let mut clients: Vec<_> = (0..32).map(|_| Client::sending(&server, request("GET", "/", ""))).collect();
    let pages: Vec<_> = clients.iter_mut().map(|client| client.read_reply().body).collect();
    assert!(pages.iter().all(|page| *page == pages[0]) && !pages[0].is_empty());
}

#[test]
fn a_program_can_show_folders_in_its_own_way() {
    let scratch = Scratch::new();
    scratch.file("b", 1);
    scratch.file("a", 2);
    scratch.folder("z y");
    let handler = scratch.builder().header("X-Own", "1").list_directory(|ex, listing| {
        let entries = listing.entries().map(|entry| {
            let mark = if entry.kind() == EntryKind::Directory { "folder" } else { "file" };
            format!("{mark} {} {} {}", entry.name().display(), entry.size(), entry.href().unwrap_or_default())
        });
        let entries = entries.collect::<Vec<_>>().join("\n");
        Ok(ex.send_text(200, format!("{} {} {}\n{entries}", listing.path(), listing.has_parent(), listing.len()))?)
    });
    let server = serve(handler);
    let expected = "/ false 3\nfolder z y 0 z%20y/\nfile a 2 a\nfile b 1 b";
    assert_eq!(get(&server, "/").text(), expected);
    assert_eq!(get(&server, "/?order=desc").text(), "/ false 3\nfolder z y 0 z%20y/\nfile b 1 b\nfile a 2 a");
    assert_eq!(get(&server, "/z%20y/").text(), "/z y/ true 0\n");
}

#[test]
fn the_handlers_own_fields_come_with_a_listing() {
    let scratch = Scratch::new();
    let server = serve(scratch.builder().header("X-Own", "1"));
    assert_eq!(get(&server, "/").field("X-Own"), Some("1"));
}
