//! The request's body on its way through a script and back. Bodies are small, huge, chunked, slow or unread, and run
//! both ways at once.

use std::io::Write;
use std::net::Shutdown;
use std::process::{Command, Stdio};
use std::thread;

use crate::support::scripts::{ENOUGH_TO_START, PERL, PYTHON, SH, Scripts, Site, fetch, get, runs};
use crate::support::{Client, Reply};
use basehttp::testing::{self, Server};

/// Sends its input back, as it comes.
const CAT: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; exec cat\n";

/// Length of an upload (50 MB), more than all buffers on the way.
const UPLOAD_BYTES: usize = 50_000_000;

/// Bytes that differ from place to place.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

fn post(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
}

/// Sends a request with this body while the reply is read.
fn exchange(server: &Server, head: &str, body: &[u8]) -> Reply {
    let mut client = Client::sending(server, head);
    let mut sender = client.stream().try_clone().expect("a socket can be cloned");
    thread::scope(|scope| {
        let sending = scope.spawn(move || sender.write_all(body));
        let reply = client.read_reply();
        sending.join().expect("the sender does not panic").expect("the server takes all of it");
        reply
    })
}

fn chunked(body: &[u8], chunk: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() * 2);
    for chunk in body.chunks(chunk) {
        write!(bytes, "{:x}\r\n", chunk.len()).expect("memory takes all");
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

const CHUNKED: &str = "POST /cgi-bin/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn bodies_of_every_length_come_through_unchanged() {
    let scripts = Scripts::with(&[("x", CAT)]);
    let (server, log) = scripts.serve();
    for length in [0, 1, 4096, 65_535, 65_536, 65_537, 131_073, 1_000_000] {
        let body = noise(length);
        let reply = exchange(&server, &post("/cgi-bin/x", length), &body);
        assert!(reply.status == 200 && reply.body == body, "{length} bytes: {reply:.200?} {}", log.text());
        let reply = exchange(&server, CHUNKED, &chunked(&body, 10_000));
        assert!(reply.status == 200 && reply.body == body, "{length} bytes in chunks: {}", log.text());
        let request = [post("/cgi-bin/x", length).as_bytes(), &body].concat();
        let replies = Reply::all(&testing::respond(&scripts.site(), request));
        assert!(replies.len() == 1 && replies[0].body == body, "{length} bytes without a socket");
    }
}

/// The output of `md5sum` for these bytes.
fn md5(bytes: &[u8]) -> String {
    let mut command = Command::new("md5sum");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("md5sum");
    child.stdin.take().expect("it was asked for").write_all(bytes).expect("md5sum reads");
    let said = child.wait_with_output().expect("it is our child").stdout;
    String::from_utf8_lossy(&said[..32]).into_owned()
}

#[test]
fn scripts_of_three_languages_take_fifty_megabytes() {
    let python = "import sys, hashlib\nsum = hashlib.md5()\nwhile chunk := sys.stdin.buffer.read(65536): sum.update(chunk)\n\
                  print('Content-Type: text/plain\\n\\n' + sum.hexdigest())";
    let perl = "use Digest::MD5; binmode STDIN; print \"Content-Type: text/plain\\n\\n\", \
                Digest::MD5->new->addfile(*STDIN)->hexdigest, \"\\n\"";
    let sh = "printf 'Content-Type: text/plain\\n\\n'; md5sum | cut -d' ' -f1";
    let body = noise(UPLOAD_BYTES);
    let sum = md5(&body);
    for (interpreter, text) in [(SH, sh), (PYTHON, python), (PERL, perl)] {
        if !runs(interpreter) {
            continue;
        }
        let scripts = Scripts::with(&[("x", &format!("{interpreter}{text}"))]);
        let (server, log) = scripts.serve();
        let sized = exchange(&server, &post("/cgi-bin/x", body.len()), &body);
        assert_eq!(sized.text().trim(), sum, "{interpreter}: {}", log.text());
        let in_chunks = exchange(&server, CHUNKED, &chunked(&body, 1_000_000));
        assert_eq!(in_chunks.text().trim(), sum, "{interpreter}, in chunks: {}", log.text());
    }
}

