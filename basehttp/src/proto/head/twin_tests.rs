//! The head against random bytes: the scanner beside a plain twin, and the parser, which must not panic on anything.

use proptest::prelude::*;

use super::super::{limits::Limits, target::Scheme};
use super::twin::naive_scan;
use super::*;

/// Pieces of heads, so that random strings of them come near the rules.
fn head_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(&b"\r\n"[..]),
        2 => Just(&b"GET / HTTP/1.1\r\n"[..]),
        2 => Just(&b"Host: a\r\n"[..]),
        1 => Just(&b"Content-Length: 5\r\n"[..]),
        1 => Just(&b"Transfer-Encoding: chunked\r\n"[..]),
        1 => Just(&b"\r"[..]),
        1 => Just(&b"\n"[..]),
        1 => Just(&b" "[..]),
        1 => Just(&b":"[..]),
        1 => Just(&b"abcdefgh"[..]),
        1 => Just(&b"\0"[..]),
        1 => Just(&b"\xc3\xa9"[..]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn small_limits() -> impl Strategy<Value = Limits> {
    (1..8usize, 1..30usize, 1..30usize, 1..60usize, 0..3usize, 0..3usize).prop_map(|(a, b, c, d, e, f)| Limits {
        max_method_bytes: a,
        max_request_line_bytes: b,
        max_field_line_bytes: c,
        max_head_bytes: d,
        max_fields: e,
        max_empty_lines: f,
        ..Limits::default()
    })
}

const PLAIN: &[u8] =
    b"POST /a?b HTTP/1.1\r\nHost: example.org:80\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

fn one_byte_changed() -> impl Strategy<Value = Vec<u8>> {
    (0..PLAIN.len(), any::<u8>()).prop_map(|(at, byte)| {
        let mut bytes = PLAIN.to_vec();
        bytes[at] = byte;
        bytes
    })
}

/// Whatever the short way takes, the careful way takes as the same.
fn check_short_way(bytes: &[u8], limits: &Limits) -> Result<(), TestCaseError> {
    let mut fields = FieldBuffer::new();
    let Some((end, head)) = parse_whole(bytes, &mut fields, limits, Some(Scheme::Http)) else { return Ok(()) };
    let span = 0..end;
    prop_assert_eq!(HeadScanner::default().scan(bytes, limits), Ok(Some(span)));
    let mut careful = FieldBuffer::new();
    prop_assert_eq!(parse(&bytes[..end], &mut careful, limits, Some(Scheme::Http)), Ok(head));
    prop_assert_eq!(careful.as_slice(), fields.as_slice());
    Ok(())
}

#[test]
fn the_short_way_takes_what_clients_send() {
    let mut heads = vec![
        PLAIN.to_vec(),
        b"GET / HTTP/1.0\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"OPTIONS * HTTP/1.1\r\nHost:\r\nX-Empty:  \r\nX: y \t\r\n\r\nbody".to_vec(),
    ];
    heads.push([&b"GET /long HTTP/1.1\r\nHost: a\r\n"[..], &b"X-Field: value\r\n".repeat(23), b"\r\n"].concat());
    for head in heads {
        check_short_way(&head, &Limits::default()).expect("the same");
        assert!(
            parse_whole(&head, &mut FieldBuffer::new(), &Limits::default(), Some(Scheme::Http)).is_some(),
            "{}",
            head.escape_ascii()
        );
    }
}

#[test]
fn the_short_way_leaves_what_is_odd_to_the_careful_one() {
    let odd: [&[u8]; 13] = [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for head in odd {
        assert_eq!(
            parse_whole(head, &mut FieldBuffer::new(), &Limits::default(), Some(Scheme::Http)),
            None,
            "{}",
            head.escape_ascii()
        );
    }
}

proptest! {
    #[test]
    fn pieces_the_whole_and_the_plain_twin_agree(bytes in head_like(), limits in small_limits(), step in 1..5usize) {
        for limits in [limits, Limits::default()] {
            let whole = HeadScanner::default().scan(&bytes, &limits);
            let mut scanner = HeadScanner::default();
            let mut prefixes = (0..bytes.len()).step_by(step).chain([bytes.len()]);
            let in_pieces = prefixes.find_map(|len| scanner.scan(&bytes[..len], &limits).transpose()).transpose();
            prop_assert_eq!(&in_pieces, &whole);
            prop_assert_eq!(naive_scan(&bytes, &limits), whole.map_err(|refusal| refusal.status));
        }
    }

    #[test]
    fn every_line_break_is_found_where_the_plain_search_finds_it(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let plain = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        prop_assert_eq!(scan::find_line_break(&bytes), plain);
    }

    #[test]
    fn the_short_way_takes_nothing_that_the_careful_way_would_not(
        bytes in prop_oneof![head_like(), one_byte_changed(), prop::collection::vec(any::<u8>(), 0..200)],
        limits in small_limits(),
    ) {
        for limits in [limits, Limits::default()] {
            check_short_way(&bytes, &limits)?;
        }
    }

    #[test]
    fn parse_panics_on_nothing(bytes in prop_oneof![head_like(), prop::collection::vec(any::<u8>(), 0..200)]) {
        let _ = parse(&bytes, &mut FieldBuffer::new(), &Limits::default(), Some(Scheme::Http));
    }

    #[test]
    fn a_changed_byte_gets_one_answer_and_never_a_panic(bytes in one_byte_changed()) {
        if let Err(refusal) = super::tests::outcome(&bytes, &Limits::default()) {
            prop_assert!([400, 501, 505].contains(&refusal.status));
        }
    }

    #[test]
    fn well_formed_fields_come_back_as_they_were_sent(
        sent in prop::collection::vec(("[!#-'*+.0-9A-Z^_`a-z|~-]{1,20}", "[!-~\u{a1}-\u{ff}]([ -~\t]{0,30}[!-~])?"), 0..60)
    ) {
        let lines: Vec<String> = sent.iter().map(|(name, value)| format!("x{name}: \t{value} \r\n")).collect();
        let head = format!("GET / HTTP/1.0\r\n{}\r\n", lines.concat());
        let mut fields = FieldBuffer::new();
        parse(head.as_bytes(), &mut fields, &Limits::default(), Some(Scheme::Http)).unwrap();
        prop_assert_eq!(fields.as_slice().len(), sent.len());
        for (field, (name, value)) in fields.as_slice().iter().zip(&sent) {
            prop_assert_eq!(field.name(), format!("x{name}"));
            prop_assert_eq!(field.value(), value.as_bytes());
        }
    }
}
