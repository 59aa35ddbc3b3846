//! The program as a service: sockets that a manager hands over, Unix sockets, messages to the manager, and an end that
//! load balancers can follow.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use support::http::{Client, PATIENCE, leave_socket_file};
use support::{Ended, Manager, Program, Scratch, basehttp, get, reply, run};

/// Starts the command as a service manager does. The shell puts its standard input where `redirections` say, and
/// becomes the command, with its process number.
fn handing_over(input: impl Into<OwnedFd>, redirections: &str, count: usize, arguments: &[&str]) -> Program {
    let script = format!("export LISTEN_FDS={count} LISTEN_PID=$$; exec \"$@\" {redirections} </dev/null");
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_basehttp")]).args(arguments);
    Program::start_with_input(command, Stdio::from(input.into()))
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// Asserts that it says one line about a descriptor, and serves nothing.
#[track_caller]
fn expect_one_line(ended: &Ended, wanted: &str) {
    assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 1", ""), "{ended:?}");
    assert!(ended.stderr.lines().count() == 1 && ended.stderr.contains(wanted), "{ended:?}");
}

#[test]
fn a_socket_that_is_handed_over_is_served_through_restarts() {
    let (listener, address) = listener();
    for round in 0..3 {
        // This client comes while no program runs, and waits.
        let mut early = Client::connect(address);
        early.send("GET / HTTP/1.0\r\n\r\n");
        let program = handing_over(listener.try_clone().expect("a descriptor"), "3<&0", 1, &[]);
        assert_eq!(program.address(), address, "round {round}");
        assert_eq!(early.read_reply().status, 200, "round {round}");
        let ended = program.stopped();
        assert_eq!(ended.how(), "exit 0");
        assert_eq!(ended.stdout.lines().count(), 1, "no word about --bind: {}", ended.stdout);
    }
    assert!(TcpStream::connect(address).is_ok(), "it is open still");
}

/// Sends a GET for `host` and returns the status.
fn status_for(address: SocketAddr, target: &str, host: &str) -> u16 {
    let mut client = Client::connect(address);
    client.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    client.read_reply().status
}

#[test]
fn a_loopback_socket_that_is_handed_over_answers_for_this_computer_alone() {
    let (socket, address) = listener();
    let program = handing_over(socket, "3<&0", 1, &[]);
    let _ = program.address();
    for (host, status) in [("evil.example", 421), ("127.0.0.1", 200), ("localhost:8000", 200), ("[::1]", 200)] {
        assert_eq!(status_for(address, "/", host), status, "{host}");
    }
    drop(program);
    let (socket, address) = listener();
    let program = handing_over(socket, "3<&0", 1, &["--host", "www.example.org"]);
    let _ = program.address();
    for (host, status) in [("evil.example", 421), ("www.example.org", 200), ("127.0.0.1", 200)] {
        assert_eq!(status_for(address, "/", host), status, "{host}");
    }
}

#[test]
fn a_unix_socket_beside_a_loopback_address_follows_its_rule_and_alone_it_answers_for_all() {
    let scratch = Scratch::new();
    let path = scratch.path().join("site.sock");
    let unix = format!("unix:{}", path.display());
    let ask = |host: &str| {
        let mut stream = UnixStream::connect(&path).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        response.lines().next().unwrap_or_default().to_owned()
    };
    let program = Program::start(basehttp(["0", "--bind", "127.0.0.1", "--bind", &unix]));
    assert_eq!(status_for(program.address(), "/", "www.example.org"), 421);
    assert_eq!(ask("www.example.org"), "HTTP/1.1 421 Misdirected Request");
    assert_eq!(ask("localhost"), "HTTP/1.1 200 OK");
    assert_eq!(program.stopped().how(), "exit 0");
    let program = Program::start(basehttp(["--bind", &unix]));
    program.stdout.wait_for("\n");
    assert_eq!(ask("www.example.org"), "HTTP/1.1 200 OK");
    assert_eq!(program.stopped().how(), "exit 0");
}

#[test]
fn sockets_of_the_flags_are_served_beside_those_that_are_handed_over() {
    let scratch = Scratch::new();
    let path = scratch.path().join("handed");
    let unix = UnixListener::bind(&path).expect("a new file");
    let program = handing_over(unix, "3<&0 4<&0", 2, &["--bind", "127.0.0.1", "0"]);
    let text = program.stdout.wait_for("127.0.0.1");
    let lines: Vec<_> = text.lines().collect();
    let expected = format!("Serving HTTP on unix:{} ...", path.display());
    assert_eq!(lines[..2], [expected.as_str(), expected.as_str()]);
    assert!(lines[2].starts_with("Serving HTTP on 127.0.0.1 port "), "{text}");
    assert_eq!(ask_unix(&path), "HTTP/1.1 200 OK");
    assert_eq!(program.stopped().how(), "exit 0");
    assert!(path.exists(), "its file belongs to the manager");
}

#[test]
fn a_descriptor_that_cannot_be_served_is_told_in_one_line() {
    let null = || fs::File::open("/dev/null").expect("it is everywhere");
    expect_one_line(&handing_over(null(), "3<&-", 1, &[]).ended(), "LISTEN_FDS: descriptor 3 is not a socket");
    expect_one_line(&handing_over(null(), "3<&0", 1, &[]).ended(), "LISTEN_FDS: descriptor 3 is not a socket");
    let (first, _address) = listener();
    expect_one_line(&handing_over(first, "3<&0 4<&-", 2, &[]).ended(), "LISTEN_FDS: descriptor 4 is not a socket");
    // A connection is a socket that does not listen.
    let (pair, _other) = UnixStream::pair().expect("two descriptors");
    expect_one_line(&handing_over(pair, "3<&0", 1, &[]).ended(), "does not listen");
}

#[cfg(feature = "tls")]
#[test]
fn a_certificate_for_one_run_is_for_the_address_of_a_socket_that_is_handed_over() {
    if !support::http::needs::program("openssl") {
        return;
    }
    let socket = TcpListener::bind(("127.0.0.2", 0)).expect("Linux has all of 127.0.0.0/8");
    let address = socket.local_addr().expect("it is bound").to_string();
    let scratch = Scratch::new();
    let program = handing_over(socket, "3<&0", 1, &["-q", "--tls-self-signed"]);
    program.address();
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address]);
    scratch.file("shown.pem", &Program::start(client).ended().stdout);
    let mut reader = Command::new("openssl");
    reader.args(["x509", "-noout", "-checkip", "127.0.0.2", "-in", &scratch.path_of("shown.pem")]);
    let ended = Program::start(reader).ended();
    assert!(ended.stdout.contains("IP 127.0.0.2 does match certificate"), "{ended:?}");
    assert_eq!(program.stopped().how(), "exit 0");
}

