//! The contract of the request head: which heads are refused and with which status, and what the others mean. Every
//! case is also fed byte by byte and at every split point, and the scanner is compared with a plain twin.

use std::ops::Range;

use super::super::{
    framing::RequestBody, limits::Limits, refusal::Refusal, target::Scheme, target::TargetForm, version::Version,
};
use super::*;

/// Returns the result for a head that arrives in these prefixes of `bytes`, or `None` while it is not complete.
fn outcome_of_prefixes(
    bytes: &[u8],
    limits: &Limits,
    prefixes: impl Iterator<Item = usize>,
) -> Result<Option<Range<usize>>, Refusal> {
    let mut scanner = HeadScanner::default();
    for len in prefixes {
        let Some(span) = scanner.scan(&bytes[..len], limits)? else { continue };
        parse(&bytes[span.start..span.end], &mut FieldBuffer::new(), limits, Some(Scheme::Http))?;
        return Ok(Some(span));
    }
    Ok(None)
}

/// The outcome, after making sure that no way of cutting the bytes changes it.
pub(super) fn outcome(bytes: &[u8], limits: &Limits) -> Result<Option<Range<usize>>, Refusal> {
    let whole = outcome_of_prefixes(bytes, limits, [bytes.len()].into_iter());
    assert_eq!(outcome_of_prefixes(bytes, limits, 0..=bytes.len()), whole, "byte by byte: {}", bytes.escape_ascii());
    for split in 0..bytes.len() {
        let in_two = outcome_of_prefixes(bytes, limits, [split, bytes.len()].into_iter());
        assert_eq!(in_two, whole, "split at {split}: {}", bytes.escape_ascii());
    }
    whole
}

fn status(bytes: &[u8]) -> Result<Option<Range<usize>>, u16> {
    outcome(bytes, &Limits::default()).map_err(|refusal| refusal.status)
}

/// A complete head of HTTP/1.1 with these further field lines.
fn with_fields(lines: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n").into_bytes()
}

fn assert_refused(table: &[(&str, u16, &str)], head_of: impl Fn(&str) -> Vec<u8>) {
    for (text, expected, why) in table {
        assert_eq!(status(&head_of(text)), Err(*expected), "{text:?}: {why}");
    }
}

/// Parses a complete head and hands it to the closure.
fn understand<T>(bytes: &[u8], look: impl FnOnce(&Head<'_>, &[Field<'_>]) -> T) -> T {
    let span = status(bytes).expect("a head that is taken").expect("a complete head");
    let mut fields = FieldBuffer::new();
    let head = parse(&bytes[span.start..span.end], &mut fields, &Limits::default(), Some(Scheme::Http))
        .expect("as just before");
    look(&head, fields.as_slice())
}

#[test]
fn malformed_request_lines_are_refused() {
    let table = [
        ("GET /", 400, "HTTP/0.9"),
        ("GET", 400, "one word"),
        ("GET HTTP/1.1", 400, "no target"),
        ("GET  HTTP/1.1", 400, "an empty target"),
        ("GET  / HTTP/1.1", 400, "two spaces"),
        ("GET /  HTTP/1.1", 400, "two spaces"),
        ("GET / HTTP/1.1 ", 400, "a space at the end"),
        (" GET / HTTP/1.1", 400, "a space at the start"),
        ("GET\t/ HTTP/1.1", 400, "a tab between"),
        ("GET /\tHTTP/1.1", 400, "a tab between"),
        ("GET /\x0bHTTP/1.1", 400, "a vertical tab, which Python splits at"),
        ("GET /a b HTTP/1.1", 400, "a space in the target"),
        ("GET / HTTP/1.1 HTTP/1.1", 400, "four words"),
        ("G(T / HTTP/1.1", 400, "a method that is no token"),
        ("\x16\x03\x01\x02\x00\x01 / HTTP/1.1", 400, "TLS on a plain port"),
        ("GET / HTTP/2.0", 505, "another major version"),
        ("PRI * HTTP/2.0", 505, "the preface of HTTP/2"),
        ("GET / HTTP/0.9", 505, "another major version"),
        ("GET / http/1.1", 400, "the name of the protocol has capitals"),
        ("GET / HTTP/1.10", 400, "two digits"),
        ("GET / HTTP/1", 400, "no minor version"),
        ("GET / ICY/1.0", 400, "another protocol"),
        ("GET /\u{e9} HTTP/1.1", 400, "raw bytes above ascii"),
        ("GET /\0 HTTP/1.1", 400, "NUL"),
        ("GET /\x7f HTTP/1.1", 400, "DEL"),
        ("GET /#top HTTP/1.1", 400, "a fragment"),
        ("GET * HTTP/1.1", 400, "* for another method than OPTIONS"),
        ("GET a HTTP/1.1", 400, "a relative path"),
        ("GET a:80 HTTP/1.1", 400, "authority form for another method than CONNECT"),
        ("CONNECT / HTTP/1.1", 400, "another form for CONNECT"),
        ("GET ftp://a/ HTTP/1.1", 400, "another scheme"),
        ("GET https://a/ HTTP/1.1", 421, "a scheme that is not served here"),
        ("GET https://b/ HTTP/1.1", 400, "another host comes first"),
        ("GET http://b/ HTTP/1.1", 400, "another host than the Host field"),
        ("GET http://u@a/ HTTP/1.1", 400, "user information"),
    ];
    assert_refused(&table, |line| format!("{line}\r\nHost: a\r\n\r\n").into_bytes());
}

