//! The scripts of attackers. Each function returns the steps of the attacker with a number, so that a squad has some of
//! each kind.

use std::iter;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::attacker::Step::{
    self, AwaitEnd, EndSending, Flood, Pause, ReadReplies, ReadSlowly, Reset, Send, ShakeHands, Trickle,
    TrickleRecords, UseTls12,
};
use super::content::{self, Random};

/// Longer than any phase.
const FOR_EVER: Duration = Duration::from_secs(3600);

fn send(bytes: impl AsRef<[u8]>) -> Step {
    Send(bytes.as_ref().into())
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: siege\r\n\r\n")
}

fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: siege\r\nContent-Length: {length}\r\n\r\n")
}

fn pause(milliseconds: u64) -> Step {
    Pause(Duration::from_millis(milliseconds))
}

/// Sends one byte every 300 ms.
fn drip(byte: &[u8]) -> Step {
    Trickle { bytes: byte.into(), piece: 1, pause: Duration::from_millis(300) }
}

/// Sends a head byte by byte from its start, byte by byte in a field, or only in part.
pub fn slow_head(number: u64) -> Vec<Step> {
    match number % 3 {
        0 => vec![drip(b"GET")],
        1 => vec![send("GET /page HTTP/1.1\r\nHost: siege\r\nX-Slow: "), drip(b"s")],
        _ => vec![send("GET /page HTTP/1.1\r\nHost: siege\r\n"), AwaitEnd],
    }
}

/// Has every other attacker speak TLS 1.2, and the others the newest version. The script counts each kind by itself.
fn by_version(number: u64, script: fn(u64) -> Vec<Step>) -> Vec<Step> {
    let mut steps = script(number / 2);
    if !number.is_multiple_of(2) {
        steps.insert(0, UseTls12);
    }
    steps
}

/// Makes a part of a handshake: a part of the first message, all of it, or a part of what follows the server's answer.
/// With TLS 1.2, that is the key exchange, of 42 bytes, and `Finished` is left out at least.
pub fn half_handshake(number: u64) -> Vec<Step> {
    let part = |number: u64| {
        let parts = [(0, 1), (0, 5), (0, 100), (1, 0), (1, 1), (1, 30), (1, 48)];
        let (turns, bytes) = parts[usize::try_from(number % 7).unwrap_or(0)];
        vec![ShakeHands { turns, bytes }, AwaitEnd]
    };
    by_version(number, part)
}

/// Sends records byte by byte: the first of the handshake, or that of a request after it.
pub fn slow_record(number: u64) -> Vec<Step> {
    let slow = |number: u64| {
        let pause = Duration::from_millis(300);
        let trickle = TrickleRecords { bytes: get("/page").into_bytes().into(), pause };
        if number.is_multiple_of(2) { vec![trickle] } else { vec![ShakeHands { turns: 2, bytes: 0 }, trickle] }
    };
    by_version(number, slow)
}

/// Sends a body byte by byte. It fits a buffer, comes in chunks, or is one that the handler waits for. The last kind
/// stops.
pub fn slow_body(number: u64) -> Vec<Step> {
    let chunked = "POST /upload HTTP/1.1\r\nHost: siege\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n";
    match number % 4 {
        0 => vec![send(post("/upload", 50_000)), drip(b"b")],
        1 => vec![send(chunked), drip(b"b")],
        2 => vec![send(post("/upload", 500_000)), drip(b"b")],
        _ => vec![send(post("/upload", 50_000) + "begun"), AwaitEnd],
    }
}

/// Asks for a large queued body, a large file, or an endless stream.
fn large(number: u64) -> Step {
    send(get(["/big", "/large.bin", "/endless"][usize::try_from(number % 3).unwrap_or(0)]))
}

/// Asks for a large body and reads nothing.
pub fn still_reader(number: u64) -> Vec<Step> {
    vec![large(number), Pause(FOR_EVER)]
}

/// Reads 40 KiB a second, so that the server's system can send again about once a second.
const SIPS: Step = ReadSlowly { piece: 4096, pause: Duration::from_millis(100) };

