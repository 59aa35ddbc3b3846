//! The value that a method returns is the response. The tests have each type, the values that are refused, and
//! failures.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Mutex;

use crate::support::Reply;
use crate::support::stage::LARGE_BYTES;
use basehttp::{
    Address, Exchange, HTTPError, HandlerError, Html, IntoResponse, Payload, Result, http_handler, testing,
};

/// Each method returns another type. Failures are kept.
#[derive(Default)]
struct Returning {
    name: String,
    errors: Mutex<Vec<String>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Returning {
    // Bodies.

    fn do_GET(&self, ex: &mut Exchange) -> Html<String> {
        Html(format!("<p>{}", ex.path.len()))
    }

    fn do_STR(&self, _: &mut Exchange) -> &str {
        &self.name
    }

    fn do_STATIC(&self, _: &mut Exchange) -> &'static str {
        "static"
    }

    fn do_REQUEST<'c>(&self, ex: &mut Exchange<'c>) -> Option<&'c str> {
        ex.headers.get("X-Echo")
    }

    fn do_STRING(&self, _: &mut Exchange) -> String {
        "caf\u{e9}".to_owned()
    }

    fn do_COW(&self, _: &mut Exchange) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn do_SLICE(&self, _: &mut Exchange) -> &[u8] {
        self.name.as_bytes()
    }

    fn do_ARRAY(&self, _: &mut Exchange) -> &'static [u8; 4] {
        b"\0\x01\xfe\xff"
    }

    fn do_VEC(&self, ex: &mut Exchange) -> Vec<u8> {
        vec![b'v'; if ex.path == "/large" { LARGE_BYTES } else { 3 }]
    }

    fn do_PAYLOAD(&self, _: &mut Exchange) -> Payload {
        b"payload".into()
    }

    fn do_FILE(&self, ex: &mut Exchange) -> Result<File, io::Error> {
        File::open(if ex.path == "/directory" { env!("CARGO_MANIFEST_DIR") } else { FILE })
    }

    fn do_PAGE(&self, _: &mut Exchange) -> Result<(u16, Html<File>), HTTPError> {
        let file = File::open(FILE).map_err(|error| HTTPError::from(404).with_source(error))?;
        Ok((203, Html(file)))
    }

    // Statuses and fields.

    fn do_STATUS(&self, ex: &mut Exchange) -> u16 {
        ex.path[1..].parse().expect("the test asks for a number")
    }

    fn do_PAIR(&self, ex: &mut Exchange) -> (u16, &'static str) {
        (ex.path[1..].parse().expect("the test asks for a number"), "with a body")
    }

    fn do_NOTHING(&self, _: &mut Exchange) -> (u16, ()) {
        (202, ())
    }

    fn do_FIELDS(&self, ex: &mut Exchange) -> (u16, [(&str, String); 2], String) {
        let value = |name| ex.query().get(name).map(Cow::into_owned).unwrap_or_default();
        match ex.path.split_once('?').map_or(ex.path, |(path, _)| path) {
            "/type" => (200, [("content-TYPE", "text/css".to_owned()), ("X-One", "1".to_owned())], "a{}".to_owned()),
            "/types" => (200, [("Content-Type", "a/b".to_owned()), ("Content-Type", "c/d".to_owned())], String::new()),
            "/length" => (200, [("Content-Length", "2".to_owned()), ("X-One", "1".to_owned())], "three".to_owned()),
            "/name" => (200, [("bad name", "1".to_owned()), ("X-One", "1".to_owned())], "body".to_owned()),
            _ => (201, [("Location", value("to")), ("X-One", "1".to_owned())], "made".to_owned()),
        }
    }

    // Options, results, and any of these.

    fn do_MAYBE(&self, ex: &mut Exchange) -> Option<(u16, String)> {
        (ex.path == "/some").then(|| (200, "some".to_owned()))
    }

    fn do_RESULT(&self, ex: &mut Exchange) -> Result<Option<String>> {
        match ex.path {
            "/some" => Ok(Some("some".to_owned())),
            "/none" => Ok(None),
            "/teapot" => Err(HTTPError::new(418, "short and stout").into()),
            _ => Err("it broke".into()),
        }
    }

    fn do_OWN(&self, _: &mut Exchange) -> Result<&'static str, HTTPError> {
        Err(HTTPError::new(409, "not now").with_header("Retry-After", 7))
    }

    fn do_ANY(&self, _: &mut Exchange) -> impl IntoResponse {
        Some(Ok::<_, io::Error>((200, "any")))
    }

    // Sent and returned.

    fn do_BOTH(&self, ex: &mut Exchange) -> Result<Option<&'static str>> {
        match ex.path {
            "/text" => ex.send_text(200, "sent")?,
            "/head" => drop(ex.send_response(200)),
            "/large" => ex.send_bytes(200, "text/plain", vec![b'v'; LARGE_BYTES])?,
            "/none" => {
                ex.send_text(200, "sent")?;
                return Ok(None);
            }
            "/wire" => {
                ex.send_response(200).end_headers()?;
                write!(ex.wfile, "sent")?;
                ex.wfile.flush()?;
            }
            "/type" => drop(ex.send_header("Content-Type", "text/css")),
            "/interim" => ex.send_response_only(103).send_header("Link", "</a.css>").end_headers()?,
            _ => drop(ex.send_header("X-Before", 1)),
        }
        Ok(Some("returned"))
    }

    fn do_NEITHER(&self, _: &mut Exchange) {}

    fn do_HIJACK(&self, ex: &mut Exchange) -> Result<&'static str> {
        use std::io::Write as _;
        ex.hijack()?.write_all(b"mine")?;
        Ok("returned")
    }

    // Overridables.

    fn handle_error(&self, _: &Address, error: &HandlerError) {
        self.errors.lock().unwrap().push(error.to_string());
    }

    fn log_error(&self, _: &Exchange, message: fmt::Arguments) {
        self.errors.lock().unwrap().push(message.to_string());
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE-MIT");

fn handler() -> Returning {
    Returning { name: "Ada".to_owned(), ..Returning::default() }
}

/// The bytes that a request gets, and the errors that were told.
fn bytes_for(method: &str, target: &str) -> (Vec<u8>, Vec<String>) {
    let handler = handler();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: x\r\nX-Echo: from the request\r\n\r\n");
    let bytes = testing::respond(&handler, request);
    (bytes, handler.errors.into_inner().unwrap())
}

/// The one reply to a request, which tells of no error.
#[track_caller]
fn reply_to(method: &str, target: &str) -> Reply {
    let (bytes, errors) = bytes_for(method, target);
    assert_eq!(errors, Vec::<String>::new(), "{method} {target}");
    one_reply(&bytes, if method == "HEAD" { "HEAD" } else { "GET" })
}

#[track_caller]
fn one_reply(bytes: &[u8], method: &'static str) -> Reply {
    let mut replies = Reply::all_to(bytes, |_| method);
    assert_eq!(replies.len(), 1, "one reply: {replies:?}");
    replies.remove(0)
}

/// The status of a request whose method is to blame, and the one error that was told.
#[track_caller]
fn failure(method: &str, target: &str) -> (u16, String) {
    let (bytes, errors) = bytes_for(method, target);
    let reply = one_reply(&bytes, "GET");
    assert_eq!(errors.len(), 1, "told once: {errors:?}");
    (reply.status, errors[0].clone())
}

#[test]
fn each_body_is_sent_as_its_media_type() {
    let text = "text/plain; charset=utf-8";
    let bytes = "application/octet-stream";
    let file = std::fs::read(FILE).unwrap();
    let table: [(&str, u16, Option<&str>, &[u8]); 13] = [
        ("GET", 200, Some("text/html; charset=utf-8"), b"<p>1"),
        ("STR", 200, Some(text), b"Ada"),
        ("STATIC", 200, Some(text), b"static"),
        ("REQUEST", 200, Some(text), b"from the request"),
        ("STRING", 200, Some(text), "caf\u{e9}".as_bytes()),
        ("COW", 200, Some(text), b"Ada"),
        ("SLICE", 200, Some(bytes), b"Ada"),
        ("ARRAY", 200, Some(bytes), b"\0\x01\xfe\xff"),
        ("VEC", 200, Some(bytes), b"vvv"),
        ("PAYLOAD", 200, Some(bytes), b"payload"),
        ("FILE", 200, Some(bytes), &file),
        ("PAGE", 203, Some("text/html; charset=utf-8"), &file),
        ("NOTHING", 202, None, b""),
    ];
    for (method, status, media_type, body) in table {
        let reply = reply_to(method, "/");
        assert_eq!((reply.status, reply.field("Content-Type")), (status, media_type), "{method}");
        assert_eq!(reply.body, body, "{method}");
        assert_eq!(reply.field("Content-Length"), Some(&*body.len().to_string()), "{method}");
    }
}

#[test]
fn head_gets_the_head_of_the_returned_page() {
    let reply = reply_to("HEAD", "/");
    assert_eq!((reply.status, reply.field("Content-Length")), (200, Some("4")));
    assert_eq!(reply.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(reply.body.is_empty());
}

#[test]
fn a_large_body_is_sent_after_the_method_has_returned() {
    let reply = reply_to("VEC", "/large");
    assert_eq!(reply.body.len(), LARGE_BYTES);
    assert!(reply.body.iter().all(|byte| *byte == b'v'));
}

#[test]
fn a_bare_status_has_no_page() {
    for code in [200, 204, 304, 404, 599, 999] {
        let reply = reply_to("STATUS", &format!("/{code}"));
        assert_eq!((reply.status, reply.body.len(), reply.field("Content-Type")), (code, 0, None));
        let is_bodyless = matches!(code, 204 | 304);
        assert_eq!(reply.field("Content-Length"), (!is_bodyless).then_some("0"), "{code}");
    }
}

#[test]
fn a_status_without_body_drops_the_returned_one() {
    for code in [204, 205, 304] {
        let reply = reply_to("PAIR", &format!("/{code}"));
        assert_eq!((reply.status, reply.text()), (code, ""));
    }
    assert_eq!(reply_to("PAIR", "/404").text(), "with a body");
}

#[test]
fn returned_fields_are_sent_and_a_content_type_replaces_the_default() {
    let reply = reply_to("FIELDS", "/?to=/notes/7");
    assert_eq!((reply.status, reply.text()), (201, "made"));
    assert_eq!((reply.field("Location"), reply.field("X-One")), (Some("/notes/7"), Some("1")));
    assert_eq!(reply.field("Content-Type"), Some("text/plain; charset=utf-8"));
    let reply = reply_to("FIELDS", "/type");
    assert_eq!(reply.fields_named("Content-Type").collect::<Vec<_>>(), ["text/css"]);
}

#[test]
fn nothing_is_404_and_an_error_its_own_response() {
    assert_eq!(reply_to("MAYBE", "/some").text(), "some");
    assert_eq!(reply_to("RESULT", "/some").text(), "some");
    assert_eq!(reply_to("ANY", "/").text(), "any");
    for (method, target, status, reason) in [
        ("MAYBE", "/none", 404, "Not Found"),
        ("RESULT", "/none", 404, "Not Found"),
        ("RESULT", "/teapot", 418, "short and stout"),
        ("OWN", "/", 409, "not now"),
    ] {
        let (bytes, errors) = bytes_for(method, target);
        let reply = one_reply(&bytes, "GET");
        assert_eq!((reply.status, &*reply.reason), (status, reason));
        assert!(reply.text().contains(&format!("<b>{status}</b>")), "it has a page: {}", reply.text());
        assert_eq!(errors.len(), 1, "a line for the page, and nothing for handle_error: {errors:?}");
    }
    assert_eq!(one_reply(&bytes_for("OWN", "/").0, "GET").field("Retry-After"), Some("7"));
    assert_eq!(failure("RESULT", "/broken"), (500, "it broke".to_owned()));
}

#[test]
fn what_no_response_may_be_is_500() {
    let table = [
        ("STATUS", "/99", "99 is not a status code"),
        ("STATUS", "/1000", "1000 is not a status code"),
        ("STATUS", "/103", "the handler sent no response"),
        ("PAIR", "/103", "103 has no body"),
        ("FIELDS", "/?to=/%0d%0aSet-Cookie:a=b", "the value of Location has U+000D"),
        ("FIELDS", "/?to=/%E2%82%AC", "the value of Location has U+20AC"),
        ("FIELDS", "/name", "\"bad name\" is not a field name"),
        ("FIELDS", "/types", "a second Content-Type"),
        ("FIELDS", "/length", "the body has 5 bytes"),
        ("FILE", "/directory", "a regular file"),
        ("NEITHER", "/", "the handler sent no response"),
    ];
    for (method, target, said) in table {
        let (bytes, errors) = bytes_for(method, target);
        let reply = Reply::all(&bytes).pop().expect("a reply");
        assert_eq!(reply.status, 500, "{method} {target}");
        assert!(errors[0].contains(said), "{method} {target}: {errors:?}");
        assert!(!String::from_utf8_lossy(&bytes).contains("\r\nSet-Cookie"), "no response is split");
    }
}

#[test]
fn a_field_that_was_sent_before_goes_with_the_returned_value() {
    let reply = one_reply(&bytes_for("BOTH", "/field").0, "GET");
    assert_eq!((reply.status, reply.text(), reply.field("X-Before")), (200, "returned", Some("1")));
    let reply = reply_to("BOTH", "/type");
    assert_eq!(reply.fields_named("Content-Type").collect::<Vec<_>>(), ["text/css"]);
}

#[test]
fn a_method_that_sends_a_response_and_returns_one_is_told_so() {
    for target in ["/text", "/head", "/large", "/none"] {
        let (status, said) = failure("BOTH", target);
        assert_eq!(status, 500, "{target}");
        assert!(said.contains("has sent a response, and returned one as well"), "{target}: {said}");
    }
    let (bytes, errors) = bytes_for("BOTH", "/wire");
    assert!(bytes.ends_with(b"\r\n\r\n4\r\nsent\r\n"), "the chunks do not end: {:?}", String::from_utf8_lossy(&bytes));
    assert!(errors[0].contains("has sent a response, and returned one as well"), "{errors:?}");
    let (bytes, errors) = bytes_for("HIJACK", "/");
    assert_eq!(bytes, b"mine");
    assert!(errors[0].contains("after hijack"), "{errors:?}");
}

#[test]
fn a_field_that_was_given_before_goes_out_with_the_returned_response() {
    let reply = reply_to("BOTH", "/field");
    assert_eq!((reply.status, reply.text(), reply.field("X-Before")), (200, "returned", Some("1")));
    let reply = reply_to("BOTH", "/type");
    assert_eq!(reply.fields_named("Content-Type").collect::<Vec<_>>(), ["text/css"]);
}

#[test]
fn an_interim_response_may_come_before_the_returned_one() {
    let (bytes, errors) = bytes_for("BOTH", "/interim");
    let replies = Reply::all(&bytes);
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [103, 200]);
    assert_eq!((replies[1].text(), errors.len()), ("returned", 0));
}

/// Methods with `io::Result` call helpers with `basehttp::Result`.
struct Mixing;

fn opened(path: &str) -> Result<File> {
    Ok(File::open(path)?)
}

fn teapot() -> Result<File> {
    Err(HTTPError::new(418, "short and stout").into())
}

#[http_handler]
impl Mixing {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        let file = if ex.path == "/teapot" { teapot()? } else { opened("/there/is/no/such/file")? };
        ex.send_file(file, ..)
    }

    fn handle_error(&self, _: &Address, _: &HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn an_error_of_a_handler_becomes_an_io_error_and_stays_what_it_is() {
    fn through(result: Result<File>) -> io::Result<File> {
        Ok(result?)
    }
    let error = through(opened("/there/is/no/such/file")).unwrap_err();
    let there = File::open("/there/is/no/such/file").unwrap_err();
    assert_eq!((error.kind(), error.raw_os_error()), (there.kind(), there.raw_os_error()), "handed back unchanged");
    let error = through(teapot()).unwrap_err();
    assert_eq!(error.get_ref().and_then(|inner| inner.downcast_ref()).map(HTTPError::code), Some(418));
    let error = through(Err("a text".into())).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::Other, "a text".to_owned()));
    for (target, status) in [("/teapot", 418), ("/file", 500)] {
        let bytes = testing::respond(&Mixing, format!("GET {target} HTTP/1.0\r\n\r\n"));
        assert_eq!(one_reply(&bytes, "GET").status, status, "{target}");
    }
}
