//! Servers in processes of their own to which the system gives few descriptors or threads. They serve on with what
//! there is, and nothing spins.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::stage::{builder, expect_ping, get, one_worker, start, upload};
use crate::support::{Client, PATIENCE, child};
use basehttp::testing::Server;

/// A deadline of the child's, longer than a test takes to its next step.
const HEAD_TIMEOUT: Duration = Duration::from_secs(3);

/// The variable that makes a child the server.
const IS_SERVER: &str = "BASEHTTP_TEST_IS_SERVER";

/// The text that the child prints before its port.
const PORT_FOLLOWS: &str = "port ";

/// A server in a process of its own, which may open few files. It is not a test.
#[test]
fn a_server_of_few_descriptors() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    // The deadline is several seconds. Until then the test has its clients connect, and looks at them.
    let server = Server::start_with(one_worker().head_timeout(HEAD_TIMEOUT), Counting).expect("a free port");
    // Once it has answered it has opened what it needs for itself.
    counters(&mut Client::of(&server));
    // The server leaves some descriptors to the program. This program takes more than that, and keeps them.
    let mut kept: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    kept.truncate(kept.len().saturating_sub(20));
    println!("\n{PORT_FOLLOWS}{}", server.address().port());
    // The parent ends its side when it is done.
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A server in a process that cannot have another thread until it is told. It is not a test.
#[test]
fn a_server_of_no_more_threads() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    // The thread that serves, and one that leads. A third one would be there if the leader had been slow and replaced.
    let mut taken = take_all_stacks_but(2);
    let (server, _stage) = start(one_worker());
    expect_ping(&mut Client::of(&server));
    println!("\n{PORT_FOLLOWS}{}", server.address().port());
    for word in std::io::stdin().lines() {
        assert_eq!(word.expect("a line"), "enough");
        taken.clear();
    }
}

/// A server of four workers in a process that can have only two of their threads until it is told. It is not a test.
#[test]
fn a_server_of_two_threads() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    // The log's own thread is there before memory is scarce.
    basehttp::testing::respond(&Threads, "GET /log HTTP/1.0\r\n\r\n");
    // The thread that serves, and two that lead.
    let mut taken = take_all_stacks_but(3);
    let server = Server::start_with(builder().workers(4), Threads).expect("a free port");
    println!("\n{PORT_FOLLOWS}{}", server.address().port());
    for word in std::io::stdin().lines() {
        assert_eq!(word.expect("a line"), "enough");
        taken.clear();
    }
}

/// Takes the address space, until it has room for so many more threads. None of it is used.
fn take_all_stacks_but(count: usize) -> Vec<Vec<u8>> {
    let mut taken = Vec::new();
    // A stack with its guard pages, and then what is too small for one.
    for bytes in [STACK_BYTES + STACK_BYTES / 8, STACK_BYTES / 2] {
        loop {
            let mut part = Vec::new();
            match part.try_reserve_exact(bytes) {
                Ok(()) => taken.push(part),
                Err(_) => break,
            }
        }
    }
    taken.drain(..count);
    taken
}

/// Whether a request for `/held` may go on.
static LET_GO: AtomicBool = AtomicBool::new(false);

/// Says how many threads the server has.
struct Threads;

#[basehttp::http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Threads {
    /// With `/replaced` it first keeps its leader until that is replaced, with `/held` until `/let-go` is asked for.
    fn do_GET(&self, ex: &mut basehttp::Exchange) -> basehttp::Result {
        let rescues = ex.server.stats().rescues;
        while ex.path == "/replaced" && ex.server.stats().rescues == rescues {
            std::thread::sleep(Duration::from_millis(1));
        }
        if ex.path == "/let-go" {
            LET_GO.store(true, Ordering::SeqCst);
        }
        while ex.path == "/held" && !LET_GO.swap(false, Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(ex.send_text(200, ex.server.stats().threads.to_string())?)
    }

    fn log_request(&self, ex: &basehttp::Exchange, _: u16, _: Option<u64>) {
        if ex.path == "/log" {
            ex.log_message(format_args!("the log has a thread"));
        }
    }
}

/// The stack of each of that server's threads, and its address space in KiB, which has room for 32 of them.
const STACK_BYTES: usize = 256 * 1024 * 1024;
const ADDRESS_SPACE_KIB: usize = 32 * STACK_BYTES / 1024;

/// A server of files, which opens one for each request. It is not a test.
#[test]
fn a_server_of_files() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    let server = Server::start_with(one_worker(), Counting).expect("a free port");
    println!("\n{PORT_FOLLOWS}{}", server.address().port());
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Says how often accepting had to pause; and of this program, which is some megabytes, its length or all of it.
struct Counting;

