//! The end of the program by signals. The first ends it in order, the second at once.

mod support;

use std::fs::File;
use std::io::Read;
use std::net::TcpStream;

use rustix::process::Signal;
use support::http::{Client, PATIENCE};
use support::{Program, Scratch};

/// Makes a directory with a file that is larger than the buffers of a socket.
fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let file = File::create(scratch.path().join("large")).expect("a file");
    file.set_len(LARGE_BYTES).expect("a size");
    scratch
}

const LARGE_BYTES: u64 = 64 * 1024 * 1024;

/// A download that has begun and waits for its reader.
struct Download(TcpStream);

impl Download {
    fn begin(program: &Program) -> Self {
        let mut client = Client::connect(program.address());
        client.send("GET /large HTTP/1.0\r\n\r\n");
        let mut stream = client.stream().try_clone().expect("a descriptor");
        let mut first = [0; 15];
        stream.read_exact(&mut first).expect("the reply begins");
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        Download(stream)
    }

    /// Reads the rest of the response, head included, and returns its length.
    fn read_to_end(mut self) -> u64 {
        self.0.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
        std::io::copy(&mut self.0, &mut std::io::sink()).expect("the rest comes")
    }
}

/// A client that has asked once and says no more. Its connection is closed when the program's end has begun.
struct Idle(Client);

impl Idle {
    fn at(program: &Program) -> Self {
        let mut client = Client::connect(program.address());
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.read_reply().status, 200);
        Idle(client)
    }

    fn wait_for_the_end(mut self) {
        self.0.expect_end();
    }
}

#[test]
fn the_first_signal_ends_it_in_order() {
    for (signal, text) in [(Signal::INT, "\nKeyboard interrupt received, exiting.\n"), (Signal::TERM, "")] {
        let (program, address) = Program::serving(&["--quiet"]);
        let idle = Idle::at(&program);
        let banner = program.stdout.wait_for("\n");
        program.signal(signal);
        idle.wait_for_the_end();
        let ended = program.ended();
        assert_eq!((ended.how().as_str(), ended.stdout, ended.stderr.as_str()), ("exit 0", banner + text, ""));
        assert!(TcpStream::connect(address).is_err(), "{signal:?}: the port is closed");
    }
}

#[test]
fn a_signal_right_behind_the_banner_is_not_lost() {
    for _ in 0..20 {
        let (program, _) = Program::serving(&[]);
        assert_eq!(program.stopped().how(), "exit 0");
    }
}

#[test]
fn a_download_in_flight_is_finished() {
    let scratch = scratch();
    let (program, _) = Program::serving(&["-d", scratch.as_str()]);
    let (idle, download) = (Idle::at(&program), Download::begin(&program));
    program.signal(Signal::TERM);
    idle.wait_for_the_end();
    assert!(download.read_to_end() > LARGE_BYTES, "all of it comes");
    assert_eq!(program.ended().how(), "exit 0");
}

#[test]
fn a_download_that_nobody_reads_is_waited_for_no_longer_than_five_seconds() {
    let scratch = scratch();
    let (program, _) = Program::serving(&["-d", scratch.as_str()]);
    let download = Download::begin(&program);
    program.signal(Signal::TERM);
    assert_eq!(program.ended().how(), "exit 0");
    drop(download);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let scratch = scratch();
    let table = [
        (Signal::INT, Signal::INT, "exit 130"),
        (Signal::TERM, Signal::TERM, "exit 143"),
        (Signal::TERM, Signal::INT, "exit 130"),
        (Signal::INT, Signal::TERM, "exit 143"),
    ];
    for (first, second, how) in table {
        let (program, _) = Program::serving(&["-d", scratch.as_str()]);
        // As long as the download is not read, the end in order (exit 0) waits.
        let (idle, download) = (Idle::at(&program), Download::begin(&program));
        program.signal(first);
        idle.wait_for_the_end();
        program.signal(second);
        assert_eq!(program.ended().how(), how, "{first:?}, {second:?}");
        drop(download);
    }
}