#[test]
fn malformed_field_lines_are_refused() {
    let table = [
        ("X : y", 400, "a space before the colon"),
        ("X\t: y", 400, "a tab before the colon"),
        (" X: y", 400, "a folded line"),
        ("X: y\r\n z", 400, "a folded line"),
        ("X: y\r\n\tz", 400, "a folded line"),
        ("X: y\r\n \r\nZ: a", 400, "a folded line of spaces only"),
        ("X", 400, "no colon"),
        (": y", 400, "no name"),
        ("X(Y: z", 400, "a name that is no token"),
        ("X\u{e9}: z", 400, "a name that is no token"),
        ("\0: z", 400, "a name that is no token"),
        ("X: a\0b", 400, "NUL"),
        ("X: a\x01b", 400, "a control"),
        ("X: a\x7fb", 400, "DEL"),
        ("X: a\nY: b", 400, "lf alone"),
        ("X: a\rY: b", 400, "cr alone"),
        ("X: a\r\r", 400, "cr twice"),
        ("X: a\r\r\nY: b", 400, "cr twice before lf"),
        ("X: a\n", 400, "lf alone at the end"),
    ];
    assert_refused(&table, with_fields);
}

#[test]
fn framing_that_two_parties_could_read_differently_is_refused() {
    let table = [
        ("Content-Length: 5\r\nContent-Length: 5", 400, "twice, even if equal"),
        ("Content-Length: 5\r\ncontent-length: 6", 400, "twice"),
        ("Content-Length: 5, 5", 400, "a list, even of equals"),
        ("Content-Length: +5", 400, "a sign"),
        ("Content-Length: -5", 400, "a sign"),
        ("Content-Length: 5 5", 400, "two numbers"),
        ("Content-Length: 0x5", 400, "not decimal"),
        ("Content-Length: 5.0", 400, "no integer"),
        ("Content-Length:", 400, "empty"),
        ("Content-Length: \u{665}", 400, "a digit of another script"),
        ("Content-Length: 18446744073709551616", 400, "one more than 64 bits hold"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", 400, "both"),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked", 400, "both, the length zero"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "two lines"),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 400, "two lines"),
        ("Transfer-Encoding: chunked, chunked", 400, "twice"),
        ("Transfer-Encoding: chunked, gzip", 400, "not last"),
        ("Transfer-Encoding: gzip", 400, "chunked is not last"),
        ("Transfer-Encoding: identity", 400, "chunked is not last"),
        ("Transfer-Encoding: gzip, chunked", 501, "a coding that we do not know"),
        ("Transfer-Encoding:", 400, "empty"),
        ("Transfer-Encoding: , chunked", 400, "an empty member"),
        ("Transfer-Encoding: chunked,", 400, "an empty member"),
        ("Transfer-Encoding: \"chunked\"", 400, "quoted"),
        ("Transfer-Encoding: chunked;a=b", 400, "parameters"),
        ("Transfer-Encoding: xchunked", 400, "another word"),
        ("Transfer-Encoding: chunked\u{a0}", 400, "a space that is none"),
        ("Transfer-Encoding: \x0bchunked", 400, "a control"),
        ("Transfer-Encoding : chunked", 400, "a space before the colon"),
        ("Transfer-Encoding\r\n : chunked", 400, "folded before the colon"),
        ("Expect: 200-ok", 417, "an expectation that we do not know"),
        ("Expect: 100-continue, x", 417, "one of two that we do not know"),
    ];
    assert_refused(&table, with_fields);
}

