//! Forms with files: what clients send is read, what is broken is refused, and a disk has whole uploads only.

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use basehttp::testing::{Server, respond, respond_to_pieces};
use basehttp::{Exchange, MultipartLimits, http_handler};

use crate::support::{Client, PATIENCE, Reply, bit_by_bit};

const LIMITS: MultipartLimits = MultipartLimits::new();
const TYPE: &str = "multipart/form-data; boundary=b";

/// Answers with the parts of a form, or saves its files.
struct Uploads {
    directory: PathBuf,
}

#[http_handler(protocol_version = "HTTP/1.1", error_content_type = "text/plain", error_message_format = "%(explain)s")]
impl Uploads {
    /// A line for each part.
    #[path("/parts")]
    fn do_POST_parts(&self, ex: &mut Exchange) -> basehttp::Result<String> {
        let mut parts = String::new();
        let mut form = ex.read_multipart(LIMITS)?;
        while let Some(mut part) = form.next_part()? {
            let mut content = Vec::new();
            part.read_to_end(&mut content)?;
            let (name, file, kind) = (part.name(), part.file_name(), part.content_type());
            let kind = kind.map(|kind| kind.essence().into_owned());
            let kind = kind.as_deref().unwrap_or("-");
            writeln!(parts, "{name:?} {file:?} {kind} {}", content.escape_ascii())?;
        }
        Ok(parts)
    }

    #[path("/save")]
    fn do_POST_save(&self, ex: &mut Exchange) -> basehttp::Result<String> {
        let mut names = Vec::new();
        let mut upload = ex.read_multipart(LIMITS)?;
        while let Some(mut part) = upload.next_part()? {
            if let Some(name) = part.safe_file_name() {
                part.save_to(self.directory.join(&name))?;
                names.push(name);
            }
        }
        Ok(names.join(" "))
    }

    /// Reads texts of ten bytes at most, in a form of a hundred.
    #[path("/texts")]
    fn do_POST_texts(&self, ex: &mut Exchange) -> basehttp::Result<String> {
        let mut texts = Vec::new();
        let mut form = ex.read_multipart(LIMITS.max_body_bytes(100))?;
        while let Some(mut part) = form.next_part()? {
            texts.push(part.read_text(10)?);
        }
        Ok(texts.join(" "))
    }

    #[path("/count")]
    fn do_POST_count(&self, ex: &mut Exchange) -> basehttp::Result<String> {
        let mut count = 0;
        let mut form = ex.read_multipart(LIMITS)?;
        while form.next_part()?.is_some() {
            count += 1;
        }
        Ok(count.to_string())
    }
}

impl Uploads {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("uploads-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(directory.join("in")).expect("a scratch directory");
        Uploads { directory: directory.join("in") }
    }

    /// The names of the files, also of those that are not complete.
    fn files(&self) -> Vec<String> {
        names(&self.directory)
    }
}

fn names(directory: &PathBuf) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

impl Drop for Uploads {
    fn drop(&mut self) {
        fs::remove_dir_all(self.directory.parent().unwrap()).expect("it is ours");
    }
}

fn request(path: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let fields = format!("Host: a\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close");
    [format!("POST {path} HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes(), body].concat()
}

fn reply(uploads: &Uploads, request: &[u8]) -> (u16, String) {
    let mut replies = Reply::all(&respond(uploads, request));
    let reply = replies.remove(0);
    (reply.status, reply.text().to_owned())
}

fn post(path: &str, media_type: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    reply(&Uploads::new(), &request(path, media_type, body.as_ref()))
}

/// A part with this head, which ends in a line break.
fn part(head: &str, content: &str) -> String {
    format!("--b\r\n{head}\r\n{content}\r\n")
}

/// A part with this name.
fn field(name: &str, content: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"{name}\"\r\n"), content)
}

/// A part with this name of a file.
fn file(file_name: &str, content: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"f\"; filename=\"{file_name}\"\r\n"), content)
}

