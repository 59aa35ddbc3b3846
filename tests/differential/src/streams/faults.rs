//! Faults of requests, accidental or deliberate, as requests have been smuggled through.

use super::draft::{Body, Chunk, Field, Request};
use super::grammar;
use crate::random::Random;

/// Puts one fault into a request.
pub fn of_a_request(request: &mut Request, random: &mut Random) {
    let kinds: [fn(&mut Request, &mut Random); 9] =
        [lead, request_line, version, host, a_field, length, coding, chunks, other_framing];
    // Half of the faults are in the framing, on which boundaries depend.
    let kind = [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 7, 8, 8][random.below(17)];
    kinds[kind](request, random);
}

fn lead(request: &mut Request, random: &mut Random) {
    let leads =
        ["\r\n", "\n", "\r", "\r\n\r\n", "\n\n", " ", "\t", "\r\n ", "\0", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", "x"];
    request.lead = random.pick(&leads).into();
}

fn request_line(request: &mut Request, random: &mut Random) {
    let blanks = ["", "  ", "\t", "\x0b", "\x0c", "\r", "\r\n", "\n", "\0", "\u{a0}"];
    let methods = ["get", "GET\t", "G ET", "GE\0T", "G(T", "", "SPAM", "Get", "PRI", "M-SEARCH", "TRACE", "CONNECT"];
    let targets = [
        "",
        "a",
        "*",
        "//h/a",
        "/a b",
        "/%00",
        "/a\tb",
        "/\0",
        "/\x7f",
        "/caf\u{e9}",
        "/a#b",
        "/a\\b",
        "http://i/",
        "http:///a",
        "ftp://h/",
        "http://u@h/",
        "https://h/",
        "h:443",
        "/\"<>",
        "/a\x01",
        "http://h/#f",
        "?a",
        "/[]{}|^`",
        "http://h?a",
        "urn:x",
        "http://h:99999/",
        "http://h:x/",
    ];
    match random.below(5) {
        0 => request.method = random.pick(&methods).into(),
        1 | 2 => request.target = random.pick(&targets).into(),
        3 => request.gaps[random.below(2)] = random.pick(&blanks).into(),
        _ => {
            request.line_end =
                random.pick(&["\n", "\r", " \r\n", "\t\r\n", "\r\r\n", "\0\r\n", "\r\n ", " x\r\n", ""]).into();
        }
    }
}

fn version(request: &mut Request, random: &mut Random) {
    let versions = [
        "HTTP/1.2",
        "HTTP/1.9",
        "HTTP/2.0",
        "HTTP/0.9",
        "HTTP/3.0",
        "HTTP/1.10",
        "HTTP/01.1",
        "http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.1x",
        "HTTP/1.x",
        "ICE/1.0",
        "RTSP/1.0",
        "HTTP /1.1",
        "",
        "HTTP/1.0",
        "HTTP/0.0",
        "HTTP/11",
        "Http/1.1",
        "HTTP/2",
    ];
    request.version = random.pick(&versions).into();
    if request.version.is_empty() && random.percent(50) {
        request.gaps[1].clear();
    }
}

fn host(request: &mut Request, random: &mut Random) {
    let hosts = [
        "", "i", "h,h", "h h", "h/", "h@i", "u@h", "h:x", "h:99999", "[::1", "[x]", "h\0", "h\\", "h:", "h#", "h?a",
        ":80", "[::1]x",
    ];
    match random.below(4) {
        0 => request.fields.retain(|field| !field.name.eq_ignore_ascii_case(b"host")),
        1 => request.fields.push(Field::new("Host", random.pick(&["h", "i", ""]))),
        _ => {
            let value = random.pick(&hosts);
            if let Some(field) = request.field("host") {
                field.value = value.into();
            }
        }
    }
}

fn a_field(request: &mut Request, random: &mut Random) {
    let at = random.below(request.fields.len().max(1));
    let Some(field) = request.fields.get_mut(at) else { return };
    break_field(field, random);
    if random.percent(10) {
        request.fields.insert(0, Field { name: b" ".into(), ..Field::new("", "X: y") });
    }
}

/// A fault of one field line.
fn break_field(field: &mut Field, random: &mut Random) {
    match random.below(9) {
        0 => field.colon = random.pick(&[" : ", "\t:", "", " ", "::", "\0:", "\x0b: ", "\r\n:", "=", ": \r\n "]).into(),
        1 => {
            field.end = random
                .pick(&["\n", "\r", "\r\r\n", "\n\r\n", "\r\n ", "\r\n\t", "\r\n \r\n", "\0\r\n", "", "\n\n", "\r\n\r"])
                .into();
        }
        2 => {
            let at = random.below(field.value.len() + 1);
            insert(
                &mut field.value,
                at,
                random.pick(&["\0", "\r", "\n", "\x0b", "\x7f", "\x01", "\u{85}", "\r\n ", "\r\n\t", "\n "]),
            );
        }
        3 => {
            let at = random.below(field.name.len() + 1);
            insert(
                &mut field.name,
                at,
                random.pick(&["\0", " ", "\t", "\r", "\x0b", "(", "\u{e9}", "\"", "\x7f", "_", "@", "\r\n"]),
            );
        }
        4 => field.name.clear(),
        5 => field.name = field.name.replace_byte(b'-', b'_'),
        6 => field.name.insert(0, *random.pick(&[&b' ', &b'\t', &b'\r', &b'\n'])),
        7 => {
            *field = Field::new(
                random.pick(&["Expect", "Upgrade", "Connection", "Keep-Alive"]),
                random.pick(&["x", "close", "h2c", "100-continue, x", "", "keep-alive, close", "upgrade"]),
            );
        }
        _ => field.value = grammar::content(random),
    }
}

trait ReplaceByte {
    fn replace_byte(&self, from: u8, to: u8) -> Self;
}

impl ReplaceByte for Vec<u8> {
    fn replace_byte(&self, from: u8, to: u8) -> Self {
        self.iter().map(|byte| if *byte == from { to } else { *byte }).collect()
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &str) {
    bytes.splice(at..at, what.bytes());
}

fn length(request: &mut Request, random: &mut Random) {
    let right = match &request.body {
        Body::Plain(content) => content.len(),
        Body::Chunked(..) => request.bytes().len() / 2,
    };
    let right = right.to_string();
    let value = match random.below(23) {
        0 => format!("+{right}"),
        1 => format!("-{right}"),
        2 => format!("0x{right}"),
        3 => format!("{right}, {right}"),
        4 => format!("{right},{right}"),
        5 => format!("{right}, 0"),
        6 => format!("{right},"),
        7 => format!(",{right}"),
        8 => format!("{right} {right}"),
        9 => format!("{right}.0"),
        10 => format!("{right}_0"),
        11 => format!("{right};a"),
        12 => format!("\"{right}\""),
        13 => String::new(),
        14 => format!("0{right}"),
        15 => format!("{}{right}", "0".repeat(30)),
        16 => "18446744073709551616".into(),
        17 => "18446744073709551615".into(),
        18 => "9223372036854775808".into(),
        19 => format!("{right}\x0b"),
        20 => format!("\x0c{right}"),
        21 => format!("{right}\u{a0}"),
        _ => (right.parse().unwrap_or(0) + 1 + random.below(3)).to_string(),
    };
    match random.below(4) {
        0 => request.fields.push(Field::new("Content-Length", value)),
        1 => request.fields.extend([Field::new("Content-Length", right.clone()), Field::new("content-length", right)]),
        2 => {
            let at = random.below(request.fields.len() + 1);
            request.fields.insert(at, Field::new("CONTENT-LENGTH", right));
        }
        _ => match request.field("content-length") {
            Some(field) => field.value = value.into(),
            None => request.fields.push(Field::new("Content-Length", value)),
        },
    }
}

const CODINGS: [&str; 30] = [
    "chunked ",
    " chunked",
    "chunked\t",
    "\tchunked",
    "xchunked",
    "chunkedx",
    "chunked, chunked",
    "chunked,",
    ",chunked",
    "identity",
    "chunked, identity",
    "identity, chunked",
    "gzip",
    "gzip, chunked",
    "chunked, gzip",
    "chunked;a=b",
    "\"chunked\"",
    "CHUNKED",
    "",
    ",",
    "chunked\x0b",
    "\x0bchunked",
    "chunked\0",
    "chu nked",
    "chunked chunked",
    "chunked\u{a0}",
    "'chunked'",
    "chunk",
    "x, chunked",
    "chunked\r\n ",
];

fn coding(request: &mut Request, random: &mut Random) {
    let value = random.pick(&CODINGS);
    let name = random.pick(&[
        "Transfer-Encoding",
        "transfer-encoding",
        "Transfer_Encoding",
        "Transfer-Encoding ",
        " Transfer-Encoding",
        "Transfer-Encoding\0",
        "\nTransfer-Encoding",
        "X: y\nTransfer-Encoding",
        "X: y\rTransfer-Encoding",
        "Transfer\u{2010}Encoding",
    ]);
    match random.below(3) {
        0 => match request.field("transfer-encoding") {
            Some(field) => field.value = value.into(),
            None => request.fields.push(Field::new("Transfer-Encoding", value)),
        },
        1 => {
            let at = random.below(request.fields.len() + 1);
            request.fields.insert(at, Field::new("Transfer-Encoding", value));
        }
        _ => {
            let at = random.below(request.fields.len() + 1);
            request.fields.insert(at, Field::new(name, "chunked"));
        }
    }
    if random.percent(20) {
        request.version = b"HTTP/1.0".into();
    }
}

/// Both framings, the one in use and another.
fn other_framing(request: &mut Request, random: &mut Random) {
    let at = random.below(request.fields.len() + 1);
    match request.body.clone() {
        Body::Chunked(..) => {
            let length = random.pick(&["0", "1", "3", "5", "6", "30", "100"]);
            request.fields.insert(at, Field::new("Content-Length", length));
        }
        Body::Plain(_) if random.percent(50) => {
            request.fields.insert(at, Field::new("Transfer-Encoding", random.pick(&CODINGS)));
        }
        Body::Plain(_) => {
            request.body = grammar::chunked(random);
            request.fields.insert(at, Field::new("Transfer-Encoding", "chunked"));
        }
    }
}

fn chunks(request: &mut Request, random: &mut Random) {
    if matches!(request.body, Body::Plain(_)) {
        request.fields.retain(|field| !field.name.eq_ignore_ascii_case(b"content-length"));
        request.fields.push(Field::new("Transfer-Encoding", "chunked"));
        request.body = grammar::chunked(random);
    }
    let Body::Chunked(chunks, trailers) = &mut request.body else { return };
    match random.below(12) {
        0 => trailers.end = random.pick(&["\n", "\r", "", "\r\r\n", " \r\n", "\r\n\r\n", "\n\r\n", "x\r\n"]).into(),
        1 => {
            let names =
                ["Content-Length", "Transfer-Encoding", "Host", "Connection", "Trailer", "Cookie", "X", "Content-Type"];
            let value = random.pick(&["0", "5", "chunked", "close", "h"]);
            trailers.fields.push(Field::new(random.pick(&names), value));
        }
        2 => {
            let mut field = Field::new("X-Sum", "1");
            break_field(&mut field, random);
            trailers.fields.push(field);
        }
        _ => {
            let at = random.below(chunks.len());
            break_chunk(&mut chunks[at], random);
        }
    }
}

fn break_chunk(chunk: &mut Chunk, random: &mut Random) {
    let size = String::from_utf8_lossy(&chunk.size).into_owned();
    match random.below(6) {
        0 => {
            chunk.size = match random.below(16) {
                0 => format!("0x{size}"),
                1 => format!("+{size}"),
                2 => format!("-{size}"),
                3 => format!(" {size}"),
                4 => format!("{size} "),
                5 => format!("{size}\t"),
                6 => String::new(),
                7 => format!("{}{size}", "0".repeat(16)),
                8 => format!("{}{size}", "0".repeat(40)),
                9 => format!("1{size:0>16}"),
                10 => format!("1{size:0>8}"),
                11 => format!("{size}_0"),
                12 => format!("{size}g"),
                13 => format!("{size}\0"),
                14 => format!("{size},"),
                _ => "ffffffffffffffff".into(),
            }
            .into();
        }
        1 => {
            chunk.size_end = random
                .pick(&["\n", "\r", "\r\r\n", "\n\r\n", "", " \r\n", "\r\n\r\n", "\t\r\n", "\0\r\n", "\r "])
                .into();
        }
        2 => {
            chunk.end = random
                .pick(&["\n", "\r", "", "\r\r\n", "\n\r\n", "\r\n\r\n", "x\r\n", "\r\nx", " \r\n", "xx", "\n\n"])
                .into();
        }
        3 | 4 => {
            chunk.extension = random
                .pick(&[
                    ";",
                    " ;a",
                    ";a ",
                    ";a=",
                    ";=b",
                    "; a",
                    ";a = b",
                    ";a=\"",
                    ";a=\"b\nc\"",
                    ";a=\"b\rc\"",
                    ";\0",
                    ";a\n",
                    ";a\r",
                    ";a\x01=b",
                    ";a=\"\x7f\"",
                    ";a=b c",
                    ";a;;b",
                    ";a=b\n0\r\n\r\n",
                    ";\u{e9}",
                    ";a=\"b",
                    " a",
                    "\ta",
                    ";a=\"b\"c",
                    ";a=\"\0\"",
                    ";a=\x0b",
                    ";a=(",
                    "\n;a",
                ])
                .into();
        }
        _ => {
            let at = random.below(chunk.content.len() + 1);
            insert(&mut chunk.content, at, random.pick(&["x", "\r\n", "\n"]));
        }
    }
}

/// A fault that knows nothing of requests.
pub fn of_the_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    match random.below(6) {
        0 | 1 => bytes.truncate(at),
        2 => bytes[at] = random.byte(),
        3 => bytes[at] = *random.pick(&[&b'\r', &b'\n', &0, &b' ', &b'\t', &b':', &b'0', &b',']),
        4 => {
            bytes.remove(at);
        }
        _ => insert(bytes, at, random.pick(&["\r", "\n", "\r\n", "\0", " ", "\t", "0", ":", ","])),
    }
}
