//! Clients that vanish, and clients that are slow, in every state of a connection. They cost bytes, not threads, and
//! other clients do not notice.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::stage::{builder, expect_ping, expect_served, get, one_worker, start, upload, wait_until};
use crate::support::transport::is_tls;
use crate::support::{Client, PATIENCE, Reply, child, needs};
use basehttp::Stats;
use basehttp::testing::Server;

/// A real deadline, small enough to wait for. Deadlines are looked at once a second.
const SHORT: Duration = Duration::from_millis(200);

/// The same where a test must have come to its next step before the deadline has passed.
const LONG_ENOUGH: Duration = Duration::from_millis(1500);

/// A deadline that never passes.
const NEVER: Duration = Duration::from_secs(3600);

/// So many slow clients of each kind.
const CROWD: usize = 50;

/// The state of a client when it vanishes, and the counters by which the server shows that the client is there.
struct Moment {
    name: &'static str,
    sent: Vec<u8>,
    is_reached: fn(&Stats) -> bool,
}

fn moments() -> Vec<Moment> {
    // One request was served before, whose reply the client has not read.
    let waits = |stats: &Stats| stats.parked == 1 && stats.requests == 1;
    let in_handler = |stats: &Stats| stats.in_handlers == 1;
    let queued = |stats: &Stats| stats.parked == 1 && stats.requests == 2 && stats.in_handlers == 0;
    let moment = |name, sent: &[u8], is_reached| Moment { name, sent: sent.to_vec(), is_reached };
    let unread_upload = upload("/");
    let drained = format!("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\nhalf", 200_000);
    vec![
        moment("idle", b"", waits),
        moment("half a head", b"GET / HTTP/1.1\r\nHo", waits),
        moment("half a body", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf", waits),
        moment("half a long body", &unread_upload[..5000], in_handler),
        moment("a handler on the leader", get("/hold/a").as_bytes(), in_handler),
        moment("a handler in the pool", &upload("/hold/a"), in_handler),
        moment("a large reply", get("/large").as_bytes(), queued),
        moment("a file", get("/file").as_bytes(), queued),
        moment("replies of several requests", get("/buffered").repeat(400).as_bytes(), |stats| {
            stats.parked == 1 && stats.requests > 1 && stats.in_handlers == 0
        }),
        moment("draining", drained.as_bytes(), queued),
        moment("lingering", b"nonsense\r\n\r\nand more", queued),
    ]
}

/// Leaves with bytes unread, which is a reset, at once if it can be.
fn reset(mut client: Client) {
    // The reply to the first request is here, and stays unread.
    client.wait_for_a_byte();
    drop(client);
}

#[test]
fn a_client_that_resets_in_any_state_is_forgotten() {
    for moment in moments() {
        let (server, stage) = start(one_worker());
        let mut client = Client::of(&server);
        client.send(get("/"));
        wait_until(server.server_handle(), "the first is served", |stats| stats.requests == 1 && stats.parked == 1);
        // The server may stop reading in the middle of it.
        client.send(&moment.sent);
        wait_until(server.server_handle(), moment.name, moment.is_reached);
        reset(client);
        stage.open("a");
        wait_until(server.server_handle(), moment.name, |stats| stats.connections == 0 && stats.in_handlers == 0);
        expect_served(&mut Client::of(&server), "/");
    }
}

#[test]
fn a_crowd_that_resets_in_any_state_is_forgotten() {
    let (server, stage) = start(one_worker());
    stage.open("a");
    let mut clients = Vec::new();
    for moment in moments().iter().cycle().take(10 * CROWD) {
        let mut client = Client::of(&server);
        client.send(get("/"));
        client.send(&moment.sent);
        clients.push(client);
        if clients.len() == 20 {
            clients.drain(..).for_each(reset);
        }
    }
    clients.into_iter().for_each(reset);
    wait_until(server.server_handle(), "all are gone", |stats| stats.connections == 0 && stats.in_handlers == 0);
    expect_served(&mut Client::of(&server), "/");
}

/// No thread was ever needed but the leader, and one for each time that a busy machine made it look stuck. For tests in
/// which no request may run in the pool.
#[track_caller]
fn expect_no_thread_held(server: &Server, what: &str) {
    let stats = server.server_handle().stats();
    if is_tls() {
        // Handshakes that a busy machine made look slow had a thread of the pool, one after the other, and so had the
        // requests behind them.
        assert!(stats.threads < CROWD as u64 / 5 && stats.in_handlers == 0, "{what} hold no thread: {stats:?}");
        return;
    }
    assert!(stats.threads <= 1 + stats.rescues && stats.pooled == 0, "{what} hold no thread: {stats:?}");
    assert!(stats.rescues < CROWD as u64 / 5, "{what} block no leader: {stats:?}");
}

/// The bytes that slow clients have sent, and the status that they get in the end.
const SLOW: [(&str, &str, Option<u16>); 6] = [
    ("nothing", "", None),
    ("a byte", "G", Some(408)),
    ("half a head", "GET / HTTP/1.1\r\nHost: h\r\n", Some(408)),
    ("no body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", Some(408)),
    ("half a body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe", Some(408)),
    ("half a chunk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", Some(408)),
];

#[test]
fn slow_heads_and_slow_bodies_hold_no_thread() {
    for (what, bytes, _) in SLOW {
        // Nothing is refused, since on a busy machine the hooks of refusals may run in the pool.
        let (server, _stage) = start(one_worker().head_timeout(NEVER).body_stall_timeout(NEVER));
        let clients: Vec<_> = (0..CROWD).map(|_| Client::sending(&server, bytes)).collect();
        wait_until(server.server_handle(), what, |stats| {
            stats.parked == CROWD as u64 && stats.bytes_received == (CROWD * bytes.len()) as u64
        });
        expect_ping(&mut Client::of(&server));
        expect_no_thread_held(&server, what);
        drop(clients);
        wait_until(server.server_handle(), what, |stats| stats.connections == 0);
    }
}

#[test]
fn slow_heads_and_slow_bodies_end_as_408() {
    for (what, bytes, code) in SLOW {
        let builder = one_worker().head_timeout(LONG_ENOUGH).body_stall_timeout(LONG_ENOUGH);
        let (server, _stage) = start(builder);
        let mut clients: Vec<_> = (0..CROWD).map(|_| Client::sending(&server, bytes)).collect();
        expect_served(&mut Client::of(&server), "/");
        for client in &mut clients {
            if let Some(code) = code {
                assert_eq!(client.read_reply().status, code, "{what}");
            }
            client.expect_end();
        }
        wait_until(server.server_handle(), what, |stats| {
            stats.timeouts >= CROWD as u64 && stats.parked == stats.connections && stats.in_handlers == 0
        });
        drop(clients);
        wait_until(server.server_handle(), what, |stats| stats.connections == 0);
    }
}

#[test]
fn a_head_that_trickles_has_no_more_time_than_one_that_stops() {
    let (server, _stage) = start(one_worker().head_timeout(SHORT));
    let mut client = Client::sending(&server, "GET / HTTP/1.1\r\nHost: h\r\n");
    expect_given_up(&mut client, "a head without end", b"X: y\r\n");
    wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 0);
}