/// As Chromium 156, curl 7.88, Node 20, urllib3 2.7 and Python's `email` have sent them, .NET's by its sources.
#[test]
fn what_clients_send_is_read() {
    for (client, boundary, body, expected) in [
        (
            "a browser",
            "----WebKitFormBoundarys1sShroSaGlTCrUb",
            "------WebKitFormBoundarys1sShroSaGlTCrUb\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n\
             \u{e9} \"x\"\r\n\
             ------WebKitFormBoundarys1sShroSaGlTCrUb\r\nContent-Disposition: form-data; name=\"file\"; \
             filename=\"we%22ird\\na%22me;\u{e9}.txt\"\r\nContent-Type: text/plain\r\n\r\nbrowser data\r\n\
             ------WebKitFormBoundarys1sShroSaGlTCrUb\r\nContent-Disposition: form-data; name=\"none\"; \
             filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n\
             ------WebKitFormBoundarys1sShroSaGlTCrUb--\r\n",
            "\"a%22b\" None - \\xc3\\xa9 \\\"x\\\"\n\
             \"file\" Some(\"we%22ird\\\\na%22me;\u{e9}.txt\") text/plain browser data\n\
             \"none\" None application/octet-stream \n",
        ),
        ("a browser, an empty form", "----x", "------x--\r\n", ""),
        (
            "curl --form-escape",
            "------------------------d74496d66958873e",
            "--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name=\"a\"; \
             filename=\"q\\\"b\\\\x\"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n\
             --------------------------d74496d66958873e--\r\n",
            "\"a\" Some(\"q\\\"b\\\\x\") application/octet-stream hello\n",
        ),
        (
            "email",
            "\"===============3536663211121603039==\"",
            "--===============3536663211121603039==\r\nContent-Type: text/plain; charset=\"us-ascii\"\r\n\
             MIME-Version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n\
             hello\r\n--===============3536663211121603039==\r\nContent-Type: application/octet-stream\r\n\
             MIME-Version: 1.0\r\nContent-Disposition: form-data; name=\"f\"; filename*=utf-8''caf%C3%A9%20py.bin\r\n\r\n\
             data\r\n--===============3536663211121603039==--\r\n",
            "\"t\" None text/plain hello\n\"f\" Some(\"caf\u{e9} py.bin\") application/octet-stream data\n",
        ),
        (
            ".NET",
            "\"0f8fad5b-d9cb-469f-a165-70867728950e\"",
            "--0f8fad5b-d9cb-469f-a165-70867728950e\r\nContent-Disposition: form-data; name=file; \
             filename=x.txt; filename*=utf-8''x.txt\r\n\r\ndata\r\n--0f8fad5b-d9cb-469f-a165-70867728950e--\r\n",
            "\"file\" Some(\"x.txt\") - data\n",
        ),
        (
            "Werkzeug, with an empty line first",
            "---------------WerkzeugFormPart_1796072980.49",
            "\r\n-----------------WerkzeugFormPart_1796072980.49\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\
             b\r\n-----------------WerkzeugFormPart_1796072980.49--\r\n",
            "\"a\" None - b\n",
        ),
    ] {
        let media_type = format!("multipart/form-data; boundary={boundary}");
        assert_eq!(post("/parts", &media_type, body), (200, expected.to_owned()), "{client}");
    }
}

#[test]
fn the_grammar_of_the_standard_is_taken() {
    let one = field("a", "1");
    let head = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n";
    for (body, expected, why) in [
        (format!("{one}--b--"), "\"a\" None - 1\n", "without a line's end behind it"),
        (
            format!("preamble\r\nof --b lines\r\n{one}--b--\r\nepilogue\r\n--b\r\n"),
            "\"a\" None - 1\n",
            "text around it",
        ),
        (format!("--b \t \r\n{}--b-- \r\n", &one[5..]), "\"a\" None - 1\n", "white space behind a boundary"),
        (format!("{head}\r\n--b--"), "\"a\" None - \n", "no content, and no line break of its own"),
        (format!("{head}\r\n\r\n--b--"), "\"a\" None - \n", "empty content"),
        (format!("{head}\r\n\r\n\r\n--b--"), "\"a\" None - \\r\\n\n", "one line break"),
        (format!("{head}X: \t y \r\n\r\n1\r\n--b--"), "\"a\" None - 1\n", "other fields"),
        (field("a", "1") + &field("a", "2") + "--b--", "\"a\" None - 1\n\"a\" None - 2\n", "the same name twice"),
        (field("", "1") + "--b--", "\"\" None - 1\n", "an empty name"),
    ] {
        assert_eq!(post("/parts", TYPE, body), (200, expected.to_owned()), "{why}");
    }
}

