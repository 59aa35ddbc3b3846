//! The end of a request. A message that two parties could read differently is refused once, the connection is closed,
//! and nothing behind it is ever taken for a request. RFC 9112, sections 6, 7 and 11.2.

use std::io::{ErrorKind, Read};

use crate::support::witness::{GOOD, SMUGGLED, Witness, check_last_words, codes};
use crate::support::{Client, Reply};

/// A request with these field lines, and a body behind it.
fn with_fields(fields: &str, body: &str) -> Vec<u8> {
    format!("POST /body HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n{body}").into_bytes()
}

/// A request whose chunks are written out, the last one included.
fn chunked(chunks: impl AsRef<[u8]>) -> Vec<u8> {
    [&with_fields("Transfer-Encoding: chunked", "")[..], chunks.as_ref()].concat()
}

/// Sections 6.1 and 6.3; RFC 9110, section 8.6.
#[test]
fn what_frames_a_request_twice_or_doubtfully_is_refused_before_the_handler() {
    let table: &[(&str, u16, &str)] = &[
        // Both. The RFC lets a server refuse, and has it close.
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", 400, "CL.TE"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", 400, "TE.CL"),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked", 400, "a length of nothing"),
        ("Content-Length: 4\r\nTransfer-Encoding: identity", 400, "a coding of nothing"),
        ("Content-Length: 4\r\nTransfer-Encoding:", 400, "an empty coding"),
        ("Content-Length: 4\r\nTransfer-Encoding: x", 400, "a coding that nobody knows"),
        ("Content-Length: 4\r\nX: y\r\ntRANSFER-eNCODING:chunked", 400, "apart, and in another case"),
        // Two of one.
        ("Content-Length: 4\r\nContent-Length: 4", 400, "two equal lengths"),
        ("Content-Length: 4\r\nContent-Length: 5", 400, "two lengths"),
        ("Content-Length: 5\r\nContent-Length: 4", 400, "two lengths"),
        ("Content-Length: 4\r\nX: y\r\nCONTENT-LENGTH: 0", 400, "two lengths, apart"),
        ("Content-Length: 4, 4", 400, "a list of equal lengths: 9110, section 8.6"),
        ("Content-Length: 4, 5", 400, "a list of lengths"),
        ("Content-Length: 4,", 400, "a list of one"),
        ("Content-Length: ,4", 400, "a list of one"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "TE.TE"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400, "TE.TE"),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", 400, "TE.TE"),
        ("Transfer-Encoding: chunked\r\nTransfer-encoding: x", 400, "TE.TE"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding:", 400, "TE.TE, one of them empty"),
        // No number.
        ("Content-Length:", 400, "nothing"),
        ("Content-Length: +4", 400, "a sign"),
        ("Content-Length: -4", 400, "a sign"),
        ("Content-Length: -0", 400, "a sign"),
        ("Content-Length: 4 4", 400, "two words"),
        ("Content-Length: 0x4", 400, "hexadecimal"),
        ("Content-Length: 0b100", 400, "binary"),
        ("Content-Length: 4e0", 400, "an exponent"),
        ("Content-Length: 4.0", 400, "a fraction"),
        ("Content-Length: 4_0", 400, "an underscore"),
        ("Content-Length: \"4\"", 400, "quoted"),
        ("Content-Length: 4;a=b", 400, "a parameter"),
        ("Content-Length: a", 400, "a hexadecimal digit"),
        ("Content-Length: 4\u{a0}", 400, "a blank of another kind"),
        ("Content-Length: \u{b2}", 400, "a digit that is none"),
        ("Content-Length: 18446744073709551616", 400, "one more than 64 bits hold"),
        ("Content-Length: 18446744073709551620", 400, "4, if it wrapped"),
        ("Content-Length: 340282366920938463463374607431768211460", 400, "4, if 128 bits wrapped"),
        // Chunked is not the last coding, or not once.
        ("Transfer-Encoding:", 400, "nothing"),
        ("Transfer-Encoding: ,", 400, "nothing, in a list"),
        ("Transfer-Encoding: identity", 400, "not chunked"),
        ("Transfer-Encoding: gzip", 400, "not chunked"),
        ("Transfer-Encoding: chunked, gzip", 400, "not last"),
        ("Transfer-Encoding: chunked, identity", 400, "not last"),
        ("Transfer-Encoding: chunked, chunked", 400, "twice: 6.1"),
        ("Transfer-Encoding: chunked, x, chunked", 400, "twice: 6.1"),
        ("Transfer-Encoding: chunked,", 400, "an empty coding"),
        ("Transfer-Encoding: ,chunked", 400, "an empty coding"),
        ("Transfer-Encoding: chunked;q=1", 400, "a parameter: 7.1"),
        ("Transfer-Encoding: chunked ;", 400, "a parameter of nothing"),
        ("Transfer-Encoding: xchunked", 400, "another word"),
        ("Transfer-Encoding: chunkedx", 400, "another word"),
        ("Transfer-Encoding: chunked chunked", 400, "two words"),
        ("Transfer-Encoding: chu nked", 400, "two words"),
        ("Transfer-Encoding: chunked\u{a0}", 400, "a blank of another kind"),
        ("Transfer-Encoding: \u{85}chunked", 400, "a blank of another kind"),
        ("Transfer-Encoding: \"chunked\"", 400, "quoted"),
        ("Transfer-Encoding: 'chunked'", 400, "quoted"),
        ("Transfer-Encoding: chunKed\u{212a}", 400, "a letter that folds to k"),
        ("Transfer-Encoding: gzip, chunked", 501, "a coding that is not understood: 6.1"),
        ("Transfer-Encoding: x;a=b, chunked", 501, "a coding that is not understood: 6.1"),
        // Hidden from one of two.
        ("Transfer-Encoding : chunked", 400, "a blank before the colon: 5.1"),
        ("Transfer-Encoding\t: chunked", 400, "a tab before the colon: 5.1"),
        ("Content-Length : 4", 400, "a blank before the colon: 5.1"),
        ("Content-Length\0: 4", 400, "NUL in the name"),
        ("Transfer-Encoding\0: chunked", 400, "NUL in the name"),
        ("Transfer-Encoding: chunked\0", 400, "NUL in the value"),
        ("Transfer-Encoding: \0chunked", 400, "NUL in the value"),
        ("Transfer-Encoding: \x0bchunked", 400, "a vertical tab"),
        ("Transfer-Encoding: chunked\x0c", 400, "a form feed"),
        ("Content-Length: 4\x0b", 400, "a vertical tab"),
        (" Transfer-Encoding: chunked", 400, "folded into the line before: 5.2"),
        ("X: y\r\n Transfer-Encoding: chunked", 400, "folded into the line before: 5.2"),
        ("X: y\r\n\tContent-Length: 4", 400, "folded into the line before: 5.2"),
        ("Transfer-Encoding:\r\n chunked", 400, "folded: 5.2"),
        ("Transfer-Encoding: x\r\n , chunked", 400, "folded: 5.2"),
        ("Content-Length: 4\r\n 0", 400, "folded: 5.2"),
        ("Content-Length:\r\n 4", 400, "folded: 5.2"),
        ("X: y\nTransfer-Encoding: chunked", 400, "a bare LF: 2.2"),
        ("X: y\rTransfer-Encoding: chunked", 400, "a bare CR: 2.2"),
        ("X: y\r\rTransfer-Encoding: chunked", 400, "bare CRs: 2.2"),
        ("X: y\n\r\nTransfer-Encoding: chunked", 400, "an empty line to some"),
        ("X: y\r\r\n\r\nTransfer-Encoding: chunked", 400, "an empty line to some"),
        ("\rTransfer-Encoding: chunked", 400, "a bare CR in front: 2.2"),
        ("Transfer-Encoding: chunked\r\n\rX: y", 400, "a bare CR in front: 2.2"),
        (": chunked", 400, "no name"),
        ("Transfer-Encoding chunked", 400, "no colon"),
        ("\"Transfer-Encoding\": chunked", 400, "a quoted name"),
    ];
    let witness = Witness::default();
    let server = witness.serve();
    for (fields, code, why) in table {
        for body in ["0\r\n\r\n", "4\r\nbody\r\n0\r\n\r\n", "body"] {
            let about = format!("{fields:?}, {body:?}: {why}");
            check_last_words(&server, &witness, &with_fields(fields, body), &[*code], &about);
            let behind = [GOOD.as_bytes(), &with_fields(fields, body)].concat();
            check_last_words(&server, &witness, &behind, &[200, *code], &about);
        }
    }
}