#[basehttp::http_handler(protocol_version = "HTTP/1.1")]
impl Counting {
    fn do_GET(&self, ex: &mut basehttp::Exchange) -> basehttp::Result {
        if ex.path == "/" {
            let stats = ex.server.stats();
            return Ok(ex.send_text(200, format!("{} {}", stats.accept_pauses, stats.accepted))?);
        }
        let file = std::fs::File::open(std::env::current_exe()?)?;
        if ex.path == "/file" {
            return Ok(ex.send_file(file, ..)?);
        }
        Ok(ex.send_text(200, file.metadata()?.len().to_string())?)
    }

    fn log_message(&self, _: &basehttp::Exchange, _: std::fmt::Arguments) {}
}

/// A child that is a server; killed when the test ends.
struct ServerProcess {
    child: Child,
    port: u16,
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl ServerProcess {
    /// Returns the processor time that the child has used; none where the system does not say it.
    fn cpu_time(&self) -> Duration {
        let Ok(said) = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())) else {
            return Duration::ZERO;
        };
        // The name, in parentheses, is the second value. The times are the 14th and 15th, in hundredths of a second.
        let (_, rest) = said.rsplit_once(')').expect("a name");
        let times = rest.split_ascii_whitespace().skip(11).take(2).map(|time| time.parse::<u64>().expect("a number"));
        Duration::from_millis(times.sum::<u64>() * 10)
    }
}

/// Runs the test of that name as a server, with a limit of the shell's.
fn limited(limit: &str, name: &str) -> ServerProcess {
    limited_with(limit, name, Stdio::inherit())
}

/// As [`limited`], with what the server says on its standard error.
fn limited_with(limit: &str, name: &str, stderr: Stdio) -> ServerProcess {
    let program = std::env::current_exe().expect("this test");
    let path = child::path(module_path!(), name);
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit {limit}; exec \"$0\" --exact {path} --nocapture")])
        .arg(program)
        .env(IS_SERVER, "1")
        .env("RUST_MIN_STACK", STACK_BYTES.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .expect("a shell");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut child = ServerProcess { child, port: 0 };
    let port = lines.map_while(std::io::Result::ok).find_map(|line| line.strip_prefix(PORT_FOLLOWS)?.parse().ok());
    child.port = port.expect("the child says where it listens");
    child
}

/// Pauses so far, and connections accepted.
fn counters(client: &mut Client) -> (u64, u64) {
    client.send(get("/"));
    let reply = client.read_reply();
    let (pauses, accepted) = reply.text().split_once(' ').expect("two numbers");
    (pauses.parse().unwrap(), accepted.parse().unwrap())
}

#[test]
fn readers_of_files_leave_descriptors_to_handlers() {
    const CLIENTS: usize = 100;
    let server = limited("-n 128", "a_server_of_files");
    let address = ("127.0.0.1", server.port);
    let mut control = Client::connect(address);
    let slow: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = Client::connect(address);
            client.send(get("/file"));
            client
        })
        .collect();
    let give_up = Instant::now() + PATIENCE;
    // Of 128 descriptors some 93 are for both; each of these clients has two of them, and all but the last few wait.
    while counters(&mut control).1 < 40 {
        control.send(get("/length"));
        let reply = control.read_reply();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(Instant::now() < give_up, "no client is accepted: {:?}", counters(&mut control));
    }
    // The clients that can be served are served. They hold two descriptors each, and the others wait or were given up.
    for _ in 0..100 {
        control.send(get("/length"));
        assert_eq!(control.read_reply().status, 200);
    }
    drop(slow);
    control = Client::connect(address);
    control.send(get("/length"));
    assert_eq!(control.read_reply().status, 200, "newcomers are accepted");
}

#[test]
fn without_descriptors_accepting_pauses_and_goes_on_when_some_are_free() {
    const CLIENTS: usize = 80;
    let server = limited("-n 100", "a_server_of_few_descriptors");
    let address = ("127.0.0.1", server.port);
    let mut control = Client::connect(address);
    counters(&mut control);
    let mut late = Client::connect(address);
    late.send("GET / HT");
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = Client::connect(address);
            client.send(get("/"));
            client
        })
        .collect();
    let give_up = Instant::now() + PATIENCE;
    let pauses = loop {
        let (pauses, accepted) = counters(&mut control);
        if pauses > 0 {
            assert!(accepted < CLIENTS as u64 / 2, "{accepted} were accepted with about 20 descriptors");
            break pauses;
        }
        assert!(Instant::now() < give_up, "twenty descriptors suffice");
    };
    // Time passes until the deadline of a connected client. A loop that spins makes thousands of pauses in it.
    for _ in 0..20 {
        assert_eq!(counters(&mut control).0, pauses, "nothing has changed");
    }
    assert_eq!(late.read_reply().status, 408);
    let (now, _) = counters(&mut control);
    assert_eq!(now, pauses, "a pause is one, however often somebody asks for something meanwhile");
    drop(late);
    for (number, mut client) in clients.drain(..).enumerate() {
        assert_eq!(client.read_reply().status, 200, "number {number}");
    }
    let (_, accepted) = counters(&mut control);
    // Ours, the control, the late one, and the first, of the child itself.
    assert_eq!(accepted, CLIENTS as u64 + 3);
}

