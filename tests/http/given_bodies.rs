//! Bodies that a handler gives whole, with `send_bytes` and `send_file`. They have any size, ranges, HEAD, and files
//! that shrink.

use std::fs::{self, File};
use std::io::Read;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::support::does::{Act, Does, GET, GET_10, HEAD, answer, reply};
use crate::support::{Client, PATIENCE, Reply};
use basehttp::testing::Server;
use basehttp::{HTTPServer, Payload};

/// More than any buffer on the way holds.
const LARGE: usize = 10 * 1024 * 1024;

/// Ten megabytes of which no two neighbouring kilobytes are equal.
fn large() -> Vec<u8> {
    (0..LARGE).map(|at| u8::try_from((at / 1024 + at) % 251).expect("below 251")).collect()
}

/// A file of the test's own, gone when the value is.
struct Scratch(PathBuf);

impl Scratch {
    fn new(content: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("given-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, content).expect("a scratch file");
        Scratch(path)
    }

    fn open(&self) -> File {
        File::options().read(true).write(true).open(&self.0).expect("a scratch file")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover in the build's own directory is harmless.
        let _ = fs::remove_file(&self.0);
    }
}

fn letters() -> File {
    Scratch::new(b"abcdefghij").open()
}

#[test]
fn send_bytes_takes_every_form_of_bytes() {
    let table: &[(Act, &[u8], &str)] = &[
        (|ex| Ok(ex.send_bytes(200, "text/plain", vec![1, 2])?), &[1, 2], "Vec<u8>"),
        (|ex| Ok(ex.send_bytes(200, "text/plain", b"static".as_slice())?), b"static", "&'static [u8]"),
        (|ex| Ok(ex.send_bytes(200, "text/plain", b"array")?), b"array", "&'static [u8; N]"),
        (|ex| Ok(ex.send_bytes(200, "text/plain", "str")?), b"str", "&'static str"),
        (|ex| Ok(ex.send_bytes(200, "text/plain", String::from("text"))?), b"text", "String"),
        (|ex| Ok(ex.send_bytes(200, "text/plain", Arc::<[u8]>::from([3]))?), &[3], "Arc<[u8]>"),
        (
            |ex| Ok(ex.send_response(200).send_header("Content-Type", "text/plain").send_body("behind the fields")?),
            b"behind the fields",
            "send_body",
        ),
        (|ex| Ok(ex.send_bytes((200, "Fine"), "text/plain", "")?), b"", "nothing"),
    ];
    for (act, body, why) in table {
        for request in [GET, GET_10] {
            let reply = reply(*act, request);
            assert_eq!((reply.status, &reply.body[..]), (200, *body), "{why}");
            assert_eq!(reply.field("Content-Type"), Some("text/plain"), "{why}");
            assert_eq!(reply.field("Content-Length"), Some(body.len().to_string().as_str()), "{why}");
        }
    }
}

#[test]
fn a_body_given_whole_is_not_sent_where_none_belongs() {
    let table: &[(Act, &str, Option<&str>, &str)] = &[
        (|ex| Ok(ex.send_bytes(200, "text/plain", "hello")?), HEAD, Some("5"), "HEAD"),
        (|ex| Ok(ex.send_bytes(200, "text/plain", large())?), HEAD, Some("10485760"), "HEAD of a large one"),
        (|ex| Ok(ex.send_bytes(204, "text/plain", "hello")?), GET, None, "204"),
        (|ex| Ok(ex.send_bytes(205, "text/plain", "hello")?), GET, Some("0"), "205"),
        (|ex| Ok(ex.send_bytes(304, "text/plain", "hello")?), GET, Some("5"), "304"),
        (|ex| Ok(ex.send_file(letters(), ..)?), HEAD, Some("10"), "HEAD of a file"),
        (|ex| Ok(ex.send_response(304).send_file(letters(), ..)?), GET, Some("10"), "304 of a file"),
    ];
    for (act, request, length, why) in table {
        let bytes = answer(*act, &format!("{request}{request}"));
        let mut rest = &bytes[..];
        for _ in 0..2 {
            let reply = Reply::read(&mut rest, "HEAD").expect("a head");
            assert_eq!(reply.field("Content-Length"), *length, "{why}");
        }
        assert!(rest.is_empty(), "{why}: {}", rest[..rest.len().min(100)].escape_ascii());
    }
}

#[test]
fn a_large_body_given_whole_arrives_whole_and_the_connection_goes_on() {
    let table: &[(Act, &str)] = &[
        (|ex| Ok(ex.send_bytes(200, "text/plain", large())?), "bytes"),
        (|ex| Ok(ex.send_response(200).send_file(Scratch::new(&large()).open(), ..)?), "a file"),
    ];
    let expected = large();
    for (act, why) in table {
        let server = Server::start(Does(*act)).expect("a free port");
        let mut client = Client::sending(&server, GET.repeat(2));
        for _ in 0..2 {
            let reply = client.read_reply();
            assert_eq!(reply.field("Content-Length"), Some("10485760"), "{why}");
            assert!(reply.body == expected, "{why}");
        }
        let mut client = Client::sending(&server, GET_10);
        assert!(client.read_reply().body == expected, "{why}");
        client.expect_end();
    }
}

/// Tells when it is dropped.
struct Notice(mpsc::Sender<()>);

impl Drop for Notice {
    fn drop(&mut self) {
        // The receiver is gone when the test has failed.
        let _ = self.0.send(());
    }
}

#[test]
fn what_guards_a_body_lives_as_long_as_the_body_is_on_its_way() {
    static NOTICES: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
    let (sender, dropped) = mpsc::channel();
    *NOTICES.lock().unwrap() = Some(sender);
    let server = Server::start(Does(|ex| {
        let notice = Notice(NOTICES.lock().unwrap().clone().expect("set before the server was started"));
        Ok(ex.send_bytes(200, "text/plain", Payload::from(large().repeat(4)).with_guard(Arc::new(notice)))?)
    }))
    .expect("a free port");

    let mut client = Client::sending(&server, GET);
    let head = client.read_exactly(17);
    assert_eq!(head, b"HTTP/1.1 200 OK\r\n", "it is being sent, and more is left than the sockets hold");
    assert_eq!(dropped.try_recv(), Err(mpsc::TryRecvError::Empty), "it lives while the body is on its way");
    client.read_exactly(4 * LARGE);
    dropped.recv_timeout(PATIENCE).expect("dropped with the last byte");

    let mut client = Client::sending(&server, GET);
    client.read_exactly(17);
    drop(client);
    dropped.recv_timeout(PATIENCE).expect("dropped with the client");
}

/// A value whose drop waits for the holder of the lock, and then panics.
static GATE: Mutex<()> = Mutex::new(());

struct Stuck;

impl Drop for Stuck {
    fn drop(&mut self) {
        drop(GATE.lock());
        panic!("as the test wants it");
    }
}

#[test]
fn a_guard_that_blocks_and_panics_holds_up_no_others() {
    let act: Act = |ex| match ex.path {
        "/guarded" => {
            Ok(ex.send_bytes(200, "text/plain", Payload::from(vec![b'g'; 100_000]).with_guard(Arc::new(Stuck)))?)
        }
        _ => Ok(ex.send_text(200, "here")?),
    };
    let server = Server::start_with(HTTPServer::builder().workers(1), Does(act)).expect("a free port");
    let expect_served = |client: &mut Client| {
        client.send(GET);
        assert_eq!(client.read_reply().text(), "here");
    };
    let mut neighbour = Client::of(&server);
    expect_served(&mut neighbour);
    let held = GATE.lock();
    let mut guarded = Client::sending(&server, GET.replace("/ ", "/guarded "));
    assert_eq!(guarded.read_reply().body.len(), 100_000);
    for _ in 0..3 {
        expect_served(&mut neighbour);
        expect_served(&mut Client::of(&server));
    }
    drop(held);
    expect_served(&mut guarded);
    assert_eq!(server.server_handle().stats().errors.panics, 1);
}

#[test]
fn send_file_sends_the_range_it_is_told() {
    let table: &[(Act, &str, &str)] = &[
        (|ex| Ok(ex.send_file(letters(), ..)?), "abcdefghij", "all of it"),
        (|ex| Ok(ex.send_file(letters(), 3..)?), "defghij", "from there"),
        (|ex| Ok(ex.send_file(letters(), ..3)?), "abc", "up to there"),
        (|ex| Ok(ex.send_file(letters(), 3..=5)?), "def", "both ends"),
        (|ex| Ok(ex.send_file(letters(), (Bound::Excluded(3), Bound::Included(5)))?), "ef", "without its start"),
        (|ex| Ok(ex.send_file(letters(), 9..10)?), "j", "the last byte"),
        (|ex| Ok(ex.send_file(letters(), 5..5)?), "", "nothing in the middle"),
        (|ex| Ok(ex.send_file(letters(), 10..)?), "", "nothing at the end"),
    ];
    for (act, body, why) in table {
        let server = Server::start(Does(*act)).expect("a free port");
        let replies = [reply(*act, GET), reply(*act, GET_10), Client::sending(&server, GET).read_reply()];
        for reply in replies {
            assert_eq!((reply.status, reply.text()), (200, *body), "{why}");
            assert_eq!((reply.field("Content-Type"), reply.field("Transfer-Encoding")), (None, None), "{why}");
        }
    }
    let partial: Act = |ex| {
        ex.send_response(206).send_header("Content-Range", "bytes 1-2/10").send_header("Content-Length", 2);
        Ok(ex.send_file(letters(), 1..3)?)
    };
    assert_eq!((reply(partial, GET).status, reply(partial, GET).text()), (206, "bc"));
}

#[test]
fn a_body_that_cannot_be_given_is_a_500() {
    let table: &[(Act, &str)] = &[
        (|ex| Ok(ex.send_file(letters(), 11..)?), "a range behind the end"),
        (|ex| Ok(ex.send_file(letters(), ..11)?), "a range beyond the end"),
        (|ex| Ok(ex.send_file(letters(), (Bound::Included(5), Bound::Excluded(4)))?), "an end before the start"),
        (|ex| Ok(ex.send_file(letters(), ..=u64::MAX)?), "an end beyond every number"),
        (|ex| Ok(ex.send_response(200).send_header("Content-Length", 9).send_file(letters(), ..)?), "another length"),
        (
            |ex| Ok(ex.send_response(200).end_headers().and_then(|()| ex.send_file(letters(), ..))?),
            "the head has ended",
        ),
        (|ex| Ok(ex.send_bytes(200, "", "x").and_then(|()| ex.send_bytes(200, "", "y"))?), "two bodies"),
        (|ex| Ok(ex.send_body("x")?), "a body without a status line"),
        (|ex| Ok(ex.send_response(200).send_header("Content-Length", 9).send_body("x")?), "another length"),
        (|ex| Ok(ex.send_text(200, "x").and_then(|()| ex.send_body("y"))?), "a second body"),
        (
            |ex| {
                ex.send_text(200, "x")?;
                Ok(ex.wfile.write_all(b"y")?)
            },
            "more behind the body",
        ),
    ];
    for (act, why) in table {
        assert_eq!(reply(*act, GET).status, 500, "{why}");
    }
}

#[test]
fn a_directory_is_no_file_to_send() {
    // Opening one succeeds, and it has a length.
    let act: Act = |ex| Ok(ex.send_response(200).send_file(File::open(env!("CARGO_TARGET_TMPDIR"))?, ..)?);
    assert_eq!(reply(act, GET).status, 500);
}

#[test]
fn a_file_that_shrinks_before_it_is_sent_cuts_the_reply_off() {
    let table: &[(Act, &str)] = &[
        (
            |ex| {
                let file = letters();
                ex.send_file(file.try_clone()?, ..)?;
                Ok(file.set_len(4)?)
            },
            "a small one",
        ),
        (
            |ex| {
                let file = Scratch::new(&large()).open();
                ex.send_file(file.try_clone()?, ..)?;
                Ok(file.set_len(5_000_000)?)
            },
            "a large one",
        ),
    ];
    for (act, why) in table {
        let server = Server::start(Does(*act)).expect("a free port");
        let mut client = Client::sending(&server, GET.repeat(2));
        let mut came = Vec::new();
        // A reset, or an end before the length is reached, tells the client.
        let _ = client.stream().read_to_end(&mut came);
        assert!(Reply::read(&mut &came[..], "GET").is_err(), "{why}");
        assert_eq!(Client::sending(&server, HEAD).try_read_reply("HEAD").expect("a head").status, 200, "it serves on");
    }
}
