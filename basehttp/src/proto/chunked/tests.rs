//! The contract of body decoding. Every case runs whole, byte by byte and at every split point; the naive twin reads a
//! complete body with the plainest string operations.

use proptest::prelude::*;

use super::super::{
    body::BodyDecoder,
    framing::RequestBody,
    limits::Limits,
    write::{LAST_CHUNK, push_chunk},
};
use super::twin::naive;
use super::*;

/// A body that was decoded: its content, the bytes that it took, and its trailers. `None` while it is not complete.
type DecodedBody = Result<Option<(Vec<u8>, usize, Vec<(String, Vec<u8>)>)>, Refusal>;

/// Decodes a body that arrives in pieces that end at these places.
fn decode(bytes: &[u8], limits: &Limits, ends: impl Iterator<Item = usize>) -> DecodedBody {
    let mut decoder = BodyDecoder::new(RequestBody::Chunked, limits);
    let (mut at, mut content) = (0, Vec::new());
    for end in ends {
        loop {
            let raw = &bytes[at..end];
            let Decoded { skip, payload } = decoder.decode(raw)?;
            content.extend_from_slice(&raw[skip..skip + payload]);
            at += skip + payload;
            if decoder.is_complete() {
                let trailers = decoder.trailers().iter().map(|t| (t.name().to_owned(), t.value().to_owned()));
                return Ok(Some((content, at, trailers.collect())));
            }
            if payload == 0 {
                assert_eq!(skip, raw.len(), "asks for more before it has taken everything");
                break;
            }
        }
    }
    Ok(None)
}

/// The outcome, after making sure that no way of cutting the bytes changes it.
fn outcome_within(bytes: &[u8], limits: &Limits) -> DecodedBody {
    let whole = decode(bytes, limits, [bytes.len()].into_iter());
    assert_eq!(decode(bytes, limits, 0..=bytes.len()), whole, "byte by byte: {}", bytes.escape_ascii());
    for split in 0..bytes.len() {
        let in_two = decode(bytes, limits, [split, bytes.len()].into_iter());
        assert_eq!(in_two, whole, "split at {split}: {}", bytes.escape_ascii());
    }
    whole
}

fn outcome(bytes: &[u8]) -> DecodedBody {
    outcome_within(bytes, &Limits::default())
}

#[test]
fn well_formed_bodies_give_their_content_and_leave_what_follows() {
    let table = [
        ("0\r\n\r\n", "", "nothing"),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", "one chunk"),
        ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", "two chunks"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789", "a capital digit"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789", "a small digit"),
        ("0000000000000005\r\nhello\r\n0\r\n\r\n", "hello", "sixteen digits"),
        ("2\r\n\r\n\r\n000\r\n\r\n", "\r\n", "content that looks like framing"),
        ("1;a\r\nx\r\n0;b=c\r\n\r\n", "x", "extensions"),
        ("1;a=\"b;\\\"\tc\";d\r\nx\r\n0\r\n\r\n", "x", "a quoted value"),
        ("1 ; a = b\t;c\r\nx\r\n0\r\n\r\n", "x", "spaces where the grammar has them"),
        ("1;a=\"\"\r\nx\r\n0\r\n\r\n", "x", "an empty quoted value"),
        ("1;a=\"\u{e9}\"\r\nx\r\n0\r\n\r\n", "x", "bytes above ascii in a quoted value"),
    ];
    for (bytes, content, why) in table {
        let with_next = format!("{bytes}GET / HTTP/1.1\r\n");
        let expected = Ok(Some((content.as_bytes().to_vec(), bytes.len(), vec![])));
        assert_eq!(outcome(with_next.as_bytes()), expected, "{why}");
        if !bytes.contains('"') {
            assert_eq!(naive(bytes.as_bytes()).as_deref(), Some(content.as_bytes()), "{why}: the twin");
        }
    }
}