#[test]
fn content_may_look_like_a_boundary() {
    for content in [
        " --b",
        "\n--b\r\nx",
        "\r--b\r\n",
        "x--b--\r\n",
        "\r\n--",
        "\r\n--B\r\n",
        "\r\n --b\r\n",
        "\r\n--bb\r\n",
        "\r\n--bb--\r\n",
        "\r\n--b\n",
        "\r\n--b\r",
        "\r\n--b-\r\n",
        "\r\n--b--x\r\n",
        "\r\n--b x\r\n",
        "\r\n\r\n\r\n",
        "\r\r\n\n",
        "",
    ] {
        let expected = format!("\"a\" None - {}\n", content.as_bytes().escape_ascii());
        let body = field("a", content) + "--b--\r\n";
        assert_eq!(post("/parts", TYPE, &body), (200, expected.clone()), "{content:?}");
        let pieces = respond_to_pieces(&Uploads::new(), bit_by_bit(&request("/parts", TYPE, body.as_bytes())));
        assert_eq!(Reply::all(&pieces)[0].text(), expected, "{content:?}, byte by byte");
    }
    // A form inside of the form, whose boundary is longer: RFC 7578, section 4.3.
    let inner = "--bc\r\nContent-Disposition: file; filename=\"x\"\r\n\r\n1\r\n--bc--\r\n";
    let head = "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: multipart/mixed; boundary=bc\r\n";
    let expected = format!("\"a\" None multipart/mixed {}\n", inner.as_bytes().escape_ascii());
    assert_eq!(post("/parts", TYPE, part(head, inner) + "--b--"), (200, expected), "given as it is");
}

#[test]
fn what_is_broken_is_refused_and_leaves_no_file() {
    let no_end = "part \"f\": the body ends before its last boundary";
    let no_line = "no line of the body is its boundary, between cr lf and cr lf";
    let whole = file("whole.txt", "1");
    for (body, code, expected) in [
        (String::new(), 400, no_line),
        ("--b".into(), 400, no_line),
        ("--b-".into(), 400, no_line),
        ("--c\r\n\r\n--c--".into(), 400, no_line),
        ((whole.clone() + "--b--\r\n").replace("\r\n", "\n"), 400, no_line),
        (whole.clone(), 400, no_end),
        (whole.clone() + "--b-", 400, no_end),
        (whole.clone() + "--b--x", 400, no_end),
        (whole.clone() + "--c--", 400, no_end),
        (whole.clone() + "--b\r\n", 400, "part 2: the body ends before its last boundary"),
        (whole.clone() + "--b\r\nContent-Disp", 400, "part 2: the body ends before its last boundary"),
        (whole.clone() + &part("", "x") + "--b--", 400, "part 2: it has no content-disposition"),
        (
            whole.clone() + &part("Content-Type: text/plain\r\n", "x") + "--b--",
            400,
            "part 2: it has no content-disposition",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data; filename=\"x\"\r\n", "x") + "--b--",
            400,
            "part 2: it has no name",
        ),
        (
            whole.clone() + &part("Content-Disposition: attachment; name=\"x\"\r\n", "x") + "--b--",
            400,
            "part 2: its content-disposition is not form-data",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data; name=\"x\r\n", "x") + "--b--",
            400,
            "part 2: its content-disposition is not form-data; name=\"...\"",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data; name=x; name=y\r\n", "x") + "--b--",
            400,
            "part 2: its content-disposition has a name twice",
        ),
        (
            whole.clone() + &part(&"Content-Disposition: form-data; name=x\r\n".repeat(2), "x") + "--b--",
            400,
            "part 2: it has two content-dispositions",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data; name=x; filename*=latin1''x\r\n", "x") + "--b--",
            400,
            "part 2: its filename* is not utf-8'' and percent-encoded",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data;\r\n name=x\r\n", "x") + "--b--",
            400,
            "part 2: a field line begins with a space: folded lines are obsolete, write one line",
        ),
        (
            whole.clone() + &part("Content-Disposition form-data; name=x\r\n", "x") + "--b--",
            400,
            "part 2: a field line has no colon: write NAME: VALUE",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data; name=x\n", "x") + "--b--",
            400,
            "part 2: a line of its head does not end in cr lf",
        ),
        (
            whole.clone() + &part("Content-Disposition: form-data; name=\"x\0\"\r\n", "x") + "--b--",
            400,
            "part 2: a field value holds a control character",
        ),
        (whole.clone() + &part(&"X: y\r\n".repeat(33), "x") + "--b--", 413, "part 2: it has too many fields"),
        (
            whole.clone()
                + &part("Content-Disposition: form-data; name=x\r\nContent-Transfer-Encoding: base64\r\n", "eA==")
                + "--b--",
            415,
            "part \"x\": send it as it is, without a content-transfer-encoding",
        ),
        (
            whole.clone() + &part(&format!("X: {}\r\n", "y".repeat(1024 * 1024)), "x") + "--b--",
            413,
            "part 2: its head may have at most 16384 bytes",
        ),
        (
            whole.clone() + &field("long", &"x".repeat(16 * 1024 * 1024 + 1)) + "--b--",
            413,
            "part \"long\": it may have at most 16777216 bytes",
        ),
    ] {
        let uploads = Uploads::new();
        let found = reply(&uploads, &request("/save", TYPE, body.as_bytes()));
        let start: String = body.chars().take(200).collect();
        assert_eq!(found, (code, expected.to_owned()), "{start}");
        assert_eq!(uploads.files(), [""; 0], "{start}");
    }
}

