//! Connections over a stream on which every single read, write and flush may fail or come short. The replies are those
//! of a calm run, or they end cleanly. `tools/inject.py` tries the failures of the system's own calls.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::support::Reply;
use basehttp::{Address, Connection, Exchange, HandlerError, Result, http_handler};

/// The fate of one call of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A signal interrupts the call, which has to be made again.
    Interrupted,
    /// One byte moves, and no more.
    Short,
    /// Nothing moves any more, in either direction.
    Broken(ErrorKind),
    /// The client is silent for longer than the stream waits; the same for ever after.
    Silent(ErrorKind),
}

use Fault::{Broken, Interrupted, Short, Silent};

/// Says which fault a call meets, by its number.
type Weather = Box<dyn FnMut(usize) -> Option<Fault> + Send>;

/// Everything about one run.
struct Line {
    request: VecDeque<u8>,
    weather: Weather,
    calls: usize,
    /// Bytes that were written and not flushed. A stream may keep them for as long as it likes.
    held: Vec<u8>,
    arrived: Vec<u8>,
    /// So many bytes had arrived when it broke.
    broken_at: Option<usize>,
    /// So many calls were made when the client fell silent.
    silent_at: Option<usize>,
}

/// Calls that a connection may make while its client is silent, a few more than there are steps to its end.
const MOST_CALLS_IN_SILENCE: usize = 8;

#[derive(Clone)]
struct Stream(Arc<Mutex<Line>>);

