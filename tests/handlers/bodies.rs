//! Bodies as parameters and as values: what becomes of each that is missing, broken, too long or of another kind.

use std::collections::BTreeMap;

use basehttp::testing::{Server, respond};
use basehttp::{Exchange, Form, HTTPServer, Json, http_handler};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::support::{Client, Reply};

/// A type that borrows from the body.
#[derive(Debug, Deserialize)]
struct User<'b> {
    name: &'b str,
    age: u8,
}

#[derive(Debug, Deserialize)]
struct Order {
    size: u8,
    #[serde(default)]
    topping: Vec<String>,
    note: Option<String>,
}

/// A value that serde refuses when it is sent.
struct Broken;

impl Serialize for Broken {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("broken on purpose"))
    }
}

struct Site;

#[http_handler(protocol_version = "HTTP/1.1", error_content_type = "text/plain", error_message_format = "%(explain)s")]
impl Site {
    #[path("/user")]
    fn do_POST_user(&self, #[json] user: User) -> String {
        format!("{} {}", user.name, user.age)
    }

    #[path("/any")]
    fn do_POST_any(&self, #[json(max = "100 KiB")] value: Value) -> Json<Value> {
        Json(value)
    }

    #[path("/order")]
    fn do_POST_order(&self, #[form(max = "1 MiB")] order: Order) -> String {
        format!("{} {} {:?}", order.size, order.topping.join("+"), order.note)
    }

    #[path("/form")]
    fn do_POST_form(&self, #[form] form: Form) -> String {
        form.iter().map(|(name, value)| name.to_owned() + ":" + value + ";").collect()
    }

    #[path("/text")]
    fn do_POST_text(&self, #[body(max = "8 B")] text: &str) -> String {
        text.to_owned()
    }

    #[path("/bytes")]
    fn do_POST_bytes(&self, #[body] bytes: &[u8]) -> String {
        bytes.len().to_string()
    }

    #[path("/read")]
    fn do_POST_read(&self, ex: &mut Exchange) -> basehttp::Result {
        let ages: BTreeMap<String, u8> = ex.read_json(1000)?;
        Ok(ex.send_json((201, "Counted"), &ages)?)
    }

    #[path("/broken/{how}")]
    fn do_GET_broken(&self, how: &str, ex: &Exchange) -> basehttp::Result<Json<Broken>> {
        if how == "sent" {
            ex.send_json(200, &Broken)?;
        }
        Ok(Json(Broken))
    }

    #[path("/pairs")]
    fn do_GET_pairs(&self) -> Json<BTreeMap<(u8, u8), u8>> {
        Json(BTreeMap::from([((1, 2), 3)]))
    }

