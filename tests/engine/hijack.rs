//! Connections that a handler takes for itself. The server no longer watches them, and counts them until they are
//! closed.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::stage::{builder, expect_served, get, one_worker, wait_until};
use crate::support::{Client, PATIENCE, child};
use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServerBuilder, Hijacked, Result, http_handler};

/// Takes connections, and keeps them where the test finds them.
struct Taking {
    kept: Mutex<Vec<Hijacked>>,
    entered: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Taking {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/keep" => {
                let line = take(ex)?;
                self.kept.lock().unwrap().push(line);
            }
            // Keeps the thread, and the connection until the thread goes on.
            "/hold" => {
                let _line = take(ex)?;
                self.hold();
            }
            // The other way round.
            "/drop-first" => {
                drop(take(ex)?);
                self.hold();
            }
            "/panic" => {
                let _line = take(ex)?;
                panic!("as the test wants");
            }
            _ => ex.send_text(200, ex.path)?,
        }
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

impl Taking {
    fn hold(&self) {
        self.entered.send(()).expect("the test waits");
        // A test that has failed says nothing any more.
        let _ = self.go_on.lock().unwrap().recv_timeout(PATIENCE);
    }
}

fn take(ex: &mut Exchange) -> Result<Hijacked> {
    ex.send_response(101).send_header("Upgrade", "raw").send_header("Connection", "Upgrade").end_headers()?;
    Ok(ex.hijack()?)
}

struct Test {
    server: Server,
    handler: Arc<Taking>,
    entered: Receiver<()>,
    go_on: Sender<()>,
}

fn start(builder: HTTPServerBuilder) -> Test {
    let ((tell_entered, entered), (go_on, wait)) = (channel(), channel());
    let handler = Arc::new(Taking { kept: Mutex::default(), entered: tell_entered, go_on: Mutex::new(wait) });
    let server = Server::start_with(builder, Arc::clone(&handler)).expect("a free port");
    Test { server, handler, entered, go_on }
}

impl Test {
    /// A client whose connection was served once, so that the poller knows it, and then taken.
    fn taken(&self, path: &str) -> Client {
        let mut client = Client::of(&self.server);
        expect_served(&mut client, "/");
        wait_until(self.server.server_handle(), "it is parked", |stats| {
            stats.parked == stats.connections - stats.hijacked
        });
        client.send(get(path));
        let head = client.read_exactly(b"HTTP/1.1 101 Switching Protocols\r\n".len());
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        client
    }

    fn wait_for_counts(&self, what: &str, connections: u64, hijacked: u64) {
        let is_so = |stats: &basehttp::Stats| (stats.connections, stats.hijacked) == (connections, hijacked);
        wait_until(self.server.server_handle(), what, is_so);
    }
}

#[test]
fn a_taken_connection_takes_a_place_until_it_is_dropped() {
    let test = start(one_worker().max_connections(2));
    let mut taken = test.taken("/keep");
    test.wait_for_counts("taken, and its handler has returned", 1, 1);
    wait_until(test.server.server_handle(), "none is parked", |stats| stats.parked == 0 && stats.in_handlers == 0);
    let mut inside = Client::of(&test.server);
    expect_served(&mut inside, "/");
    let mut outside = Client::sending_ahead(test.server.address(), get("/late"));
    expect_served(&mut inside, "/");
    assert_eq!(test.server.server_handle().stats().accepted, 2, "there are two places");
    // It works, and then makes room.
    let mut line = test.handler.kept.lock().unwrap().pop().expect("it was kept");
    taken.send("hello");
    let mut heard = [0; 5];
    line.read_exact(&mut heard).expect("the client says it");
    line.write_all(&heard).expect("the client takes it");
    drop(line);
    assert_eq!(outside.read_reply().text(), "/late");
    test.wait_for_counts("the other two", 2, 0);
    assert!(taken.read_to_end().ends_with(b"hello"));
}

#[test]
fn it_is_counted_once_whichever_ends_first() {
    for path in ["/hold", "/drop-first"] {
        let test = start(one_worker());
        let _client = test.taken(path);
        test.entered.recv_timeout(PATIENCE).expect("a handler holds");
        test.wait_for_counts(path, 1, 0);
        test.go_on.send(()).expect("a handler holds");
        test.wait_for_counts(path, 0, 0);
    }
    let test = start(one_worker());
    let mut client = test.taken("/panic");
    test.wait_for_counts("a panic closes it", 0, 0);
    client.read_to_end();
}

#[test]
fn a_drain_waits_for_handlers_and_not_for_what_they_have_kept() {
    let test = start(one_worker());
    let _kept = test.taken("/keep");
    test.wait_for_counts("kept", 1, 1);
    let _held = test.taken("/hold");
    test.entered.recv_timeout(PATIENCE).expect("a handler holds");
    let draining = {
        let handle = test.server.server_handle().clone();
        std::thread::spawn(move || handle.drain(PATIENCE))
    };
    while !test.server.server_handle().is_shutting_down() {
        std::thread::yield_now();
    }
    assert!(!draining.is_finished(), "a handler is at work");
    test.go_on.send(()).expect("a handler holds");
    let report = draining.join().unwrap().expect("it was running");
    assert_eq!(report.cut, 0);
    // Dropped when the server is gone.
    let Test { server, handler, .. } = test;
    server.stop().expect("it serves to its end");
    let mut line = handler.kept.lock().unwrap().pop().expect("it was kept");
    line.write_all(b"still open").expect("the server's end is not its own");
}

