//! Error replies, with the forms of `send_error`, their texts and escaping, and the fields that come with them.

use std::fmt;
use std::io;

use crate::support::Reply;
use basehttp::testing::{self, Response, respond};
use basehttp::{Address, BaseHTTPRequestHandler, Exchange, HTTPError, HandlerError, http_handler};

/// Markup that a stranger would like to see on another's page.
const NASTY: &str = "<script>alert(\"1\" & '2')</script>\\\n";

/// Sends all kinds of errors, as HTML.
struct Html;

#[http_handler(
    protocol_version = "HTTP/1.1",
    error_message_format = "<p title=\"%(message)s\">%(explain)s</p> %(code)d 100%%",
    responses = { 299: ("Fine", "All is well."), 404: ("Nothing Here", "We have looked everywhere.") }
)]
impl Html {
    fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
        let codes = ["204", "205", "304"];
        match ex.segments()[..] {
            ["code"] => ex.send_error(403)?,
            ["added"] => ex.send_error(299)?,
            ["replaced"] => ex.send_error(404)?,
            ["message"] => ex.send_error((403, "Keep Out"))?,
            ["string"] => ex.send_error((403, String::from("Keep Out")))?,
            ["explain"] => ex.send_error((403, "Keep Out", "The dog bites."))?,
            ["error"] => ex.send_error(HTTPError::new(403, "Keep Out").with_explain("The dog bites."))?,
            ["nasty"] => ex.send_error((400, NASTY, NASTY))?,
            ["returned"] => Err(HTTPError::new(400, NASTY).with_explain(NASTY))?,
            ["split"] => ex.send_error((400, "a\r\nX-Injected: b\r\n\r\nHTTP/1.1 200 OK\0"))?,
            ["latin"] => ex.send_error((400, "caf\u{e9} \u{20ac}"))?,
            ["fields"] => ex.send_error(challenge())?,
            ["returned-fields"] => Err(io::Error::other(challenge()))?,
            ["bad-field"] => ex.send_error(HTTPError::from(401).with_header("X-Bad", NASTY))?,
            ["bad-name"] => Err(HTTPError::from(401).with_header("X Bad", "value"))?,
            ["begun"] => {
                ex.send_response(200).send_header("X-Begun", "yes").end_headers()?;
                write!(ex.wfile, "the beginning")?;
                ex.send_error(409)?;
            }
            ["custom", code] => Err(HTTPError::from(code.parse::<u16>()?))?,
            ["number", code] if codes.contains(&code) => ex.send_error(code.parse::<u16>()?)?,
            ["number", code] => ex.send_error(HTTPError::new(code.parse()?, "Own"))?,
            _ => Err(format!("no such case: {}", ex.path))?,
        }
        Ok(())
    }

    fn do_PUT(&self, ex: &mut Exchange) -> basehttp::Result {
        match ex.path {
            "/send_error" => ex.send_error(405)?,
            "/send_response" => ex.send_response(405).end_headers()?,
            "/returned" => Err(HTTPError::new(405, "No"))?,
            "/own-field" => ex.send_response(405).send_header("allow", "POST").end_headers()?,
            _ => Err(HTTPError::new(405, "No").with_header("Allow", "POST"))?,
        }
        Ok(())
    }

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

fn challenge() -> HTTPError {
    HTTPError::new(401, "Who Are You")
        .with_header("WWW-Authenticate", "Basic realm=\"x\"")
        .with_header("WWW-Authenticate", "Bearer")
        .with_header("Retry-After", 7)
}

/// The only final response to `METHOD PATH`.
fn ask<H: BaseHTTPRequestHandler>(handler: &H, method: &str, path: &str) -> Response {
    let response = testing::request(method, path).send(handler);
    assert!(response.is_complete() && response.rest().is_empty(), "{method} {path}: {response:?}");
    response
}

#[test]
fn send_error_takes_a_code_a_message_an_explanation_or_an_http_error() {
    let table = [
        ("/added", 299, "Fine", "All is well.", "added to `responses`"),
        ("/replaced", 404, "Nothing Here", "We have looked everywhere.", "replaced in `responses`"),
        ("/explain", 403, "Keep Out", "The dog bites.", "all three"),
        ("/error", 403, "Keep Out", "The dog bites.", "an HTTPError"),
    ];
    for (path, status, message, explain, why) in table {
        let reply = ask(&Html, "GET", path);
        assert_eq!((reply.status(), reply.reason()), (status, message), "{path}: {why}");
        assert_eq!(reply.text(), format!("<p title=\"{message}\">{explain}</p> {status} 100%"), "{path}: {why}");
    }
    for (path, message, why) in [
        ("/code", "Forbidden", "the phrase of `responses`"),
        ("/message", "Keep Out", "a &str"),
        ("/string", "Keep Out", "a String"),
    ] {
        let reply = ask(&Html, "GET", path);
        assert_eq!((reply.status(), reply.reason()), (403, message), "{path}: {why}");
        assert!(reply.text().starts_with(&format!("<p title=\"{message}\">")), "{path}: {why}: {reply:?}");
        assert!(!reply.text().contains("><"), "{path}: the explanation is the one of `responses`: {reply:?}");
    }
}