#[test]
fn a_form_has_a_hundred_parts_at_most() {
    assert_eq!(post("/count", TYPE, field("a", "").repeat(100) + "--b--"), (200, "100".to_owned()));
    let refused = (413, "a form may have at most 100 parts".to_owned());
    assert_eq!(post("/count", TYPE, field("a", "").repeat(101) + "--b--"), refused);
    assert_eq!(post("/count", TYPE, field("a", "").repeat(100_000) + "--b--"), refused);
    assert_eq!(post("/count", TYPE, "--b\r\n\r\n".repeat(100_000)).0, 400, "without heads");
}

#[test]
fn a_media_type_without_a_boundary_is_refused() {
    let body = field("a", "1") + "--b--";
    let longest = "x".repeat(70);
    for (media_type, code) in [
        ("multipart/form-data; boundary=b".to_owned(), 200),
        ("Multipart/Form-Data; charset=utf-8; Boundary=\"b\"".to_owned(), 200),
        (format!("multipart/form-data; boundary={longest}"), 400), // Another one than the body's.
        (format!("multipart/form-data; boundary={longest}x"), 400),
        ("multipart/form-data".to_owned(), 400),
        ("multipart/form-data; boundary=".to_owned(), 400),
        ("multipart/form-data; boundary=\"\"".to_owned(), 400),
        ("multipart/form-data; boundary=\"b \"".to_owned(), 400),
        ("multipart/form-data; boundary=b; boundary=c".to_owned(), 400),
        ("multipart/form-data; boundary=b=".to_owned(), 400),
        ("multipart/mixed; boundary=b".to_owned(), 415),
        ("application/x-www-form-urlencoded".to_owned(), 415),
        (String::new(), 415),
    ] {
        let (found, text) = post("/parts", &media_type, &body);
        assert_eq!(found, code, "{media_type}: {text}");
        assert_eq!(text == "send the body as multipart/form-data", code == 415, "{media_type}: {text}");
    }
    let body = format!("--{longest}\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--{longest}--");
    let media_type = format!("multipart/form-data; boundary={longest}");
    assert_eq!(post("/parts", &media_type, body), (200, "\"a\" None - 1\n".to_owned()));
}

#[test]
fn a_content_coding_is_refused() {
    let coded = format!("{TYPE}\r\nContent-Encoding: gzip");
    let (code, text) = post("/parts", &coded, field("a", "1") + "--b--");
    assert_eq!((code, text.contains("content-encoding")), (415, true), "{text}");
    let plain = format!("{TYPE}\r\nContent-Encoding: identity");
    assert_eq!(post("/parts", &plain, field("a", "1") + "--b--").0, 200);
}