#[test]
fn a_host_that_is_missing_doubled_or_malformed_is_refused() {
    let table = [
        ("X: y", 400, "missing"),
        ("Host: a\r\nHost: a", 400, "twice, even if equal"),
        ("Host: a\r\nhOST: b", 400, "twice"),
        ("Host: a, b", 400, "a list"),
        ("Host: a,b", 400, "a list without spaces"),
        ("Host: u@a", 400, "user information"),
        ("Host: a/b", 400, "a path"),
        ("Host: http://a", 400, "a URI"),
        ("Host: a:b", 400, "a port that is no number"),
        ("Host: a:65536", 400, "a port beyond 65535"),
        ("Host: [::1", 400, "an open bracket"),
        ("Host: \u{e9}", 400, "raw bytes"),
    ];
    assert_refused(&table, |lines| format!("GET / HTTP/1.1\r\n{lines}\r\n\r\n").into_bytes());
    assert_eq!(status(b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), Err(400), "twice in HTTP/1.0 too");
    assert_eq!(status(b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n"), Err(400), "malformed in HTTP/1.0 too");
    assert_eq!(status(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Err(400), "no codings in HTTP/1.0");
}

#[test]
fn what_is_too_much_is_refused_as_soon_as_it_is_known() {
    let limits = Limits {
        max_method_bytes: 4,
        max_request_line_bytes: 30,
        max_field_line_bytes: 20,
        max_head_bytes: 60,
        max_fields: 2,
        max_empty_lines: 2,
        ..Limits::default()
    };
    let table: [(&str, usize, u16, &str); 12] = [
        ("ABCDE", 5, 501, "the method is too long before its space has come"),
        ("ABCDE / HTTP/1.1\r\n", 5, 501, "the same with more behind it"),
        ("GET /3456789012345678901234567890", 31, 414, "the request line is too long before its end has come"),
        ("GET / HTTP/1.1\r\nX: 567890123456789012", 37, 431, "so is a field line"),
        ("GET / HTTP/1.0\r\na:\r\nb:\r\nc", 25, 431, "a third field has begun"),
        ("GET / HTTP/1.0\r\na: 4567890123456789\r\nb: 456789012345678901", 58, 431, "a field line again"),
        ("GET / HTTP/1.0\r\na: 45678901234567890\r\nb: 4567890123456789\r\n\r\n", 61, 431, "the whole head"),
        ("GET / HTTP/1.0\r\na: 45678901234567890\r\nb: 45678901234567890123", 59, 431, "the line before the head"),
        ("\r\n\r\n\r\n", 6, 400, "a third empty line"),
        ("\n", 1, 400, "an empty line of lf alone"),
        ("\rG", 2, 400, "cr alone"),
        ("GET /\r\n", 7, 400, "HTTP/0.9 is not left waiting"),
    ];
    for (bytes, known_at, expected, why) in table {
        let bytes = bytes.as_bytes();
        assert_eq!(outcome(bytes, &limits).map_err(|r| r.status), Err(expected), "{why}");
        let scan = |len: usize| HeadScanner::default().scan(&bytes[..len], &limits);
        assert_eq!(scan(known_at).map_err(|r| r.status), Err(expected), "{why}: known at {known_at}");
        assert_eq!(scan(known_at - 1), Ok(None), "{why}: not known at {}", known_at - 1);
    }
}

#[test]
fn heads_at_their_limits_are_taken() {
    let mut limits = Limits { max_fields: 30, ..Limits::default() };
    let fields: Vec<String> = (0..30).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let head = format!("GET / HTTP/1.0\r\n{}\r\n", fields.concat());
    let span = outcome(head.as_bytes(), &limits).unwrap();
    assert_eq!(span, Some(0..head.len()));
    let mut buffer = FieldBuffer::new();
    parse(head.as_bytes(), &mut buffer, &limits, Some(Scheme::Http)).unwrap();
    assert_eq!(buffer.as_slice().len(), 30, "more than fit in place");
    assert_eq!(buffer.as_slice()[29], Field::new("X-29", b"29"));
    limits.max_fields = 29;
    assert_eq!(
        parse(head.as_bytes(), &mut buffer, &limits, Some(Scheme::Http)).map_err(|r| r.status),
        Err(431),
        "unscanned, too"
    );
    limits.max_fields = 10;
    assert_eq!(
        parse(head.as_bytes(), &mut buffer, &limits, Some(Scheme::Http)).map_err(|r| r.status),
        Err(431),
        "unscanned, too"
    );
}

#[test]
fn the_default_limits_answer_with_the_status_of_each() {
    let long = |len: usize| "x".repeat(len);
    let many: Vec<String> = (0..10_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let table = [
        (format!("{} / HTTP/1.1\r\n\r\n", long(100_000)), 501, "a method of 100 kB"),
        (format!("GET /{} HTTP/1.1\r\n\r\n", long(65_536)), 414, "a target of 64 KiB"),
        (format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", long(100_000)), 431, "a value of 100 kB"),
        (format!("GET / HTTP/1.1\r\n{}: x\r\n\r\n", long(100_000)), 431, "a name of 100 kB"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", many.concat()), 431, "10,000 fields"),
        ("\r\n".repeat(10_000), 400, "10,000 empty lines"),
    ];
    let limits = Limits::default();
    for (bytes, expected, why) in &table {
        let bytes = bytes.as_bytes();
        let whole = outcome_of_prefixes(bytes, &limits, [bytes.len()].into_iter());
        assert_eq!(whole.clone().map_err(|r| r.status), Err(*expected), "{why}");
        assert_eq!(outcome_of_prefixes(bytes, &limits, 0..=bytes.len()), whole, "{why}, byte by byte");
    }
}

#[test]
fn empty_lines_before_a_request_are_skipped_and_what_follows_a_head_is_left() {
    let bytes = b"\r\n\r\nGET / HTTP/1.0\r\n\r\nGET /next HTTP/1.0\r\n\r\n";
    assert_eq!(status(bytes), Ok(Some(4..22)));
    let mut scanner = HeadScanner::default();
    assert_eq!(scanner.scan(bytes, &Limits::default()), Ok(Some(4..22)));
    assert_eq!(scanner.scan(&bytes[22..], &Limits::default()), Ok(Some(0..22)), "and again");
}

#[test]
fn a_refusal_is_repeated_when_asked_again() {
    let mut scanner = HeadScanner::default();
    for _ in 0..2 {
        assert_eq!(scanner.scan(b"GET / HTTP/1.1\nHost: a", &Limits::default()).map_err(|r| r.status), Err(400));
    }
}

#[test]
fn a_head_is_understood_as_it_was_sent() {
    let bytes = b"GeT //a/b?c=d%zz HTTP/1.2\r\nhOsT: Example.org:8080\r\nX:\t a\tb\xff \t\r\nEmpty:\r\n\r\nbody";
    understand(bytes, |head, fields| {
        assert_eq!((head.method, &*head.target.path), ("GeT", "/a/b?c=d%zz"));
        assert_eq!(head.target.form, TargetForm::Origin);
        assert_eq!((head.request_version, head.version), ("HTTP/1.2", Version::Http11));
        assert_eq!(head.requestline, "GeT //a/b?c=d%zz HTTP/1.2");
        assert_eq!(head.authority, Some(&b"Example.org:8080"[..]));
        assert_eq!((head.body, head.expects_continue), (RequestBody::None, false));
        assert_eq!(fields[1..], [Field::new("X", b"a\tb\xff"), Field::new("Empty", b"")]);
    });
}

#[test]
fn the_authority_is_the_targets_else_the_hosts() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", Some("a:80"), "the Host"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Some(""), "an empty Host"),
        ("GET / HTTP/1.0\r\n\r\n", None, "HTTP/1.0 without Host"),
        ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", Some("a"), "HTTP/1.0 with Host"),
        ("GET http://A/ HTTP/1.1\r\nHost: a\r\n\r\n", Some("A"), "the target's, as it is written there"),
        ("GET http://a/ HTTP/1.0\r\n\r\n", Some("a"), "the target's alone"),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", Some("a:443"), "of CONNECT"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", Some("a"), "the Host for *"),
    ];
    for (bytes, expected, why) in table {
        understand(bytes.as_bytes(), |head, _| assert_eq!(head.authority, expected.map(str::as_bytes), "{why}"));
    }
}

#[test]
fn a_body_is_framed_whatever_the_method() {
    let table = [
        ("GET", "Content-Length: 5", RequestBody::Sized(5), "GET may have one"),
        ("HEAD", "Content-Length: 5", RequestBody::Sized(5), "so may HEAD"),
        ("DELETE", "transfer-ENCODING: Chunked", RequestBody::Chunked, "no case in names and codings"),
        ("POST", "Content-Length:\t007 ", RequestBody::Sized(7), "leading zeros are a plain number"),
        ("POST", "Content-Length: 18446744073709551615", RequestBody::Sized(u64::MAX), "the greatest"),
        ("POST", "Content-Length: 0", RequestBody::Sized(0), "zero"),
        ("TRACE", "Content-Length: 0", RequestBody::Sized(0), "no content"),
    ];
    for (method, line, expected, why) in table {
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n").into_bytes();
        understand(&bytes, |head, _| assert_eq!(head.body, expected, "{why}"));
    }
}

#[test]
fn connection_options_and_expectations_are_read_from_every_line() {
    let (close, keep_alive) = (true, true);
    let table = [
        ("Connection: close", close, !keep_alive, false, "close"),
        ("connection: Keep-Alive", !close, keep_alive, false, "no case"),
        ("Connection: upgrade, , close\r\nConnection:keep-alive", close, keep_alive, false, "lists on two lines"),
        ("Connection: closed, \"close\", close;x", !close, !keep_alive, false, "other words"),
        ("Expect: 100-Continue\r\nContent-Length: 1", !close, !keep_alive, true, "waits"),
        ("Expect: 100-continue\r\nTransfer-Encoding: chunked", !close, !keep_alive, true, "waits"),
        ("Expect: 100-continue", !close, !keep_alive, false, "no body to wait with"),
        ("Expect:\r\nContent-Length: 1", !close, !keep_alive, false, "an empty expectation is none"),
    ];
    for (lines, close, keep_alive, expects_continue, why) in table {
        understand(&with_fields(lines), |head, _| {
            assert_eq!(head.connection, ConnectionOptions { close, keep_alive }, "{why}");
            assert_eq!(head.expects_continue, expects_continue, "{why}");
        });
    }
    understand(b"POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue, x\r\n\r\n", |head, _| {
        assert!(!head.expects_continue, "expectations in HTTP/1.0 are ignored");
    });
}

#[test]
fn the_refusal_of_a_field_line_says_what_is_wrong_with_it() {
    let table = [
        ("A: b\r\n c", "folded"),
        ("A: b\r\nX : y", "between a field name and its colon"),
        ("X", "no colon"),
        (": y", "empty"),
        ("X(: y", "token"),
        ("X: \0", "control"),
    ];
    for (lines, expected) in table {
        let refusal = outcome(&with_fields(lines), &Limits::default()).unwrap_err();
        assert!(refusal.reason.contains(expected), "{lines:?}: {refusal}");
    }
}

#[test]
fn the_request_line_for_the_log_is_whatever_arrived_of_it() {
    let table: [(&[u8], &[u8], &str); 6] = [
        (b"", b"", "nothing"),
        (b"\r\n\r\n", b"", "empty lines only"),
        (b"GET", b"GET", "a beginning"),
        (b"\r\nGET / HTTP/1.1\r\nHost: a", b"GET / HTTP/1.1", "a line after an empty one"),
        (b"GET /\nX", b"GET /", "a line that ends wrongly"),
        (b"\xff\0\r", b"\xff\0", "no text at all"),
    ];
    for (bytes, expected, why) in table {
        assert_eq!(request_line(bytes), expected, "{why}");
    }
    assert_eq!(request_line(&vec![b'x'; 100_000]).len(), 16 * 1024, "bounded");
}