#[test]
fn a_body_that_trickles_is_given_up() {
    let (server, _stage) = start(one_worker().body_stall_timeout(SHORT).min_body_bytes_per_second(1000));
    let mut client = Client::sending(&server, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
    expect_given_up(&mut client, "a body without end", b"x");
    wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 0);
}

/// Sends `bytes` again and again, slowly, until the server ends the connection.
#[track_caller]
fn expect_given_up(client: &mut Client, what: &str, bytes: &[u8]) {
    // Two sweeps and the time to read the reply are four seconds already, on a machine with nothing else to do.
    let give_up = Instant::now() + 3 * PATIENCE;
    while client.try_send(bytes).is_ok() {
        assert!(Instant::now() < give_up, "{what} is borne for ever");
        std::thread::sleep(SHORT / 10);
    }
}

#[test]
fn a_body_that_is_thrown_away_may_take_its_time_as_long_as_it_goes_on() {
    const PIECES: usize = 40;
    let (server, _stage) = start(one_worker().body_stall_timeout(20 * BETWEEN_PIECES));
    let mut client = Client::of(&server);
    client.send(format!("GET /unread HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", PIECES * 2500));
    // Longer in all than the deadline and a look at it, and never silent for nearly so long.
    for _ in 0..PIECES {
        std::thread::sleep(BETWEEN_PIECES);
        client.send([b'u'; 2500]);
    }
    let reply = client.read_reply();
    assert_eq!((reply.text(), reply.field("Connection")), ("/unread", Some("close")), "it was not waited for");
    client.expect_end();
    assert_eq!(server.server_handle().stats().timeouts, 0);
}

