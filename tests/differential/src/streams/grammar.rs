//! Requests as the standard has them, with every form of target, both framings, both versions, and fields that clients
//! add.
//!
//! Bodies look like requests and like chunks, so that a parser that takes a boundary elsewhere shows it.

use super::draft::{Body, Chunk, Field, Request, Trailers};
use crate::random::Random;

/// A request that is fine.
pub fn request(random: &mut Random) -> Request {
    let (method, target, host) = method_target_and_host(random);
    let version = random.pick(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]);
    let is_old = version == "HTTP/1.0";
    let mut fields = vec![Field::new(random.pick(&["Host", "Host", "host", "HOST"]), host)];
    if is_old && random.percent(30) {
        fields.clear();
    }
    if is_old && random.percent(70) {
        fields.push(Field::new("Connection", random.pick(&["keep-alive", "Keep-Alive"])));
    }
    let body = body(random, method, is_old, &mut fields);
    for _ in 0..random.below(3) {
        let at = random.below(fields.len() + 1);
        fields.insert(at, plain_field(random));
    }
    if random.percent(4) {
        fields.push(Field::new("Connection", random.pick(&["close", "keep-alive", "x, close", "upgrade"])));
    }
    if random.percent(4) {
        fields.push(Field::new("Expect", random.pick(&["100-continue", "100-Continue"])));
    }
    for field in &mut fields {
        match random.below(100) {
            0..10 => field.colon = b":".into(),
            10..20 => field.colon = b":   ".into(),
            20..30 => field.value.extend_from_slice(b"  "),
            30 => field.colon = b":\t ".into(),
            31 => field.value.extend_from_slice(b" \t"),
            _ => {}
        }
    }
    Request {
        lead: if random.percent(1) { b"\r\n".into() } else { Vec::new() },
        method: method.into(),
        gaps: [b" ".into(), b" ".into()],
        target: target.into(),
        version: version.into(),
        line_end: b"\r\n".into(),
        fields,
        head_end: b"\r\n".into(),
        body,
    }
}

fn method_target_and_host(random: &mut Random) -> (&'static str, &'static str, &'static str) {
    let method =
        random.pick(&["GET", "GET", "GET", "POST", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]);
    match random.below(80) {
        0 => ("CONNECT", "h:443", "h:443"),
        1 => ("OPTIONS", "*", "h"),
        3 => (method, "http://h/a?b", "h"),
        4 => (method, "http://h", "h"),
        5 => (method, "HTTP://h:80/", "h"),
        6 => (method, "/", "[::1]:80"),
        7 => (method, "/a%20b/../c;d?e=f&g", "example.org:8080"),
        8 => ("TRACE", "/", "h"),
        9 => (random.pick(&["PROPFIND", "M-SEARCH", "REPORT"]), "/dav", "h"),
        _ => (method, random.pick(&["/", "/a", "/a/b?c=d", "/?", "/%7E"]), random.pick(&["h", "h:80", "127.0.0.1"])),
    }
}

fn plain_field(random: &mut Random) -> Field {
    let (name, value) = *random.pick(&[
        &("Accept", "*/*"),
        &("User-Agent", "x/1.0 (y; z)"),
        &("Cookie", "a=b; c=\"d\""),
        &("X-Empty", ""),
        &("X-Latin", "caf\u{e9}"),
        &("TE", "trailers"),
        &("Trailer", "X-Sum"),
        &("Content-Type", "text/plain"),
        &("X_Under", "1"),
        &("!#$%&'*+-.^_`|~", "token"),
    ]);
    Field::new(name, value)
}

const CONTENTS: [&str; 8] = [
    "a",
    "hello",
    "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
    "0\r\n\r\n",
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "\r\n",
    "GET /smuggled HTTP/1.1\r\nX: ",
];

/// Bytes that could be something else.
pub fn content(random: &mut Random) -> Vec<u8> {
    match random.below(10) {
        0 => (0..random.below(40)).map(|_| random.byte()).collect(),
        1 => "x".repeat(random.below(300)).into(),
        _ => random.pick(&CONTENTS).into(),
    }
}

fn body(random: &mut Random, method: &str, is_old: bool, fields: &mut Vec<Field>) -> Body {
    let has_body = match method {
        "CONNECT" | "TRACE" => false,
        "POST" | "PUT" | "PATCH" => random.percent(90),
        _ => random.percent(15),
    };
    if !has_body {
        return Body::Plain(Vec::new());
    }
    if !is_old && random.percent(55) {
        fields.push(Field::new("Transfer-Encoding", random.pick(&["chunked", "chunked", "chunked", "Chunked"])));
        return chunked(random);
    }
    let content = if random.percent(10) { Vec::new() } else { content(random) };
    fields.push(Field::new("Content-Length", content.len().to_string()));
    Body::Plain(content)
}

/// A chunked body, with now and then an extension, a leading zero, a trailer.
pub fn chunked(random: &mut Random) -> Body {
    let mut chunks: Vec<Chunk> = (0..random.below(4)).map(|_| chunk(content(random), random)).collect();
    chunks.retain(|chunk| !chunk.content.is_empty());
    let mut last = chunk(Vec::new(), random);
    last.end.clear();
    chunks.push(last);
    let fields = match random.below(10) {
        0 => vec![Field::new("X-Sum", "1")],
        1 => vec![Field::new("X-Sum", "1"), Field::new("Y", "")],
        _ => Vec::new(),
    };
    Body::Chunked(chunks, Trailers { fields, end: b"\r\n".into() })
}

fn chunk(content: Vec<u8>, random: &mut Random) -> Chunk {
    let size = match random.below(8) {
        0 => format!("{:X}", content.len()),
        1 => format!("{:04x}", content.len()),
        2 => format!("{:016x}", content.len()),
        _ => format!("{:x}", content.len()),
    };
    let extension =
        if random.percent(12) { random.pick(&[";a", ";a=b", ";a=\"b;c\"", ";a=b;c=d", ";a=\"\\\"\""]) } else { "" };
    Chunk { size: size.into(), extension: extension.into(), size_end: b"\r\n".into(), content, end: b"\r\n".into() }
}

/// Beyond what is read at once, and for the body beyond what is read before a handler is called.
const LARGE_BYTES: [usize; 5] = [4_000, 8_190, 16_384, 65_536, 70_000];

/// Makes a request large, in its fields or its body. Only its body is as large as the handler's buffer, because heads
/// have limits, and each parser its own.
pub fn enlarge(request: &mut Request, random: &mut Random) {
    let size = LARGE_BYTES[random.below(LARGE_BYTES.len())] + random.below(5);
    if random.percent(30) {
        let each = size.min(16_384) / 4;
        request.fields.extend((0..4).map(|number| Field::new(format!("X-{number}"), "y".repeat(each))));
        return;
    }
    let large = "z".repeat(size).into_bytes();
    match &mut request.body {
        Body::Chunked(chunks, _) => chunks.insert(0, chunk(large, random)),
        Body::Plain(_) => {
            if let Some(length) = request.field("content-length") {
                length.value = size.to_string().into();
                request.body = Body::Plain(large);
            }
        }
    }
}