/// HTTP/1.0 has no transfer codings, and a message that claims one has faulty framing (section 6.1).
#[test]
fn a_transfer_coding_in_http_1_0_is_refused() {
    let witness = Witness::default();
    let server = witness.serve();
    for fields in
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5", "Transfer-Encoding: x"]
    {
        let head = format!("POST / HTTP/1.0\r\nConnection: keep-alive\r\n{fields}\r\n\r\n0\r\n\r\n");
        check_last_words(&server, &witness, head.as_bytes(), &[400], fields);
    }
}

/// Bodies of any method end by their length or chunks, and nothing inside a body is a request (section 6.3).
#[test]
fn a_body_is_read_as_long_as_it_is_framed_whatever_the_method() {
    let long = "0".repeat(100);
    let table = [
        (String::new(), String::new(), "", "none"),
        ("Content-Length: 0\r\n".into(), String::new(), "", "none, and said so"),
        (format!("Content-Length: {}\r\n", SMUGGLED.len()), SMUGGLED.into(), SMUGGLED, "sized"),
        (format!("Content-Length: \t{} \t\r\n", SMUGGLED.len()), SMUGGLED.into(), SMUGGLED, "white space around it"),
        (format!("Content-Length: {long}{}\r\n", SMUGGLED.len()), SMUGGLED.into(), SMUGGLED, "leading zeros"),
        (
            "Transfer-Encoding: CHUNKED\r\n".into(),
            format!("{:X}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len()),
            SMUGGLED,
            "codings have no case: 7",
        ),
        (
            "transfer-encoding:chunked\r\nTE: trailers\r\nTrailer: X\r\n".into(),
            format!("{:016x}\r\n{SMUGGLED}\r\n{}\r\nX: y\r\n\r\n", SMUGGLED.len(), "0".repeat(16)),
            SMUGGLED,
            "leading zeros and a trailer",
        ),
        (
            "Transfer-Encoding: chunked\r\nContent_Length: 3\r\nX-Content-Length: 3\r\n".into(),
            "3\r\nabc\r\n0\r\n\r\n".into(),
            "abc",
            "names that only look alike",
        ),
        (
            "Connection: Content-Length, Transfer-Encoding, Host\r\nContent-Length: 3\r\n".into(),
            "abc".into(),
            "abc",
            "a connection option makes no field go away",
        ),
    ];
    let witness = Witness::default();
    let server = witness.serve();
    for (fields, body, expected, why) in &table {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let request = format!("{method} /body HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}");
            let mut client =
                Client::sending(&server, [request.as_bytes(), request.as_bytes(), GOOD.as_bytes()].concat());
            for _ in 0..2 {
                assert_eq!(client.read_reply().text(), format!("{method} /body h {expected}"), "{request:?}: {why}");
            }
            assert_eq!(client.read_reply().text(), "GET /good h ", "{request:?}: {why}");
        }
        // The handler leaves it to the server. HEAD gets no body, and so no other reply either.
        for method in ["GET", "HEAD", "DELETE"] {
            let request = format!("{method} /unread HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}");
            let mut client = Client::sending(&server, request + GOOD);
            assert_eq!(client.try_read_reply(method).expect("a reply").status, 200, "{method}: {why}");
            assert_eq!(client.read_reply().text(), "GET /good h ", "{method}: {why}");
        }
        let seen = witness.take_seen();
        assert!(!seen.iter().any(|asked| asked.contains("smuggled")), "{why}: {seen:?}");
    }
}

