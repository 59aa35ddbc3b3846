//! Attempts to get out of the directory that is served, or to lead a browser to another site. None succeeds.

use std::fmt;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::folder::{Folder, Quiet, ask, beside, quiet};
use crate::support::{Client, PATIENCE, Reply};
use basehttp::testing::{Server, get, respond};
use basehttp::{Exchange, HTTPError, Result, SimpleHTTPRequestHandler, http_handler};

/// The content of every file outside of the directory.
const SECRET: &str = "SECRET";

/// A folder with links of all kinds out of it, and secrets around it.
fn besieged() -> Folder {
    let folder =
        Folder::with(&[("index.html", "home"), ("sub/index.html", "sub"), ("sub/page.txt", "page"), (".env", SECRET)]);
    for (path, text) in [("secret.txt", SECRET), ("private/index.html", SECRET), ("private/secret.txt", SECRET)] {
        let path = folder.outside().join(path);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    // Its path begins as the served folder's does.
    fs::create_dir(folder.outside().join("www2")).expect("a folder");
    fs::write(folder.outside().join("www2/secret.txt"), SECRET).expect("a file");
    for (path, target) in [
        ("inside", "sub"),
        ("out_file", "../secret.txt"),
        ("out_folder", "../private"),
        ("chain", "out_folder"),
        ("up", ".."),
        ("sub/deep", "../../private"),
        ("sub/index.htm", "../../secret.txt"),
        ("passwd", "/etc/passwd"),
        ("self", "/proc/self/root"),
        ("descriptors", "/proc/self/fd"),
        ("tangled", "sub/../../secret.txt"),
        ("out_and_in", "../www/sub"),
        ("loop", "loop"),
    ] {
        folder.link(path, target);
    }
    folder.link("full_out", folder.outside().join("secret.txt"));
    folder.link("full_sibling", folder.outside().join("www2/secret.txt"));
    folder.link("full_tangled", folder.www().join("sub/../../secret.txt"));
    folder.link("full_in", folder.www().join("sub"));
    folder
}

/// Request target, status, and what is tried.
const ATTACKS: &[(&str, u16, &str)] = &[
    // Dots, in every spelling. There is nothing above the root, so `..` has no effect there.
    ("/../secret.txt", 404, "dots"),
    ("/../../../../../../etc/passwd", 404, "many dots"),
    ("/sub/../../secret.txt", 404, "dots after a folder"),
    ("/sub/../../private/", 404, "a folder"),
    ("/..", 301, "the parent itself is the root"),
    ("/../", 200, "the parent itself is the root"),
    ("/../www/sub/page.txt", 404, "out and in again"),
    ("/../www2/secret.txt", 404, "a sibling whose name begins like the root's"),
    ("/..;/secret.txt", 404, "parameters, as some servers cut them off"),
    ("/.../secret.txt", 404, "three dots"),
    ("/..../secret.txt", 404, "four dots"),
    ("/....//secret.txt", 404, "what filters leave behind"),
    ("/..//..//secret.txt", 404, "doubled slashes"),
    ("/./../secret.txt", 404, "a dot and dots"),
    ("//../secret.txt", 404, "slashes in front"),
    ("/sub/./.././../secret.txt", 404, "a mixture"),
    ("/%2e%2e/secret.txt", 404, "encoded dots"),
    ("/%2E%2E/secret.txt", 404, "encoded dots, upper case"),
    ("/.%2e/secret.txt", 404, "half encoded"),
    ("/%2e./secret.txt", 404, "half encoded"),
    ("/..%2fsecret.txt", 404, "an encoded slash"),
    ("/..%2Fsecret.txt", 404, "an encoded slash, upper case"),
    ("/%2e%2e%2fsecret.txt", 404, "all encoded"),
    ("/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, "all encoded, many"),
    ("/sub%2f..%2f..%2fsecret.txt", 404, "encoded slashes after a folder"),
    ("/%252e%252e/secret.txt", 404, "encoded twice: decoded once"),
    ("/%252e%252e%252fsecret.txt", 404, "encoded twice"),
    ("/..%252fsecret.txt", 404, "encoded twice"),
    ("/%%32%65%%32%65/secret.txt", 400, "encoded inside out"),
    ("/%c0%ae%c0%ae/secret.txt", 404, "overlong UTF-8"),
    ("/%e0%80%ae%e0%80%ae/secret.txt", 404, "overlong UTF-8, three bytes"),
    ("/..%c0%afsecret.txt", 404, "an overlong slash"),
    ("/..%ef%bc%8fsecret.txt", 404, "a full-width slash"),
    ("/%ef%bc%8e%ef%bc%8e/secret.txt", 404, "full-width dots"),
    ("/%uff0e%uff0e/secret.txt", 400, "an encoding of Microsoft's"),
    ("/%u002e%u002e/secret.txt", 400, "an encoding of Microsoft's"),
    ("/..%5csecret.txt", 404, "an encoded backslash"),
    ("/..%5c..%5csecret.txt", 404, "encoded backslashes"),
    ("/sub/..%5c../secret.txt", 404, "a backslash and a slash"),
    ("/..\\secret.txt", 400, "a backslash"),
    ("/%2e%2e%00/secret.txt", 404, "a NUL behind dots"),
    ("/sub/page.txt%00.html", 404, "a NUL in a name"),
    ("/%00", 404, "a NUL alone"),
    ("/sub/page.txt%00/../../../secret.txt", 404, "a NUL that dots would drop"),
    ("/..%0a/secret.txt", 404, "a line end in the dots"),
    ("/..%20/secret.txt", 404, "a blank behind the dots"),
    ("/..%09/secret.txt", 404, "a tab behind the dots"),
    ("/%2e%2e?/../../secret.txt", 301, "dots in the query"),
    // Other roots.
    ("/etc/passwd", 404, "a full path is the root's"),
    ("//etc/passwd", 404, "two slashes"),
    ("/%2fetc/passwd", 404, "an encoded slash in front"),
    ("/%2f%2fetc%2fpasswd", 404, "encoded slashes in front"),
    ("/file:///etc/passwd", 404, "a URL as a path"),
    ("file:///etc/passwd", 400, "a URL of files"),
    ("http://h/../secret.txt", 404, "dots in a whole URL"),
    ("http://h/%2e%2e/secret.txt", 404, "encoded dots in a whole URL"),
    ("http://h../secret.txt", 400, "dots in the host"),
    ("../secret.txt", 400, "no slash in front"),
    ("secret.txt", 400, "no slash in front"),
    ("*", 400, "no path"),
    ("/~root/.profile", 404, "a home"),
    ("/C:/windows/win.ini", 404, "a drive"),
    ("/proc/self/environ", 404, "the process's own"),
    ("/dev/stdin", 404, "the process's own"),
    // Names with a dot.
    ("/.env", 404, "a hidden file"),
    ("/%2eenv", 404, "a hidden file, encoded"),
    ("/sub/../.env", 404, "a hidden file behind dots"),
    ("/.%65nv", 404, "a hidden file, half encoded"),
    ("/.well-known/../.env", 404, "a hidden file behind the public one"),
    ("/.well-known%2f..%2f.env", 404, "the same, encoded"),
    ("/.env/", 404, "a hidden file with a slash"),
    // Links.
    ("/out_file", 404, "a link to a file outside"),
    ("/out_folder", 404, "a link to a folder outside"),
    ("/out_folder/", 404, "its page"),
    ("/out_folder/secret.txt", 404, "a file in it"),
    ("/chain/secret.txt", 404, "a link to that link"),
    ("/up/secret.txt", 404, "a link to the parent"),
    ("/up/www/sub/page.txt", 404, "through the parent"),
    ("/sub/deep/secret.txt", 404, "a link out of a folder"),
    ("/sub/index.htm", 404, "an index page that leads out"),
    ("/passwd", 404, "a full path"),
    ("/self/etc/passwd", 404, "the process's own root"),
    ("/descriptors/0", 404, "the process's descriptors"),
    ("/tangled", 404, "a link with dots"),
    ("/out_and_in/page.txt", 404, "a link out and in again"),
    ("/loop", 404, "a link to itself"),
    ("/full_out", 404, "a full path"),
    ("/full_sibling", 404, "a full path that begins like the root's"),
    ("/full_tangled", 404, "a full path that begins inside"),
    ("/inside/../../secret.txt", 404, "dots behind a link"),
    ("/inside/../out_file", 404, "dots between links"),
    // Targets to which a browser may be led.
    ("//evil.example/..%2fsub", 301, "two slashes"),
    ("///evil.example/..%2fsub", 301, "three slashes"),
    ("/%2fevil.example/..%2f..%2fsub", 301, "an encoded slash"),
    ("/\\evil.example/..%2fsub", 400, "a backslash"),
    ("/%5cevil.example/..%2fsub", 301, "an encoded backslash"),
    ("/%5c%5cevil.example/..%2fsub", 301, "encoded backslashes"),
    ("/.//evil.example/..%2f..%2fsub", 301, "a dot and two slashes"),
    ("/%09/evil.example/..%2f..%2f..%2fsub", 301, "a tab, which browsers strip"),
    ("/%0d%0aLocation:%20http:%2f%2fevil.example/..%2f..%2f..%2f..%2fsub", 301, "a field of the attacker's"),
    ("/evil.example:80@x/..%2fsub", 301, "user information"),
    ("http://h//evil.example/..%2fsub", 301, "a whole URL"),
    ("/sub?//evil.example", 301, "in the query"),
    ("/sub?x=%0d%0aSet-Cookie:a=b", 301, "a line end in the query"),
    ("/sub?\"><b>\\", 301, "markup in the query"),
    ("/javascript:alert(1)/..%2fsub", 301, "a scheme"),
    // Markup in pages.
    ("/<script>alert(1)</script>", 400, "markup in the path"),
    ("/%3Cscript%3Ealert(1)%3C/script%3E", 404, "encoded markup in the path"),
    ("/sub/page.txt/<script>", 400, "markup behind a file"),
];

#[test]
fn no_attack_leaves_the_folder_or_leads_a_browser_away() {
    assert!(ATTACKS.len() >= 60, "{} attacks", ATTACKS.len());
    let folder = besieged();
    let handlers = [
        ("as it is", folder.handler()),
        ("without memory", quiet(folder.options().cache_bytes(0))),
        ("with compressed neighbours", quiet(folder.options().precompressed(true))),
        (
            "through a program's own paths",
            quiet(folder.options().translate_path(|path| {
                // The most careless program, for which every decoded target is a path.
                let path = path.split('?').next()?;
                Some(percent_decoded(path).into())
            })),
        ),
    ];
    for (how, handler) in &handlers {
        for round in 0..2 {
            for (target, status, what) in ATTACKS {
                let what = format!("{target} ({what}), {how}, round {round}");
                let reply = attack(handler, target);
                check(&reply, &folder, &what);
                assert_eq!(reply.status, *status, "{what}");
            }
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let code =
            behind.get(..2).and_then(|hex| str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = code.filter(|_| first == b'%') {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    // A name that is not UTF-8 is not the name of a file here.
    String::from_utf8(bytes).unwrap_or_else(|_| "no such file".into())
}

fn attack(handler: &Quiet, target: &str) -> Reply {
    let bytes = respond(handler, format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    let mut replies = Reply::all(&bytes);
    assert_eq!(replies.len(), 1, "{target}: one reply, and no second one out of a line end: {replies:?}");
    replies.remove(0)
}

/// Nothing of the outside is in the reply, neither a file's text nor a path, and it leads nowhere else.
#[track_caller]
fn check(reply: &Reply, folder: &Folder, what: &str) {
    let text = format!("{reply:?}");
    let outside = folder.outside().to_str().expect("the build's folder has a plain name");
    for forbidden in [SECRET, "root:", outside, "<script", "Set-Cookie: "] {
        assert!(!text.contains(forbidden), "{what}: {forbidden} is in {text}");
    }
    for location in reply.fields_named("Location") {
        let is_local = location.starts_with("./") || location.starts_with('/') && !location.starts_with("//");
        let is_plain = location.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte));
        assert!(is_local && is_plain, "{what}: {location}");
    }
}

#[test]
fn links_inside_work_and_links_out_only_where_the_program_says_so() {
    let folder = besieged();
    for path in ["/inside/page.txt", "/full_in/page.txt"] {
        assert_eq!(ask(&folder.handler(), &format!("GET {path}"), "").text(), "page", "{path}");
    }
    let open = quiet(folder.options().follow_links_out(true));
    for path in ["/out_file", "/out_folder/secret.txt", "/chain/secret.txt", "/full_out", "/up/secret.txt", "/tangled"]
    {
        assert_eq!(ask(&open, &format!("GET {path}"), "").text(), SECRET, "{path}");
    }
    for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt", "/.env"] {
        assert_eq!(ask(&open, &format!("GET {path}"), "").status, 404, "{path}: links are followed, dots are not");
    }
}

#[test]
fn the_same_attacks_fail_over_a_socket_on_one_connection() {
    let folder = besieged();
    let server = Server::start(folder.handler()).expect("a free port");
    let mut client = Client::of(&server);
    for (target, status, what) in ATTACKS.iter().filter(|(_, status, _)| *status != 400) {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.read_reply();
        check(&reply, &folder, what);
        assert_eq!(reply.status, *status, "{target}: {what}");
    }
}

/// Duration of a race, long enough for thousands of requests.
const RACE: Duration = Duration::from_millis(700);

/// Runs `swap` again and again beside requests for `path`, until the page and a 404 have come, each at least once.
fn race(handler: &Quiet, path: &str, folder: &Folder, swap: impl Fn(&Path) + Sync) {
    let mut counts = [0, 0];
    let run = || {
        let began = Instant::now();
        while began.elapsed() < RACE || counts.contains(&0) && began.elapsed() < PATIENCE {
            let reply = ask(handler, &format!("GET {path}"), "");
            check(&reply, folder, path);
            match (reply.status, reply.text()) {
                (200, "page") => counts[0] += 1,
                (404, _) => counts[1] += 1,
                other => panic!("{path}: {other:?}"),
            }
        }
    };
    beside(|| swap(&folder.www()), run);
    assert!(!counts.contains(&0), "both states were seen: {counts:?}");
}

/// Puts a link to `target` in the place of the link `name`, in one step.
fn relink(www: &Path, name: &str, target: &str) {
    symlink(target, www.join("fresh")).expect("a link");
    fs::rename(www.join("fresh"), www.join(name)).expect("a link takes a link's place");
}

#[test]
fn a_link_that_changes_while_requests_run_never_shows_what_is_outside() {
    let folder = besieged();
    fs::write(folder.outside().join("private/page.txt"), SECRET).expect("a file");
    for target in ["../private", "/proc/self/cwd"] {
        let handler = quiet(folder.options().cache_bytes(0));
        relink(&folder.www(), "swap", "sub");
        race(&handler, "/swap/page.txt", &folder, |www| {
            relink(www, "swap", target);
            relink(www, "swap", "sub");
        });
    }
}

#[test]
fn a_folder_that_becomes_a_link_while_requests_run_never_shows_what_is_outside() {
    let folder = besieged();
    fs::write(folder.outside().join("private/page.txt"), SECRET).expect("a file");
    let handler = quiet(folder.options().cache_bytes(0));
    folder.write("swap/page.txt", "page");
    folder.link("trap", "../private");
    race(&handler, "/swap/page.txt", &folder, |www| {
        let rename = |from, to| fs::rename(www.join(from), www.join(to)).expect("names change");
        rename("swap", "safe");
        rename("trap", "swap");
        rename("swap", "trap");
        rename("safe", "swap");
    });
}

#[test]
fn a_file_that_becomes_a_link_while_requests_run_never_shows_what_is_outside() {
    let folder = besieged();
    for handler in
        [folder.handler(), quiet(folder.options().cache_bytes(0)), quiet(folder.options().precompressed(true))]
    {
        folder.write("swap.txt", "page");
        race(&handler, "/swap.txt", &folder, |www| {
            relink(www, "swap.txt", "../secret.txt");
            fs::write(www.join("next"), "page").expect("a file");
            fs::rename(www.join("next"), www.join("swap.txt")).expect("names change");
        });
    }
}

/// Serves the files of a user to this user alone, who is Ann.
struct Shares(SimpleHTTPRequestHandler);

#[http_handler]
impl Shares {
    #[path("/files/{user}/{*_names}")]
    fn do_GET_file(&self, ex: &mut Exchange, user: &str, _names: &[&str]) -> Result {
        if user == "ann" { self.0.do_GET(ex) } else { Err(HTTPError::from(403).into()) }
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn no_path_that_begins_with_one_user_leads_to_the_files_of_another() {
    let folder = Folder::with(&[("ann/own.txt", "hers"), ("ann/sub/own.txt", "hers"), ("bob/secret.txt", SECRET)]);
    let shares = Shares(folder.options().mounted_at("/files").build().expect("the folder is there"));
    let table = [
        ("/files/ann/own.txt", 200),
        ("/files/ann/sub%2Fown.txt", 200),
        ("/files/ann//sub//own.txt", 200),
        ("/files/bob/secret.txt", 403),
        ("/files/ann/../bob/secret.txt", 404),
        ("/files/ann/..%2Fbob/secret.txt", 404),
        ("/files/ann/..%2fbob%2fsecret.txt", 404),
        ("/files/ann/sub%2F..%2F..%2Fbob%2Fsecret.txt", 404),
        ("/files/ann/%2e%2e%2fbob/secret.txt", 404),
        ("/files/ann/%2F..%2Fbob/secret.txt", 404),
        ("/files/ann/sub%2F..", 404),
        ("/files/ann%2F..%2Fbob/secret.txt", 404),
        ("/files//ann/..%2Fbob/secret.txt", 404),
    ];
    for (path, status) in table {
        let response = get(path).send(&shares);
        assert_eq!(response.status(), status, "{path}");
        assert!(!response.text().contains(SECRET), "{path}");
    }
}
