//! The output of scripts in several languages and the replies that clients get, and the paths that are scripts.

use crate::support::Reply;
use crate::support::scripts::{PERL, PYTHON, SH, Scripts, Site, get, runs};
use basehttp::testing;

/// Makes a site with one script, `x`, that begins with `interpreter`.
fn site_with(interpreter: &str, text: &str) -> (Scripts, Site) {
    let scripts = Scripts::with(&[("x", &format!("{interpreter}{text}"))]);
    let site = scripts.site();
    (scripts, site)
}

fn fields(reply: &Reply) -> Vec<(&str, &str)> {
    let own = |name: &str| {
        // The framing of the message depends on the speed of the script.
        !matches!(name, "Server" | "Date" | "Content-Length" | "Transfer-Encoding")
    };
    reply.fields.iter().map(|(name, value)| (&**name, &**value)).filter(|(name, _)| own(name)).collect()
}

/// Interpreter and text of a script; status, reason, fields and body of its answer; why.
type Row<'t> = (&'t str, &'t str, u16, &'t str, &'t [(&'t str, &'t str)], &'t str, &'t str);

#[test]
fn scripts_answer_as_the_standard_says() {
    let plain = [("Content-Type", "text/plain")];
    let table: [Row<'_>; 15] = [
        (SH, "printf 'Content-Type: text/plain\\n\\nhi'", 200, "OK", &plain, "hi", "a document of sh"),
        (PYTHON, "print('Content-Type: text/plain\\r\\n\\r\\nhi', end='')", 200, "OK", &plain, "hi", "of Python"),
        (PERL, "print qq(Content-Type: text/plain\\n\\nhi)", 200, "OK", &plain, "hi", "of Perl"),
        (
            SH,
            "printf 'Status: 404 Gone Fishing\\nContent-Type: text/plain\\n\\nno'",
            404,
            "Gone Fishing",
            &plain,
            "no",
            "a status",
        ),
        (SH, "printf 'Status: 410\\nContent-Type: text/plain\\n\\n'", 410, "Gone", &plain, "", "a code alone"),
        (SH, "printf 'Status: 204\\n\\n'", 204, "No Content", &[], "", "no content"),
        (SH, "printf 'Status: 304\\n\\nhidden'", 304, "Not Modified", &[], "", "no content, whatever it says"),
        (
            SH,
            "printf 'Location: http://example.com/\\n\\n'",
            302,
            "Found",
            &[("Location", "http://example.com/")],
            "",
            "a redirect for the client",
        ),
        (
            SH,
            "printf 'Status: 301 Moved\\nLocation: /there\\nContent-Type: text/plain\\n\\ngo'",
            301,
            "Moved",
            &[("Content-Type", "text/plain"), ("Location", "/there")],
            "go",
            "one with a document",
        ),
        (
            SH,
            "printf 'Content-Type: a/b\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\nX-Own: x\\n\\n'",
            200,
            "OK",
            &[("Content-Type", "a/b"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Own", "x")],
            "",
            "fields of its own",
        ),
        (
            SH,
            "printf 'Content-Type: text/plain\\nConnection: close\\n\\nhi'",
            200,
            "OK",
            &plain,
            "hi",
            "not the connection's",
        ),
        (
            SH,
            "printf 'Content-Type: text/plain\\nContent-Length: 2\\n\\nhi'",
            200,
            "OK",
            &plain,
            "hi",
            "a length of its own",
        ),
        (
            SH,
            "printf 'Content-Type: text/plain\\n\\nhi'; exit 3",
            200,
            "OK",
            &plain,
            "hi",
            "an exit code is for the log",
        ),
        (SH, "exec 2>&-; printf 'Content-Type: text/plain\\n\\nhi'", 200, "OK", &plain, "hi", "without standard error"),
        (SH, "exec <&-; printf 'Content-Type: text/plain\\n\\nhi'", 200, "OK", &plain, "hi", "without standard input"),
    ];
    for (interpreter, text, status, reason, expected, body, why) in table {
        if !runs(interpreter) {
            continue;
        }
        let (_scripts, site) = site_with(interpreter, text);
        let reply = site.get("/cgi-bin/x");
        assert_eq!((reply.status, &*reply.reason), (status, reason), "{why}: {}", site.log.text());
        assert_eq!(fields(&reply), expected, "{why}");
        assert_eq!(reply.text(), body, "{why}");
    }
}

#[test]
fn a_broken_script_is_a_502_and_the_log_says_why() {
    let giant = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo; echo hi";
    let table = [
        ("exit 0", "ended without any output", "silent"),
        ("exit 7", "ended without any output", "a silent failure"),
        ("kill -9 $$", "ended by signal 9", "a silent death"),
        ("echo hello; echo", "not a field: hello", "output without a header"),
        ("echo; echo hello", "no Content-Type", "an empty header"),
        ("printf 'Content-Type: text/plain\\n'", "before the end of its header", "half a header"),
        (giant, "longer than 32768 bytes", "a giant header"),
        ("printf 'Status: 99\\n\\n'", "from 200 to 599", "no status"),
        (
            "printf 'Content-Type: a\\nTransfer-Encoding: chunked\\n\\n0\\r\\n\\r\\n'",
            "Transfer-Encoding",
            "its own framing",
        ),
        ("printf 'Content-Type: a\\rb\\n\\n'", "control character", "a split response"),
        ("printf 'Content-Type: a/b\\nContent-type: c/d\\n\\n'", "Content-Type twice", "two types"),
    ];
    for (text, logged, why) in table {
        let (_scripts, site) = site_with(SH, text);
        let reply = site.get("/cgi-bin/x");
        assert_eq!(reply.status, 502, "{why}: {}", site.log.text());
        assert!(site.log.text().contains(logged), "{why}: {}", site.log.text());
        assert!(!reply.text().contains(logged), "{why}: it is not for the client: {}", reply.text());
    }
}

/// The script fails, which is a 502. Content is kept for some milliseconds. If the script fails later than that, the
/// client has a part of it already, and sees that it is cut off.
#[track_caller]
fn expect_no_whole_reply(site: &Site) {
    let bytes = testing::respond(site, get("/cgi-bin/x"));
    match Reply::read(&mut bytes.as_slice(), "GET") {
        Ok(reply) => assert_eq!(reply.status, 502, "{reply:?}: {}", site.log.text()),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof, "{error}"),
    }
}

#[test]
fn a_script_that_is_killed_within_its_content_never_makes_a_whole_reply() {
    for pause in ["", "sleep 0.3; "] {
        let (_scripts, site) = site_with(SH, &format!("printf 'Content-Type: text/plain\\n\\nhi'; {pause}kill -9 $$"));
        expect_no_whole_reply(&site);
        assert!(site.log.text().contains("ended by signal 9"), "{}", site.log.text());
    }
}

#[test]
fn the_exit_code_and_the_complaints_are_logged() {
    let (_scripts, site) = site_with(SH, "echo one >&2; printf 'two\\033' >&2; printf 'Status: 200\\n\\n'; exit 7");
    assert_eq!(site.get("/cgi-bin/x").status, 200);
    let log = site.log.text();
    assert!(log.contains("/cgi-bin/x: one\n/cgi-bin/x: two"), "{log}");
    assert!(log.contains("/cgi-bin/x: CGI script exit code 7"), "{log}");
}

#[test]
fn endless_complaints_are_cut_and_stop_nobody() {
    let (_scripts, site) = site_with(SH, "head -c 1000000 /dev/zero | tr '\\0' '\\n' >&2; printf 'Status: 200\\n\\n'");
    assert_eq!(site.get("/cgi-bin/x").status, 200);
    let log = site.log.text();
    assert!(log.contains("the rest is not logged"));
    assert!(log.len() < 2 * 1024 * 1024, "{} bytes", log.len());
}

#[test]
fn a_script_with_a_wrong_length_is_a_502_and_the_log_says_why() {
    let table = [
        (
            "printf 'Content-Type: a/b\\nContent-Length: 5\\n\\nhi'",
            "3 bytes fewer than its Content-Length",
            "too little",
        ),
        ("printf 'Content-Type: a/b\\nContent-Length: 1\\n\\nhi'", "more content than its Content-Length", "too much"),
        (
            "printf 'Content-Type: a/b\\nContent-Length: 99999999999999999999\\n\\nhi'",
            "is not one plain number",
            "a number beyond all contents",
        ),
    ];
    for (text, logged, why) in table {
        let (_scripts, site) = site_with(SH, text);
        expect_no_whole_reply(&site);
        assert!(site.log.text().contains(logged), "{why}: {}", site.log.text());
    }
    let (_scripts, site) = site_with(SH, "printf 'Status: 304\\nETag: \"a\"\\nContent-Length: 5\\n\\n'");
    assert_eq!(site.get("/cgi-bin/x").status, 304, "that is the length of what is not sent");
    let (_scripts, site) = site_with(SH, "printf 'Content-Type: a/b\\nContent-Length: 5\\n\\n'");
    // So it is with HEAD.
    testing::head("/cgi-bin/x").send(&site).expect_status(200);
}

#[test]
fn what_cannot_be_executed_is_a_500_and_the_log_says_why() {
    let table = [
        ("#!/no/such/interpreter\n", "its interpreter \"/no/such/interpreter\" does not exist"),
        ("#!/bin/sh\r\necho\r\n", "its interpreter is \"/bin/sh\\r\", with a carriage return"),
        ("no script at all\n", "it does not begin with #! and the path of an interpreter"),
        ("\u{feff}#!/bin/sh\n", "a byte order mark stands before its #!"),
    ];
    for (text, logged) in table {
        let (_scripts, site) = site_with("", text);
        assert_eq!(site.get("/cgi-bin/x").status, 500, "{text:?}");
        let log = site.log.text();
        // The log escapes what it is given.
        let is_told = log.contains(logged) || log.contains(&logged.replace('\\', "\\\\"));
        assert!(log.contains("/cgi-bin/x could not be started") && is_told, "{text:?}: {log}");
    }
}

#[test]
fn a_head_has_no_body_and_tells_the_script_so() {
    let (_scripts, site) = site_with(SH, "printf 'Content-Type: a/b\\nX-Method: %s\\n\\nhidden' $REQUEST_METHOD");
    let response = testing::head("/cgi-bin/x").send(&site).expect_status(200);
    assert_eq!((response.header("X-Method"), response.rest()), (Some("HEAD"), &b""[..]));
}

#[test]
fn a_local_redirect_is_answered_as_a_get_of_that_path() {
    let method =
        "printf 'Content-Type: a/b\\n\\n%s %s %s[%s]' $REQUEST_METHOD \"$QUERY_STRING\" \"$CONTENT_LENGTH\" \"$(cat)\"";
    let scripts = Scripts::with(&[
        ("file", &format!("{SH}printf 'Location: /page.txt\\n\\n'")),
        ("script", &format!("{SH}printf 'Location: /cgi-bin/end?a=b\\n\\n'")),
        ("end", &format!("{SH}{method}")),
        ("folder", &format!("{SH}printf 'Location: /folder\\n\\n'")),
        ("nothing", &format!("{SH}printf 'Location: /nothing\\n\\n'")),
        ("self", &format!("{SH}printf 'Location: /cgi-bin/self\\n\\n'")),
        ("out", &format!("{SH}printf 'Location: /../../../etc/passwd\\n\\n'")),
    ]);
    scripts.write("page.txt", "a page", 0o644);
    scripts.write("folder/x", "x", 0o644);
    let site = scripts.site();
    let post = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(site.get("/cgi-bin/file").text(), "a page");
    assert_eq!(site.answer(&post("/cgi-bin/file")).text(), "a page");
    assert_eq!(site.get("/cgi-bin/script").text(), "GET a=b []");
    assert_eq!(site.answer(&post("/cgi-bin/script")).text(), "GET a=b []", "without the content");
    assert_eq!(site.get("/cgi-bin/folder").field("Location"), Some("/folder/"), "of the other path");
    assert_eq!(site.get("/cgi-bin/nothing").status, 404);
    assert_eq!(site.get("/cgi-bin/out").status, 404, "beneath the root, like any path");
    assert_eq!(site.get("/cgi-bin/self").status, 502);
    assert!(site.log.text().contains("do not come to an end"), "{}", site.log.text());
}

#[test]
fn only_what_is_below_a_directory_of_scripts_is_executed() {
    let hi = format!("{SH}printf 'Content-Type: text/plain\\n\\nran %s' \"$SCRIPT_NAME$PATH_INFO\"");
    let scripts = Scripts::with(&[("x", &hi), ("sub/y", &hi), ("nph-x", &hi), (".hidden", &hi), ("a b+c", &hi)]);
    scripts.write("cgi-bin/plain", &hi, 0o644);
    scripts.add("htbin/x", &hi);
    scripts.add("other/x", &hi);
    scripts.add("cgi-bin2/x", &hi);
    scripts.write("index.html", "home", 0o644);
    std::fs::write(scripts.outside().join("outside"), &hi).expect("a file beside the root");
    scripts.link("cgi-bin/inside", "x");
    scripts.link("cgi-bin/outside", "../../outside");
    scripts.link("cgi-bin/far", "/bin/sh");
    scripts.link("cgi-bin/up", "..");
    let site = scripts.site();
    let ran = |path: &str| (200, format!("ran {path}"));
    let refused = |code: u16, reason: &str| (code, reason.to_owned());
    let missing = |path: &str| (404, format!("No such CGI script ('{path}')"));
    let no_file = |path: &str| (403, format!("CGI script is not a plain file ('{path}')"));
    let table = [
        ("/cgi-bin/x", ran("/cgi-bin/x"), "a script"),
        ("/cgi-bin/x?a=b", ran("/cgi-bin/x"), "with a query"),
        ("/cgi-bin/x/more/words", ran("/cgi-bin/x/more/words"), "with a path behind it"),
        ("/cgi-bin/x/", ran("/cgi-bin/x/"), "with a slash behind it"),
        ("/cgi-bin/x/a%20b%2541", ran("/cgi-bin/x/a b%41"), "decoded once"),
        ("/cgi-bin/sub/y/z", ran("/cgi-bin/sub/y/z"), "in a folder"),
        ("/cgi-bin/a%20b+c", ran("/cgi-bin/a b+c"), "a name with blanks"),
        ("/htbin/x", ran("/htbin/x"), "the other directory"),
        ("/cgi-bin/inside", ran("/cgi-bin/inside"), "a link that stays inside"),
        ("//cgi-bin/x", ran("/cgi-bin/x"), "a doubled slash in front"),
        ("/cgi-bin//x", ran("/cgi-bin/x"), "a doubled slash inside"),
        ("/cgi-bin/./x", ran("/cgi-bin/x"), "a dot"),
        ("/cgi-bin%2fx", ran("/cgi-bin/x"), "an encoded slash"),
        ("/%63gi-bin/x", ran("/cgi-bin/x"), "an encoded letter"),
        ("/other/../cgi-bin/x", ran("/cgi-bin/x"), "dots that lead to it"),
        ("/cgi-bin/sub/../x", ran("/cgi-bin/x"), "dots inside"),
        ("/cgi-bin/%2e%2e/cgi-bin/x", ran("/cgi-bin/x"), "encoded dots"),
        ("/../../cgi-bin/x", ran("/cgi-bin/x"), "from above the root"),
        ("/cgi-bin", refused(301, "Moved Permanently"), "the directory without a slash"),
        ("/cgi-bin/", no_file("/cgi-bin/"), "the directory is never listed"),
        ("/cgi-bin/sub", no_file("/cgi-bin/sub"), "a folder"),
        ("/cgi-bin/sub/", no_file("/cgi-bin/sub/"), "a folder with a slash"),
        ("/cgi-bin/plain", refused(403, "CGI script is not executable ('/cgi-bin/plain')"), "no x bit"),
        ("/cgi-bin/plain/more", refused(403, "CGI script is not executable ('/cgi-bin/plain')"), "no x bit"),
        ("/cgi-bin/nothing", missing("/cgi-bin/nothing"), "nothing there"),
        ("/cgi-bin/nothing/x", missing("/cgi-bin/nothing"), "nothing there"),
        ("/cgi-bin/outside", missing("/cgi-bin/outside"), "a link that leads out"),
        ("/cgi-bin/far", missing("/cgi-bin/far"), "a link that leads far out"),
        ("/cgi-bin/up/../../outside", refused(404, "File not found"), "out by a link and dots"),
        ("/cgi-bin/up/other/x", ran("/cgi-bin/up/other/x"), "a link to a folder inside"),
        ("/cgi-bin/.hidden", missing("/cgi-bin/.hidden"), "a name with a dot"),
        ("/cgi-bin/x%00", refused(404, "File not found"), "a NUL"),
        ("/cgi-bin/%00x", refused(404, "File not found"), "a NUL"),
        ("/cgi-bin/nph-x", refused(501, "Not Implemented"), "one that speaks to the client itself"),
        ("/cgi-bin/../../outside", refused(404, "File not found"), "above the root"),
        ("/cgi-bin/..%2f..%2foutside", refused(404, "File not found"), "above the root"),
        ("/cgi-bin/x%5C..%5C..%5Cx", missing("/cgi-bin/x\\..\\..\\x"), "backslashes are a name's"),
        ("/cgi-bin2/x", refused(200, "OK"), "another name is a file's"),
        ("/", refused(200, "OK"), "a page"),
    ];
    for (path, (code, text), why) in table {
        let reply = site.get(path);
        let told = if reply.text().starts_with("ran ") { reply.text() } else { &reply.reason };
        assert_eq!((reply.status, told), (code, &*text), "{path}: {why}: {}", reply.text());
        let is_source = reply.text().contains("printf");
        assert_eq!(is_source, path == "/cgi-bin2/x", "{path}: {why}: the source is shown");
    }
}

#[test]
fn a_pipe_among_the_scripts_is_not_waited_for() {
    let scripts = Scripts::with(&[]);
    let pipe = scripts.www().join("cgi-bin/pipe");
    let made = std::process::Command::new("mkfifo").arg("-m").arg("755").arg(pipe).status().expect("mkfifo");
    assert!(made.success());
    assert_eq!(scripts.site().get("/cgi-bin/pipe").status, 404);
}

#[test]
fn methods_other_than_get_are_for_scripts() {
    let scripts = Scripts::with(&[("x", &format!("{SH}printf 'Content-Type: a/b\\n\\n%s' $REQUEST_METHOD"))]);
    scripts.write("page.txt", "a page", 0o644);
    let site = scripts.site();
    let ask = |method: &str, path: &str| site.answer(&get(path).replace("GET", method));
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(ask(method, "/cgi-bin/x").text(), method);
    }
    for method in ["POST", "PUT", "DELETE"] {
        let reply = ask(method, "/page.txt");
        assert_eq!((reply.status, &*reply.reason), (501, &*format!("Can only {method} to CGI scripts")));
        assert_eq!(ask(method, "/cgi-bin").status, 501);
    }
    assert_eq!(ask("OPTIONS", "/page.txt").field("Allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(ask("PROPFIND", "/cgi-bin/x").status, 501);
}

#[test]
fn the_directories_of_scripts_are_an_option() {
    let hi = format!("{SH}printf 'Content-Type: text/plain\\n\\nran'");
    let scripts = Scripts::with(&[("x", &hi)]);
    scripts.add("tools/run/x", &hi);
    let site = Site::of(scripts.options().cgi_directories(["/tools/run"]));
    assert_eq!(site.get("/tools/run/x").text(), "ran");
    assert_ne!(site.get("/cgi-bin/x").text(), "ran", "a file like any other now");
}
