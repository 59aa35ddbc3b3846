//! The heads of replies, with status lines, fields that are illegal or understood instead of copied, interim responses,
//! and exactly one `Date` and `Server`. RFC 9110, sections 5, 6.6 and 15.

use std::cell::Cell;
use std::fmt;

use crate::support::Reply;
use crate::support::does::{Act, GET, GET_10, answer, reply};
use basehttp::{Exchange, HTTPError, Result};

/// An empty 200 with one field.
fn with_field(name: &str, value: impl fmt::Display, ex: &Exchange) -> Result {
    Ok(ex.send_response(200).send_header(name, value).end_headers()?)
}

#[test]
fn an_illegal_name_or_value_makes_the_reply_a_500_and_never_two() {
    let table: &[(Act, &str)] = &[
        (|ex| with_field("", "x", ex), "no name"),
        (|ex| with_field("X Y", "x", ex), "a blank in the name"),
        (|ex| with_field("X:", "x", ex), "a colon in the name"),
        (|ex| with_field("X\r\nEvil", "x", ex), "a line break in the name"),
        (|ex| with_field("X\0", "x", ex), "NUL in the name"),
        (|ex| with_field("\u{e9}", "x", ex), "a name above ASCII"),
        (|ex| with_field("X", "a\r\nEvil: b", ex), "CR LF in the value"),
        (|ex| with_field("X", "a\r\n\r\nHTTP/1.1 200 OK\r\nEvil: b", ex), "a whole reply in the value"),
        (|ex| with_field("X", "a\nEvil: b", ex), "LF"),
        (|ex| with_field("X", "a\rEvil: b", ex), "CR"),
        (|ex| with_field("X", "a\0", ex), "NUL"),
        (|ex| with_field("X", "\x01", ex), "a control character"),
        (|ex| with_field("X", "\x7f", ex), "DEL"),
        (|ex| with_field("X", "\u{20ac}", ex), "a character above U+00FF"),
        (|ex| with_field("X", "\u{10a}", ex), "U+010A, whose low byte is LF"),
        (|ex| with_field("Content-Type", "text/html\r\nEvil: b", ex), "a known name"),
        (|ex| with_field("Connection", "close\r\nEvil: b", ex), "an understood name"),
        (|ex| with_field("Connection", "no token", ex), "an understood name"),
        (|ex| with_field("Transfer-Encoding", "gzip", ex), "the server frames the body"),
        (|ex| with_field("X", Fails, ex), "a value that fails to format"),
        (|ex| Ok(ex.send_response((200, "OK\r\nEvil: b")).end_headers()?), "CR LF in the reason"),
        (|ex| Ok(ex.send_bytes(200, "text/html\r\nEvil: b", "x")?), "CR LF in send_bytes"),
        (
            |ex| {
                assert!(with_field("X", "a\nEvil: b", ex).is_err(), "end_headers says so");
                assert!(ex.wfile.write_all(b"and goes on").is_err(), "there is no reply to write to");
                Ok(())
            },
            "the handler does not care",
        ),
    ];
    for (act, why) in table {
        for request in [GET, GET_10] {
            let bytes = answer(*act, request);
            assert!(!String::from_utf8_lossy(&bytes).contains("Evil:"), "{why}: {}", bytes.escape_ascii());
            assert_eq!(reply(*act, request).status, 500, "{why}");
        }
    }
}

struct Fails;