fn taken_and_kept(test: &Test) -> (Client, Hijacked) {
    let mut client = test.taken("/keep");
    // The rest of the head.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(client.read_exactly(1));
    }
    test.wait_for_counts("taken, and its handler has returned", 1, 1);
    let line = test.handler.kept.lock().unwrap().pop().expect("it was kept");
    (client, line)
}

#[test]
fn one_thread_reads_while_another_writes() {
    fn is_sent_anywhere<T: Send + 'static>(_: &T) {}
    let test = start(one_worker());
    let (mut client, line) = taken_and_kept(&test);
    is_sent_anywhere(&line);
    let (mut reader, mut writer) = line.into_split();
    is_sent_anywhere(&reader);
    is_sent_anywhere(&writer);
    let (begun, has_begun) = channel();
    let reading = std::thread::spawn(move || {
        begun.send(()).expect("the test waits");
        let mut heard = Vec::new();
        reader.read_to_end(&mut heard).map(|_| heard)
    });
    has_begun.recv_timeout(PATIENCE).expect("the thread is there");
    // More than the sockets hold. It is written and read at once, while the other thread waits for the client's first
    // byte.
    let much = vec![b'w'; 4_000_000];
    let writing = std::thread::spawn({
        let much = much.clone();
        move || writer.write_all(&much)
    });
    assert!(client.read_exactly(much.len()) == much);
    assert!(!reading.is_finished(), "it waits");
    client.send("heard");
    client.end_sending();
    assert_eq!(reading.join().unwrap().expect("the client ends its side"), b"heard");
    writing.join().unwrap().expect("the client takes everything");
    test.wait_for_counts("both halves are dropped", 0, 0);
}

#[test]
fn a_half_that_is_dropped_ends_its_direction_and_the_other_goes_on() {
    let test = start(one_worker());
    let (mut client, line) = taken_and_kept(&test);
    let (mut reader, writer) = line.into_split();
    drop(writer);
    client.expect_end();
    client.send("still");
    let mut heard = [0; 5];
    reader.read_exact(&mut heard).expect("the client may still send");
    assert_eq!(&heard, b"still");
    test.wait_for_counts("one half is left", 1, 1);
    drop(reader);
    test.wait_for_counts("both are dropped", 0, 0);
    // The other way round.
    let (mut client, line) = taken_and_kept(&test);
    let (reader, mut writer) = line.into_split();
    drop(reader);
    writer.write_all(b"still").expect("the client may still read");
    assert_eq!(client.read_exactly(5), b"still");
    drop(writer);
    client.expect_end();
}

#[test]
fn a_shutdown_wakes_the_thread_that_reads() {
    let test = start(one_worker());
    let (_client, line) = taken_and_kept(&test);
    let (mut reader, writer) = line.into_split();
    let reading = std::thread::spawn(move || reader.read(&mut [0]));
    writer.shutdown(Shutdown::Both).expect("the connection is open");
    assert_eq!(reading.join().unwrap().expect("an end"), 0);
}

#[test]
fn a_taken_connection_offers_what_its_socket_does() {
    let test = start(one_worker());
    let (mut client, mut line) = taken_and_kept(&test);
    let address = client.stream().local_addr().expect("a socket");
    assert_eq!(line.peer_address().socket_addr(), Some(address));
    assert!(line.buffer().is_empty());
    let peer_of = |descriptor: BorrowedFd| {
        TcpStream::from(descriptor.try_clone_to_owned().expect("a descriptor is left")).peer_addr().expect("connected")
    };
    assert_eq!(peer_of(line.as_fd()), address);
    line.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout");
    line.set_write_timeout(Duration::from_millis(1)).expect("a timeout");
    assert!(line.set_read_timeout(Some(Duration::ZERO)).is_err() && line.set_write_timeout(Duration::ZERO).is_err());
    let (mut reader, mut writer) = line.into_split();
    assert_eq!((peer_of(reader.as_fd()), peer_of(writer.as_fd())), (address, address));
    assert_eq!([reader.peer_address(), writer.peer_address()].map(basehttp::Address::socket_addr), [Some(address); 2]);
    assert_eq!(reader.read(&mut [0]).map_err(|error| error.kind()), Err(ErrorKind::TimedOut), "timeouts stay");
    let stalled =
        std::iter::repeat_with(|| writer.write_all(&[b'w'; 10_000])).find_map(Result::err).expect("nobody reads");
    assert_eq!(stalled.kind(), ErrorKind::TimedOut);
}