const BETWEEN_PIECES: Duration = Duration::from_millis(100);

/// The variable that makes a child the server.
const IS_SERVER: &str = "BASEHTTP_TEST_IS_SERVER";

/// The text that the child prints before its port.
const PORT_FOLLOWS: &str = "port ";

/// Every deadline of the server that is stopped. It leaves time to bring the clients into their states.
const ALLOWED: Duration = Duration::from_secs(3);

/// The server of the next test, in a process of its own, which can be stopped. It is not a test.
#[test]
fn a_server_that_is_stopped() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    let builder = one_worker().head_timeout(ALLOWED).body_stall_timeout(ALLOWED);
    let (server, _stage) = start(builder.write_stall_timeout(ALLOWED).idle_timeout(ALLOWED));
    println!("\n{PORT_FOLLOWS}{}", server.address().port());
    // The parent ends its side when it is done.
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A child; killed when the test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads all that the sockets hold of a server that is stopped.
fn take_what_is_held(client: &mut Client) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.stream().set_read_timeout(Some(SHORT)).expect("it is a timeout");
    let end = client.read_all_into(&mut bytes).map_err(|error| error.kind());
    assert_eq!(end, Err(ErrorKind::WouldBlock), "the response goes on");
    client.stream().set_read_timeout(Some(PATIENCE)).expect("it is a timeout");
    bytes
}