    #[path("/numbers")]
    fn do_GET_numbers(&self) -> (u16, [(&str, String); 1], Json<Vec<f64>>) {
        (203, [("Content-Type", "application/problem+json".into())], Json(vec![1.5, f64::NAN, f64::INFINITY]))
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn request(path: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let fields = if media_type.is_empty() { String::new() } else { format!("Content-Type: {media_type}\r\n") };
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The status and the body of the response, which keeps the connection: a second request is answered on it. A body that
/// is too long may end the connection.
fn post(path: &str, media_type: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    let second = "POST /bytes HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nend";
    let replies = respond(&Site, [&request(path, media_type, body.as_ref()), second.as_bytes()].concat());
    let replies = Reply::all(&replies);
    let (first, others) = replies.split_first().unwrap();
    match others {
        [second] => assert_eq!((second.status, second.text()), (200, "3"), "{path}"),
        _ => assert_eq!((first.status, first.field("Connection")), (413, Some("close")), "{path}"),
    }
    (first.status, first.text().to_owned())
}

#[test]
fn json_is_a_parameter_or_says_what_is_wrong() {
    for (path, media_type, body, code, expected) in [
        ("/user", JSON, r#"{"name":"Ada","age":36}"#, 200, "Ada 36"),
        ("/user", "Application/Json;charset=utf-8", r#"{"age":36,"name":"Ada","more":[]}"#, 200, "Ada 36"),
        ("/user", "application/ld+json", " [\"Ada\", 36]\n", 200, "Ada 36"),
        ("/user", "", r#"{"name":"Ada","age":36}"#, 415, "send the body as application/json"),
        ("/user", "text/plain", r#"{"name":"Ada","age":36}"#, 415, "send the body as application/json"),
        ("/user", FORM, "name=Ada&age=36", 415, "send the body as application/json"),
        ("/user", "json", "{}", 415, "send the body as application/json"),
        ("/user", JSON, "", 400, "the body is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("/user", JSON, "{\"name\":\n7,}", 400, "the body is not valid JSON: key must be a string at line 2 column 3"),
        ("/user", JSON, "NaN", 400, "the body is not valid JSON: expected value at line 1 column 1"),
        (
            "/user",
            JSON,
            r#"{"name":"Ada","age":36}{}"#,
            400,
            "the body is not valid JSON: trailing characters at line 1 column 24",
        ),
        ("/user", JSON, r#"{"name":"Ada"}"#, 422, "missing field `age`"),
        ("/user", JSON, r#"{"name":"a","name":"b","age":1}"#, 422, "duplicate field `name`"),
        (
            "/user",
            JSON,
            r#"{"name":"Ada","age":-1}"#,
            422,
            "age: invalid value: integer `-1`, expected an integer from 0 to 255",
        ),
        (
            "/user",
            JSON,
            r#"{"name":"A\u0064a","age":36}"#,
            422,
            "name: invalid type: string \"Ada\", expected a string without escapes",
        ),
        ("/any", JSON, r#"{"a":1,"a":2}"#, 200, r#"{"a":2}"#),
        ("/any", JSON, "1e999", 400, "the body is not valid JSON: number out of range at line 1 column 5"),
        ("/read", JSON, r#"{"Ada":36}"#, 201, r#"{"Ada":36}"#),
        ("/read", JSON, r#"{"Ada":null}"#, 422, "Ada: invalid type: null, expected an integer from 0 to 255"),
        ("/read", "text/json", r#"{"Ada":36}"#, 415, "send the body as application/json"),
    ] {
        assert_eq!(post(path, media_type, body), (code, expected.to_owned()), "{path} {body}");
    }
    assert_eq!(post("/user", JSON, b"{\"name\":\"\xff\",\"age\":36}").0, 400, "not UTF-8");
    assert_eq!(post("/user", "application/json; charset=utf-16", b"{\0}\0").0, 400, "not UTF-8 either");
}

#[test]
fn deep_json_is_refused_and_not_recursed_into() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let (code, text) = post("/any", JSON, &deep);
    assert_eq!((code, text.contains("recursion limit exceeded")), (400, true), "{text}");
    let skipped = format!(r#"{{"name":"Ada","more":{deep},"age":36}}"#);
    assert_eq!(post("/user", JSON, skipped), (200, "Ada 36".to_owned()), "skipped without recursion");
}

#[test]
fn a_form_is_a_parameter_or_says_what_is_wrong() {
    for (path, media_type, body, code, expected) in [
        ("/order", FORM, "size=7&topping=a&topping=%C3%A9&note=", 200, "7 a+\u{e9} None"),
        ("/order", FORM, "note=x+y&size=7&other=1", 200, "7  Some(\"x y\")"),
        ("/order", "", "size=7", 415, "send the body as application/x-www-form-urlencoded"),
        (
            "/order",
            "multipart/form-data; boundary=x",
            "size=7",
            415,
            "send the body as application/x-www-form-urlencoded",
        ),
        ("/order", FORM, "size=%", 400, "a % in the form is not followed by two hexadecimal digits"),
        ("/order", FORM, "size=7&note=%ff", 400, "the form is not utf-8"),
        ("/order", FORM, "", 422, "missing field `size`"),
        ("/order", FORM, "size=7&size=7", 422, "size: the field is there more than once"),
        ("/order", FORM, "size=256", 422, "size: invalid value: string \"256\", expected an integer from 0 to 255"),
        ("/form", FORM, "b=1&a=2&b=3", 200, "b:1;a:2;b:3;"),
        ("/form", JSON, "b=1", 415, "send the body as application/x-www-form-urlencoded"),
    ] {
        assert_eq!(post(path, media_type, body), (code, expected.to_owned()), "{path} {body}");
    }
    assert_eq!(post("/form", FORM, b"a=\xff").0, 400, "not UTF-8");
    let many = post("/order", FORM, "a=1&".repeat(100_000));
    assert_eq!(many, (413, "a form may have at most 1000 fields".to_owned()));
}

#[test]
fn bytes_and_texts_are_parameters() {
    assert_eq!(post("/text", "", "caf\u{e9}"), (200, "caf\u{e9}".to_owned()));
    assert_eq!(post("/text", "", ""), (200, String::new()), "no media type is asked for");
    assert_eq!(post("/text", "image/png", b"caf\xe9"), (400, "the request's body is not utf-8".to_owned()));
    assert_eq!(post("/bytes", "", b"caf\xe9"), (200, "4".to_owned()));
}

#[test]
fn a_longer_body_is_refused() {
    let kib = |count: usize| "x".repeat(count * 1024);
    assert_eq!(post("/text", "", "12345678"), (200, "12345678".to_owned()));
    assert_eq!(post("/text", "", "123456789"), (413, "the body may have at most 8 bytes".to_owned()));
    assert_eq!(post("/bytes", "", kib(64)), (200, "65536".to_owned()));
    assert_eq!(post("/bytes", "", kib(64) + "x"), (413, "the body may have at most 65536 bytes".to_owned()));
    assert_eq!(post("/user", JSON, kib(65)).0, 413);
    assert_eq!(post("/form", FORM, kib(65)).0, 413);
    let any = format!("\"{}\"", kib(99));
    assert_eq!(post("/any", JSON, &any), (200, any), "as the parameter says");
    let chunked = format!(
        "POST /text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        "1\r\nx\r\n".repeat(9)
    );
    let reply = respond(&Site, chunked + "POST /text HTTP/1.0\r\n\r\n");
    assert!(reply.starts_with(b"HTTP/1.1 413 "), "{}", String::from_utf8_lossy(&reply));
}

#[test]
fn a_body_that_ends_early_is_a_400() {
    for path in ["/user", "/any", "/read", "/bytes"] {
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: 9\r\n\r\n{{}}");
        let reply = String::from_utf8(respond(&Site, request)).unwrap();
        assert!(reply.starts_with("HTTP/1.1 400 ") && reply.contains("\r\nConnection: close\r\n"), "{path}: {reply}");
    }
    // What comes behind the body is the next request.
    let request = [request("/user", JSON, br#"{"name":"Ada","age":36}"#), b"}".to_vec()].concat();
    let replies = String::from_utf8(respond(&Site, request)).unwrap();
    assert!(replies.starts_with("HTTP/1.1 200 ") && replies.contains("HTTP/1.1 400 "), "{replies}");
}

#[test]
fn the_media_type_that_is_wanted_is_said() {
    for (path, wanted) in [("/user", JSON), ("/order", FORM)] {
        let reply = String::from_utf8(respond(&Site, request(path, "text/plain", b"x"))).unwrap();
        assert!(reply.contains(&format!("\r\nAccept: {wanted}\r\n")), "{reply}");
    }
}

#[test]
fn a_content_coding_is_refused_by_what_looks_into_the_body() {
    let user = br#"{"name":"Ada","age":36}"#;
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
    let sent = |path, media_type, coding: &str, body: &[u8]| {
        let fields = format!("{media_type}\r\n{coding}");
        Reply::all(&respond(&Site, request(path, &fields, body))).remove(0)
    };
    for (path, media_type) in [("/user", JSON), ("/read", JSON), ("/order", FORM), ("/form", FORM)] {
        for coding in [
            "Content-Encoding: gzip",
            "content-encoding: GZIP",
            "Content-Encoding: identity, br",
            "Content-Encoding: identity\r\nContent-Encoding: deflate",
            "Content-Encoding: unheard-of",
        ] {
            let reply = sent(path, media_type, coding, gzip);
            assert_eq!(reply.status, 415, "{path} {coding}");
            assert_eq!(reply.text(), "send the body without a content-encoding, which this server does not undo");
            assert_eq!(reply.field("Accept-Encoding"), Some("identity"), "RFC 9110, section 12.5.3");
            assert_eq!(reply.field("Accept"), None, "the media type was right");
        }
        let reply = sent(path, "text/plain", "Content-Encoding: gzip", gzip);
        assert_eq!((reply.status, reply.field("Accept-Encoding")), (415, None), "the media type is another");
    }
    for coding in ["Content-Encoding: identity", "Content-Encoding: Identity, identity", "Content-Encoding:"] {
        assert_eq!(sent("/user", JSON, coding, user).text(), "Ada 36", "{coding}");
        assert_eq!(sent("/form", FORM, coding, b"a=1").text(), "a:1;", "{coding}");
    }
    let raw = sent("/bytes", "application/gzip", "Content-Encoding: gzip", gzip);
    assert_eq!((raw.status, raw.text()), (200, "10"), "bytes are what the client sent");
}

#[test]
fn a_client_that_waits_for_leave_is_refused_before_it_sends() {
    let server = Server::start(Site).unwrap();
    let head = |path, media_type| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {media_type}\r\nExpect: 100-continue\r\nContent-Length: "
        )
    };
    for (head, code) in [(head("/user", "text/plain") + "9", 415), (head("/user", JSON) + "99999", 413)] {
        let mut client = Client::sending(&server, head + "\r\n\r\n");
        assert_eq!(client.read_reply().status, code, "without a 100 before it");
    }
    let mut client = Client::sending(&server, head("/user", JSON) + "23\r\n\r\n");
    assert_eq!(client.read_reply().status, 100);
    client.send(r#"{"name":"Ada","age":36}"#);
    assert_eq!(client.read_reply().body, b"Ada 36");
}

#[test]
fn slow_bodies_hold_no_thread() {
    let server = Server::start_with(HTTPServer::builder().workers(1).max_threads(2), Site).unwrap();
    let body = r#"{"name":"Ada","age":36}"#;
    let whole = request("/user", JSON, body.as_bytes());
    let (start, end) = whole.split_at(whole.len() - 1);
    let mut slow: Vec<_> = (0..50).map(|_| Client::sending(&server, start)).collect();
    let mut fast = Client::sending(&server, &whole);
    assert_eq!(fast.read_reply().body, b"Ada 36", "while fifty clients are not done");
    for client in &mut slow {
        client.send(end);
        assert_eq!(client.read_reply().body, b"Ada 36");
    }
}

#[test]
fn a_value_that_cannot_be_sent_is_a_500_and_sends_nothing() {
    for path in ["/broken/sent", "/broken/returned", "/pairs"] {
        let reply = String::from_utf8(respond(&Site, format!("GET {path} HTTP/1.0\r\n\r\n"))).unwrap();
        assert!(reply.starts_with("HTTP/1.1 500 "), "{path}: {reply}");
        assert_eq!(reply.matches("HTTP/1.1 ").count(), 1, "{reply}");
        assert!(!reply.contains("on purpose"), "the log has it, not the client: {reply}");
    }
}

#[test]
fn a_value_is_sent_with_its_media_type() {
    let reply = String::from_utf8(respond(&Site, "GET /numbers HTTP/1.0\r\n\r\n")).unwrap();
    assert!(reply.starts_with("HTTP/1.1 203 ") && reply.ends_with("\r\n\r\n[1.5,null,null]"), "{reply}");
    assert_eq!(reply.matches("Content-Type: ").count(), 1, "{reply}");
    assert!(reply.contains("\r\nContent-Type: application/problem+json\r\n"), "{reply}");
    let reply = String::from_utf8(respond(&Site, request("/any", JSON, b"[]"))).unwrap();
    assert!(reply.contains("\r\nContent-Type: application/json\r\n"), "{reply}");
    let reply = String::from_utf8(respond(&Site, request("/read", JSON, b"{}"))).unwrap();
    assert!(reply.starts_with("HTTP/1.1 201 Counted\r\n"), "{reply}");
}