#[test]
fn variables_and_flags_about_sockets_are_not_ignored_in_silence() {
    let of_this_process = |count: &str| {
        let script = format!("export LISTEN_FDS='{count}' LISTEN_PID=$$; exec \"$@\" </dev/null");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_basehttp"), "0"]);
        Program::start(command)
    };
    for count in ["x", "-1", "1.5", "65536", "4294967296"] {
        let expected = format!("LISTEN_FDS: {count:?} is not a number of descriptors");
        expect_one_line(&of_this_process(count).ended(), &expected);
    }
    for count in ["0", ""] {
        assert_eq!(get(of_this_process(count).address(), "/").status, 200, "{count:?} is none");
    }
    let (socket, _address) = listener();
    let ended = handing_over(socket, "3<&0", 1, &["9999"]).ended();
    assert_eq!(ended.how(), "exit 2");
    assert!(ended.stderr.contains("9999 has no use: leave it out, or add an address with --bind"), "{ended:?}");
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let (listener, address) = listener();
    let script = "export LISTEN_FDS=1 LISTEN_PID=1; exec \"$@\" 3<&0 </dev/null";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_basehttp"), "0"]);
    let program = Program::start_with_input(command, Stdio::from(OwnedFd::from(listener)));
    assert_ne!(program.address(), address);
    let mut command = basehttp(["0"]);
    command.env("LISTEN_PID", "1").env("LISTEN_FDS", "x");
    assert_eq!(get(Program::start(command).address(), "/").status, 200);
    assert_eq!(get(program.address(), "/").status, 200);
}

/// Returns the status line of a response.
fn ask_unix(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("it reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    response.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_unix_socket_has_its_mode_and_goes_with_the_program() {
    let scratch = Scratch::new();
    let path = scratch.path().join("site.sock");
    let bind = format!("unix:{}", path.display());
    // As a killed program leaves it.
    leave_socket_file(&path);
    let program = Program::start(basehttp(["--bind", &bind, "--unix-mode", "660"]));
    assert_eq!(program.stdout.wait_for("\n"), format!("Serving HTTP on {bind} ...\n"));
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o660);
    assert_eq!(ask_unix(&path), "HTTP/1.1 200 OK");
    expect_one_line(&run(&["--bind", &bind]), "a server listens there already");
    assert_eq!(ask_unix(&path), "HTTP/1.1 200 OK", "the first one serves on");
    assert_eq!(program.stopped().how(), "exit 0");
    assert!(!path.exists());
    fs::write(&path, "data").expect("a new file");
    expect_one_line(&run(&["--bind", &bind]), "is not a socket");
    assert_eq!(fs::read(&path).expect("it is there"), b"data");
}