impl fmt::Display for Fails {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn values_go_out_as_latin_1() {
    let bytes = answer(|ex| with_field("X", "caf\u{e9}\t\u{ff}", ex), GET);
    assert!(bytes.windows(11).any(|window| window == b"X: caf\xe9\t\xff\r\n"), "{}", bytes.escape_ascii());
    let bytes = answer(|ex| Ok(ex.send_response((200, "D\u{e9}j\u{e0} vu")).end_headers()?), GET);
    assert!(bytes.starts_with(b"HTTP/1.1 200 D\xe9j\xe0 vu\r\n"), "{}", bytes.escape_ascii());
}

/// RFC 9110, section 5.3.
#[test]
fn a_field_that_comes_once_at_most_is_an_error_the_second_time() {
    const ONCE: [&str; 9] = [
        "Age",
        "Content-Location",
        "Content-Range",
        "Content-Type",
        "ETag",
        "Expires",
        "Last-Modified",
        "Location",
        "Retry-After",
    ];
    let twice: Act = |ex| {
        let name = ex.path.trim_start_matches('/');
        let ended = ex.send_response(200).send_header(name, 1).send_header(&name.to_lowercase(), 2).end_headers();
        let error = ended.expect_err("there are two").to_string();
        assert!(error.contains("a response has one"), "{error}");
        Ok(())
    };
    let fresh: Act = |ex| {
        let name = ex.path.trim_start_matches('/');
        ex.send_response(200).send_header(name, 1);
        Ok(ex.send_error(HTTPError::from(404).with_header("X-Once", 1))?)
    };
    for name in ONCE {
        assert_eq!(reply(twice, &format!("GET /{name} HTTP/1.1\r\nHost: h\r\n\r\n")).status, 500, "{name}");
        let anew = reply(fresh, &format!("GET /{name} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(anew.status, 404, "{name}: what is taken back does not count");
        assert!(anew.fields_named(name).count() <= 1, "{name}");
    }
    let with_page: Act = |_| Err(HTTPError::from(404).with_header("Content-Type", "text/plain").into());
    assert_eq!(reply(with_page, GET).status, 500, "the error page has its own");
    let interim: Act = |ex| {
        ex.send_response_only(103).send_header("Content-Type", "text/html").end_headers()?;
        Ok(ex.send_text(200, "")?)
    };
    let replies = Reply::all(&answer(interim, GET));
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [103, 200], "each head has its own");
}

#[test]
fn fields_go_out_in_order_and_as_they_were_written() {
    let act: Act = |ex| {
        ex.send_response(200).send_header("x-B", 1).send_header("X-a", "").send_header("x-B", 2).end_headers()?;
        Ok(())
    };
    let reply = reply(act, GET);
    let own: Vec<(&str, &str)> = reply
        .fields
        .iter()
        .filter(|(name, _)| name.starts_with(['x', 'X']))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(own, [("x-B", "1"), ("X-a", ""), ("x-B", "2")]);
}

/// A field that says nothing.
const NONE: (&str, &str) = ("X", "");

/// The reply's `Connection`, `Content-Length` and `Transfer-Encoding`.
type Understood = [Option<&'static str>; 3];

#[test]
fn connection_and_framing_fields_are_understood_not_copied() {
    fn twice(first: (&str, &str), second: (&str, &str), ex: &mut Exchange) -> Result {
        ex.send_response(200).send_header(first.0, first.1).send_header(second.0, second.1).end_headers()?;
        Ok(ex.wfile.write_all(b"hello")?)
    }
    let keep_10 = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let table: &[(&str, Act, Understood, &str)] = &[
        (GET, |ex| twice(("Connection", "close"), NONE, ex), [Some("close"), Some("5"), None], "close"),
        (GET, |ex| twice(("connection", "Close"), NONE, ex), [Some("close"), Some("5"), None], "in any case"),
        (
            GET,
            |ex| twice(("Connection", "close"), ("Connection", "close"), ex),
            [Some("close"), Some("5"), None],
            "once",
        ),
        (GET, |ex| twice(("Connection", "keep-alive"), NONE, ex), [None, Some("5"), None], "HTTP/1.1 needs no word"),
        (keep_10, |ex| twice(("Connection", "close"), NONE, ex), [Some("close"), Some("5"), None], "to HTTP/1.0 too"),
        (keep_10, |ex| twice(NONE, NONE, ex), [Some("keep-alive"), Some("5"), None], "the client asked"),
        (
            GET_10,
            |ex| twice(("Connection", "keep-alive"), NONE, ex),
            [Some("close"), Some("5"), None],
            "it cannot keep open",
        ),
        (GET, |ex| twice(("Connection", "x-hop"), NONE, ex), [Some("x-hop"), Some("5"), None], "another option"),
        (GET, |ex| twice(("Connection", "close, x"), NONE, ex), [Some("x, close"), Some("5"), None], "a list"),
        (GET, |ex| twice(("content-length", "5"), NONE, ex), [None, Some("5"), None], "the handler's length"),
        (GET, |ex| twice(("Content-Length", "5"), ("Content-Length", "5"), ex), [None, Some("5"), None], "once"),
        (GET, |ex| twice(("Transfer-Encoding", "chunked"), NONE, ex), [None, None, Some("chunked")], "chunks"),
        (
            GET_10,
            |ex| twice(("Transfer-Encoding", "chunked"), NONE, ex),
            [Some("close"), None, None],
            "not in HTTP/1.0",
        ),
        (
            GET,
            |ex| twice(("Content-Length", "5"), ("Transfer-Encoding", "chunked"), ex),
            [None, None, Some("chunked")],
            "never both (RFC 9112, section 6.2)",
        ),
    ];
    for (request, act, [connection, length, coding], why) in table {
        let reply = reply(*act, request);
        assert_eq!((reply.status, reply.text()), (200, "hello"), "{why}");
        for (name, expected) in [("Connection", connection), ("Content-Length", length), ("Transfer-Encoding", coding)]
        {
            let values: Vec<&str> = reply.fields_named(name).collect();
            assert_eq!(values, expected.as_slice(), "{name}: {why}");
        }
    }
    let conflict = reply(|ex| twice(("Content-Length", "5"), ("Content-Length", "6"), ex), GET);
    assert_eq!(conflict.status, 500, "two lengths");
}

#[test]
fn a_status_has_its_phrase_from_the_registry_the_handler_or_none() {
    fn status<'s>(status: impl Into<basehttp::Status<'s>>, ex: &Exchange) -> Result {
        Ok(ex.send_response(status).end_headers()?)
    }
    let table: &[(Act, &str, &str)] = &[
        (|ex| status(200, ex), "200 OK", "the registry's"),
        (|ex| status(413, ex), "413 Content Too Large", "the registry's of today"),
        (|ex| status(299, ex), "299 ", "nobody's"),
        (|ex| status(600, ex), "600 ", "beyond the standard"),
        (|ex| status(999, ex), "999 ", "beyond the standard"),
        (|ex| status((200, "Script output follows"), ex), "200 Script output follows", "the handler's"),
        (|ex| status((999, "LinkedIn"), ex), "999 LinkedIn", "the handler's"),
        (|ex| status((200, ""), ex), "200 ", "the handler's, empty"),
        (|ex| status(0, ex), "500 Internal Server Error", "no code"),
        (|ex| status(99, ex), "500 Internal Server Error", "no code"),
        (|ex| status(1000, ex), "500 Internal Server Error", "no code"),
        (|ex| status(u16::MAX, ex), "500 Internal Server Error", "no code"),
        (|ex| Ok(ex.send_error(1000)?), "500 Internal Server Error", "no code"),
    ];
    for (act, expected, why) in table {
        for request in [GET, GET_10] {
            let reply = reply(*act, request);
            assert_eq!(format!("{} {}", reply.status, reply.reason), *expected, "{why}");
            assert_eq!(reply.version, "HTTP/1.1", "the server's own, to every client");
        }
    }
}

#[test]
fn an_interim_response_precedes_the_final_one_and_is_none_for_http_1_0() {
    let hints: Act = |ex| {
        ex.send_response_only(103).send_header("Link", "</a.css>; rel=preload").end_headers()?;
        ex.send_response_only(102).end_headers()?;
        Ok(ex.send_text(200, "page")?)
    };
    let replies = Reply::all(&answer(hints, GET));
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [103, 102, 200]);
    assert_eq!(replies[0].fields, [("Link".to_owned(), "</a.css>; rel=preload".to_owned())]);
    assert_eq!((replies[2].text(), replies[2].field("Link")), ("page", None));
    assert_eq!(reply(hints, GET_10).text(), "page");

    let alone: Act = |ex| Ok(ex.send_response_only(103).end_headers()?);
    let replies = Reply::all(&answer(alone, GET));
    assert_eq!(replies.last().map(|reply| reply.status), Some(500), "an interim response is no reply");
}

#[test]
fn an_illegal_field_of_an_interim_response_comes_out_of_its_end_headers() {
    thread_local!(static IS_REFUSED: Cell<bool> = const { Cell::new(false) });
    let act: Act = |ex| {
        let ended = ex.send_response_only(103).send_header("Link", "a\r\nEvil: b").end_headers();
        IS_REFUSED.set(ended.is_err());
        Ok(ex.send_text(200, "page")?)
    };
    let bytes = answer(act, GET);
    assert!(!String::from_utf8_lossy(&bytes).contains("Evil:"), "{}", bytes.escape_ascii());
    assert_eq!(Reply::all(&bytes).last().map(|reply| reply.status), Some(500));
    assert!(IS_REFUSED.get(), "end_headers says what is wrong");
}

#[test]
fn an_interim_response_has_no_body() {
    let table: &[(Act, &str)] = &[
        (
            |ex| {
                // The result is the same if the handler ignores the error.
                let _ = ex.send_text(103, "body");
                Ok(ex.send_response(200).end_headers()?)
            },
            "send_text",
        ),
        (
            |ex| {
                ex.send_response_only(103).end_headers()?;
                assert!(ex.wfile.write_all(b"body").is_err());
                Ok(ex.send_response(200).end_headers()?)
            },
            "wfile",
        ),
    ];
    for (act, why) in table {
        let bytes = answer(*act, GET);
        assert_eq!(Reply::all(&bytes).last().map(|reply| reply.status), Some(500), "{why}: {}", bytes.escape_ascii());
    }
}

#[test]
fn every_final_reply_has_exactly_one_date_and_server() {
    fn own(name: &str, value: &str, ex: &Exchange) -> Result {
        Ok(ex.send_response(200).send_header(name, value).send_header("X", "y").end_headers()?)
    }
    let date_at = "Tue, 14 Nov 2023 22:13:20 GMT";
    let table: &[(Act, &str, Option<&str>, &str, &str)] = &[
        (|ex| with_field("X", "y", ex), GET, None, "Does/1.0", "the runtime's"),
        (|ex| Ok(ex.send_text(204, "")?), GET, None, "Does/1.0", "without a body"),
        (|ex| Ok(ex.send_error(404)?), GET, None, "Does/1.0", "an error"),
        (|_| Ok(()), GET, None, "Does/1.0", "a 500"),
        (|_| panic!("on purpose"), GET, None, "Does/1.0", "a panic"),
        (|_| Ok(()), "PUT / HTTP/1.0\r\n\r\n", None, "Does/1.0", "501"),
        (|_| Ok(()), "GET / HTTP/3.0\r\n\r\n", None, "Does/1.0", "a refused head"),
        (|ex| own("Date", "Tue, 14 Nov 2023 22:13:20 GMT", ex), GET, Some(date_at), "Does/1.0", "the handler's"),
        (|ex| own("date", "Tue, 14 Nov 2023 22:13:20 GMT", ex), GET, Some(date_at), "Does/1.0", "in any case"),
        (|ex| own("SERVER", "Own/2", ex), GET, None, "Own/2", "the handler's"),
        (
            |ex| {
                ex.send_response(200).send_header("date", "once").send_header("server", "once");
                ex.send_header("DATE", "Tue, 14 Nov 2023 22:13:20 GMT").send_header("Server", "Own/2").end_headers()?;
                Ok(())
            },
            GET,
            Some(date_at),
            "Own/2",
            "the last of several, however they are spelt",
        ),
    ];
    for (act, request, date, server, why) in table {
        let reply = reply(*act, request);
        let [dates, servers] = ["Date", "Server"].map(|name| reply.fields_named(name).collect::<Vec<_>>());
        assert_eq!(servers, [*server], "{why}");
        assert_eq!(dates.len(), 1, "{why}: {dates:?}");
        assert!(date.is_none_or(|date| dates == [date]), "{why}: {dates:?}");
        assert!(dates[0].ends_with(" GMT") && dates[0].len() == date_at.len(), "{why}: {dates:?}");
    }
    let only = reply(|ex| Ok(ex.send_response_only(200).end_headers()?), GET);
    assert_eq!((only.fields_named("Date").count(), only.field("Server")), (1, None), "send_response_only");
}