/// Sizes of chunks (section 7.1).
#[test]
fn a_chunk_size_is_one_to_sixteen_hexadecimal_digits_and_crlf() {
    let table: &[(&str, &str)] = &[
        ("\r\nhello\r\n", "no size"),
        ("0x5\r\nhello\r\n", "a prefix"),
        ("0X5\r\nhello\r\n", "a prefix"),
        ("x5\r\nhello\r\n", "a prefix"),
        ("+5\r\nhello\r\n", "a sign"),
        ("-5\r\nhello\r\n", "a sign"),
        ("-0\r\n\r\n", "a sign"),
        ("5 \r\nhello\r\n", "a blank behind"),
        ("5\t\r\nhello\r\n", "a tab behind"),
        (" 5\r\nhello\r\n", "a blank in front"),
        ("\t5\r\nhello\r\n", "a tab in front"),
        ("5;\r\nhello\r\n", "an extension of nothing"),
        ("5 ;\r\nhello\r\n", "an extension of nothing"),
        ("5_0\r\nhello\r\n", "an underscore"),
        ("5h\r\nhello\r\n", "a suffix"),
        ("5.\r\nhello\r\n", "a dot"),
        ("5,5\r\nhello\r\n", "a list"),
        ("\"5\"\r\nhello\r\n", "quoted"),
        ("00000000000000005\r\nhello\r\n", "seventeen digits"),
        ("10000000000000005\r\nhello\r\n", "5, if 64 bits wrapped"),
        ("100000005\r\nhello\r\n", "5, if 32 bits wrapped"),
        ("FFFFFFFFFFFFFFFFF\r\nhello\r\n", "seventeen digits"),
        ("5\nhello\r\n0\r\n\r\n", "LF alone behind the size"),
        ("5\rhello\r\n0\r\n\r\n", "CR alone behind the size"),
        ("5\r\r\nhello\r\n", "CR twice"),
        ("5\n\r\nhello\r\n", "LF before CR LF"),
        ("5hello\r\n0\r\n\r\n", "nothing behind the size"),
        ("5\r\nhello\n0\r\n\r\n", "LF alone behind the content"),
        ("5\r\nhello\r0\r\n\r\n", "CR alone behind the content"),
        ("5\r\nhello0\r\n\r\n", "nothing behind the content"),
        ("5\r\nhello\r\n\r\n0\r\n\r\n", "an empty line between chunks"),
        ("5\r\nhello!\r\n0\r\n\r\n", "more than the size says"),
        ("6\r\nhello\r\n0\r\n\r\n", "less than the size says"),
        ("5\r\nhello\r\n0\n\r\n", "LF alone behind the last size"),
        ("5\r\nhello\r\n0\r\n\n", "LF alone at the end"),
        ("5\r\nhello\r\n0\r\r\n", "CR twice at the end"),
        ("5\r\nhello\r\n0\r\n\rX", "CR alone at the end"),
        ("5\r\nhello\r\n-1\r\n\r\n", "a size below zero"),
        ("5\r\nhello\r\n0;\r\n\r\n", "an extension of nothing at the last chunk"),
        ("5\r\nhello\r\n0 \r\n\r\n", "a blank behind the last size"),
    ];
    let witness = Witness::default();
    let server = witness.serve();
    for (chunks, why) in table {
        // A chunk with a larger size than its content waits for more, so the client ends its side.
        if chunks.starts_with("100000005") {
            let mut client = Client::sending(&server, chunked(format!("{chunks}{SMUGGLED}")));
            client.end_sending();
            assert_eq!(client.read_reply().status, 400, "{why}");
            client.expect_end();
            continue;
        }
        check_last_words(&server, &witness, &chunked(chunks), &[400], &format!("{chunks:?}: {why}"));
    }
    for octet in 0..=u8::MAX {
        // Fifteen octets of content, and a last chunk. Any other value is malformed, or another size.
        let alone = [&[octet][..], b"\r\n012345678901234\r\n0\r\n\r\n"].concat();
        let behind_a_zero = [b"0", &[octet][..], b"\r\n\r\n"].concat();
        for (chunks, is_fine) in [(alone, matches!(octet, b'f' | b'F')), (behind_a_zero, octet == b'0')] {
            let expected = if is_fine { 200 } else { 400 };
            assert_eq!(codes(&witness.ask(chunked(&chunks))), [expected], "{}", chunks.escape_ascii());
        }
    }
}