#[test]
fn what_came_while_the_process_was_stopped_has_come_in_time() {
    let child = child::command(module_path!(), "a_server_that_is_stopped")
        .env(IS_SERVER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Process(child.expect("this test runs again"));
    let lines = BufReader::new(child.0.stdout.take().expect("a pipe")).lines();
    let listens = lines.map_while(std::io::Result::ok).find_map(|line| line.strip_prefix(PORT_FOLLOWS)?.parse().ok());
    let address = ("127.0.0.1", listens.expect("the child says where it listens"));
    let signal = |name: &str| {
        let sent = Command::new("kill").args(["-s", name, &child.0.id().to_string()]).status();
        assert!(sent.expect("every system has kill").success());
    };
    let post = |length: usize| format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
    // The bytes that are sent before the stop, and the ones that come meanwhile.
    let long = "u".repeat(100_000);
    let table = [
        ("a head", "GET /head HTTP/1.1\r\nHo".to_owned(), "st: h\r\n\r\n", "/head"),
        ("the first head", String::new(), "GET /first HTTP/1.1\r\nHost: h\r\n\r\n", "/first"),
        ("a body that is read ahead", post(9) + "half", "other", "9"),
        ("a body that the handler reads", post(100_000) + &long[..50_000], &long[50_000..], "100000"),
        ("a body that is thrown away", post(100_000).replace("POST /", "GET /rest") + &long[..9], &long[9..], "/rest"),
    ];
    let mut clients: Vec<_> = table
        .iter()
        .map(|(_, before, ..)| {
            let mut client = Client::connect(address);
            client.send(before);
            client
        })
        .collect();
    let mut idle = Client::connect(address);
    expect_served(&mut idle, "/");
    let mut readers = ["/large", "/file", "/streamed"].map(|path| {
        let mut client = Client::connect(address);
        client.send(get(path));
        // Once something has come the rest waits.
        client.wait_for_a_byte();
        client
    });
    std::thread::sleep(SHORT);
    signal("STOP");
    for (client, (_, _, meanwhile, _)) in clients.iter_mut().zip(&table) {
        client.send(meanwhile);
    }
    idle.send(get("/again"));
    let mut taken = readers.each_mut().map(take_what_is_held);
    std::thread::sleep(ALLOWED + 2 * SHORT);
    signal("CONT");
    for (client, (what, .., reply)) in clients.iter_mut().zip(&table) {
        let answer = client.try_read_reply("GET");
        assert_eq!(answer.as_ref().map(Reply::text).ok(), Some(*reply), "{what}: {answer:?}");
    }
    assert_eq!(idle.try_read_reply("GET").expect("it has asked in time").text(), "/again");
    for (client, taken) in readers.iter_mut().zip(&mut taken) {
        while taken.len() + 100_000 < crate::support::stage::LARGE_BYTES {
            taken.extend(client.read_exactly(100_000));
        }
    }
}

#[test]
fn slow_readers_hold_no_thread_and_are_given_up() {
    if !needs::descriptors(512) {
        return;
    }
    for (path, count) in [("/large", 1), ("/file", 1), ("/buffered", 400)] {
        let crowd = |deadline: Duration| {
            let (server, _stage) = start(one_worker().write_stall_timeout(deadline));
            let clients: Vec<_> = (0..CROWD).map(|_| Client::sending(&server, get(path).repeat(count))).collect();
            (server, clients)
        };
        let (server, clients) = crowd(NEVER);
        // Composing so much may go to the pool on a busy machine; waiting for the reader may not.
        wait_until(server.server_handle(), path, |stats| stats.parked == CROWD as u64 && stats.in_handlers == 0);
        expect_served(&mut Client::of(&server), "/");
        drop((server, clients));
        let (server, mut clients) = crowd(SHORT);
        wait_until(server.server_handle(), path, |stats| stats.timeouts >= CROWD as u64 && stats.connections == 0);
        for client in &mut clients {
            // A part, and then a cut that cannot be taken for an end.
            let mut part = Vec::new();
            let end = client.stream().read_to_end(&mut part).map_err(|error| error.kind());
            assert_eq!(end, Err(ErrorKind::ConnectionReset), "{path}: {} bytes", part.len());
        }
    }
}

#[test]
fn a_reader_that_takes_nothing_is_given_up_also_if_it_keeps_sending() {
    let (server, _stage) = start(one_worker().write_stall_timeout(LONG_ENOUGH));
    let mut client = Client::sending(&server, get("/large"));
    wait_until(server.server_handle(), "its reply waits", |stats| stats.parked == 1 && stats.requests == 1);
    expect_given_up(&mut client, "a reader that takes nothing", b"\r\n");
    wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 0);
}

#[test]
fn a_reader_of_a_whole_reply_may_pause_for_as_long_as_the_server_allows() {
    for path in ["/large", "/file"] {
        let builder = one_worker().write_stall_timeout(SHORT).idle_timeout(SHORT);
        let (server, _stage) = start(builder.paused_reader_timeout(Duration::MAX));
        let mut paused = Client::sending(&server, get(path));
        wait_until(server.server_handle(), "its reply waits", |stats| stats.parked == 1 && stats.requests == 1);
        // Its deadline is as long and begins later, and both are looked at together.
        let mut idle = Client::of(&server);
        expect_served(&mut idle, "/");
        idle.expect_end();
        assert_eq!(paused.read_reply().body.len(), crate::support::stage::LARGE_BYTES, "{path}");
    }
}

#[test]
fn a_slow_reader_that_goes_on_in_time_gets_everything() {
    for path in ["/large", "/file"] {
        // The sockets hold so much that the server sees few of the pauses. There is time for several of them.
        let (server, _stage) = start(one_worker().write_stall_timeout(8 * PAUSE));
        let mut client = Client::sending(&server, get(path));
        // Longer in all than the deadline, but never without progress for so long.
        let mut reader = Slowly { stream: client.stream().try_clone().expect("a second handle"), taken: 0 };
        let mut reply = Vec::new();
        client.end_sending();
        reader.read_to_end(&mut reply).expect("all of it");
        assert!(reply.len() > crate::support::stage::LARGE_BYTES, "{path}: {} bytes", reply.len());
    }
}