/// Reads messages until one is `wanted`, and returns those before it.
#[track_caller]
fn messages_until(manager: &Manager, wanted: &str) -> Vec<String> {
    let mut before = Vec::new();
    loop {
        let message = manager.receive().unwrap_or_else(|error| panic!("{error} before {wanted}: {before:?}"));
        if message == wanted {
            return before;
        }
        before.push(message);
    }
}

fn notifying(manager: &Manager, address: &str) {
    let mut command = basehttp(["0"]);
    command.env("NOTIFY_SOCKET", address).env("WATCHDOG_USEC", "40000").env_remove("WATCHDOG_PID");
    let program = Program::start(command);
    assert_eq!(messages_until(manager, "READY=1"), [""; 0], "{address}");
    // The program has nothing to do, and says all the same that it is alive.
    for _ in 0..3 {
        assert_eq!(messages_until(manager, "WATCHDOG=1"), [""; 0], "{address}");
    }
    program.signal(Signal::TERM);
    let before = messages_until(manager, "STOPPING=1");
    assert!(before.iter().all(|message| message == "WATCHDOG=1"), "{before:?}");
    assert_eq!(program.ended().how(), "exit 0");
}

#[test]
fn a_service_manager_is_told_of_the_beginning_the_life_and_the_end() {
    let scratch = Scratch::new();
    let path = scratch.path().join("notify");
    notifying(&Manager::at(&path), path.to_str().expect("UTF-8"));
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("basehttp-test-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a short name");
        notifying(&Manager::of(UnixDatagram::bind_addr(&address).expect("a free name")), &format!("@{name}"));
    }
}

#[test]
fn a_manager_that_is_not_there_or_not_named_well() {
    let mut command = basehttp(["0"]);
    command.env("NOTIFY_SOCKET", "nowhere");
    expect_one_line(&Program::start(command).ended(), "NOTIFY_SOCKET");
    // The program serves all the same.
    let mut command = basehttp(["0"]);
    command.env("NOTIFY_SOCKET", "/nowhere/at/all");
    let program = Program::start(command);
    assert_eq!(get(program.address(), "/").status, 200);
    assert_eq!(program.stopped().how(), "exit 0");
}

#[test]
fn load_balancers_see_the_end_before_it_comes() {
    let (program, address) = Program::serving(&["--health", "/healthz", "--shutdown-delay", "3600"]);
    let reply = get(address, "/healthz?from=here");
    assert_eq!((reply.status, reply.text()), (200, "ready\n"));
    assert_eq!(get(address, "/healthz/").status, 404, "one path alone");
    program.signal(Signal::TERM);
    // The signal takes a moment.
    let give_up = std::time::Instant::now() + PATIENCE;
    while get(address, "/healthz").status == 200 {
        assert!(std::time::Instant::now() < give_up, "it is ready still");
    }
    let reply = get(address, "/");
    assert_eq!((reply.status, reply.field("Connection")), (200, Some("close")));
    assert_eq!(get(address, "/healthz").text(), "about to end\n");
    let log = program.stderr.wait_for("GET / ");
    assert!(!log.contains("/healthz H") && log.contains("/healthz/ "), "checks are not logged: {log}");
    // The delay is an hour, and the second signal does not wait.
    program.signal(Signal::TERM);
    assert_eq!(program.ended().how(), "exit 143");
}

#[test]
fn probes_ask_for_health_by_any_address_and_for_nothing_else() {
    let site = Scratch::with(&[("hz/a.txt", "not for probes")]);
    let (_program, address) = Program::serving(&["-d", site.as_str(), "--host", "www.example.org", "--health", "/hz"]);
    let table = [
        ("/hz", "10.1.2.3:8000", 200),
        ("/hz?a", "10.1.2.3:8000", 200),
        ("/hz/", "10.1.2.3:8000", 421),
        ("/hz/a.txt", "10.1.2.3:8000", 421),
        ("/hz/../hz/a.txt", "10.1.2.3:8000", 421),
        ("http://10.1.2.3:8000/hz", "10.1.2.3:8000", 421),
        ("/", "10.1.2.3:8000", 421),
        ("/hz", "www.example.org", 200),
        ("/hz/a.txt", "www.example.org", 200),
    ];
    for (target, host, status) in table {
        assert_eq!(status_for(address, target, host), status, "{target} {host}");
    }
}