#[test]
fn malformed_framing_is_refused() {
    let table = [
        ("\r\n", "no size"),
        (";a\r\n", "no size before an extension"),
        ("g\r\n", "no hexadecimal digit"),
        ("+1\r\nx\r\n", "a sign"),
        ("-1\r\nx\r\n", "a sign"),
        ("0x1\r\nx\r\n", "a prefix"),
        ("1_0\r\n", "an underscore"),
        (" 1\r\nx\r\n", "a space before the size"),
        ("1 \r\nx\r\n", "a space after the size, which is no extension"),
        ("1\t\r\nx\r\n", "a tab after the size"),
        ("1 1\r\nx\r\n", "two sizes"),
        ("00000000000000005\r\nhello\r\n", "seventeen digits"),
        ("10000000000000000\r\n", "more than 64 bits hold"),
        ("1\nx\n0\n\n", "lf alone after the size"),
        ("1\rx", "cr alone after the size"),
        ("1\r\nx\n", "lf alone after the content"),
        ("1\r\nx\rx", "cr alone after the content"),
        ("1\r\nxy\r\n", "more content than the size says"),
        ("2\r\nx\r\n1", "less content than the size says"),
        ("1;\r\nx\r\n", "an empty extension"),
        ("1;;a\r\nx\r\n", "an empty extension"),
        ("1;a=\r\nx\r\n", "an empty value"),
        ("1;=b\r\nx\r\n", "an empty name"),
        ("1;a \r\nx\r\n", "a space at the end of an extension"),
        ("1;a b\r\nx\r\n", "two names"),
        ("1;a=b c\r\nx\r\n", "two values"),
        ("1;a=b=c\r\nx\r\n", "two values"),
        ("1;a\0\r\nx\r\n", "NUL"),
        ("1;a\x01\r\nx\r\n", "a control"),
        ("1;a\nx\r\n", "lf alone in an extension"),
        ("1;a\rx", "cr alone in an extension"),
        ("1;a=\"b\r\n\"\r\n", "a line break in a quoted value"),
        ("1;a=\"\0\"\r\n", "NUL in a quoted value"),
        ("1;a=\"\\\r\n\"\r\n", "an escaped line break"),
        ("1;a=\"b\"c\r\nx\r\n", "something after a quoted value"),
        ("1;a\u{e9}\r\nx\r\n", "bytes above ascii in a name"),
        ("0\r\n\n", "lf alone at the end"),
        ("0\r\n\rx", "cr alone at the end"),
        ("0\n\r\n", "lf alone after the last size"),
    ];
    for (bytes, why) in table {
        assert_eq!(outcome(bytes.as_bytes()).map_err(|r| r.status), Err(400), "{why}");
        assert_eq!(naive(bytes.as_bytes()), None, "{why}: the twin");
    }
}

#[test]
fn an_unfinished_body_asks_for_more() {
    let complete = b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for len in 0..complete.len() {
        assert_eq!(outcome(&complete[..len]), Ok(None), "{len} bytes");
    }
}

#[test]
fn trailer_fields_are_checked_as_fields_are() {
    let read = |lines: &str| outcome(format!("0\r\n{lines}\r\n\r\n").as_bytes()).map(|done| done.map(|done| done.2));
    let fields = |pairs: &[(&str, &[u8])]| {
        Ok(Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect::<Vec<_>>()))
    };
    assert_eq!(read("X-Sum:\t abc \t\r\ny:"), fields(&[("X-Sum", b"abc"), ("y", b"")]));
    assert_eq!(read("Authorization: x\r\nX: y\r\nCONTENT-TYPE: z"), fields(&[("X", b"y")]), "too late to have effect");
    let refused = [
        ("Content-Length: 5", "framing"),
        ("transfer-encoding: chunked", "framing"),
        ("Host: a", "routing"),
        ("X : y", "a space before the colon"),
        (" X: y", "a folded line"),
        ("X: y\r\n z", "a folded line"),
        ("X", "no colon"),
        (": y", "no name"),
        ("X: \0", "NUL"),
        ("X: a\nY: b", "lf alone"),
        ("X: a\rY: b", "cr alone"),
    ];
    for (lines, why) in refused {
        assert_eq!(read(lines).map_err(|r| r.status), Err(400), "{why}");
    }
}