#[test]
fn a_reader_keeps_the_minimum_rate_over_all_of_a_reply() {
    // Never silent for long, and each part of the reply is taken in time.
    let (server, _stage) = start(one_worker().write_stall_timeout(3 * STALL).min_body_bytes_per_second(10_000_000));
    for (number, path) in ["/streamed", "/large", "/file"].into_iter().enumerate() {
        let mut client = Client::of_stream(narrow(&server));
        client.send(get(path));
        let (mut sip, mut sipped, began) = ([0; 4096], 0, Instant::now());
        let end = loop {
            match client.stream().read(&mut sip) {
                Ok(0) => break None,
                Ok(count) => sipped += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Some(error.kind()),
            }
            assert!(began.elapsed() < PATIENCE, "{path}: {sipped} bytes in {PATIENCE:?}, and it goes on");
            std::thread::sleep(SIP);
        };
        assert_eq!(end, Some(ErrorKind::ConnectionReset), "{path}: {sipped} bytes");
        let blamed = number as u64 + 1;
        wait_until(server.server_handle(), path, |stats| stats.errors.slow_readers == blamed && stats.connections == 0);
    }
}

/// Pause between two reads of a slow reader, which takes some 200 KB a second. The server sees progress several times
/// in a [`STALL`].
const SIP: Duration = Duration::from_millis(20);
const STALL: Duration = Duration::from_millis(500);

/// A connection whose sockets hold little, as over the internet.
fn narrow(server: &Server) -> std::net::TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.set_tcp_mss(1460).expect("an Ethernet's segments");
    socket.connect(&server.address().into()).expect("the server listens");
    socket.into()
}

/// Pause of a slow reader after each of its megabytes.
const PAUSE: Duration = Duration::from_millis(350);

/// Reads, and pauses after each megabyte.
struct Slowly {
    stream: std::net::TcpStream,
    taken: usize,
}

impl Read for Slowly {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(buffer)?;
        if self.taken >> 20 != (self.taken + count) >> 20 {
            std::thread::sleep(PAUSE);
        }
        self.taken += count;
        Ok(count)
    }
}

#[test]
fn idle_connections_hold_no_thread_and_are_closed() {
    if !needs::descriptors(512) {
        return;
    }
    let (server, _stage) = start(one_worker().idle_timeout(SHORT));
    let mut clients: Vec<_> = (0..CROWD).map(|_| Client::of(&server)).collect();
    // Never taken for blocking, however busy the machine is.
    clients.iter_mut().for_each(expect_ping);
    clients.iter_mut().for_each(Client::expect_end);
    wait_until(server.server_handle(), "all are closed", |stats| {
        stats.connections == 0 && stats.timeouts >= CROWD as u64
    });
    expect_no_thread_held(&server, "idle connections");
}

#[test]
fn two_thousand_connections_come_and_go() {
    // Two for each of 500 that are there at once, and some for the tests beside this one.
    if !needs::descriptors(2048) {
        return;
    }
    let (server, _stage) = start(builder().workers(2));
    let address = server.address();
    let coming: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                for number in 0..250 {
                    let mut client = Client::connect(address);
                    match number % 5 {
                        // Served and closed by the client; by the server; left with the reply unread; never used; cut
                        // short.
                        0 => expect_served(&mut client, "/"),
                        1 => {
                            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
                            assert_eq!(client.read_reply().text(), "/");
                            client.expect_end();
                        }
                        2 => client.send(get("/")),
                        3 => {}
                        _ => client.stream().write_all(b"GET / HT").expect("the server listens"),
                    }
                }
            })
        })
        .collect();
    for coming in coming {
        coming.join().unwrap();
    }
    wait_until(server.server_handle(), "all have come and gone", |stats| {
        stats.accepted == 2000 && stats.connections == 0
    });
    // And many at once.
    let mut together: Vec<_> = (0..500).map(|_| Client::sending(&server, get("/"))).collect();
    assert!(together.iter_mut().all(|client| client.read_reply().text() == "/"));
    wait_until(server.server_handle(), "all are parked", |stats| stats.parked == 500);
    drop(together);
    wait_until(server.server_handle(), "all have gone", |stats| stats.connections == 0 && stats.parked == 0);
}