/// Extensions are read by their grammar and ignored (section 7.1.1).
#[test]
fn every_octet_in_a_chunk_extension_is_of_its_grammar_or_refused() {
    let witness = Witness::default();
    let is_tchar = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    for octet in 0..=u8::MAX {
        let is_text = octet == b'\t' || (octet >= b' ' && octet != 0x7f);
        for (before, behind, passes) in [
            ("5;a", "b", is_tchar(octet) || octet == b'=' || octet == b';'),
            ("5;a=b", "c", is_tchar(octet) || octet == b';'),
            ("5;a=\"b", "\"", is_text && octet != b'"' && octet != b'\\'),
            ("5;a=\"b\\", "\"", is_text),
        ] {
            let chunks = [before.as_bytes(), &[octet], behind.as_bytes(), b"\r\nhello\r\n0\r\n\r\n"].concat();
            let replies = witness.ask(chunked(&chunks));
            let expected = if passes { 200 } else { 400 };
            assert_eq!(codes(&replies), [expected], "{}", chunks.escape_ascii());
            assert!(!passes || replies[0].text().ends_with(" hello"), "{}", chunks.escape_ascii());
        }
    }
}

/// Sends the start and then more of the same until the server has answered, and returns the answer.
fn answer_to_endless(client: &mut Client, start: &[u8], more: &[u8]) -> u16 {
    /// Far beyond every limit of framing, and little enough for the sockets of both sides.
    const MOST_BYTES: usize = 200 * 1024;
    client.send(start);
    let mut sent = 0;
    while sent < MOST_BYTES {
        if client.try_send(more).is_err() {
            break;
        }
        sent += more.len();
    }
    client.read_reply().status
}