impl Stream {
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// The fault that this call meets.
    fn meet(&mut self) -> io::Result<Option<Fault>> {
        assert!(self.broken_at.is_none(), "a stream that has failed is used again");
        self.calls += 1;
        match (self.weather)(self.calls - 1) {
            Some(Interrupted) => Err(ErrorKind::Interrupted.into()),
            Some(Broken(kind)) => {
                self.broken_at = Some(self.arrived.len());
                Err(kind.into())
            }
            Some(Silent(kind)) => {
                let since = *self.silent_at.get_or_insert(self.calls);
                assert!(self.calls <= since + MOST_CALLS_IN_SILENCE, "it does not end");
                Err(kind.into())
            }
            fault => Ok(fault),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = &mut *self.lock();
        assert!(line.held.is_empty(), "the client is waited for, and {} bytes are not flushed", line.held.len());
        let most = if line.meet()? == Some(Short) { 1 } else { buffer.len() };
        line.request.read(&mut buffer[..most])
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut line = self.lock();
        let count = if line.meet()? == Some(Short) { 1 } else { bytes.len() };
        line.held.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let line = &mut *self.lock();
        line.meet()?;
        line.arrived.append(&mut line.held);
        Ok(())
    }
}

/// Sends replies in every way there is.
struct Everything;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Everything {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/stream" => {
                ex.send_response(200).end_headers()?;
                (0..100).try_for_each(|_| ex.wfile.write_all(&[b's'; 997]))?;
            }
            "/flushed" => {
                ex.send_response(200).end_headers()?;
                for _ in 0..3 {
                    ex.wfile.write_all(b"tick")?;
                    ex.wfile.flush()?;
                }
            }
            "/given" => ex.send_bytes(200, "text/plain", Arc::<[u8]>::from(vec![b'g'; 100_000]))?,
            "/file" => ex.send_file(File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"))?, ..)?,
            "/hint" => {
                ex.send_response_only(103).send_header("Link", "</style.css>").end_headers()?;
                ex.send_text(200, "hint")?;
            }
            "/echo" => {
                ex.send_response(101).send_header("Upgrade", "echo").end_headers()?;
                let mut taken = ex.hijack()?;
                let mut heard = [0; 1000];
                loop {
                    match taken.read(&mut heard) {
                        Ok(0) => break,
                        Ok(count) => taken.write_all(&heard[..count])?,
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            _ => ex.send_text(200, "hi")?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let body = ex.read_body(1_000_000)?;
        Ok(ex.send_bytes(200, "text/plain", body)?)
    }

    /// Answers while it reads.
    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200).end_headers()?;
        io::copy(&mut ex.rfile, &mut ex.wfile)?;
        Ok(())
    }

    /// The same in each run.
    fn date_time_string(&self, _: std::time::SystemTime) -> String {
        "Tue, 14 Nov 2023 22:13:20 GMT".into()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}

/// One request after the other, on one connection.
fn requests() -> Vec<Vec<u8>> {
    let simple = |method: &str, path: &str, fields: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n").into_bytes()
    };
    let sized = |method: &str, fields: &str, body: &[u8]| {
        let length = format!("{fields}Content-Length: {}\r\n", body.len());
        [simple(method, "/", &length), body.to_vec()].concat()
    };
    let big: Vec<u8> = (b'a'..=b'z').cycle().take(90_000).collect();
    let chunks = "5\r\nfirst\r\n6;x=\"y\"\r\nsecond\r\n0\r\nX-Sum: 1\r\n\r\n";
    let chunked = [simple("POST", "/", "Transfer-Encoding: chunked\r\n"), chunks.into()].concat();
    vec![
        simple("GET", "/", ""),
        simple("HEAD", "/given", ""),
        sized("POST", "", b"small"),
        chunked,
        sized("POST", "", &big),
        simple("GET", "/stream", ""),
        simple("GET", "/flushed", ""),
        sized("POST", "Expect: 100-continue\r\n", b"expected"),
        simple("GET", "/given", ""),
        simple("GET", "/file", ""),
        simple("GET", "/hint", ""),
        // The last reply, because a reply that leaves before its request is whole ends the connection.
        sized("PUT", "Connection: close\r\n", &big),
    ]
}

/// The result of a run.
struct Outcome {
    arrived: Vec<u8>,
    calls: usize,
    has_broken: bool,
}

fn run(weather: impl FnMut(usize) -> Option<Fault> + Send + 'static) -> Outcome {
    run_on(&requests().concat(), weather)
}

fn run_on(sent: &[u8], weather: impl FnMut(usize) -> Option<Fault> + Send + 'static) -> Outcome {
    let line = Line {
        request: sent.iter().copied().collect(),
        weather: Box::new(weather),
        calls: 0,
        held: Vec::new(),
        arrived: Vec::new(),
        broken_at: None,
        silent_at: None,
    };
    let stream = Stream(Arc::new(Mutex::new(line)));
    let mut connection = Connection::new(stream.clone(), &Everything);
    connection.handle();
    drop(connection);
    let mut line = stream.lock();
    let has_ended = line.broken_at.is_some() || line.silent_at.is_some();
    assert!(has_ended || line.held.is_empty(), "{} bytes are never flushed", line.held.len());
    Outcome { arrived: std::mem::take(&mut line.arrived), calls: line.calls, has_broken: line.broken_at.is_some() }
}

fn calm() -> Outcome {
    let outcome = run(|_| None);
    let replies = outcome.replies();
    assert_eq!(replies.len(), requests().len() + 1, "each request has its reply, and one a hint");
    assert!(replies.iter().all(|reply| matches!(reply.status, 103 | 200)), "{replies:?}");
    outcome
}

impl Outcome {
    /// The replies as a client reads them. The bytes of a read decide whether it is told to send its body, and where
    /// chunks end.
    fn replies(&self) -> Vec<Reply> {
        let replies = Reply::all_to(&self.arrived, |number| if number == 1 { "HEAD" } else { "GET" });
        replies.into_iter().filter(|reply| reply.status != 100).collect()
    }
}

#[track_caller]
fn expect_the_same(calm: &Outcome, outcome: &Outcome, why: &str) {
    let same = calm.arrived.iter().zip(&outcome.arrived).take_while(|(one, other)| one == other).count();
    let rest = |bytes: &[u8]| bytes[same..].iter().take(80).map(|&byte| char::from(byte)).collect::<String>();
    let is_same = calm.arrived == outcome.arrived;
    let (wanted, came) = (rest(&calm.arrived), rest(&outcome.arrived));
    assert!(is_same, "{why}: the same up to byte {same}, then {came:?} in place of {wanted:?}");
}

#[test]
fn an_interrupted_or_short_call_changes_no_reply_wherever_it_happens() {
    let calm = calm();
    assert!(calm.calls > 40, "there are calls enough: {}", calm.calls);
    let replies = calm.replies();
    for number in 0..calm.calls {
        let interrupted = run(move |call| (call == number).then_some(Interrupted));
        expect_the_same(&calm, &interrupted, &format!("call {number} is interrupted"));
        let short = run(move |call| (call == number).then_some(Short));
        assert!(short.replies() == replies, "call {number} is short");
    }
}

#[test]
fn calls_that_are_interrupted_and_short_all_the_time_change_no_reply() {
    let calm = calm();
    expect_the_same(&calm, &run(|call| (call % 2 == 0).then_some(Interrupted)), "each is made twice");
    assert!(run(|_| Some(Short)).replies() == calm.replies(), "one byte a call");
    let both = run(|call| Some(if call % 3 == 0 { Short } else { Interrupted }));
    assert!(both.replies() == calm.replies(), "one byte at every third call");
}

#[test]
fn a_stream_that_breaks_is_left_alone_and_what_arrived_is_right_so_far() {
    let calm = calm();
    let kinds = [
        ErrorKind::ConnectionReset,
        ErrorKind::BrokenPipe,
        ErrorKind::UnexpectedEof,
        ErrorKind::OutOfMemory,
        ErrorKind::Other,
    ];
    for number in 0..calm.calls {
        for kind in kinds {
            // That it is used again afterwards is seen by the stream itself.
            let outcome = run(move |call| (call == number).then_some(Broken(kind)));
            assert!(outcome.has_broken, "call {number} was made");
            let is_right = calm.arrived.starts_with(&outcome.arrived);
            assert!(is_right, "call {number} fails with {kind:?}: {} bytes arrived", outcome.arrived.len());
        }
    }
}

#[test]
fn a_client_that_falls_silent_ends_its_connection_wherever_it_does() {
    let calm = calm();
    for number in 0..calm.calls {
        for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
            let outcome = run(move |call| (call >= number).then_some(Silent(kind)));
            let is_right = calm.arrived.starts_with(&outcome.arrived);
            assert!(is_right, "silence from call {number} on: {} bytes arrived", outcome.arrived.len());
        }
    }
}

#[test]
fn a_connection_that_was_taken_moves_each_byte_once_wherever_a_call_fails() {
    let sent =
        [b"GET /echo HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), (0..=u8::MAX).cycle().take(50_000).collect()].concat();
    let calm = run_on(&sent, |_| None);
    assert!(calm.arrived.ends_with(&sent[sent.len() - 50_000..]), "all of it comes back");
    for number in 0..calm.calls {
        for fault in [Interrupted, Short] {
            let outcome = run_on(&sent, move |call| (call == number).then_some(fault));
            expect_the_same(&calm, &outcome, &format!("call {number} is {fault:?}"));
        }
        let outcome = run_on(&sent, move |call| (call == number).then_some(Broken(ErrorKind::ConnectionReset)));
        assert!(outcome.has_broken && calm.arrived.starts_with(&outcome.arrived), "call {number} fails");
    }
    expect_the_same(&calm, &run_on(&sent, |call| (call % 2 == 0).then_some(Interrupted)), "each is made twice");
}