#[test]
fn a_script_that_answers_while_it_reads_never_waits_for_a_client_that_sends_first() {
    let scripts = Scripts::with(&[("x", CAT)]);
    let (server, _) = scripts.serve();
    let body = noise(UPLOAD_BYTES);
    let mut client = Client::of(&server);
    // All of it, before the first byte of the reply is read.
    client.send([post("/cgi-bin/x", body.len()).as_bytes(), &body].concat());
    let reply = client.read_reply();
    assert!(reply.status == 200 && reply.body == body, "{} bytes came back", reply.body.len());
}

#[test]
fn a_body_streams_into_the_script_and_the_answer_out_of_it() {
    let echo = "printf 'Content-Type: text/plain\\n\\n'; while read -r line; do echo \"heard $line\"; done";
    let scripts = Scripts::with(&[("x", &format!("{SH}{echo}"))]);
    let (server, _) = scripts.serve();
    let line = |number: usize| format!("{number:09}\n");
    let length = 100_000 * line(0).len();
    let mut client = Client::sending(&server, post("/cgi-bin/x", length) + &line(0));
    // Each line is answered before the next one is sent, so neither side may wait for all of it.
    let mut answer = String::new();
    for number in 1..20 {
        while !answer.contains(&format!("heard {}", line(number - 1))) {
            answer.push_str(&String::from_utf8_lossy(&client.read_exactly(1)));
        }
        client.send(line(number));
    }
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[test]
fn a_script_that_does_not_read_answers_all_the_same() {
    let scripts = Scripts::with(&[
        ("deaf", &format!("{SH}printf 'Content-Type: text/plain\\n\\nno'")),
        ("closed", &format!("{SH}exec <&-; printf 'Content-Type: text/plain\\n\\n'; head -c 3000000 /dev/zero")),
        ("some", &format!("{SH}printf 'Content-Type: text/plain\\n\\n'; head -c 5")),
    ]);
    let (server, _) = scripts.serve();
    let body = noise(200_000);
    assert_eq!(exchange(&server, &post("/cgi-bin/deaf", body.len()), &body).text(), "no");
    assert_eq!(exchange(&server, &post("/cgi-bin/some", body.len()), &body).body, body[..5]);
    // A client that reads nothing before it has sent all, and a script that says much and hears nothing.
    let mut client = Client::of(&server);
    client.send(post("/cgi-bin/closed", 20_000_000));
    client.send(vec![0; 20_000_000]);
    assert_eq!(client.read_reply().body.len(), 3_000_000);
}

#[test]
fn the_request_behind_a_body_is_served_on_the_same_connection() {
    // The script reads all of its input before it answers. An earlier reply would end the connection.
    let late = format!("{SH}cat >input; printf 'Content-Type: text/plain\\n\\n'; exec cat input");
    let scripts = Scripts::with(&[("x", &late), ("deaf", &format!("{SH}printf 'Content-Type: text/plain\\n\\nno'"))]);
    let (server, _) = scripts.serve();
    let body = noise(100_000);
    let mut client = Client::of(&server);
    let requests = [
        [post("/cgi-bin/x", body.len()).as_bytes(), &body].concat(),
        [CHUNKED.as_bytes(), &chunked(&body, 7000)].concat(),
        [post("/cgi-bin/deaf", 5).as_bytes(), b"hello"].concat(),
        get("/cgi-bin/deaf").into_bytes(),
    ];
    client.send(requests.concat());
    assert!(client.read_reply().body == body);
    assert!(client.read_reply().body == body);
    assert_eq!(client.read_reply().text(), "no");
    assert_eq!(client.read_reply().text(), "no");
}

#[test]
fn a_client_that_waits_to_be_asked_is_asked() {
    let scripts = Scripts::with(&[("x", CAT)]);
    let (server, _) = scripts.serve();
    let body = noise(300_000);
    let head = post("/cgi-bin/x", body.len()).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let mut client = Client::sending(&server, head);
    assert_eq!(client.read_exactly(25), b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(&body);
    assert!(client.read_reply().body == body);
}

#[test]
fn a_body_beyond_the_bound_is_a_413_if_its_length_is_not_told() {
    let scripts = Scripts::with(&[("x", CAT)]);
    let (server, _) = Site::of(scripts.options().max_spooled_body_bytes(100_000)).serve();
    let body = noise(100_000);
    assert!(exchange(&server, CHUNKED, &chunked(&body, 1000)).body == body, "just so much");
    let mut client = Client::sending(&server, CHUNKED);
    client.send(chunked(&noise(100_001), 1000));
    assert_eq!(client.read_reply().status, 413);
    let long = noise(1_000_000);
    assert!(exchange(&server, &post("/cgi-bin/x", long.len()), &long).body == long, "a length that is told streams");
}

#[test]
fn a_body_that_ends_early_ends_the_script() {
    let scripts = Scripts::with(&[("x", &format!("{SH}echo $$ >here; cat >/dev/null; echo read >end"))]);
    let (server, _) = scripts.serve();
    let mut client = Client::sending(&server, post("/cgi-bin/x", 1_000_000) + &"x".repeat(100_000));
    let pid = scripts.await_file("here");
    client.stream().shutdown(Shutdown::Write).expect("the connection is open");
    assert_eq!(client.read_reply().status, 400);
    crate::support::scripts::expect_gone(&pid);
    assert!(!scripts.www().join("cgi-bin/end").exists(), "it never saw an end of the body");
}

#[test]
fn a_client_that_stops_sending_is_told_so() {
    let scripts = Scripts::with(&[("x", CAT)]);
    let (server, _) = Site::of(scripts.options().output_stall_timeout(ENOUGH_TO_START)).serve();
    let mut client = Client::sending(&server, post("/cgi-bin/x", 1_000_000) + &"x".repeat(100_000));
    // The output so far comes back, and then the reply is cut off.
    assert!(client.try_read_reply("POST").is_err());
    let quiet = Scripts::with(&[("x", &format!("{SH}cat >/dev/null"))]);
    let (server, _) = Site::of(quiet.options().output_stall_timeout(ENOUGH_TO_START)).serve();
    let mut client = Client::sending(&server, post("/cgi-bin/x", 1_000_000) + &"x".repeat(100_000));
    assert_eq!(client.read_reply().status, 408);
}

#[test]
fn output_comes_as_it_is_written() {
    let slow = "printf 'Content-Type: text/plain\\n\\none\\n'; read line <go; echo two";
    let scripts = Scripts::with(&[("x", &format!("{SH}{slow}"))]);
    let go = scripts.www().join("cgi-bin/go");
    assert!(Command::new("mkfifo").arg(&go).status().expect("mkfifo").success());
    let (server, _) = scripts.serve();
    let mut client = Client::sending(&server, get("/cgi-bin/x"));
    let mut answer = String::new();
    while !answer.contains("one\n") {
        answer.push_str(&String::from_utf8_lossy(&client.read_exactly(1)));
    }
    std::fs::write(&go, "go\n").expect("the script reads it");
    while !answer.contains("two\n") {
        answer.push_str(&String::from_utf8_lossy(&client.read_exactly(1)));
    }
    assert!(answer.contains("\r\nTransfer-Encoding: chunked\r\n"), "{answer}");
}

#[test]
fn much_output_is_sent_whole() {
    let scripts = Scripts::with(&[("x", &format!("{SH}printf 'Content-Type: a/b\\n\\n'; head -c 50000000 /dev/zero"))]);
    let (server, _) = scripts.serve();
    assert_eq!(fetch(&server, "/cgi-bin/x").body.len(), 50_000_000);
}
