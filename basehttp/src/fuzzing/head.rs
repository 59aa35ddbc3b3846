//! A request head: the scanner, the short way and the parser against each other and against plainer readings.

use super::choices::{Choices, ends};
use crate::proto::{
    Field, FieldBuffer, Head, HeadScanner, RequestBody, Version, fields_of_refused, head::twin::naive_scan, is_token,
    parse, parse_whole, target::Scheme,
};

/// Runs this target on `bytes`.
pub fn head(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let (limits, piece) = (choices.limits(), choices.below(16) + 1);
    let bytes = choices.rest();

    let whole = HeadScanner::default().scan(bytes, &limits);
    let mut scanner = HeadScanner::default();
    let mut in_pieces = ends(bytes.len(), piece).filter_map(|end| scanner.scan(&bytes[..end], &limits).transpose());
    assert_eq!(in_pieces.next().transpose(), whole, "cut into pieces of {piece}");
    assert_eq!(naive_scan(bytes, &limits), whole.clone().map_err(|refusal| refusal.status), "the twin");

    let if_refused = fields_of_refused(bytes, &limits);
    let mut fields = FieldBuffer::new();
    let short = parse_whole(bytes, &mut fields, &limits, Some(Scheme::Http));
    let short_fields = fields.as_slice().to_vec();
    let Ok(Some(span)) = whole else {
        assert!(short.is_none(), "the short way takes what is refused, or not there");
        return;
    };
    let mut fields = FieldBuffer::new();
    let head_bytes = &bytes[span.start..span.end];
    let parsed = parse(head_bytes, &mut fields, &limits, Some(Scheme::Http));
    if let Some((end, short)) = short {
        assert_eq!((0, end), (span.start, span.end));
        assert_eq!(Ok(short), parsed);
        assert_eq!(short_fields, fields.as_slice());
    }
    match parsed {
        Ok(head) => {
            assert_eq!(if_refused.as_slice(), fields.as_slice(), "a refusal reads the fields as ever");
            check(head_bytes, &head, fields.as_slice());
        }
        Err(refusal) => assert!([400, 417, 421, 431, 501, 505].contains(&refusal.status), "{refusal:?}"),
    }
}

/// Asserts the properties of an accepted head, seen from its bytes.
fn check(bytes: &[u8], head: &Head<'_>, fields: &[Field<'_>]) {
    let lines: Vec<&[u8]> =
        bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    let [first, lines @ .., empty, rest] = &lines[..] else { panic!("fewer than three lines") };
    assert!(empty.is_empty() && rest.is_empty());

    assert_eq!(head.requestline.as_bytes(), *first);
    assert!(first.iter().all(|byte| (b' '..=b'~').contains(byte)), "a request line without controls");
    let words: Vec<&str> = head.requestline.split(' ').collect();
    let [method, _, version] = words[..] else { panic!("not three words") };
    assert_eq!((method, version), (head.method, head.request_version));
    assert!(is_token(method.as_bytes()));

    let is_said = |line: &&[u8], field: &Field<'_>| {
        let colon = line.iter().position(|&byte| byte == b':').expect("a field line has a colon");
        let value = str_trim(&line[colon + 1..]);
        is_token(field.name().as_bytes()) && field.name().as_bytes() == &line[..colon] && field.value() == value
    };
    assert_eq!(lines.len(), fields.len());
    assert!(lines.iter().zip(fields).all(|(line, field)| is_said(line, field)), "fields as they were sent");

    let named = |name: &str| fields.iter().filter(|field| field.name().eq_ignore_ascii_case(name)).collect::<Vec<_>>();
    let body = match (&named("Content-Length")[..], &named("Transfer-Encoding")[..]) {
        ([], []) => RequestBody::None,
        ([length], []) => RequestBody::Sized(digits(length.value())),
        ([], [coding]) => {
            assert!(coding.value().eq_ignore_ascii_case(b"chunked") && head.version == Version::Http11);
            RequestBody::Chunked
        }
        _ => panic!("framed twice"),
    };
    assert_eq!(head.body, body);
    assert!(named("Host").len() == 1 || head.version == Version::Http10 && named("Host").is_empty());
    match head.method {
        "CONNECT" => assert_eq!(head.target.authority, Some(&*head.target.path)),
        "OPTIONS" if head.target.path == "*" => {}
        _ => assert!(head.target.path.starts_with('/') && !head.target.path.starts_with("//")),
    }
}

fn str_trim(value: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(start) = value.iter().position(|byte| !is_blank(byte)) else { return b"" };
    let end = value.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
    &value[start..end]
}

fn digits(value: &[u8]) -> u64 {
    assert!(!value.is_empty() && value.iter().all(u8::is_ascii_digit), "a length is digits");
    str::from_utf8(value).expect("digits").parse().expect("it fits 64 bits")
}