#[test]
fn texts_and_bodies_have_a_size() {
    assert_eq!(post("/texts", TYPE, field("a", "0123456789") + "--b--"), (200, "0123456789".to_owned()));
    let refused = (413, "part \"a\": it may have at most 10 bytes".to_owned());
    assert_eq!(post("/texts", TYPE, field("a", "0123456789x") + "--b--"), refused);
    let not_utf8 = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\r\n--b--";
    assert_eq!(post("/texts", TYPE, not_utf8), (400, "part \"a\": it is not utf-8".to_owned()));
    let refused = (413, "the body may have at most 100 bytes".to_owned());
    assert_eq!(post("/texts", TYPE, "x".repeat(101)), refused);
    let chunks = "32\r\n".to_owned() + &"x".repeat(50) + "\r\n";
    let head = format!("POST /texts HTTP/1.1\r\nHost: a\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunked = head + &chunks.repeat(3) + "0\r\n\r\n";
    assert_eq!(reply(&Uploads::new(), chunked.as_bytes()), refused);
    // The name of a part goes into the page, shortened.
    let long = "n".repeat(1000);
    let (code, text) = post("/parts", TYPE, field(&long, ""));
    assert_eq!((code, text), (400, format!("part \"{}…\": the body ends before its last boundary", &long[..80])));
}

#[test]
fn no_name_leads_out_of_the_directory() {
    for (name, saved) in [
        ("../../x", "x"),
        ("..\\\\..\\\\x", "x"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        (".hidden", "hidden"),
        ("a/../../b\\\"c", "b_c"),
    ] {
        let uploads = Uploads::new();
        let found = reply(&uploads, &request("/save", TYPE, (file(name, "1") + "--b--").as_bytes()));
        assert_eq!(found, (200, saved.to_owned()), "{name}");
        assert_eq!(uploads.files(), [saved], "{name}");
        assert_eq!(names(&uploads.directory.parent().unwrap().to_owned()), ["in"], "{name}");
    }
    let uploads = Uploads::new();
    let twice = file("x", "1") + &file("x", "2") + "--b--";
    let found = reply(&uploads, &request("/save", TYPE, twice.as_bytes()));
    assert_eq!(found, (409, "there is a file of this name already".to_owned()));
    assert_eq!(uploads.files(), [""; 0], "an upload is saved as a whole or not at all");
}

#[test]
fn a_length_that_is_wrong_is_noticed() {
    let uploads = Uploads::new();
    let body = file("x", "1") + "--b--";
    let sent = |length| {
        let head =
            format!("POST /save HTTP/1.1\r\nHost: a\r\nContent-Type: {TYPE}\r\nContent-Length: {length}\r\n\r\n");
        Reply::all(&respond(&uploads, head + &body))
    };
    for shorter in 0..body.len() {
        assert_eq!(sent(shorter)[0].status, 400, "{shorter}");
        assert_eq!(uploads.files(), [""; 0], "{shorter}");
    }
    let replies = sent(body.len() + 1);
    assert_eq!((replies[0].status, replies.len()), (400, 1), "the client has ended before its body");
    assert_eq!(uploads.files(), [""; 0]);
    assert_eq!(sent(body.len())[0].status, 200);
    assert_eq!(uploads.files(), ["x"]);
}

#[test]
fn chunks_of_one_byte_are_a_body_like_others() {
    let server = Server::start(Uploads::new()).unwrap();
    let body = field("a", "1\r\n--bb\r\n") + &file("x", "2") + "--b--\r\n";
    let mut client = Client::of(&server);
    client
        .send(format!("POST /parts HTTP/1.1\r\nHost: a\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for byte in body.bytes() {
        client.send([b"1\r\n", &[byte][..], b"\r\n"].concat());
    }
    client.send("0\r\n\r\n");
    let expected = "\"a\" None - 1\\r\\n--bb\\r\\n\n\"f\" Some(\"x\") - 2\n";
    assert_eq!(client.read_reply().text(), expected);
    client.send(request("/count", TYPE, (field("a", "") + "--b--").as_bytes()));
    assert_eq!(client.read_reply().text(), "1", "the connection goes on");
}

#[test]
fn a_client_that_waits_for_leave_is_refused_before_it_sends() {
    let server = Server::start(Uploads::new()).unwrap();
    for (path, media_type, length, code) in
        [("/texts", TYPE, 101, 413), ("/parts", "multipart/form-data", 50, 400), ("/parts", "text/plain", 50, 415)]
    {
        let fields = format!("Content-Type: {media_type}\r\nContent-Length: {length}\r\nExpect: 100-continue");
        let mut client = Client::sending(&server, format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
        assert_eq!(client.read_reply().status, code, "without a 100 before it");
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_leaves_no_file() {
    let uploads = Uploads::new();
    let directory = uploads.directory.clone();
    let server = Server::start(uploads).unwrap();
    let until = |expected: &dyn Fn(&[String]) -> bool, what: &str| {
        let give_up = Instant::now() + PATIENCE;
        while !expected(&names(&directory)) {
            assert!(Instant::now() < give_up, "{what}: {:?}", names(&directory));
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let whole = file("first", "1") + &file("second", &"2".repeat(1_000_000)) + "--b--";
    let request = request("/save", TYPE, whole.as_bytes());
    let mut client = Client::sending(&server, &request[..request.len() - 500_000]);
    until(&|names| names.len() == 2, "one is complete, and one has begun");
    assert!(names(&directory)[0].starts_with(".upload-") && names(&directory)[1] == "first");
    client.end_sending();
    assert_eq!(client.read_reply().status, 400);
    until(&|names| names.is_empty(), "the client has gone");
    let mut client = Client::sending(&server, &request);
    assert_eq!(client.read_reply().text(), "first second");
    assert_eq!(names(&directory), ["first", "second"]);
}
