//! The sources of parameters, with their texts, their greatest number, and the response if one cannot be made.
//! `parameters` has the order in which they are made.

use std::fmt;
use std::sync::Mutex;

use crate::support::Reply;
use basehttp::{Exchange, Field, Guard, HTTPError, MessageClass, Result, http_handler, testing};

/// Each method answers with its parameters.
struct Echo;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Echo {
    #[path("/id/{id}")]
    fn do_GET_id(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/word/{word}")]
    fn do_GET_word(&self, word: String) -> String {
        word
    }

    #[path("/number")]
    fn do_GET_number(&self, #[query] n: u8) -> String {
        n.to_string()
    }

    #[path("/numbers")]
    fn do_GET_numbers(&self, #[query] n: Vec<u8>) -> String {
        format!("{n:?}")
    }

    #[path("/maybe")]
    fn do_GET_maybe(&self, #[query("page-size")] size: Option<u8>) -> String {
        format!("{size:?}")
    }

    #[path("/texts")]
    fn do_GET_texts(&self, #[query] a: &str, #[query] b: Option<&str>, #[query] c: Vec<&str>) -> String {
        format!("{a:?} {b:?} {c:?}")
    }

    #[path("/strings")]
    fn do_GET_strings(&self, #[query] a: String, #[query] b: Option<String>, #[query] c: Vec<String>) -> String {
        format!("{a:?} {b:?} {c:?}")
    }

    #[path("/own")]
    fn do_GET_own(&self, #[query] n: Result<u8, HTTPError>) -> String {
        match n {
            Ok(n) => n.to_string(),
            Err(error) => format!("without a number: {error}"),
        }
    }

    #[path("/field")]
    fn do_GET_field(&self, #[header("X-Count")] count: Option<u8>, #[header("X-Tag")] tags: Vec<&str>) -> String {
        format!("{count:?} {tags:?}")
    }

    #[path("/cookie")]
    fn do_GET_cookie(&self, #[cookie] id: u64, #[cookie("the-theme")] theme: Option<&str>) -> String {
        format!("{id} {theme:?}")
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// The answer to a GET with these further lines of the head.
fn get(target: &str, lines: &str) -> (u16, String) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
    let reply = Reply::all(&testing::respond(&Echo, request)).pop().expect("a reply");
    let answer = if reply.status == 200 { reply.text().to_owned() } else { reply.reason };
    (reply.status, answer)
}

#[track_caller]
fn check(cases: &[(&str, u16, &str)]) {
    for (target, status, answer) in cases {
        assert_eq!(get(target, ""), (*status, (*answer).to_owned()), "{target}");
    }
}

#[test]
fn a_segment_that_does_not_parse_names_no_resource() {
    check(&[
        ("/id/7", 200, "7"),
        ("/id/%37", 200, "7"),
        ("/id/007", 200, "7"),
        ("/id/+7", 200, "7"),
        ("/id/18446744073709551615", 200, "18446744073709551615"),
        ("/id/18446744073709551616", 404, "Not Found"),
        ("/id/-1", 404, "Not Found"),
        ("/id/seven", 404, "Not Found"),
        ("/id/7.0", 404, "Not Found"),
        ("/id/%ff", 404, "Not Found"),
        ("/id/7%00", 404, "Not Found"),
        ("/word/a%2Fb%20c+d", 200, "a/b c+d"),
        ("/word/%2e%2e", 404, "Not Found"),
    ]);
}

#[test]
fn a_query_that_cannot_be_read_is_400_and_named() {
    check(&[
        ("/number?n=7", 200, "7"),
        ("/number?m=1&n=7&", 200, "7"),
        ("/number", 400, "the query parameter n is missing"),
        ("/number?n", 400, "the query parameter n is missing"),
        ("/number?n=", 400, "the query parameter n is missing"),
        ("/number?n=256", 400, "the query parameter n cannot be read"),
        ("/number?n=%ff", 400, "the query parameter n is not UTF-8"),
        ("/number?n=7&n=7", 400, "the query parameter n is there more than once"),
        ("/numbers?n=1&m=2&n=3", 200, "[1, 3]"),
        ("/numbers", 200, "[]"),
        ("/numbers?n=1&n=x", 400, "the query parameter n cannot be read"),
        ("/maybe", 200, "None"),
        ("/maybe?page-size=", 200, "None"),
        ("/maybe?page%2Dsize=9", 200, "Some(9)"),
        ("/maybe?page-size=x", 400, "the query parameter page-size cannot be read"),
        ("/own?n=7", 200, "7"),
        ("/own", 200, "without a number: 400 the query parameter n is missing"),
    ]);
}

#[test]
fn an_empty_text_is_a_text() {
    for path in ["/texts", "/strings"] {
        check(&[
            (&format!("{path}?a=&b=&c=&c=x+y"), 200, r#""" Some("") ["", "x y"]"#),
            (&format!("{path}?a=%C3%A9"), 200, "\"\u{e9}\" None []"),
            (&format!("{path}?b=1"), 400, "the query parameter a is missing"),
            (&format!("{path}?a=1&c=%ff"), 400, "the query parameter c is not UTF-8"),
            (&format!("{path}?a=1&a=2"), 400, "the query parameter a is there more than once"),
        ]);
    }
}

#[test]
fn fields_and_cookies_are_parameters() {
    let table = [
        ("/field", "", 200, "None []"),
        ("/field", "x-count: 7\r\nX-Tag: a, b\r\nx-tag:\r\n", 200, r#"Some(7) ["a, b", ""]"#),
        ("/field", "X-Count: 1\r\nX-Count: 1\r\n", 400, "the field X-Count is there more than once"),
        ("/field", "X-Count: x\r\n", 400, "the field X-Count cannot be read"),
        ("/cookie", "Cookie: id=7; the-theme=\"dark\"\r\n", 200, r#"7 Some("dark")"#),
        ("/cookie", "Cookie: bad; =; id=7\r\nCookie: the-theme=\r\n", 200, r#"7 Some("")"#),
        ("/cookie", "Cookie: ID=7\r\n", 400, "the cookie id is missing"),
        ("/cookie", "Cookie: id=7; id=8\r\n", 400, "the cookie id is there more than once"),
    ];
    for (target, lines, status, answer) in table {
        assert_eq!(get(target, lines), (status, answer.to_owned()), "{target} {lines:?}");
    }
    let mut request = b"GET /cookie HTTP/1.1\r\nHost: x\r\nCookie: id=\xff\r\n\r\n".to_vec();
    let reply = Reply::all(&testing::respond(&Echo, &request)).pop().expect("a reply");
    assert_eq!((reply.status, &*reply.reason), (400, "the cookie id is not UTF-8"));
    request.truncate(request.len() - 5);
    request.extend(b"7\r\nX-Tag: caf\xe9\r\n\r\n");
    assert_eq!(Reply::all(&testing::respond(&Echo, &request)).pop().expect("a reply").status, 200, "not asked for");
}

/// Has a number from each source.
struct Numbers;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Numbers {
    #[path("/path/{id}")]
    fn do_GET_path(&self, id: u64) -> String {
        id.to_string()
    }

    #[path("/query")]
    fn do_GET_query(&self, #[query] id: u64) -> String {
        id.to_string()
    }

    #[path("/field")]
    fn do_GET_field(&self, #[header("X-Id")] id: u64) -> String {
        id.to_string()
    }

    #[path("/cookie")]
    fn do_GET_cookie(&self, #[cookie] id: u64) -> String {
        id.to_string()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_number_is_read_alike_from_every_source() {
    let seven = Some("7");
    for (text, expected) in [
        ("7", seven),
        ("+7", seven),
        ("07", seven),
        ("+007", seven),
        ("-0", None),
        ("-7", None),
        ("++7", None),
        ("+", None),
        ("0x7", None),
        ("7_0", None),
        ("7.0", None),
        ("7\u{a0}", None),
        ("\u{667}", None),
        ("18446744073709551616", None),
    ] {
        let encoded = text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let requests = [
            (format!("/path/{encoded}"), String::new(), 404),
            (format!("/query?id={encoded}"), String::new(), 400),
            ("/field".to_owned(), format!("X-Id: {text}\r\n"), 400),
            ("/cookie".to_owned(), format!("Cookie: id={text}\r\n"), 400),
        ];
        for (target, lines, refusal) in requests {
            let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
            let reply = Reply::all(&testing::respond(&Numbers, request)).pop().expect("a reply");
            let answer = (reply.status, (reply.status == 200).then(|| reply.text()));
            assert_eq!(answer, (if expected.is_some() { 200 } else { refusal }, expected), "{target} {lines:?}");
        }
    }
}

#[test]
fn a_space_beside_a_number_is_of_the_text_or_of_the_message() {
    let table = [
        ("/path/%207", "", 404, "a segment has no spaces around it"),
        ("/path/7%20", "", 404, "the same"),
        ("/path/+7", "", 200, "a plus is a plus"),
        ("/query?id=%207", "", 400, "a query has no spaces around its values"),
        ("/query?id=+7", "", 400, "a plus is a space"),
        ("/field", "X-Id: \t 7 \t\r\n", 200, "RFC 9110, section 5.5: they are not a part of the value"),
        ("/cookie", "Cookie:  id=7 \r\n", 200, "the same"),
    ];
    for (target, lines, status, why) in table {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let reply = Reply::all(&testing::respond(&Numbers, request)).pop().expect("a reply");
        assert_eq!(reply.status, status, "{target} {lines:?}: {why}");
    }
}

#[test]
fn a_large_request_is_read_in_bounded_time() {
    let handler = Echo;
    let mut httpd = basehttp::HTTPServer::builder().max_head_bytes(2 << 20).max_request_line_bytes(2 << 20);
    httpd = httpd.max_field_line_bytes(2 << 20);
    let server = testing::Server::start_with(httpd, handler).unwrap();
    let ask = |request: String| crate::support::Client::sending(&server, request).read_reply();
    let repeated = "n=1&".repeat(250_000);
    let reply = ask(format!("GET /numbers?{repeated} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!((reply.status, reply.body.len()), (200, 2 + 250_000 * 3 - 2));
    let reply = ask(format!("GET /number?{repeated} HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(&*reply.reason, "the query parameter n is there more than once");
    let reply = ask(format!("GET /texts?a={} HTTP/1.1\r\nHost: x\r\n\r\n", "%2B+".repeat(250_000)));
    assert_eq!(reply.body.len(), 500_000 + "\"\" None []".len());
    let reply = ask(format!("GET /id/{} HTTP/1.1\r\nHost: x\r\n\r\n", "9".repeat(1_000_000)));
    assert_eq!(reply.status, 404);
    let cookies: Vec<_> = (0..1000).map(|number| format!("c{number}=x; ")).collect();
    let reply = ask(format!("GET /cookie HTTP/1.1\r\nHost: x\r\nCookie: {}id=7\r\n\r\n", cookies.concat()));
    assert_eq!(reply.text(), "7 None");
}

/// The name of a parameter can be any text, and the page may be JSON.
struct Named;

#[http_handler(error_content_type = "application/json", error_message_format = r#"{"error": "%(message)s"}"#)]
impl Named {
    #[path("/")]
    fn do_GET_home(&self, #[query("<\"a\">")] a: u8) -> String {
        a.to_string()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn the_name_is_escaped_for_the_page() {
    let reply = Reply::all(&testing::respond(&Named, "GET / HTTP/1.0\r\n\r\n")).pop().expect("a reply");
    assert_eq!((reply.status, reply.field("Content-Type")), (400, Some("application/json")));
    assert_eq!(reply.text(), r#"{"error": "the query parameter \u003c\"a\"\u003e is missing"}"#);
    assert_eq!(testing::respond(&Named, "GET /?%3C%22a%22%3E=7 HTTP/1.0\r\n\r\n").last(), Some(&b'7'));
}

// Guards.

/// A handler that keeps what was called, and whose `headers` are of another type.
#[derive(Default)]
struct Guarded {
    called: Mutex<Vec<&'static str>>,
}

/// No field is kept, because parameters come from the server's own parse.
struct NoFields;

impl<'c> MessageClass<'c> for NoFields {
    fn parse(_: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        Ok(NoFields)
    }
}

struct First;

impl<'c> Guard<'c, Guarded, NoFields> for First {
    fn check(handler: &Guarded, ex: &Exchange<'c, NoFields>) -> Result<Self> {
        handler.called.lock().unwrap().push("first");
        if ex.query().get("stop").as_deref() == Some("first") { Err("it broke".into()) } else { Ok(First) }
    }
}

/// Borrows from the request.
struct Login<'c>(&'c str);

impl<'c> Guard<'c, Guarded, NoFields> for Login<'c> {
    fn check(handler: &Guarded, ex: &Exchange<'c, NoFields>) -> Result<Self> {
        handler.called.lock().unwrap().push("login");
        match ex.cookie("user") {
            Some(user) => Ok(Login(user)),
            None => Err(HTTPError::new(401, "who are you?").with_header("WWW-Authenticate", "Cookie").into()),
        }
    }
}

#[http_handler(MessageClass = NoFields, protocol_version = "HTTP/1.1")]
impl Guarded {
    #[path("/{id}")]
    fn do_GET_item(
        &self,
        #[header("X-Count")] count: u8,
        #[guard] _first: First,
        id: u8,
        #[query] page: Option<u8>,
        #[guard] login: Login<'_>,
    ) -> String {
        self.called.lock().unwrap().push("method");
        format!("{} {id} {count} {page:?}", login.0)
    }

    fn log_message(&self, _: &Exchange<'_, NoFields>, _: fmt::Arguments) {}
    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}
}

#[test]
fn the_first_failure_answers_and_nothing_behind_it_is_called() {
    let all = "Cookie: user=ada\r\nX-Count: 7\r\n";
    let table: [(&str, &str, u16, &[&str]); 6] = [
        ("/1?page=2", all, 200, &["first", "login", "method"]),
        ("/x?stop=first&page=x", "", 404, &[]),
        ("/1?stop=first&page=x", "", 500, &["first"]),
        ("/1?page=x", "", 401, &["first", "login"]),
        ("/1?page=x", all, 400, &["first", "login"]),
        ("/1", "Cookie: user=ada\r\n", 400, &["first", "login"]),
    ];
    for (target, lines, status, called) in table {
        let handler = Guarded::default();
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{lines}\r\n");
        let reply = Reply::all(&testing::respond(&handler, request)).pop().expect("a reply");
        assert_eq!(reply.status, status, "{target} {lines:?}");
        assert_eq!(*handler.called.lock().unwrap(), called, "{target} {lines:?}");
        assert_eq!(reply.field("WWW-Authenticate").is_some(), status == 401);
        if status == 200 {
            assert_eq!(reply.text(), "ada 1 7 Some(2)");
        }
    }
}
