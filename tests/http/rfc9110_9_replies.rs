//! Rules that bind the server and not the handler. They say which body each method and status allows, and which fields
//! a reply must have. RFC 9110, sections 6, 8, 9, 10 and 15. Single rules stand in `replies.rs` and `reply_heads.rs`.

use std::fmt;
use std::io;

use crate::support::Reply;
use crate::support::does::{Act, Does, GET, GET_10, HEAD};
use crate::support::witness::codes;
use basehttp::testing;
use basehttp::{Exchange, HTTPError, Result, http_handler};

/// The code that the path names, and a body that looks like another reply.
fn with_status(ex: &mut Exchange) -> Result {
    let mut words = ex.path.trim_start_matches('/').split('?');
    let code: u16 = words.next().unwrap_or_default().parse()?;
    match words.next() {
        Some("length") => ex.send_response(code).send_header("Content-Length", 19).end_headers()?,
        Some("chunked") => ex.send_response(code).send_header("Transfer-Encoding", "chunked").end_headers()?,
        Some("given") => return Ok(ex.send_text(code, "HTTP/1.1 200 OK\r\n\r\n")?),
        Some("error") => return Ok(ex.send_error(code)?),
        _ => ex.send_response(code).end_headers()?,
    }
    ex.wfile.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    Ok(())
}

/// Sends a request and then another one on one connection, and parses the replies by the method of the first one.
fn two_replies(act: Act, method: &str, target: &str, version: &str) -> [Reply; 2] {
    let fields = if version == "HTTP/1.0" { "Connection: keep-alive\r\n" } else { "" };
    let request = format!("{method} {target} {version}\r\nHost: h\r\n{fields}\r\n");
    let bytes = testing::respond(&Does(act), request.repeat(2));
    let mut rest = &bytes[..];
    let replies =
        [(); 2].map(|()| Reply::read(&mut rest, method).unwrap_or_else(|error| panic!("{request:?}: {error}")));
    assert!(rest.is_empty(), "{request:?}: {}", rest.escape_ascii());
    replies
}

/// Returns the reply to a request whose reply has no body. Nothing may be behind its head.
fn only_head(act: Act, request: &str) -> Reply {
    let bytes = testing::respond(&Does(act), request);
    let mut rest = &bytes[..];
    let reply = Reply::read(&mut rest, "HEAD").unwrap_or_else(|error| panic!("{request:?}: {error}"));
    assert!(rest.is_empty(), "{request:?}: {}", rest.escape_ascii());
    reply
}

/// The rules for every status, however the handler gives its body (6.4.1, 6.6.1, 8.6, 9.3.2 and 15, and RFC 9112,
/// sections 6.1 to 6.3).
#[test]
fn every_status_is_framed_so_that_the_next_reply_is_found() {
    for code in (200..=599).chain([600, 999]) {
        for (method, how) in
            [("GET", ""), ("GET", "?length"), ("GET", "?chunked"), ("GET", "?given"), ("HEAD", ""), ("HEAD", "?length")]
        {
            for version in ["HTTP/1.1", "HTTP/1.0"] {
                // HTTP/1.0 has no chunks, so the connection ends such a body.
                if version == "HTTP/1.0" && how == "?chunked" && !matches!(code, 204 | 205 | 304) {
                    continue;
                }
                let replies = two_replies(with_status, method, &format!("/{code}{how}"), version);
                for reply in &replies {
                    let about = format!("{method} {code}{how} {version}: {reply:?}");
                    let [lengths, codings, dates] = ["Content-Length", "Transfer-Encoding", "Date"]
                        .map(|name| reply.fields_named(name).map(str::to_owned).collect::<Vec<_>>());
                    assert_eq!(reply.status, code, "{about}");
                    assert_eq!(dates.len(), 1, "{about}");
                    assert!(lengths.len() + codings.len() <= 1, "{about}");
                    assert!(version == "HTTP/1.1" || codings.is_empty(), "{about}");
                    let has_body = method == "GET" && !matches!(code, 204 | 205 | 304);
                    assert_eq!(reply.body.len(), if has_body { 19 } else { 0 }, "{about}");
                    match code {
                        204 => assert!(lengths.is_empty() && codings.is_empty(), "{about}"),
                        205 => assert_eq!(lengths, ["0"], "{about}"),
                        304 => assert!(lengths.is_empty() || lengths == ["19"], "{about}"),
                        _ if how == "?chunked" => assert_eq!(codings, ["chunked"], "{about}"),
                        _ => assert_eq!(lengths, ["19"], "{about}"),
                    }
                }
            }
        }
    }
}