#[test]
fn send_response_knows_the_phrases_that_were_added() {
    let table: [(u16, &str); 3] = [(299, "Fine"), (404, "Nothing Here"), (200, "OK")];
    for (code, phrase) in table {
        let found = Html::RESPONSES.iter().find(|(known, ..)| *known == code).map(|(_, phrase, _)| *phrase);
        assert_eq!(found, Some(phrase), "{code}");
    }
    assert!(Html::RESPONSES.is_sorted_by_key(|(code, ..)| code));
}

#[test]
fn an_error_page_has_its_type_and_length() {
    let reply = ask(&Html, "GET", "/code");
    assert_eq!(reply.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.header("Content-Length"), Some(&*reply.body().len().to_string()));
    for name in ["Date", "Server", "Content-Type", "Content-Length"] {
        assert_eq!(reply.header_all(name).count(), 1, "{name}");
    }
}

#[test]
fn an_error_replaces_a_reply_that_was_begun() {
    let reply = ask(&Html, "GET", "/begun");
    assert_eq!(reply.status(), 409);
    assert_eq!(reply.header("X-Begun"), None);
    assert!(!reply.text().contains("the beginning"));
}

#[test]
fn html_is_escaped_quotes_too() {
    let escaped = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;\\\n";
    for path in ["/nasty", "/returned"] {
        let reply = ask(&Html, "GET", path);
        assert_eq!(reply.text(), format!("<p title=\"{escaped}\">{escaped}</p> 400 100%"), "{path}");
    }
}

/// Errors as JSON.
struct Json;