#[test]
fn without_any_thread_to_be_had_requests_for_one_are_refused_after_a_while() {
    let mut server = limited(&format!("-v {ADDRESS_SPACE_KIB}"), "a_server_of_no_more_threads");
    let address = ("127.0.0.1", server.port);
    let mut known = Client::connect(address);
    expect_ping(&mut known);
    let mut waiting: Vec<_> = (0..3)
        .map(|_| {
            let mut client = Client::connect(address);
            client.send(upload("/"));
            client
        })
        .collect();
    expect_ping(&mut known);
    let (began, before) = (Instant::now(), server.cpu_time());
    for client in &mut waiting {
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Retry-After")), (503, Some("1")));
    }
    let (took, used) = (began.elapsed(), server.cpu_time().saturating_sub(before));
    let most = took / 10 + Duration::from_millis(50);
    assert!(used <= most, "{used:?} of {took:?}: it asks the system for a thread without end");
    expect_ping(&mut known);
    writeln!(server.child.stdin.as_mut().expect("a pipe"), "enough").expect("the child reads");
    let give_up = Instant::now() + PATIENCE;
    loop {
        let mut client = Client::connect(address);
        client.send(upload("/"));
        let reply = client.read_reply();
        if reply.status == 200 {
            assert_eq!(reply.text(), "100000");
            break;
        }
        assert!(reply.status == 503 && Instant::now() < give_up, "{reply:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    expect_ping(&mut known);
}

#[test]
fn a_start_with_too_few_threads_serves_with_what_there_is_and_says_so() {
    let mut server = limited_with(&format!("-v {ADDRESS_SPACE_KIB}"), "a_server_of_two_threads", Stdio::piped());
    let address = ("127.0.0.1", server.port);
    // A connection that is served twice has been parked at its shard in between.
    let served_twice = || {
        let mut client = Client::connect(address);
        let threads = [0, 1].map(|_| {
            client.send(get("/"));
            client.read_reply().text().parse::<u64>().expect("a number")
        });
        (client, threads[1])
    };
    let kept: Vec<_> = (0..20).map(|_| served_twice()).collect();
    assert!(kept.iter().all(|(_, threads)| (1..4).contains(threads)), "only some could be had");
    writeln!(server.child.stdin.as_mut().expect("a pipe"), "enough").expect("the child reads");
    let give_up = Instant::now() + PATIENCE;
    while served_twice().1 < 4 {
        assert!(Instant::now() < give_up, "the others join in when they can be had");
    }
    drop(kept);
    drop(server.child.stdin.take());
    let mut said = String::new();
    let mut stderr = server.child.stderr.take().expect("a pipe");
    std::io::Read::read_to_string(&mut stderr, &mut said).expect("it ends");
    assert_eq!(said.matches("threads that workers need").count(), 1, "once: {said}");
}

/// Asks for `path`, and expects an answer.
#[track_caller]
fn expect_answer(client: &mut Client, path: &str) {
    client.send(get(path));
    assert_eq!(client.read_reply().status, 200, "{path}");
}

#[test]
fn a_leader_that_could_not_be_replaced_leads_its_shard_again_when_it_returns() {
    let server = limited(&format!("-v {ADDRESS_SPACE_KIB}"), "a_server_of_two_threads");
    let address = ("127.0.0.1", server.port);
    // Connections of both shards that are led.
    let mut known: Vec<_> = (0..4).map(|_| Client::connect(address)).collect();
    for number in 0..20 {
        for client in &mut known {
            expect_answer(client, "/");
        }
        expect_answer(&mut known[number % 4], "/replaced");
        // The shard that accepts is led as well.
        expect_answer(&mut Client::connect(address), "/");
    }
}

#[test]
fn while_a_leader_is_stuck_that_cannot_be_replaced_another_one_leads_its_shard_in_turns() {
    let server = limited(&format!("-v {ADDRESS_SPACE_KIB}"), "a_server_of_two_threads");
    let address = ("127.0.0.1", server.port);
    let mut known: Vec<_> = (0..4).map(|_| Client::connect(address)).collect();
    for _ in 0..known.len() {
        for client in &mut known {
            expect_answer(client, "/");
        }
        let mut held = known.remove(0);
        held.send(get("/held"));
        for _ in 0..3 {
            for client in &mut known {
                expect_answer(client, "/");
            }
            expect_answer(&mut Client::connect(address), "/");
        }
        expect_answer(&mut known[0], "/let-go");
        assert_eq!(held.read_reply().status, 200);
        known.push(held);
    }
}