/// Asks for a queued body or a file, and reads it slowly.
pub fn sipping_reader(number: u64) -> Vec<Step> {
    vec![send(get(if number.is_multiple_of(2) { "/big" } else { "/large.bin" })), SIPS]
}

/// Asks for an endless stream, and reads it slowly.
pub fn sipping_listener(_: u64) -> Vec<Step> {
    vec![send(get("/endless")), SIPS]
}

/// Asks for a body that is made for this connection alone, and reads nothing.
pub fn hoarding_reader(_: u64) -> Vec<Step> {
    vec![send(get("/own")), Pause(FOR_EVER)]
}

/// Asks for a file and reads nothing.
pub fn file_reader(_: u64) -> Vec<Step> {
    vec![send(get("/large.bin")), Pause(FOR_EVER)]
}

/// Sends HEAD for an endless reply, and leaves with a reset, by closing, or once the head is here.
pub fn endless_head(number: u64) -> Vec<Step> {
    let path = if number.is_multiple_of(2) { "/ticks" } else { "/endless" };
    let ask = send(format!("HEAD {path} HTTP/1.1\r\nHost: siege\r\n\r\n"));
    match number / 2 % 3 {
        0 => vec![ask, pause(50), Reset],
        1 => vec![ask, EndSending, pause(50)],
        _ => vec![ask, pause(100)],
    }
}

/// Asks for a file on the stalling file system, which delays its reads, its opening, or the lookup of its name.
pub fn patient_reader(number: u64) -> Vec<Step> {
    let kind = ["read", "open", "name"][usize::try_from(number % 3).unwrap_or(0)];
    vec![send(get(&format!("/stalling/{kind}-{number}.bin"))), ReadReplies(1)]
}

/// A slow but honest client. It sends a body in two parts, pauses before it reads a file, or pauses between requests.
pub fn slow_and_honest(number: u64) -> Vec<Step> {
    match number % 3 {
        0 => {
            let half = "b".repeat(20_000);
            vec![send(post("/upload", 40_000) + &half), pause(500), send(half), ReadReplies(1)]
        }
        1 => vec![send(get("/large.bin")), pause(300), ReadReplies(1)],
        _ => iter::repeat_n([send(get("/page")), ReadReplies(1), pause(400)], 5).flatten().collect(),
    }
}

/// Connects and leaves at once, after one word, or after one request.
pub fn passer_by(number: u64) -> Vec<Step> {
    match number % 3 {
        0 => vec![],
        1 => vec![send("GET"), EndSending, AwaitEnd],
        _ => vec![send("GET /page HTTP/1.1\r\nHost: siege\r\nConnection: close\r\n\r\n"), AwaitEnd],
    }
}

/// Connects and sends nothing.
pub fn silent(_: u64) -> Vec<Step> {
    vec![Pause(FOR_EVER)]
}

/// Sends one request, and keeps the connection open.
pub fn idler(_: u64) -> Vec<Step> {
    vec![send(get("/page")), ReadReplies(1), Pause(FOR_EVER)]
}

/// Number of states in which [`resetter`] leaves.
const STATES: u64 = 12;

/// Leaves with a reset, in each state of a connection.
pub fn resetter(number: u64) -> Vec<Step> {
    let mut steps = match number % STATES {
        // After connecting, in a head, and after a head.
        0 => vec![],
        1 => vec![send("GET /page HT"), pause(2)],
        2 => vec![send(post("/upload", 50_000))],
        // In a body that fits a buffer, and in one that the handler waits for.
        3 => vec![send(post("/upload", 50_000) + "begun"), pause(2)],
        4 => vec![send(post("/upload", 500_000) + &"b".repeat(100_000)), pause(5)],
        // While the handler runs, and while a queued body, a stream, or a row of files is written.
        5 => vec![send(get("/sleep")), pause(3)],
        6 => vec![send(get("/big")), pause(5)],
        7 => vec![send(get("/endless")), pause(5)],
        8 => vec![send(get("/large.bin").repeat(20)), pause(5)],
        // While the rest of a body is drained, between requests, and after the last reply.
        9 => vec![send(post("/ignore", 200_000) + &"b".repeat(50_000)), ReadReplies(1), pause(2)],
        10 => vec![send(get("/page")), ReadReplies(1), pause(2)],
        _ => vec![send("GET / HTTP/1.1\r\nBad\r\n\r\n".to_owned() + &"x".repeat(3000)), ReadReplies(1), pause(2)],
    };
    steps.push(Reset);
    steps
}