#[test]
fn extensions_and_trailers_are_limited_in_total() {
    let limits = Limits { max_chunk_extension_bytes: 6, max_trailer_bytes: 10, max_fields: 2, ..Limits::default() };
    let taken = |bytes: &str| outcome_within(bytes.as_bytes(), &limits).map(|done| done.is_some());
    assert_eq!(taken("1;ab\r\nx\r\n0;ab\r\n\r\n"), Ok(true), "at the limit of extensions");
    assert!(taken("1;ab\r\nx\r\n0;abc\r\n\r\n").is_err(), "one more, in another chunk");
    assert_eq!(taken("0\r\na: 45\r\nb: 90\r\n\r\n"), Ok(true), "at the limit of trailers");
    assert!(taken("0\r\na: 45\r\nb: 901\r\n\r\n").is_err(), "one more, in another line");
    assert!(taken("0\r\na:\r\nb:\r\nc:\r\n\r\n").is_err(), "a third trailer field");
}

#[test]
fn a_broken_body_stays_broken() {
    let mut decoder = BodyDecoder::new(RequestBody::Chunked, &Limits::default());
    let refusal = decoder.decode(b"x").unwrap_err();
    assert_eq!(decoder.decode(b"5\r\nhello\r\n0\r\n\r\n"), Err(refusal));
    assert!(!decoder.is_complete() && decoder.trailers().is_empty());
}

#[test]
fn a_large_chunk_passes_in_one_piece() {
    let mut bytes = b"100000\r\n".to_vec();
    let head = bytes.len();
    bytes.resize(head + (1 << 20) + 5, b'x');
    let mut decoder = BodyDecoder::new(RequestBody::Chunked, &Limits::default());
    assert_eq!(decoder.decode(&bytes), Ok(Decoded { skip: head, payload: 1 << 20 }));
}

#[test]
fn a_sized_body_ends_where_its_length_says() {
    let limits = Limits::default();
    let mut decoder = BodyDecoder::new(RequestBody::Sized(7), &limits);
    assert_eq!((decoder.remaining(), decoder.is_complete()), (Some(7), false));
    assert_eq!(decoder.decode(b"abc"), Ok(Decoded { skip: 0, payload: 3 }));
    assert_eq!(decoder.decode(b""), Ok(Decoded::default()));
    assert_eq!(decoder.decode(b"defgNEXT"), Ok(Decoded { skip: 0, payload: 4 }));
    assert_eq!((decoder.remaining(), decoder.is_complete()), (Some(0), true));
    assert_eq!(decoder.decode(b"NEXT"), Ok(Decoded::default()), "nothing beyond the end");
    assert!(BodyDecoder::new(RequestBody::None, &limits).is_complete());
    assert!(BodyDecoder::new(RequestBody::Sized(0), &limits).is_complete());
    let endless = BodyDecoder::new(RequestBody::Sized(u64::MAX), &limits).decode(b"abc");
    assert_eq!(endless, Ok(Decoded { skip: 0, payload: 3 }));
}

#[test]
fn the_last_chunk_that_is_written_ends_a_body() {
    assert_eq!(outcome(LAST_CHUNK), Ok(Some((vec![], LAST_CHUNK.len(), vec![]))));
}

/// Strings near the grammar.
fn chunked_like() -> impl Strategy<Value = Vec<u8>> {
    let pieces =
        ["1", "2", "0", "a", "\r\n", "\r\n", "0\r\n\r\n", "1\r\nx\r\n", "\n", "\r", ";", "=", " ", "x", "+", "\0"];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..14).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back_however_it_is_cut(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
        cuts in prop::collection::vec(0..400usize, 0..10),
        sum in "[!-~]{0,10}",
    ) {
        let mut bytes = Vec::new();
        for chunk in &chunks {
            push_chunk(&mut bytes, chunk);
        }
        bytes.extend_from_slice(format!("0\r\nX-Sum: {sum}\r\n\r\n").as_bytes());
        let mut ends: Vec<usize> = cuts.into_iter().filter(|cut| *cut < bytes.len()).collect();
        ends.sort_unstable();
        ends.push(bytes.len());
        let expected = (chunks.concat(), bytes.len(), vec![("X-Sum".to_owned(), sum.into_bytes())]);
        prop_assert_eq!(decode(&bytes, &Limits::default(), ends.into_iter()), Ok(Some(expected)));
    }

    #[test]
    fn random_framing_is_read_as_the_twin_reads_it(bytes in chunked_like()) {
        let decoded = outcome(&bytes);
        let whole = decoded.ok().flatten().filter(|done| done.1 == bytes.len() && done.2.is_empty());
        prop_assert_eq!(whole.map(|done| done.0), naive(&bytes));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = outcome(&bytes);
    }
}
