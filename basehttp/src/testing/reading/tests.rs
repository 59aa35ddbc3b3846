use proptest::prelude::*;

use super::*;

/// The body, the flaw or else `""`, and the rest.
fn parts(method: &str, text: &str) -> (String, String, String) {
    let response = Response::parse(method, text.as_bytes()).expect("a head");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let flaw = response.flaw().unwrap_or_default().to_owned();
    (text(response.body()), flaw, text(response.rest()))
}

#[test]
fn status_method_and_fields_say_where_the_body_ends() {
    let closed = ": the connection was closed";
    let table = [
        ("GET", "200 OK\r\nContent-Length: 2", "hi", "hi", "", "", "a length"),
        ("GET", "200 OK\r\nContent-Length: 2", "hi there", "hi", "", " there", "more than its length"),
        ("GET", "200 OK\r\nContent-Length: 9", "hi", "hi", "the body ended after 2 of 9 bytes", "", "less"),
        ("GET", "200 OK\r\nContent-Length: 0", "", "", "", "", "a length of nothing"),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked", "2\r\nhi\r\n1\r\n!\r\n0\r\n\r\nx", "hi!", "", "x", "chunks"),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked", "0\r\nT: 1\r\n\r\n", "", "", "", "trailers"),
        ("GET", "200 OK\r\nTransfer-Encoding: gzip, Chunked", "1\r\nz\r\n0\r\n\r\n", "z", "", "", "chunked last"),
        ("GET", "200 OK\r\nTransfer-Encoding: gzip", "1\r\n", "1\r\n", "", "", "not chunked"),
        ("GET", "200 OK\r\nTransfer-Encoding: chunked", "5\r\nhi", "hi", "the body ended after 2 bytes", "", "cut"),
        (
            "GET",
            "200 OK\r\nTransfer-Encoding: chunked",
            "2\r\nhi\r\n",
            "hi",
            "the body ended after 2 bytes",
            "",
            "no end",
        ),
        ("GET", "200 OK", "hi", "hi", "", "", "up to the end"),
        ("HEAD", "200 OK\r\nContent-Length: 2", "", "", "", "", "none to HEAD"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked", "", "", "", "", "none to HEAD, whatever its framing"),
        ("HEAD", "200 OK\r\nContent-Length: 2", "hi", "", "", "hi", "what follows is no body"),
        ("GET", "204 No Content", "x", "", "", "x", "no content"),
        ("GET", "304 Not Modified\r\nContent-Length: 9", "", "", "", "", "not modified"),
        ("GET", "205 Reset Content\r\nContent-Length: 0", "", "", "", "", "reset content"),
        ("CONNECT", "200 OK", "tunnel", "", "", "tunnel", "a tunnel"),
        ("GET", "101 Switching Protocols\r\nUpgrade: x", "frames", "", "", "frames", "another protocol"),
    ];
    for (method, head, sent, body, flaw, rest, why) in table {
        let flaw = if flaw.is_empty() { String::new() } else { format!("{flaw}{closed}") };
        let found = parts(method, &format!("HTTP/1.1 {head}\r\n\r\n{sent}"));
        assert_eq!(found, (body.to_owned(), flaw, rest.to_owned()), "{why}");
    }
}