/// A reply that can never have a body has no framing field (8.6, 9.3.6 and 15.2, and RFC 9112, section 6.1).
#[test]
fn interim_replies_and_tunnels_have_no_framing_fields() {
    let interim: Act = |ex| {
        for code in [100, 102, 103, 110, 199] {
            ex.send_response_only(code).send_header("Content-Length", 5).send_header("X", "y").end_headers()?;
        }
        Ok(ex.send_text(200, "final")?)
    };
    let replies = Reply::all(&testing::respond(&Does(interim), GET));
    assert_eq!(codes(&replies), [100, 102, 103, 110, 199, 200]);
    for reply in &replies[..5] {
        assert_eq!((reply.field("X"), reply.field("Content-Length")), (Some("y"), None), "{reply:?}");
    }
    for code in [200, 201, 204, 205, 206, 299] {
        for how in ["", "?length", "?chunked"] {
            let request = format!("CONNECT h:{code} HTTP/1.1\r\nHost: h:{code}\r\nX: {how}\r\n\r\n");
            let act: Act = |ex| {
                let code: u16 = ex.path.trim_start_matches("h:").parse()?;
                ex.send_response(code);
                match ex.headers.get("X") {
                    Some("?length") => drop(ex.send_header("Content-Length", 5)),
                    Some("?chunked") => drop(ex.send_header("Transfer-Encoding", "chunked")),
                    _ => {}
                }
                ex.end_headers()?;
                Ok(ex.wfile.write_all(b"hello")?)
            };
            let reply = only_head(act, &format!("{request}{GET}"));
            assert_eq!((reply.field("Content-Length"), reply.field("Transfer-Encoding")), (None, None), "{reply:?}");
            assert_eq!(reply.status, code, "{reply:?}");
        }
    }
}

/// A server MUST NOT send a 1xx to an HTTP/1.0 client (15.2).
#[test]
fn an_http_1_0_client_gets_no_interim_reply_of_any_kind() {
    let table: &[(Act, u16, &str)] = &[
        (
            |ex| {
                ex.send_response_only(103).end_headers()?;
                Ok(ex.send_text(200, "final")?)
            },
            200,
            "early hints",
        ),
        (
            |ex| {
                ex.send_response(101).send_header("Upgrade", "x").send_header("Connection", "Upgrade").end_headers()?;
                Ok(())
            },
            500,
            "another protocol",
        ),
        (|ex| ex.send_error(101).map_err(Into::into), 500, "no error"),
    ];
    for (act, code, why) in table {
        let upgrade = "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
        assert_eq!(codes(&Reply::all(&testing::respond(&Does(*act), upgrade))), [*code], "{why}");
    }
}

