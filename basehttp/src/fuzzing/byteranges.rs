//! A Range field, sent to the files handler: the reply's parts are the file's bytes, and its framing is right.

use std::fmt;
use std::sync::LazyLock;

use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, http_handler, testing};

use super::reply::{ReceivedReply, replies};

/// This very file is what is asked for.
const FILE: &[u8] = include_bytes!("byteranges.rs");

/// The directory of this file, without a log.
struct ThisDirectory(SimpleHTTPRequestHandler);

#[http_handler(protocol_version = "HTTP/1.1")]
impl ThisDirectory {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// With a cache, and without one.
static FOLDERS: LazyLock<[ThisDirectory; 2]> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fuzzing");
    let files = || SimpleHTTPRequestHandler::builder().directory(folder);
    [files(), files().cache_bytes(0)].map(|files| ThisDirectory(files.build().expect("the folder is there")))
});

/// Runs this target on `bytes`.
pub fn byteranges(bytes: &[u8]) {
    let field: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_control()).take(1000).collect();
    let request =
        [b"GET /byteranges.rs HTTP/1.1\r\nHost: h\r\nConnection: close\r\nRange: ", &field[..], b"\r\n\r\n"].concat();
    let folder = &FOLDERS[usize::from(bytes.first().is_some_and(u8::is_ascii_uppercase))];
    let sent = testing::respond(folder, &request);
    let reply = replies(&sent, |_| false).pop().expect("one reply");
    match (reply.status, reply.field("Content-Range"), reply.field("Content-Type")) {
        (200, None, _) => assert_eq!(reply.body, FILE),
        (206, Some(place), _) => assert_eq!(reply.body, part(place)),
        (206, None, Some(kind)) => check_parts(&reply, kind),
        (416, Some(place), _) => assert_eq!(place, format!("bytes */{}", FILE.len())),
        other => panic!("{other:?}"),
    }
}

/// The bytes that a Content-Range names.
fn part(place: &str) -> &'static [u8] {
    let place = place.strip_prefix("bytes ").and_then(|place| place.strip_suffix(&format!("/{}", FILE.len())));
    let (first, last) = place.and_then(|place| place.split_once('-')).expect("first-last/length");
    let number = |text: &str| text.parse::<usize>().expect("a number");
    &FILE[number(first)..=number(last)]
}

/// RFC 9110, section 14.6.
fn check_parts(reply: &ReceivedReply, kind: &str) {
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("several parts");
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = &reply.body[..];
    let mut count = 0;
    loop {
        rest = rest.strip_prefix(delimiter.as_bytes()).expect("a delimiter before each part");
        if rest == b"--\r\n" {
            break;
        }
        let head_end =
            rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an empty line behind a part's head");
        let head = str::from_utf8(&rest[..head_end]).expect("a part's head is ascii");
        let place = head.lines().find_map(|line| line.strip_prefix("Content-Range: ")).expect("a part has its place");
        let content = part(place);
        rest = rest[head_end + 4..].strip_prefix(content).expect("the file's bytes");
        count += 1;
    }
    assert!((2..=16).contains(&count), "{count} parts");
}
