//! The end of the program by signals. The first ends it in order, the second at once.

mod support;

use std::fs::File;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Instant;

use rustix::process::Signal;
use support::http::needs::program;
use support::http::{Client, PATIENCE};
use support::{Manager, Program, Scratch};

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

/// Starts the command without a terminal, whether the tests have one or not.
fn without_a_terminal(arguments: &[&str]) -> Program {
    let mut command = Command::new("setsid");
    command.arg(env!("CARGO_BIN_EXE_basehttp")).args(arguments);
    Program::start(command)
}

#[test]
fn a_service_that_has_nothing_to_read_again_serves_on_after_sighup() {
    if !program("setsid") {
        return;
    }
    let tls: &[&str] = if cfg!(feature = "tls") { &["--tls-self-signed"] } else { &[] };
    for further in [&[][..], tls] {
        let program = without_a_terminal(&[&["0", "-q"], further].concat());
        let address = program.address();
        for _ in 0..2 {
            program.signal(Signal::HUP);
        }
        let log = program.stderr.wait_for("\n");
        assert_eq!(log.lines().next(), Some("basehttp: SIGHUP: there is no certificate of --tls-cert to read again"));
        assert!(TcpStream::connect(address).is_ok(), "{further:?}: it serves on");
        assert_eq!(program.stopped().how(), "exit 0");
    }
}

#[test]
fn a_service_manager_that_waits_for_a_reload_is_answered_without_a_certificate() {
    if !program("setsid") {
        return;
    }
    let scratch = Scratch::new();
    let socket = scratch.path_of("notify");
    let manager = Manager::at(&socket);
    let mut command = Command::new("setsid");
    command.args([env!("CARGO_BIN_EXE_basehttp"), "0", "-q"]);
    command.env("NOTIFY_SOCKET", &socket).env_remove("WATCHDOG_USEC");
    let program = Program::start(command);
    assert_eq!(manager.message(), "READY=1");
    program.signal(Signal::HUP);
    assert!(manager.message().starts_with("RELOADING=1\n"));
    assert_eq!(manager.message(), "READY=1");
    assert_eq!(program.stopped().how(), "exit 0");
}

/// Starts the command in a terminal of its own, which goes away with the value, and waits until clients can connect.
fn in_a_terminal(line: &str) -> (Program, SocketAddr) {
    let mut command = Command::new("script");
    command.args(["-q", "-f", "-e", "-c", line, "/dev/null"]).env("SHELL", "/bin/sh");
    let program = Program::start(command);
    let banner = program.stdout.wait_for(" ...\r\n");
    let port = banner.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a banner");
    let port: u16 = port.parse().expect("a number");
    (program, ([127, 0, 0, 1], port).into())
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    if !program("script") {
        return;
    }
    let scratch = Scratch::new();
    let plain = format!("exec {} 0 -q", env!("CARGO_BIN_EXE_basehttp"));
    let mut lines = vec![plain.clone()];
    #[cfg(feature = "tls")]
    {
        let certificate = basehttp::testing::Certificate::new();
        scratch.file("both.pem", &[certificate.pem(), certificate.key_pem()].concat());
        lines.push(format!("{plain} --tls-cert {}", scratch.path_of("both.pem")));
    }
    for line in lines {
        let (terminal, address) = in_a_terminal(&line);
        assert!(TcpStream::connect(address).is_ok(), "{line}");
        drop(terminal);
        let give_up = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_ok() {
            assert!(Instant::now() < give_up, "it serves on: {line}");
            thread::yield_now();
        }
    }
    drop(scratch);
}

/// Returns the lines about a second signal that cuts off so many downloads. The client before them has seen the end of
/// its connection, and the program may still be about to forget it.
fn lines_of_a_second(signal: &str, downloads: usize) -> [String; 2] {
    [downloads, downloads + 1].map(|count| {
        let connections = if count == 1 { "connection" } else { "connections" };
        format!("basehttp: a second signal, {signal}, has cut off {count} {connections}\n")
    })
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
        let ended = program.ended();
        assert_eq!(ended.how(), how, "{first:?}, {second:?}");
        let name = if second == Signal::INT { "SIGINT" } else { "SIGTERM" };
        let log = &ended.stderr;
        assert!(lines_of_a_second(name, 1).iter().any(|line| log.ends_with(line)), "{first:?}, {second:?}: {log:?}");
        drop(download);
    }
}

#[test]
fn a_second_signal_within_the_delay_says_what_it_has_cut_off() {
    let scratch = scratch();
    for downloads in [0, 2] {
        let (program, _) = Program::serving(&["-d", scratch.as_str(), "--quiet", "--shutdown-delay", "600"]);
        let downloads: Vec<_> = (0..downloads).map(|_| Download::begin(&program)).collect();
        let mut client = Client::connect(program.address());
        let mut is_last = || {
            client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.try_read_reply("HEAD").expect("it serves on").field("Connection") == Some("close")
        };
        // A program that is asked to end before it has begun to serve has no delay.
        assert!(!is_last());
        program.signal(Signal::TERM);
        let give_up = Instant::now() + PATIENCE;
        while !is_last() {
            assert!(Instant::now() < give_up, "the end does not begin");
        }
        client.expect_end();
        program.signal(Signal::TERM);
        let ended = program.ended();
        assert_eq!(ended.how(), "exit 143");
        assert!(lines_of_a_second("SIGTERM", downloads.len()).contains(&ended.stderr), "{:?}", ended.stderr);
    }
}