#[test]
fn a_malformed_response_is_not_complete_and_says_why() {
    let table = [
        ("Transfer-Encoding: chunked", "2\r\nhix\r\n", "hi", "does not end in cr lf where its size says"),
        ("Transfer-Encoding: chunked", "x\r\n", "", "a chunk size is not 1 to 16 hexadecimal digits"),
        ("Content-Length: x", "hi", "hi", "its Content-Length is not one plain number: [\"x\"]"),
        ("Content-Length: 2\r\nContent-Length: 3", "hi", "hi", "not one plain number: [\"2\", \"3\"]"),
        ("Content-Length: +2", "hi", "hi", "not one plain number"),
        ("Content-Length: 2\r\nTransfer-Encoding: chunked", "hi", "hi", "both Content-Length and Transfer-Encoding"),
    ];
    for (fields, sent, body, why) in table {
        let (found, flaw, _) = parts("GET", &format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{sent}"));
        assert_eq!(found, body, "{why}");
        assert!(flaw.contains(why), "{fields}: {flaw}");
    }
}

#[test]
fn an_abort_is_seen_where_the_end_of_the_connection_ends_the_body() {
    let bytes = b"HTTP/1.0 200 OK\r\n\r\nhi";
    let aborted = read_response("GET", bytes.chain(MemoryEnd::Abort), AfterEnd::ReadOn).expect("a head");
    assert_eq!(aborted.flaw(), Some("the body ended after 2 bytes: the server aborted it"));
    let closed = read_response("GET", bytes.chain(MemoryEnd::Close), AfterEnd::ReadOn).expect("a head");
    assert!(closed.is_complete());
}

#[test]
fn what_is_not_a_response_is_an_error_that_shows_it() {
    let table = [
        ("", ErrorKind::UnexpectedEof, "no response came: the connection was closed"),
        ("HTTP/1.1 200 OK\r\nA: b\r\n", ErrorKind::UnexpectedEof, r#""HTTP/1.1 200 OK\r\nA: b\r\n" (the connection"#),
        ("SSH-2.0-x\r\n", ErrorKind::InvalidData, "this is not the head of a response: \"SSH-2.0-x"),
        ("HTTP/1.1 100 Continue\r\n\r\n", ErrorKind::UnexpectedEof, "no response came"),
    ];
    for (bytes, kind, text) in table {
        let error = Response::parse("GET", bytes.as_bytes()).expect_err(text);
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn interim_responses_stand_apart_and_reasons_are_latin_1() {
    let bytes =
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 tr\xe8s bien\r\nX: caf\xe9\r\nx: 2\r\n\r\n";
    let response = Response::parse("GET", bytes).expect("a response");
    assert_eq!((response.status(), response.reason(), response.version()), (200, "tr\u{e8}s bien", "HTTP/1.1"));
    assert_eq!(response.header_all("X").collect::<Vec<_>>(), ["caf\u{e9}", "2"]);
    assert_eq!(response.headers().count(), 2);
    let interim: Vec<_> = response.interim().iter().map(|one| (one.status(), one.header("link"))).collect();
    assert_eq!(interim, [(103, Some("</a>"))]);
}

#[test]
fn any_pieces_make_the_same_response() {
    /// Gives one byte at a time.
    struct Drops<'b>(&'b [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    let fields = (0..300).map(|number| format!("X-{number}: {number}")).collect::<Vec<_>>().join("\r\n");
    let texts = [
        format!(
            "HTTP/1.1 200 OK\r\n{fields}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\nrest"
        ),
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
        "HTTP/1.0 200 OK\r\n\r\nabc".to_owned(),
    ];
    for text in texts {
        let whole = Response::parse("GET", text.as_bytes()).expect("a response");
        let by_byte = read_response("GET", Drops(text.as_bytes()), AfterEnd::ReadOn).expect("a response");
        assert_eq!(by_byte, whole);
        assert!(whole.is_complete());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_response_or_an_error_and_none_is_lost(
        head in "(HTTP/1.[01] [0-9]{3} [a-z]{0,3}\r\n)?((Content-Length|Transfer-Encoding|X): ([0-9]{1,2}|chunked|a)\r\n){0,3}(\r\n)?",
        body in "([0-9a-f]\r\n|\r\n|[ -~]{0,5}|0\r\n\r\n){0,6}",
    ) {
        let bytes = [head.as_bytes(), body.as_bytes()].concat();
        if let Ok(response) = Response::parse("GET", &bytes) {
            prop_assert!(bytes.ends_with(response.rest()));
            let interim: usize = response.interim().iter().map(|one| one.body().len()).sum();
            prop_assert_eq!(interim, 0);
            prop_assert!(response.body().len() + response.rest().len() <= bytes.len());
            let is_shown = format!("{response:?}").starts_with("HTTP/1.");
            prop_assert!(is_shown);
        }
    }
}