#[http_handler(
    protocol_version = "HTTP/1.1",
    error_message_format = r#"{"code": %(code)d, "message": "%(message)s", "explain": "%(explain)s"}"#,
    error_content_type = "application/problem+json"
)]
impl Json {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((400, NASTY, "a\tb"))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn json_strings_are_escaped() {
    let reply = ask(&Json, "GET", "/");
    assert_eq!(reply.header("Content-Type"), Some("application/problem+json"));
    let expected = concat!(
        r#"{"code": 400, "message": "\u003cscript\u003ealert(\"1\" \u0026 '2')\u003c/script\u003e\\\n", "#,
        r#""explain": "a\tb"}"#
    );
    assert_eq!(reply.text(), expected);
}

/// Errors as text.
struct Plain;

#[http_handler(
    protocol_version = "HTTP/1.1",
    error_message_format = "%(code)d %(message)s: %(explain)s",
    error_content_type = "text/plain; charset=utf-8"
)]
impl Plain {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((400, NASTY, "\u{20ac} <b>"))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn plain_text_is_sent_as_it_is() {
    let reply = ask(&Plain, "GET", "/");
    assert_eq!(reply.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.text(), format!("400 {NASTY}: \u{20ac} <b>"));
}

#[test]
fn a_status_line_carries_only_what_may_stand_there() {
    let reply = ask(&Html, "GET", "/split");
    assert_eq!(reply.header("X-Injected"), None);
    assert!(!reply.reason().contains(char::is_control), "{reply:?}");
    let reply = ask(&Html, "GET", "/latin");
    assert_eq!(reply.reason(), "caf\u{e9} ?", "Latin-1 stays, what it lacks is replaced");
    assert!(reply.text().contains("caf\u{e9} \u{20ac}"), "the page is UTF-8");
}

#[test]
fn an_http_error_brings_its_fields() {
    for path in ["/fields", "/returned-fields"] {
        let reply = ask(&Html, "GET", path);
        assert_eq!(reply.status(), 401, "{path}");
        let challenges: Vec<_> = reply.header_all("WWW-Authenticate").collect();
        assert_eq!(challenges, ["Basic realm=\"x\"", "Bearer"], "{path}");
        assert_eq!(reply.header("Retry-After"), Some("7"), "{path}");
    }
}

#[test]
fn an_illegal_field_of_an_http_error_is_a_500_and_never_a_split() {
    for path in ["/bad-field", "/bad-name"] {
        assert_eq!(ask(&Html, "GET", path).status(), 500, "{path}");
    }
}

#[test]
fn a_405_always_carries_allow() {
    let others = "GET, HEAD, OPTIONS";
    let table = [
        ("PUT", "/send_error", others, "send_error, without what was refused"),
        ("PUT", "/send_response", others, "send_response"),
        ("PUT", "/returned", others, "an HTTPError"),
        ("PUT", "/own-field", "POST", "the handler knows better"),
        ("PUT", "/own-error-field", "POST", "the HTTPError knows better"),
        ("GET", "/custom/405", "PUT, OPTIONS", "what serves GET serves HEAD"),
        ("HEAD", "/custom/405", "PUT, OPTIONS", "what serves GET serves HEAD"),
    ];
    for (method, path, allow, why) in table {
        let reply = ask(&Html, method, path);
        assert_eq!(reply.status(), 405, "{path}");
        assert_eq!(reply.header_all("Allow").collect::<Vec<_>>(), [allow], "{path}: {why}");
    }
}

/// A final response follows an interim one, and an error page is not interim (RFC 9110, section 15.2).
#[test]
fn an_error_has_a_final_status() {
    for path in ["/custom/100", "/custom/101", "/custom/199", "/number/103"] {
        let reply = ask(&Html, "GET", path);
        assert_eq!(reply.status(), 500, "{path}");
    }
    assert_eq!(ask(&Html, "GET", "/custom/599").status(), 599);
    assert_eq!(ask(&Html, "GET", "/custom/999").status(), 999, "what both sides have agreed on");
}

#[test]
fn head_gets_the_fields_of_the_error_and_no_body() {
    let (got, headed) = (ask(&Html, "GET", "/fields"), ask(&Html, "HEAD", "/fields"));
    assert_eq!(headed.status(), got.status());
    for name in ["Content-Type", "Content-Length", "WWW-Authenticate", "Retry-After"] {
        assert_eq!(headed.header(name), got.header(name), "{name}");
    }
}

#[test]
fn a_status_without_a_body_gets_no_page() {
    for (path, length) in [("/number/204", None), ("/number/205", Some("0")), ("/number/304", None)] {
        let reply = ask(&Html, "GET", path);
        assert_eq!((reply.body().len(), reply.header("Content-Type")), (0, None), "{path}: {reply:?}");
        assert_eq!(reply.header("Content-Length"), length, "{path}: the page's length is not the content's");
    }
}

#[test]
fn codes_are_looked_at_when_the_error_is_sent() {
    let table = [
        (777, 777, "600 to 999 may be sent"),
        (999, 999, "600 to 999 may be sent"),
        (1000, 500, "no status code"),
        (99, 500, "no status code"),
        (0, 500, "no status code"),
        (u16::MAX, 500, "no status code"),
        (103, 500, "an interim response is no error"),
        (100, 500, "an interim response is no error"),
    ];
    for (code, status, why) in table {
        for path in [format!("/number/{code}"), format!("/custom/{code}")] {
            assert_eq!(ask(&Html, "GET", &path).status(), status, "{path}: {why}");
        }
    }
}

#[test]
fn a_refused_request_is_never_reflected_as_markup() {
    let table = [
        ("GET <script> HTTP/1.1\r\nHost: x\r\n\r\n", 400, "in the target"),
        ("<script> / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "in the method"),
        ("GET / <script>\r\nHost: x\r\n\r\n", 400, "in the version"),
        ("GET / HTTP/1.1\r\nHost: <script>\r\n\r\n", 400, "in Host"),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: <script>\r\n\r\n", 400, "in Content-Length"),
        ("GET / HTTP/1.1\r\nHost: x\r\nExpect: <script>\r\n\r\n", 417, "in an expectation"),
        ("A&B'C / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 501, "in a method that is a token"),
    ];
    for (request, status, why) in table {
        let replies = Reply::all(&respond(&Html, request));
        assert_eq!(replies.len(), 1, "{why}: {replies:?}");
        assert_eq!(replies[0].status, status, "{why}");
        assert!(!replies[0].text().contains("<script>") && !replies[0].text().contains("B'C"), "{why}: {replies:?}");
    }
}

/// The default page.
struct Default;

#[http_handler]
impl Default {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error((400, NASTY, NASTY))
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments<'_>) {}
}

#[test]
fn the_default_page_is_html_with_every_text_escaped() {
    let reply = ask(&Default, "GET", "/");
    assert_eq!(reply.header("Content-Type"), Some("text/html; charset=utf-8"));
    let page = reply.text();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("400") && page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("<script") && !page.contains("%("), "{page}");
}