/// A part without an end of its own has a limit, beyond which the reply is a 4xx (sections 7.1.1 and 7.1.2, and RFC
/// 9110, section 5.4).
#[test]
fn extensions_and_trailers_without_end_are_refused_while_they_come() {
    let table: &[(&str, &str, &str)] = &[
        ("5;a=", "x", "one extension"),
        ("5;a=\"", "x", "one quoted extension"),
        ("5", ";a", "many extensions of one chunk"),
        ("5", " ", "blanks"),
        ("", "1;a\r\nx\r\n", "an extension in each chunk"),
        ("0\r\nX: ", "y", "one trailer"),
        ("0\r\n", "X: y\r\n", "many trailers"),
        ("0\r\n", "x", "a trailer's name"),
        ("0", "0", "zeros"),
    ];
    let witness = Witness::default();
    let server = witness.serve();
    for (start, more, why) in table {
        let mut client = Client::of(&server);
        let code = answer_to_endless(&mut client, &chunked(start), more.repeat(1024).as_bytes());
        assert_eq!(code, 400, "{why}");
        let mut rest = Vec::new();
        // The client did not read while it sent, so the server may have closed.
        let end = client.stream().read_to_end(&mut rest);
        assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), "{why}");
        assert!(rest.is_empty(), "{why}");
    }
}

/// Trailers never reach the head, and fields for framing or routing are refused among them (section 7.1.2, and RFC
/// 9110, section 6.5).
#[test]
fn trailers_are_read_by_the_grammar_of_fields_and_change_no_framing() {
    let witness = Witness::default();
    let server = witness.serve();
    for lines in ["", "X: y\r\n", "X:y\r\nX: z\r\n", "Content-Type: x\r\nCookie: y\r\n", "Connection-X: close\r\n"] {
        let request = chunked(format!("5\r\nhello\r\n0\r\n{lines}\r\n"));
        let mut client = Client::sending(&server, [&request[..], GOOD.as_bytes()].concat());
        let replies = [client.read_reply(), client.read_reply()];
        assert_eq!(replies.each_ref().map(Reply::text), ["POST /body h hello", "GET /good h "], "{lines:?}");
    }
    for line in [
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
        "Host: i",
        "Connection: close",
        "TE: trailers",
        "Trailer: X",
        "Upgrade: x",
        "X : y",
        " X: y",
        "X: y\r\n z",
        "X",
        ": y",
        "X\0: y",
        "X: \0",
        "X: y\nZ: a",
        "X: y\rZ: a",
        "(X): y",
    ] {
        let request = chunked(format!("5\r\nhello\r\n0\r\n{line}\r\n\r\n"));
        check_last_words(&server, &witness, &request, &[400], line);
    }
}

/// A message with fewer octets than announced is incomplete, whatever ends it (section 6.3).
#[test]
fn a_body_that_ends_early_is_answered_and_never_completed_by_what_follows() {
    let witness = Witness::default();
    let server = witness.serve();
    for request in [
        with_fields("Content-Length: 6", "hello"),
        with_fields("Content-Length: 9223372036854775807", "hello"),
        with_fields("Content-Length: 18446744073709551615", "hello"),
        chunked("5\r\nhell"),
        chunked("5\r\nhello\r\n"),
        chunked("5\r\nhello\r\n0\r\n"),
        chunked("7fffffffffffffff\r\nhello"),
        chunked("ffffffffffffffff\r\nhello"),
    ] {
        let mut client = Client::sending(&server, &request);
        client.end_sending();
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (400, Some("close")), "{}", request.escape_ascii());
        client.expect_end();
    }
}