/// Calls a handler that sleeps for 200 ms, again and again. If it is refused, it comes back later.
pub fn long_sleeper(_: u64) -> Vec<Step> {
    let steps = [send(get("/doze/200")), ReadReplies(1), pause(50)];
    iter::repeat_n(steps, 1000).flatten().collect()
}

/// Calls a blocking handler under a new path each time.
pub fn new_speller(number: u64) -> Vec<Step> {
    (0..500).flat_map(|turn| [send(get(&format!("/sleep/{number}-{turn}"))), ReadReplies(1)]).collect()
}

/// Pipelines requests without end, and never reads a reply.
pub fn pipeliner(number: u64) -> Vec<Step> {
    static PAGES: LazyLock<Arc<[u8]>> = LazyLock::new(|| get("/page").repeat(1000).into_bytes().into());
    static FILES: LazyLock<Arc<[u8]>> = LazyLock::new(|| get("/middle.bin").repeat(1000).into_bytes().into());
    vec![Flood(Arc::clone(if number.is_multiple_of(2) { &PAGES } else { &FILES }))]
}

/// Number of kinds of garbage.
const NONSENSE: u64 = 16;

/// Sends garbage, and attacks on careless parsers. The server must refuse all of it.
pub fn garbage(number: u64) -> Vec<Step> {
    static LINE: LazyLock<Arc<[u8]>> =
        LazyLock::new(|| format!("GET /{}", "l".repeat(1024 * 1024)).into_bytes().into());
    static FIELD: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
        format!("GET / HTTP/1.1\r\nHost: siege\r\nX: {}", "f".repeat(1024 * 1024)).into_bytes().into()
    });
    let head = |fields: &str| format!("POST /upload HTTP/1.1\r\nHost: siege\r\n{fields}\r\n");
    let chunked = |body: &str| head("Transfer-Encoding: chunked\r\n") + body;
    let said = match number % NONSENSE {
        0 => send(content::bytes(number, 1 + Random::new(number).below(20_000))),
        1 => Send(Arc::clone(&LINE)),
        2 => Send(Arc::clone(&FIELD)),
        3 => send(head(&"X: y\r\n".repeat(5000))),
        4 => send(head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\nGET /page HTTP/1.1\r\n"),
        5 => send(head("Content-Length: 5\r\nContent-Length: 6\r\n") + "12345"),
        6 => send(chunked("ffffffffffffffff\r\nmuch")),
        7 => send(chunked(&format!("1;{}\r\n", "e".repeat(200_000)))),
        8 => send(chunked(&"1;a=b\r\nx\r\n".repeat(20_000))),
        9 => send(chunked(&format!("0\r\n{}", "T: t\r\n".repeat(20_000)))),
        10 => send("GET /page HTTP/1.1\nHost: siege\n\n"),
        11 => send("\r\n".repeat(10_000)),
        12 => send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        13 => send("GET /\x1b[2J\x00%0d%0aX:%20y HTTP/1.1\r\nHost: siege\r\n\r\n"),
        14 => send(head("Content-Length: -1\r\n")),
        _ => send("GET /../../../../etc/passwd HTTP/1.1\r\nHost: a b\r\n\r\n"),
    };
    vec![said, EndSending, AwaitEnd]
}

/// Calls a blocking handler, with pauses.
pub fn sleeper(_: u64) -> Vec<Step> {
    iter::repeat_n([send(get("/sleep")), ReadReplies(1), pause(500)], 100).flatten().collect()
}

/// A mixture of the others.
pub fn everything(number: u64) -> Vec<Step> {
    let kinds = [slow_head, slow_body, still_reader, sipping_reader, passer_by, idler, resetter, sleeper, garbage];
    kinds[usize::try_from(number).unwrap_or(0) % kinds.len()](number / kinds.len() as u64)
}