/// Sends an interim reply and chunks before and in every error.
struct Wordy;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Wordy {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "got")?)
    }

    fn send_error(&self, ex: &Exchange, code: u16, _: &str, _: &str) -> io::Result<()> {
        ex.send_response_only(103).end_headers()?;
        ex.send_response(code).send_header("Transfer-Encoding", "chunked").end_headers()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// A client of HTTP/1.0, or of an unknown version, gets neither interim replies nor chunks, also when its request is
/// refused (15.2, and RFC 9112, section 6.1).
#[test]
fn a_refused_client_gets_what_its_version_knows() {
    let table: &[(&str, &[u16], &str)] = &[
        ("GET / HTTP/1.1\r\n\r\n", &[103, 400], "no Host"),
        ("GET / HTTP/1.9\r\nX : y\r\n\r\n", &[103, 400], "a blank before the colon"),
        ("GET / HTTP/1.0\r\nX : y\r\n\r\n", &[400], "a blank before the colon, from HTTP/1.0"),
        ("GET / HTTP/1.0\r\nX: y\n", &[400], "a bare LF, before the head's end"),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", &[400], "a coding"),
        ("SPAM / HTTP/1.0\r\n\r\n", &[501], "a method that nobody knows"),
        ("GET / HTTP/0.9\r\n\r\n", &[505], "a version that we do not know"),
        ("GET / HTTP/2.0\r\n\r\n", &[505], "a version that we do not know"),
        ("GET /\r\n", &[400], "no version"),
        ("GET / HTTP/1.1 \r\n\r\n", &[400], "no version at the end"),
    ];
    for (request, expected, why) in table {
        let replies = Reply::all(&testing::respond(&Wordy, request));
        assert_eq!(codes(&replies), *expected, "{request:?}: {why}");
        let last = replies.last().expect("a reply");
        let knows_chunks = expected.len() == 2;
        assert_eq!(last.field("Transfer-Encoding"), knows_chunks.then_some("chunked"), "{request:?}: {why}");
        assert_eq!(last.field("Connection"), Some("close"), "{request:?}: {why}");
    }
}

/// HEAD gets the fields of GET and no body, whatever the reply is (9.3.2).
#[test]
fn head_gets_the_fields_of_get_and_no_body() {
    for target in ["/200", "/204", "/205", "/301", "/304", "/404", "/500", "/200?length", "/200?chunked", "/200?given"]
        .into_iter()
        .chain(["/404?error", "/405?error", "/503?error", "/x", "/99"])
    {
        let [got, _] = two_replies(with_status, "GET", target, "HTTP/1.1");
        let [headed, _] = two_replies(with_status, "HEAD", target, "HTTP/1.1");
        let but_the_date = |reply: &Reply| {
            let fields = reply.fields.iter().filter(|(name, _)| name != "Date");
            fields.cloned().collect::<Vec<_>>()
        };
        assert_eq!((headed.status, but_the_date(&headed)), (got.status, but_the_date(&got)), "{target}");
        assert!(headed.body.is_empty(), "{target}");
    }
}

/// HEAD gets no body either when its request is refused before a handler is called (9.3.2 and 15.1).
#[test]
fn a_refused_head_request_gets_no_body_either() {
    let table = [
        ("HEAD / HTTP/1.1\r\n\r\n", 400, "no Host"),
        ("HEAD / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400, "a field line without a colon"),
        ("\r\nHEAD / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n", 400, "a control"),
        ("HEAD / HTTP/1.1\r\nHost: h\r\nX: a\nb\r\n\r\n", 400, "a bare LF, which is seen before the head's end"),
        ("HEAD nowhere HTTP/1.1\r\nHost: h\r\n\r\n", 400, "no target"),
        ("HEAD / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "another version"),
        ("HEAD / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", 417, "an expectation"),
        ("HEAD / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x, chunked\r\n\r\n", 501, "a coding"),
        ("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell", 400, "a body that ends early"),
    ];
    for (request, code, why) in table {
        let reply = only_head(with_status, request);
        assert_eq!((reply.status, reply.field("Connection")), (code, Some("close")), "{why}");
        assert!(reply.field("Content-Length").is_some_and(|length| length != "0"), "{why}: as for GET: {reply:?}");
    }
}

/// Has some methods and allows some of them.
struct Limited;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Limited {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, "got")?)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/returned" => Err(HTTPError::new(405, "read only").into()),
            "/sent" => Ok(ex.send_error((405, "read only"))?),
            "/own" => Ok(ex.send_response(405).send_header("Allow", "GET").end_headers()?),
            "/empty" => Ok(ex.send_response(405).send_header("Allow", "").end_headers()?),
            _ => Ok(ex.send_response(405).end_headers()?),
        }
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// 9.1, 9.3.7, 10.2.1, 15.5.6 and 15.6.2.
#[test]
fn allow_is_told_by_options_and_every_405_and_what_nobody_implements_is_501() {
    let all = Some("GET, HEAD, PUT, OPTIONS");
    let others = Some("GET, HEAD, OPTIONS");
    let table = [
        ("OPTIONS *", 204, all, "the server as a whole"),
        ("OPTIONS /", 204, all, "a path"),
        ("OPTIONS /any/where?q", 204, all, "another path"),
        ("OPTIONS http://h", 204, all, "the server as a whole, through a proxy"),
        ("OPTIONS http://h/x", 204, all, "a path in absolute form"),
        ("PUT /returned", 405, others, "an HTTPError: without what was refused"),
        ("PUT /sent", 405, others, "send_error"),
        ("PUT /responded", 405, others, "send_response"),
        ("PUT /own", 405, Some("GET"), "the handler knows better"),
        ("PUT /empty", 405, Some(""), "an empty list is one"),
        ("POST /", 501, None, "a method of the standard that is not implemented"),
        ("DELETE /", 501, None, "a method of the standard that is not implemented"),
        ("TRACE /", 501, None, "a method of the standard that is not implemented"),
        ("CONNECT h:80", 501, None, "a method of the standard that is not implemented"),
        ("FROB /", 501, None, "a method of nobody"),
        ("get /", 501, None, "methods have a case: 9.1"),
        ("Options *", 400, None, "methods have a case: 9.1, so that * is none of its targets"),
    ];
    for (start, code, allow, why) in table {
        let host = if start.starts_with("CONNECT") { "h:80" } else { "h" };
        let stream = format!("{start} HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
        let replies = Reply::all(&testing::respond(&Limited, stream));
        assert_eq!(replies[0].status, code, "{start}: {why}");
        assert_eq!(replies[0].fields_named("Allow").collect::<Vec<_>>(), Vec::from_iter(allow), "{start}: {why}");
        let is_last = code == 400 || start.starts_with("CONNECT");
        assert_eq!(replies.len(), if is_last { 1 } else { 2 }, "{start}: {why}: the connection goes on");
    }
}

/// Every error that the server makes itself has an explanation, with type and length, and a date (15.5 and 15.6).
#[test]
fn an_error_of_the_server_has_an_explanation_and_a_date() {
    let long = "a".repeat(100_000);
    let table = [
        ("GET /\r\n\r\n".to_owned(), 400, "not an http version"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400, "no host field"),
        ("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n".to_owned(), 400, "folded lines are obsolete"),
        (format!("GET /{long}"), 414, "the request line is too long"),
        (format!("GET / HTTP/1.1\r\nX: {long}"), 431, "a field line is too long"),
        (format!("{long} / HTTP/1.1\r\n"), 501, "the method is longer than any"),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n".to_owned(), 417, "the only expectation known here"),
        ("GET / HTTP/2.0\r\n\r\n".to_owned(), 505, "HTTP/1.0 and HTTP/1.1"),
        ("PUT / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 501, "PUT"),
        ("GET /x HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 500, "500"),
    ];
    for (request, code, text) in &table {
        let replies = Reply::all(&testing::respond(&Does(with_status), request));
        let about = &request[..request.len().min(40)];
        assert_eq!(codes(&replies), [*code], "{about:?}");
        let reply = &replies[0];
        let says_so =
            reply.text().contains(text) || *text == "not an http version" && reply.text().contains("http version");
        assert!(says_so, "{about:?}: {}", reply.text());
        assert!(reply.field("Content-Type").is_some_and(|of| of.starts_with("text/html")), "{about:?}");
        assert_eq!(reply.field("Content-Length"), Some(&*reply.body.len().to_string()), "{about:?}");
        assert_eq!(reply.fields_named("Date").count(), 1, "{about:?}");
    }
}

/// `Date` has the form `Sun, 06 Nov 1994 08:49:37 GMT`, and no other (5.6.7 and 6.6.1).
#[test]
fn the_date_is_an_imf_fixdate() {
    for request in [GET, GET_10, HEAD, "GET / HTTP/2.0\r\n\r\n"] {
        let bytes = testing::respond(&Does(|ex| Ok(ex.send_text(200, "")?)), request);
        let reply = Reply::read(&mut &bytes[..], "HEAD").expect("a head");
        let date = reply.field("Date").expect("a date");
        let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let words: Vec<&str> = shape.split(' ').collect();
        let ["00", month, "0000", "00:00:00", "GMT"] = words[1..] else { panic!("{date}") };
        assert!(["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"].contains(&words[0]), "{date}");
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        assert!(months.contains(&month) && date.len() == 29, "{date}");
    }
}
