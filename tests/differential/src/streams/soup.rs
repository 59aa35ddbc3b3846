//! Streams that were never a request. They have words of the protocol in any order, behind a beginning that makes
//! parsers listen.

use crate::random::Random;

const HEAD: [&str; 34] = [
    "\r\n",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "\0",
    "X: y",
    "Host: h",
    "Host:",
    "Content-Length: 5",
    "Content-Length:",
    "Content-Length: 0",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding:",
    "chunked",
    "identity",
    "0",
    "5",
    "hello",
    "Connection: close",
    "Connection: keep-alive",
    "Expect: 100-continue",
    "GET / HTTP/1.1\r\nHost: h",
    "Upgrade: x",
    "POST / HTTP/1.0",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "\r\n\r\n",
];

const CHUNKS: [&str; 30] = [
    "\r\n",
    "\r\n",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\r",
    "0",
    "0",
    "1",
    "5",
    "a",
    "F",
    "hello",
    "hello",
    ";",
    ";a",
    "=",
    "=b",
    "\"",
    "\\",
    " ",
    "\t",
    "X: y",
    "Content-Length: 5",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "0x",
    "\0",
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
];

const GOOD: &str = "GET /good HTTP/1.1\r\nHost: h\r\n\r\n";

/// One of them.
pub fn stream(random: &mut Random) -> Vec<u8> {
    let (start, words) = match random.below(4) {
        0 => ("POST / HTTP/1.1\r\nHost: h\r\n", &HEAD[..]),
        1 => ("POST / HTTP/1.1\r\n", &HEAD[..]),
        _ => ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", &CHUNKS[..]),
    };
    let mut bytes = start.as_bytes().to_vec();
    for _ in 0..=random.below(12) {
        bytes.extend_from_slice(random.pick(words).as_bytes());
    }
    if random.percent(70) {
        // The parser that has found an end shows it here.
        bytes.extend_from_slice(random.pick(&["\r\n\r\n", "0\r\n\r\n", "\r\n0\r\n\r\n", ""]).as_bytes());
        bytes.extend_from_slice(GOOD.as_bytes());
    }
    bytes
}