/// The bytes behind the request are in the buffer, where no poller sees them.
#[test]
fn a_taken_stream_without_a_socket_can_be_split_and_has_a_descriptor() {
    struct Echo;
    #[http_handler(protocol_version = "HTTP/1.1")]
    impl Echo {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            let line = take(ex)?;
            assert_eq!(line.buffer(), b"ahead");
            let _ready = line.as_fd();
            let (mut reader, mut writer) = line.into_split();
            assert_eq!(reader.buffer(), b"ahead");
            std::io::copy(&mut reader, &mut writer)?;
            assert!(reader.buffer().is_empty());
            Ok(writer.shutdown(Shutdown::Write)?)
        }
    }
    let reply = basehttp::testing::respond(&Echo, get("/") + "ahead");
    assert!(reply.ends_with(b"\r\n\r\nahead"), "{}", reply.escape_ascii());
}

/// Number of descriptors that the pollers of this process know. A descriptor counts once for each poller.
#[cfg(target_os = "linux")]
fn watched() -> usize {
    let infos = std::fs::read_dir("/proc/self/fdinfo").expect("Linux has it");
    let texts = infos.filter_map(|info| std::fs::read_to_string(info.ok()?.path()).ok());
    texts.map(|text| text.lines().filter(|line| line.starts_with("tfd:")).count()).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn the_poller_forgets_it_when_it_is_taken() {
    // No other test's pollers are in the process.
    if !child::is_alone(module_path!(), "the_poller_forgets_it_when_it_is_taken") {
        return;
    }
    let test = start(builder().workers(2));
    let mut other = Client::of(&test.server);
    expect_served(&mut other, "/");
    wait_until(test.server.server_handle(), "it is parked", |stats| stats.parked == 1);
    let without = watched();
    let mut parked = Client::of(&test.server);
    expect_served(&mut parked, "/");
    wait_until(test.server.server_handle(), "both are parked", |stats| stats.parked == 2);
    assert!(watched() > without, "one more is watched");
    drop(parked);
    test.wait_for_counts("it is gone", 1, 0);
    let clients: Vec<_> = (0..4).map(|_| test.taken("/keep")).collect();
    test.wait_for_counts("taken", 5, 4);
    assert_eq!(watched(), without, "the one that was not taken");
    // One that the poller never knew.
    let mut fresh = Client::sending(&test.server, get("/keep"));
    assert!(fresh.read_exactly(13).ends_with(b" 101 "));
    test.wait_for_counts("taken at once", 6, 5);
    assert_eq!(watched(), without);
    expect_served(&mut other, "/");
    drop(clients);
}

/// A connection counts until it is closed, and no longer, whatever its state was when its loop ended. So the next loop
/// has room for as many as the first one.
#[test]
fn what_a_loop_leaves_behind_takes_no_place_in_the_next_one() {
    // Its limit of descriptors is not the other tests'.
    if !child::is_alone(module_path!(), "what_a_loop_leaves_behind_takes_no_place_in_the_next_one") {
        return;
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let few = rustix::process::Rlimit { current: Some(100), ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, few).expect("less is allowed");

    let ((tell_entered, entered), (go_on, wait)) = (channel(), channel());
    let handler = Arc::new(Taking { kept: Mutex::default(), entered: tell_entered, go_on: Mutex::new(wait) });
    // It listens again in each round. At this address no client of another test takes the port meanwhile.
    let mut httpd = one_worker().bind(("127.0.0.71", 0), Arc::clone(&handler)).expect("a free port");
    let (address, handle) = (httpd.server_address().socket_addr().expect("IP"), httpd.server_handle());
    let connect = || loop {
        if let Ok(stream) = std::net::TcpStream::connect(address) {
            break Client::of_stream(stream);
        }
        std::thread::yield_now();
    };
    // More rounds than there are places.
    for _ in 0..30 {
        let serving = std::thread::spawn(move || {
            httpd.serve_forever().expect("a loop");
            httpd
        });
        expect_served(&mut connect(), "/");
        let mut left = ["GET / HT", &get("/keep"), &get("/drop-first"), &get("/hold"), ""].map(|bytes| {
            let mut client = connect();
            client.send(bytes);
            client
        });
        for _ in 0..2 {
            entered.recv_timeout(PATIENCE).expect("two handlers hold");
        }
        left[1].read_exactly(10);
        handle.drain(std::time::Duration::from_millis(1)).expect("it was running");
        httpd = serving.join().expect("serve_forever returns");
        // Those of handlers outlive the loop.
        (0..2).for_each(|_| go_on.send(()).expect("two handlers hold"));
        handler.kept.lock().unwrap().clear();
        for client in &mut left {
            // The server has closed it, or reset it.
            let _ = client.try_read_to_end();
        }
    }
    let serving = std::thread::spawn(move || httpd.serve_forever().expect("a loop"));
    let mut clients: Vec<_> = (0..10).map(|_| connect()).collect();
    crate::support::stage::expect_all_served(&mut clients, "/");
    wait_until(&handle, "these ten and none before them", |stats| (stats.connections, stats.hijacked) == (10, 0));
    handle.shutdown();
    serving.join().expect("serve_forever returns");
}