#[test]
fn what_is_cut_off_is_said() {
    let scratch = Scratch::new();
    fs::File::create(scratch.path().join("large")).and_then(|file| file.set_len(64 << 20)).expect("a file");
    let (program, address) = Program::serving(&["--quiet", "--grace", "0", "-d", scratch.as_str()]);
    let mut client = Client::connect(address);
    client.send("GET /large HTTP/1.0\r\n\r\n");
    client.stream().read_exact(&mut [0; 15]).expect("the reply begins");
    let ended = program.stopped();
    assert_eq!(ended.how(), "exit 0");
    assert!(ended.stderr.contains("cut off 1 connections"), "{ended:?}");
}

/// The files of `deploy` are not in the package, and may be missing.
#[test]
fn the_files_to_deploy_name_flags_that_there_are() {
    let help = run(&["--help"]).stdout;
    let Ok(files) = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy")) else { return };
    let mut found = 0;
    for file in files.map(|file| file.expect("a readable directory").path()) {
        let text = fs::read_to_string(&file).expect("a text");
        let is_start = |line: &&str| line.contains("--directory") || line.contains("--health");
        for line in text.lines().filter(is_start) {
            let words = line.split(|c: char| c.is_whitespace() || "`\"',[]()".contains(c));
            for flag in words.filter(|word| word.starts_with("--")) {
                // curl has flags of its own.
                let is_ours = help.lines().any(|line| line.split([' ', ',', '=', '[']).any(|word| word == flag));
                assert!(is_ours || line.contains("curl"), "{}: {flag}", file.display());
                found += usize::from(is_ours);
            }
        }
    }
    assert!(found > 10, "the files are read: {found}");
}

#[test]
fn two_programs_share_a_port_if_both_say_so() {
    let (first, address) = Program::serving(&["--reuse-port"]);
    let port = address.port().to_string();
    assert_eq!(run(&[&port]).how(), "exit 1", "one that does not say so");
    let second = Program::start(basehttp(["--reuse-port", &port]));
    assert_eq!(second.address(), address);
    assert_eq!(first.stopped().how(), "exit 0");
    assert_eq!(get(address, "/").status, 200, "the second one serves on");
}

#[test]
fn the_log_has_the_client_for_which_a_trusted_proxy_speaks() {
    let field = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
    for (flags, expected) in [
        (&["--trust-proxy", "127.0.0.0/8"][..], "192.0.2.7 - - "),
        (&[], "127.0.0.1 - - "),
        (&["--trust-proxy", "unix:"], "127.0.0.1 - - "),
    ] {
        let (program, address) = Program::serving(flags);
        assert_eq!(reply(address, "GET", "/", field).status, 200, "{flags:?}");
        let log = program.stopped().stderr;
        assert!(log.starts_with(expected), "{flags:?}: {log}");
    }
}

#[test]
fn the_proxy_protocol_is_spoken_by_trusted_proxies_alone() {
    let flags = ["--trust-proxy", "127.0.0.1", "--proxy-protocol", "--health", "/healthz"];
    let (program, address) = Program::serving(&flags);
    let mut proxy = Client::connect(address);
    proxy.send("PROXY TCP4 192.0.2.7 127.0.0.1 4000 80\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(proxy.read_reply().status, 200);
    let mut check = Client::connect(address);
    check.send("PROXY UNKNOWN\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(check.read_reply().text(), "ready\n");
    let mut plain = Client::connect(address);
    plain.send("GET / HTTP/1.0\r\n\r\n");
    let answer = plain.try_read_to_end().unwrap_or_default();
    assert!(answer.is_empty(), "{:?}", String::from_utf8_lossy(&answer));
    let log = program.stopped().stderr;
    assert!(log.contains("192.0.2.7 - - "), "{log}");
}

#[test]
fn wrong_values_say_what_to_write() {
    let table: [(&[&str], &str); 8] = [
        (&["--trust-proxy", "300.1.2.3"], "--trust-proxy: "),
        (&["--proxy-protocol"], "--trust-proxy"),
        (&["--unix-mode", "888"], "three octal digits"),
        (&["--unix-mode", "1777"], "three octal digits"),
        (&["--health", "healthz"], "a leading slash"),
        (&["--health", "/a?b"], "a leading slash"),
        (&["--grace", "soon"], "seconds in digits"),
        (&["--shutdown-delay", "1.5"], "seconds in digits"),
    ];
    for (arguments, wanted) in table {
        let ended = run(arguments);
        assert_eq!(ended.how(), "exit 2", "{arguments:?}");
        assert!(ended.stderr.contains(wanted), "{arguments:?}: {}", ended.stderr);
    }
}
